import { encodeBatch, versionFor } from '../../../shared/wire/batch.ts'
import { chooseCoding, seal, type Compression } from '../../../shared/wire/envelope.ts'
import {
  pushAnswerSchema,
  statusAnswerSchema,
  type StatusAnswer,
  type StatusRequest,
} from '../../../shared/wire/messages.ts'
import type { Fork, Outbox } from './outbox.ts'
import { Parcels, type Parcel } from './parcels.ts'
import { HubRefused, type RequestHow } from './transport.ts'

/** How long an answer to something small may take. */
const PATIENCE_MS = 12_000
/** A link is this much slower than it was before it counts as dead. */
const SLOWER = 3
const SLOWEST_BYTES_PER_MS = 0.25
const UNKNOWN_BYTES_PER_MS = 2
const MAX_UPLOADS_ASKED = 8

/** How long nothing may come back while so many bytes are under way on a link of such a speed (bytes per ms, if known). */
export function patienceMs(bytes: number, bytesPerMs: number | null): number {
  const rate = Math.max(SLOWEST_BYTES_PER_MS, bytesPerMs ?? UNKNOWN_BYTES_PER_MS)
  return PATIENCE_MS + (SLOWER * bytes) / rate
}

/** What the hub is asked about how far it is. */
export interface Question {
  /** null for nothing in particular */
  readonly request: StatusRequest | null
  /** Up to where each stream was answered when the question was put. */
  readonly before: ReadonlyMap<number, number>
}

/** What became of one batch. */
export interface Sent {
  /** Size on the wire, and what of it travelled this time. */
  readonly bytes: number
  readonly sentBytes: number
  readonly ops: number
  /** Claims were among them: their answers are waiting. */
  readonly answersExpected: boolean
  /** Where this device and the hub tell different stories. */
  readonly forks: readonly Fork[]
  /** Streams whose part of the hub's log has been cut off meanwhile. */
  readonly cutStreams: readonly number[]
}

export interface SenderDeps {
  readonly outbox: Outbox
  readonly author: string
  readonly compression: Compression
  request(path: string, body: Uint8Array, how: RequestHow): Promise<Uint8Array>
  breathe(): Promise<void>
}

/** Sends own ops and books the answers; goes on with what a broken connection interrupted. */
export class Sender {
  readonly #deps: SenderDeps
  readonly #parcels = new Parcels()
  /** What this hub reads, as it last said. */
  #hubReads: { accepts: readonly string[]; batchVersion: number | undefined }

  constructor(deps: SenderDeps) {
    this.#deps = deps
    this.#hubReads = { accepts: deps.compression.accepts, batchVersion: undefined }
  }

  waiting(): { urgent: boolean; other: boolean } {
    const waiting = this.#deps.outbox.waiting()
    return {
      urgent: waiting.urgent || this.#parcels.next(true) !== null,
      other: waiting.other || this.#parcels.next(false) !== null,
    }
  }

  /** What the hub has to be asked after a break. */
  question(): Question {
    const before = this.#deps.outbox.answeredTo()
    const streams = this.#deps.outbox.unanswered()
    const uploads = this.#parcels.interrupted().map(({ id }) => id)
    if (streams.length === 0 && uploads.length === 0) return { request: null, before }
    return { request: { streams, uploads: uploads.slice(0, MAX_UPLOADS_ASKED) }, before }
  }

