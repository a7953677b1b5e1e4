import { backoffMs } from '../../../shared/wire/backoff.ts'
import { enrolAnswerSchema, renewText } from '../../../shared/wire/messages.ts'
import { signWith } from '../keys.ts'
import type { Log, OpenBelt } from '../services.ts'
import { REFUSED_RETRY_MS, type EngineStatus } from './engine.ts'
import { readLink, type HubLink } from './link.ts'
import { RequestCounter } from './request-counter.ts'
import { HubRefused, HubTransport, HubUnreachable, WrongHub } from './transport.ts'

export interface RenewalDeps {
  readonly belt: OpenBelt
  readonly clock: () => number
  readonly random: () => number
  readonly log: Log
  readonly onChanged: () => void
  /** The hub has given the new key the rights of the old one. */
  readonly onRenewed: (link: HubLink) => void
}

/**
 * A store that was recognised as a copy writes under a new key from its first moment; this passes the old key's rights to it,
 * trying until the hub can be reached.
 */
export class Renewal {
  readonly #deps: RenewalDeps
  #timer: NodeJS.Timeout | null = null
  #closed = false
  #failures = 0
  #failure: EngineStatus['failure'] = null
  #nextTryMs: number | null = null

  constructor(deps: RenewalDeps) {
    this.#deps = deps
    this.poke()
  }

  status(): EngineStatus {
    const { store } = this.#deps.belt
    const lastContactMs = Number(store.meta('lastContactMs')) || null
    return {
      connected: false,
      sending: false,
      offlineSinceMs: this.#failure ? (lastContactMs ?? this.#failure.atMs) : null,
      lastContactMs,
      latencyMs: null,
      failure: this.#failure,
      nextTryMs: this.#nextTryMs,
      bytesPerMs: null,
      bytesPerOp: 24,
      snapshots: [],
      firstSync: null,
    }
  }

  poke(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#try(), 0)
  }

  close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    return Promise.resolve()
  }

  async #try(): Promise<void> {
    const { belt, clock, random, log } = this.#deps
    const { keys, store } = belt
    const link = readLink(store)
    const old = keys.renewing
    if (this.#closed || !link || !old) return
    const counter = new RequestCounter(store)
    const transport = new HubTransport(link)
    try {
      const proof = signWith(keys.privateSeed, Buffer.from(renewText(link.belt, old.author, keys.publicKey)))
      const body = Buffer.from(
        JSON.stringify({ publicKey: keys.publicKey, proof: proof.toString('base64url') }),
      )
      const ask = () =>
        transport.signed(`/v1/belts/${encodeURIComponent(link.belt)}/renew`, body, {
          belt: link.belt,
          epoch: link.epoch,
          author: old.author,
          seed: old.privateSeed,
          counter: counter.next(),
        })
      const answer = await ask().catch((error: unknown) => {
        if (!(error instanceof HubRefused) || error.code !== 'stale-counter' || error.number === null)
          throw error
        // The store that this one was copied from has gone on asking.
        counter.skipTo(error.number)
        return ask()
      })
      if (this.#closed) return
      const renewed = enrolAnswerSchema.parse(JSON.parse(Buffer.from(answer.body).toString('utf8')))
      this.#deps.onRenewed({
        ...link,
        epoch: renewed.hubEpoch,
        term: renewed.term,
        certificate: renewed.certificate,
        certificateSignature: renewed.certificateSignature,
      })
    } catch (error) {
      if (this.#closed) return
      const nowMs = clock()
      const refused = error instanceof HubRefused ? error.code : null
      const code =
        error instanceof HubUnreachable
          ? 'hub-unreachable'
          : error instanceof WrongHub
            ? 'hub-wrong-identity'
            : 'hub-refused'
      this.#failure = { code, detail: refused, atMs: nowMs }
      const waitMs = code === 'hub-unreachable' ? backoffMs(++this.#failures, random) : REFUSED_RETRY_MS
      this.#nextTryMs = nowMs + waitMs
      this.#timer = setTimeout(() => void this.#try(), waitMs)
      log.warn('no rights for the new identity yet', { error: String(error) })
      this.#deps.onChanged()
    } finally {
      await transport.close()
    }
  }
}
