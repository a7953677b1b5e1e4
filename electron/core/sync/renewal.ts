import { backoffMs } from '../../../shared/wire/backoff.ts'
import {
  enrolAnswerSchema,
  renewText,
  type EnrolAnswer,
  type HubErrorCode,
} from '../../../shared/wire/messages.ts'
import { signWith, type DeviceKeys } from '../keys.ts'
import type { Log, OpenBelt } from '../services.ts'
import { REFUSED_RETRY_MS, type HoldOff, type SyncFailure } from './contact.ts'
import type { EngineStatus } from './engine.ts'
import { asRefusal } from './enrolment.ts'
import { readLink, type HubLink } from './link.ts'
import { RequestCounter } from './request-counter.ts'
import { connectToHub, HubRefused, type Connect } from './transport.ts'

/** What a device asks by its old key: the new one, and the proof that whoever asks holds it. */
export function renewRequest(
  belt: string,
  oldAuthor: string,
  next: Pick<DeviceKeys, 'publicKey' | 'privateSeed'>,
): { publicKey: string; proof: string } {
  const proof = signWith(next.privateSeed, Buffer.from(renewText(belt, oldAuthor, next.publicKey)))
  return { publicKey: next.publicKey, proof: proof.toString('base64url') }
}

/** The link of a device whose rights have passed to another key. */
export const renewedLink = (link: HubLink, renewed: EnrolAnswer): HubLink => ({
  ...link,
  epoch: renewed.hubEpoch,
  term: renewed.term,
  certificate: renewed.certificate,
  certificateSignature: renewed.certificateSignature,
})

/** Asks the hub to give a new key the rights of the present one. @throws Refusal */
export async function renewIdentity(
  link: HubLink,
  keys: Pick<DeviceKeys, 'author' | 'privateSeed'>,
  next: Pick<DeviceKeys, 'publicKey' | 'privateSeed'>,
  counter: RequestCounter,
  connect: Connect = connectToHub,
): Promise<HubLink> {
  const transport = connect(link)
  try {
    const body = Buffer.from(JSON.stringify(renewRequest(link.belt, keys.author, next)))
    const ask = () =>
      transport.signed(`/v1/belts/${encodeURIComponent(link.belt)}/renew`, body, {
        belt: link.belt,
        epoch: link.epoch,
        author: keys.author,
        seed: keys.privateSeed,
        counter: counter.next(),
      })
    const answer = await ask().catch((error: unknown) => {
      if (!(error instanceof HubRefused) || error.code !== 'stale-counter' || error.number === null)
        throw error
      // The store that this one was copied from has gone on asking.
      counter.skipTo(error.number)
      return ask()
    })
    return renewedLink(link, enrolAnswerSchema.parse(JSON.parse(Buffer.from(answer.body).toString('utf8'))))
  } catch (error) {
    throw asRefusal(error)
  } finally {
    await transport.close()
  }
}

/** How long to let the hub alone after it gave no new identity: a device that was shut out asks rarely. */
export function holdOffAfter(
  error: unknown,
  failures: number,
  at: { nowMs: number; random: () => number },
): HoldOff {
  const { error: refusal } = asRefusal(error)
  const detail = (refusal.details['reason'] as HubErrorCode | undefined) ?? null
  const isFinal = refusal.code !== 'hub-unreachable' && detail !== 'stale-counter'
  const waitMs = isFinal ? REFUSED_RETRY_MS : backoffMs(failures, at.random)
  return {
    failure: { code: refusal.code as SyncFailure['code'], detail, atMs: at.nowMs },
    untilMs: at.nowMs + waitMs,
  }
}

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
  #holdOff: HoldOff | null = null

  constructor(deps: RenewalDeps) {
    this.#deps = deps
    this.poke()
  }

  status(): EngineStatus {
    const { store } = this.#deps.belt
    const lastContactMs = Number(store.meta('lastContactMs')) || null
    const failure = this.#holdOff?.failure ?? null
    return {
      connected: false,
      sending: false,
      offlineSinceMs: failure ? (lastContactMs ?? failure.atMs) : null,
      lastContactMs,
      latencyMs: null,
      failure,
      nextTryMs: this.#holdOff?.untilMs ?? null,
      bytesPerMs: null,
      bytesPerOp: 24,
      snapshots: [],
      firstSync: null,
    }
  }

  poke(afterMs = 0): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#try(), afterMs)
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
    if (this.#closed || !link || !keys.renewing) return
    try {
      const renewed = await renewIdentity(link, keys.renewing, keys, new RequestCounter(store))
      if (!this.#closed) this.#deps.onRenewed(renewed)
    } catch (error) {
      if (this.#closed) return
      const nowMs = clock()
      this.#holdOff = holdOffAfter(error, ++this.#failures, { nowMs, random })
      this.poke(this.#holdOff.untilMs - nowMs)
      log.warn('no rights for the new identity yet', { error: String(error) })
      this.#deps.onChanged()
    }
  }
}
