import { BATCH_VERSION } from '../../../shared/wire/batch.ts'
import type { Compression } from '../../../shared/wire/envelope.ts'
import type { Certificate, PullHead, PullRequest } from '../../../shared/wire/messages.ts'
import { readPullHead } from '../../../shared/wire/pull-body.ts'
import type { Store } from '../store/store.ts'
import { readableScopes, readCursor, writeCursor } from './cursors.ts'
import type { FirstSync } from './first-sync.ts'
import { hasLeftovers, renameLeftovers } from './incarnation.ts'
import { Intake } from './intake.ts'
import type { Outbox } from './outbox.ts'
import type { PartialAnswer, RequestHow } from './transport.ts'

export interface PullerDeps {
  readonly store: Store
  readonly author: string
  readonly compression: Compression
  readonly outbox: Outbox
  readonly first: FirstSync
  readonly request: (path: string, body: Uint8Array, how: RequestHow) => Promise<Uint8Array>
  /** Lets other work of the thread go first; throws when the store is about to be closed. */
  readonly breathe: () => Promise<void>
}

export interface Pulled {
  readonly ops: number
  /** There is more to be read at once. */
  readonly more: boolean
  /** Null when there was nothing to ask for yet. */
  readonly told: { readonly hubEpoch: number; readonly hubTimeMs: number } | null
}

/** Reads what others have written: each scope on from its cursor, a broken answer on from its last byte. */
export class Puller {
  readonly #deps: PullerDeps
  readonly #intake: Intake
  #half: { request: PullRequest; part: PartialAnswer } | null = null
  #hasLeftovers: boolean

  constructor(deps: PullerDeps) {
    this.#deps = deps
    this.#intake = new Intake(deps.store, deps.compression, deps.breathe)
    this.#hasLeftovers = hasLeftovers(deps.store)
  }

  /** Own work under a former name of which the hub may know: what refers to it waits until that is known. */
  get hasLeftovers(): boolean {
    return this.#hasLeftovers
  }

  /**
   * @returns null when a copy of this store has written under its name
   * @throws HubUnreachable, HubRefused, WrongHub or DecodeError
   */
  async pull(maxBytes: number, certificate: Certificate): Promise<Pulled | null> {
    const { store, author, first } = this.#deps
    const readable = readableScopes(store, certificate)
    const scopes = await first.admit(readable)
    if (scopes.length === 0) return { ops: 0, more: false, told: null }
    const cursors = scopes.map((scope) => ({ scope, ...readCursor(store, scope) }))
    const body = await this.#ask(cursors, maxBytes)
    const { head, at } = readPullHead(body)
    const ops = await this.#takeIn(head, body.subarray(at))
    if (ops === null) return null
    const allHere = !head.scopes.some((scope) => scope.more)
    const isWhole = allHere && scopes.length === readable.length && !first.busy
    if (isWhole && this.#hasLeftovers) {
      renameLeftovers(store, author)
      this.#hasLeftovers = false
    }
    const knowsMore = readableScopes(store, certificate).length > readable.length
    return { ops, more: knowsMore || !allHere, told: head }
  }

  async #ask(cursors: PullRequest['cursors'], maxBytes: number): Promise<Uint8Array> {
    const { compression, outbox, request: send } = this.#deps
    const half = this.#half
    this.#half = null
    const same = half && JSON.stringify(half.request.cursors) === JSON.stringify(cursors)
    const request: PullRequest = same
      ? half.request
      : {
          cursors,
          maxBytes,
          accepts: [...compression.accepts],
          batchVersion: BATCH_VERSION,
          refilled: !outbox.anythingMissing(),
        }
    return send('pull', Buffer.from(JSON.stringify(request)), {
      have: same ? half.part : null,
      onCut: (part) => (this.#half = halfOf(request, part)),
    })
  }

  /** @returns how many ops came; null when a copy of this store has written under its name */
  async #takeIn(head: PullHead, envelopes: Uint8Array): Promise<number | null> {
    const { store, first } = this.#deps
    let at = 0
    let ops = 0
    for (const { scope, bytes, through, resync } of head.scopes) {
      if (resync) {
        await first.resync(scope)
        continue
      }
      if (bytes > 0) {
        const held = await this.#intake.apply(scope, envelopes.subarray(at, at + bytes), head)
        if (held === null) return null
        ops += held
      }
      at += bytes
      const cursor = readCursor(store, scope)
      if (cursor.epoch !== head.hubEpoch || cursor.seq !== through)
        store.transact(() => writeCursor(store, scope, { epoch: head.hubEpoch, seq: through }))
    }
    return ops
  }
}

/** An answer that broke off can be asked for again once its head is there: it says what the answer went up to. */
function halfOf(
  request: PullRequest,
  part: PartialAnswer,
): { request: PullRequest; part: PartialAnswer } | null {
  try {
    const { lastSeq, hubTimeMs } = readPullHead(part.bytes).head
    return lastSeq === undefined
      ? null
      : { request: { ...request, again: { through: lastSeq, timeMs: hubTimeMs } }, part }
  } catch {
    return null
  }
}
