import type { Scope } from '../../../shared/ops/types.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { Store } from '../store/store.ts'

/** Bytes that a crash may cost. */
const SAVE_BYTES = 16 * 1024

/** Bytes of the chunk that is arriving, kept on disk now and then. */
export class Inbox {
  readonly #store: Store
  readonly #scope: Scope
  #parts: Uint8Array[] = []
  #saved = 0
  hash: string
  length = 0

  constructor(store: Store, scope: Scope, chunk: string) {
    this.#store = store
    this.#scope = scope
    this.hash = chunk
    const rows = prepared<[string, string], { at: number; bytes: Buffer }>(
      store.db,
      'SELECT at, bytes FROM snapshotPart WHERE scope = ? AND hash = ? ORDER BY at',
    ).all(scope, chunk)
    for (const { at, bytes } of rows) if (at === this.length) this.#push(bytes)
    this.#saved = this.length
  }

  begin(chunk: string): void {
    this.hash = chunk
    this.#parts = []
    this.#saved = 0
    this.length = 0
  }

  /** Takes as much as the chunk still lacks. @returns the rest */
  add(bytes: Uint8Array, size: number): Uint8Array {
    const own = bytes.subarray(0, size - this.length)
    if (own.length > 0) this.#push(own)
    if (this.length < size && this.length - this.#saved >= SAVE_BYTES) this.save()
    return bytes.subarray(own.length)
  }

  take(): Uint8Array {
    const whole = Buffer.concat(this.#parts)
    this.begin('')
    return whole
  }

  save(): void {
    if (this.length <= this.#saved) return
    const bytes = Buffer.concat(this.#parts).subarray(this.#saved)
    this.#store.transact(() =>
      prepared(
        this.#store.db,
        'INSERT OR REPLACE INTO snapshotPart (scope, hash, at, bytes) VALUES (?, ?, ?, ?)',
      ).run(this.#scope, this.hash, this.#saved, bytes),
    )
    this.#saved = this.length
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.length += bytes.length
  }
}
