import { hash } from 'node:crypto'
import zlib from 'node:zlib'
import { Refusal } from '../../../../shared/contract/result.ts'
import { compressionOf } from '../../../../shared/wire/compression.ts'
import {
  chunksRequestSchema,
  snapshotAnswerSchema,
  type Manifest,
  type SnapshotAnswer,
} from '../../../../shared/wire/snapshot.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { OpenBelt, Services } from '../../services.ts'
import { readCursor } from '../../sync/cursors.ts'
import { FirstSync } from '../../sync/first-sync.ts'
import { readLink } from '../../sync/link.ts'

const compression = compressionOf(zlib)

/** The file ends before the chunk that is wanted. */
class NotInFile extends Error {
  override readonly name = 'NotInFile'
}

/** A snapshot of one scope as it lies in a file: it answers what a hub is asked for when one is taken over. */
export class FiledSnapshot {
  readonly #answer: SnapshotAnswer
  readonly #chunks = new Map<string, Uint8Array>()

  /** @throws ZodError for an answer that this version cannot read */
  constructor(answer: Uint8Array) {
    this.#answer = snapshotAnswerSchema.parse(JSON.parse(Buffer.from(answer).toString('utf8')))
  }

  get scope(): string {
    return this.#answer.manifest?.scope ?? ''
  }

  get epoch(): number {
    return this.#answer.manifest?.epoch ?? 0
  }

  add(chunk: Uint8Array): void {
    this.#chunks.set(hash('sha256', chunk, 'base64url'), chunk)
  }

  /**
   * Takes over what the file holds of it. What a file that was cut short lacks is taken from the network or another file.
   * @returns how many records came, or null when this device is further on already
   * @throws Refusal `stick-copied` when a copy of this store has written under its name
   */
  async takeOver(services: Services, belt: OpenBelt): Promise<number | null> {
    const { manifest } = this.#answer
    if (!manifest || this.#isOld(belt, manifest)) return null
    const { scope } = manifest
    let isForeign = false
    await new Promise<void>((resolve, reject) => {
      const end = (): void => void first.close().then(resolve, reject)
      const first = new FirstSync({
        store: belt.store,
        clock: () => services.clock(),
        random: () => 1,
        compression,
        log: services.log,
        link: () => readLink(belt.store)!,
        only: scope,
        request: () => Promise.resolve(Buffer.from(JSON.stringify(this.#answer))),
        connect: () => ({
          stream: (_, body, onBytes) =>
            new Promise<void>((sent) => sent(this.#stream(manifest, body, onBytes))).catch(end),
          close: () => Promise.resolve(),
        }),
        later: (work, ms) => {
          const timer = setTimeout(work, ms)
          return () => clearTimeout(timer)
        },
        pause: () => new Promise((done) => setImmediate(done)),
        onFork: () => {
          isForeign = true
          end()
        },
        onProgress: () => {
          if (services.openBelt() !== belt || !first.busy) end()
        },
      })
      first.takeOver(scope, manifest).catch(reject)
    })
    if (isForeign) throw new Refusal('stick-copied')
    const { db } = belt.store
    if (!isTaking(db, scope)) return manifest.chunks.reduce((sum, [, , ops]) => sum + ops, 0)
    const done = new Set(
      prepared<[string], { hash: string }>(db, 'SELECT hash FROM snapshotDone WHERE scope = ?')
        .all(scope)
        .map((row) => row.hash),
    )
    return manifest.chunks.reduce((sum, [chunk, , ops]) => sum + (done.has(chunk) ? ops : 0), 0)
  }

  /** @throws NotInFile at the first chunk that did not come */
  #stream(manifest: Manifest, body: Uint8Array, onBytes: (bytes: Uint8Array) => void): void {
    const wanted = chunksRequestSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')))
    for (const [at, index] of wanted.chunks.entries()) {
      const bytes = this.#chunks.get(manifest.chunks[index]![0])
      if (!bytes) throw new NotInFile()
      onBytes(at === 0 ? bytes.subarray(wanted.offset) : bytes)
    }
  }

  /** True when this device has read further already. */
  #isOld({ store }: OpenBelt, { scope, epoch, seq }: Manifest): boolean {
    const here = readCursor(store, scope)
    return here.epoch === epoch && (isTaking(store.db, scope) ? here.seq > seq : here.seq >= seq)
  }
}

const isTaking = (db: Db, scope: string): boolean =>
  prepared(db, 'SELECT 1 FROM snapshotJob WHERE scope = ?').get(scope) !== undefined
