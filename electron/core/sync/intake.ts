import type { CanonicalOp, Scope } from '../../../shared/ops/types.ts'
import type { HubHead } from '../../../shared/wire/messages.ts'
import { decodeCanonicalBatch } from '../../../shared/wire/batch.ts'
import { unseal, type Compression } from '../../../shared/wire/envelope.ts'
import type { Store } from '../store/store.ts'
import { writeCursor } from './cursors.ts'
import { rememberHeads } from './give-back.ts'
import { meetsTwin, yieldToTwin } from './incarnation.ts'

/** Applying more at once would hold the core's thread for longer than a person notices. */
const APPLY_SLICE = 300
const MAX_PULL_BODY = 64 * 1024 * 1024

/**
 * Applies ops that the hub sent, by whatever way; inside a transaction.
 * @returns false, with nothing applied, when a copy of this store has written under its present name
 */
export function takeIn(store: Store, ops: readonly CanonicalOp[], hubEpoch: number): boolean {
  if (meetsTwin(store, ops)) return false
  yieldToTwin(store, store.author, ops)
  store.applyCanonical(ops.map((op) => ({ ...op, hubEpoch })))
  return true
}

/** Takes in what the hub sends. */
export class Intake {
  readonly #store: Store
  readonly #compression: Compression
  readonly #breathe: () => Promise<void>

  /** @param breathe lets others have the thread; throws when the store is about to be closed */
  constructor(store: Store, compression: Compression, breathe: () => Promise<void>) {
    this.#store = store
    this.#compression = compression
    this.#breathe = breathe
  }

  /**
   * Applies a batch in slices; the cursor moves with each, so that a crash repeats nothing and skips nothing. The hub's word
   * for its own ops is kept with the last of them.
   * @returns how many ops it held; null when a copy of this store has written under its name
   * @throws DecodeError
   */
  async apply(
    scope: Scope,
    envelope: Uint8Array,
    { hubEpoch, hubHeads = [] }: { hubEpoch: number; hubHeads?: readonly HubHead[] | undefined },
  ): Promise<number | null> {
    const body = unseal(this.#compression, envelope, MAX_PULL_BODY)
    const { ops } = decodeCanonicalBatch(body, { maxOps: 200_000 })
    for (let from = 0; from < ops.length; from += APPLY_SLICE) {
      const slice = ops.slice(from, from + APPLY_SLICE)
      const taken = this.#store.transact(() => {
        if (!takeIn(this.#store, slice, hubEpoch)) return false
        writeCursor(this.#store, scope, { epoch: hubEpoch, seq: slice.at(-1)!.hubSeq })
        if (from + APPLY_SLICE >= ops.length) rememberHeads(this.#store, hubHeads.filter(isOf(ops)))
        return true
      })
      if (!taken) return null
      await this.#breathe()
    }
    return ops.length
  }
}

const isOf =
  (ops: readonly CanonicalOp[]) =>
  ({ author, stream }: HubHead): boolean =>
    ops.some((op) => op.author === author && op.stream === stream)