  /**
   * Books what the hub had taken in without its answer arriving; the rest goes on where it broke off, or is cut anew.
   * @returns `isCurrent` false when the hub has to be asked again
   */
  async learn(
    { request, before }: Question,
    answer: StatusAnswer,
    epoch: number,
  ): Promise<{ claimsSettled: boolean; isCurrent: boolean }> {
    const { outbox, author, compression } = this.#deps
    this.#hubReads = { accepts: answer.accepts ?? compression.accepts, batchVersion: answer.batchVersion }
    const own = answer.streams.filter((stream) => stream.author === author)
    const isCurrent = await this.#inSlices(outbox.resume(own, answer.hubEpoch, before))
    let claimsSettled = false
    for (const parcel of this.#parcels.interrupted()) {
      if (!outbox.isAnswered(parcel.sent)) continue
      this.#parcels.remove(parcel)
      claimsSettled ||= parcel.sent.hasClaims
    }
    const have = new Map(request?.uploads?.map((id, index) => [id, answer.uploads?.[index] ?? 0]))
    const sameEpoch = answer.hubEpoch === epoch
    if (!sameEpoch || !this.#parcels.resumeAt(have)) this.#parcels.clear(false)
    if (!sameEpoch) {
      this.#parcels.clear(true)
      outbox.rewind(true)
    }
    if (this.#parcels.interrupted().length === 0) outbox.rewind(false)
    return { claimsSettled, isCurrent }
  }

  /**
   * Hears what an administrator has decided about work that the hub had set aside: a device that is shut out reads no news.
   * @throws HubUnreachable, HubRefused or WrongHub
   */
  async hearOfHeld(): Promise<void> {
    const { outbox, author } = this.#deps
    const streams = outbox.held()
    if (streams.length === 0) return
    const asked: StatusRequest = { streams }
    const before = outbox.answeredTo()
    const told = await this.#deps.request('status', Buffer.from(JSON.stringify(asked)), { lane: 'bulk' })
    const answer = statusAnswerSchema.parse(JSON.parse(Buffer.from(told).toString('utf8')))
    const own = answer.streams.filter((stream) => stream.author === author)
    await this.#inSlices(outbox.resume(own, answer.hubEpoch, before))
  }

  /**
   * Sends one batch, an interrupted one first. Null when there is none.
   * @throws HubUnreachable, HubRefused or WrongHub
   */
  async send(step: { urgentOnly: boolean; maxOps: number }, bytesPerMs: number | null): Promise<Sent | null> {
    const urgent = step.urgentOnly
    const parcel = this.#parcels.next(urgent) ?? this.#take(step)
    if (!parcel) return null
    const { sent, envelope } = parcel
    const from = urgent ? 0 : parcel.from
    parcel.underWay = true
    parcel.tries++
    try {
      const how: RequestHow = {
        lane: urgent ? 'quick' : 'bulk',
        from,
        patienceMs: patienceMs(this.#parcels.underWayBytes, bytesPerMs),
      }
      const body = await this.#deps.request('push', envelope, how)
      const answer = pushAnswerSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')))
      const forks = await this.#inSlices(this.#deps.outbox.settle(sent, answer))
      this.#parcels.remove(parcel)
      return {
        bytes: envelope.length,
        sentBytes: envelope.length - from,
        ops: sent.batch.ops.length,
        answersExpected: sent.hasClaims,
        forks,
        cutStreams: answer.streams.filter(({ cut }) => cut).map(({ stream }) => stream),
      }
    } catch (error) {
      parcel.underWay = false
      if (error instanceof HubRefused) this.#refused(parcel, error)
      throw error
    }
  }

  #take(step: { urgentOnly: boolean; maxOps: number }): Parcel | null {
    const { outbox, compression } = this.#deps
    const sent = outbox.take(step)
    if (!sent) return null
    const coding = chooseCoding(compression.accepts, this.#hubReads.accepts)
    const bytes = encodeBatch(sent.batch, versionFor(this.#hubReads.batchVersion))
    return this.#parcels.add(sent, seal(compression, coding, bytes), step.urgentOnly)
  }

  #refused(parcel: Parcel, { code, number }: HubRefused): void {
    if (code === 'offset') parcel.from = Math.min(parcel.from, number ?? 0)
    else if (code === 'damaged') parcel.from = 0
    else if (!LATER.has(code)) {
      this.#parcels.clear(parcel.urgent)
      this.#deps.outbox.rewind(parcel.urgent)
    }
  }

  async #inSlices<T>(work: Generator<void, T>): Promise<T> {
    for (;;) {
      const step = work.next()
      if (step.done) return step.value
      await this.#deps.breathe()
    }
  }
}

/** Refusals after which the same batch may be sent again. */
const LATER = new Set(['busy', 'too-many', 'stale-counter', 'bad-signature'])
