import type { FirstSyncState } from '../../../shared/contract/sync.ts'
import { DeviceMachine, type DeviceStep, type DeviceTiming } from '../../../shared/wire/device.ts'
import type { Compression } from '../../../shared/wire/envelope.ts'
import { statusAnswerSchema } from '../../../shared/wire/messages.ts'
import type { DeviceKeys } from '../keys.ts'
import type { Log } from '../services.ts'
import type { Store } from '../store/store.ts'
import { Contact, type ContactState, type HoldOff } from './contact.ts'
import { FirstSync, type ChunkStream } from './first-sync.ts'
import type { FirstSyncProgress } from './first-sync-progress.ts'
import { giveBack } from './give-back.ts'
import { noteHubTime } from './lease.ts'
import { readLink, writeLink, type HubLink } from './link.ts'
import { Meter, meterRules } from './meter.ts'
import { Outbox, type Fork } from './outbox.ts'
import { Puller } from './puller.ts'
import { patienceMs, Sender } from './sender.ts'
import { RequestCounter } from './request-counter.ts'
import {
  HubRefused,
  HubTransport,
  HubUnreachable,
  type RequestHow,
  type SignedRequests,
} from './transport.ts'

export interface EngineStatus extends ContactState {
  readonly sending: boolean
  readonly nextTryMs: number | null
  readonly bytesPerOp: number
  /** Scopes that are being taken over from a snapshot. */
  readonly snapshots: readonly FirstSyncProgress[]
  /** All of them together, for people. */
  readonly firstSync: FirstSyncState | null
}

/** Network, timers and breathing space, so that an engine can also run in a simulated world. */
export interface EngineHost {
  connect(link: HubLink): SignedRequests
  /** Runs `work` once after `ms`. @returns what calls it off */
  later(work: () => void, ms: number): () => void
  /** Lets other work of the thread go first. */
  pause(): Promise<void>
}

export interface EngineDeps {
  readonly store: Store
  readonly keys: DeviceKeys
  readonly clock: () => number
  readonly random: () => number
  readonly compression: Compression
  readonly log: Log
  readonly onChanged: () => void
  /** This device and the hub tell different stories from here on: it was copied or restored. */
  readonly onFork: (forks: readonly Fork[]) => void
  /** What went wrong just before, and until when nothing is tried. */
  readonly holdOff?: HoldOff
  readonly timing?: Partial<DeviceTiming>
  /** Drop superseded register writes that were never sent; true unless told otherwise. */
  readonly compact?: boolean
  readonly host?: EngineHost
}

/** Beyond this many, two devices are taking turns with one name. */
const MAX_STALE_COUNTERS = 6

/** How long a person's request waits for the status of a restored hub. */
const EPOCH_LOOKS = 50
const EPOCH_LOOK_MS = 100

const NOTHING = { urgent: false, other: false }

const REAL_HOST: EngineHost = {
  connect: (link) => new HubTransport(link),
  later(work, ms) {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
  pause: () => new Promise((resolve) => setImmediate(resolve)),
}

/** Carries out what the device's state machine decides: one store, one hub. */
export class SyncEngine {
  readonly #deps: EngineDeps
  readonly #machine: DeviceMachine
  readonly #outbox: Outbox
  readonly #counter: RequestCounter
  readonly #host: EngineHost
  readonly #transport: SignedRequests
  readonly #first: FirstSync
  /** Calls the next look off. */
  #timer: (() => void) | null = null
  #closed = false
  #link: HubLink
  #underWay = new Set<Promise<void>>()
  #staleCounters = 0
  /** Since the hub last answered it: asking twice in between would not help. */
  #askedBackIn = false
  readonly #sender: Sender
  readonly #puller: Puller
  readonly #meter: Meter
  readonly #contact: Contact

  constructor(deps: EngineDeps) {
    this.#deps = deps
    const link = readLink(deps.store)
    if (!link) throw new Error('the store has no hub')
    this.#link = link
    this.#machine = new DeviceMachine({ random: deps.random, timing: deps.timing })
    this.#outbox = new Outbox(deps.store, deps.keys.author, deps.compact ?? true)
    this.#counter = new RequestCounter(deps.store)
    this.#host = deps.host ?? REAL_HOST
    this.#transport = this.#host.connect(link)
    this.#first = new FirstSync({
      ...deps,
      link: () => this.#link,
      request: (path, body) => this.#request(path, body),
      connect: () => this.#chunkStream(),
      later: (work, ms) => this.#host.later(work, ms),
      pause: () => this.#host.pause(),
      onProgress: () => this.#snapshotMoved(),
    })
    this.#contact = new Contact(deps)
    this.#meter = new Meter(deps.store, deps.clock)
    const breathe = (): Promise<void> => this.#breathe()
    const own = {
      outbox: this.#outbox,
      author: deps.keys.author,
      compression: deps.compression,
      request: (path: string, body: Uint8Array, how: RequestHow) => this.#request(path, body, how),
      breathe,
    }
    this.#puller = new Puller({ ...own, store: deps.store, first: this.#first })
    this.#sender = new Sender(own)
  }

  status(): EngineStatus {
    const snapshots = this.#first.progress()
    const nextTryMs = Math.max(this.#machine.nextTryMs, this.#contact.refusedUntilMs)
    return {
      ...this.#contact.state,
      sending: this.#machine.busy,
      nextTryMs: nextTryMs > this.#deps.clock() ? nextTryMs : null,
      bytesPerOp: this.#machine.sizing.bytesPerOp,
      snapshots,
      firstSync: this.#first.state(snapshots),
    }
  }

  /** Bytes exchanged with the hub today. */
  spentToday(): number {
    this.#meter.note(this.#transport.traffic?.() ?? 0)
    return this.#meter.today
  }

  /** Something may be there to send, or a person asked. */
  poke(now = false): void {
    if (now) {
      this.#machine.tryNow()
      this.#contact.tryAgain()
    }
    this.#timer?.()
    this.#timer = this.#host.later(() => this.#run(), 0)
  }

  /** One request of a person's, between the engine's own. @throws HubRefused, HubUnreachable or WrongHub */
  async ask(path: string, body: Uint8Array): Promise<Uint8Array> {
    const { epoch } = this.#link
    try {
      return await this.#request(path, body)
    } catch (error) {
      if (!(error instanceof HubRefused) || error.code !== 'epoch') throw error
    }
    // The hub was restored: first this device hears of it by a signed answer.
    this.#machine.recheck()
    this.#machine.tryNow()
    this.poke()
    for (let look = 0; look < EPOCH_LOOKS && this.#link.epoch === epoch && !this.#closed; look++)
      await new Promise<void>((resolve) => this.#host.later(resolve, EPOCH_LOOK_MS))
    return this.#request(path, body)
  }

  async close(): Promise<void> {
    this.#closed = true
    // At once: the store may be closed before anything that is awaited here has ended.
    const snapshotsEnded = this.#first.close()
    this.#timer?.()
    this.#meter.note(this.#transport.traffic?.() ?? 0)
    await this.#transport.close()
    await snapshotsEnded
    await Promise.allSettled(this.#underWay)
    this.#meter.save()
  }

  #run(): void {
    this.#timer = null
    while (!this.#closed) {
      const nowMs = this.#deps.clock()
      this.#contact.followClock(nowMs)
      const { refusedUntilMs } = this.#contact
      if (nowMs < refusedUntilMs) return this.#sleepUntil(refusedUntilMs)
      this.#outbox.letGo((scope) => !this.#first.isTaking(scope))
      const waiting = this.#puller.hasLeftovers ? NOTHING : this.#sender.waiting()
      this.#meter.note(this.#transport.traffic?.() ?? 0)
      const { metered, budgetBytes } = meterRules(this.#deps.store)
      const step = this.#machine.next({
        nowMs,
        urgentWaiting: waiting.urgent,
        otherWaiting: waiting.other,
        metered,
        spent: metered && budgetBytes !== null && this.#meter.today >= budgetBytes,
        urgentOnly: this.#deps.store.meta('syncUrgentOnly') === 'yes',
        paused: this.#deps.store.meta('syncPaused') === 'yes',
      })
      if (step.kind === 'wait') return this.#sleepUntil(step.untilMs)
      const work = this.#carryOut(step)
        .catch((error: unknown) => this.#deps.log.error('sync stumbled', { error: String(error) }))
        .finally(() => {
          this.#underWay.delete(work)
          if (!this.#closed) this.poke()
        })
      this.#underWay.add(work)
    }
  }

  #sleepUntil(untilMs: number | null): void {
    if (untilMs === null || this.#timer) return
    this.#timer = this.#host.later(() => this.#run(), Math.max(1, untilMs - this.#deps.clock()))
  }

  async #carryOut(step: Exclude<DeviceStep, { kind: 'wait' }>): Promise<void> {
    const startMs = this.#deps.clock()
    try {
      if (step.kind === 'status') await this.#checkStatus()
      else if (step.kind === 'push') await this.#push(step, startMs)
      else await this.#pull(step.maxBytes, startMs)
      this.#reached()
    } catch (error) {
      if (this.#closed) return
      const isIn = error instanceof HubRefused && error.code === 'not-enrolled' && (await this.#askBackIn())
      if (this.#closed) return
      this.#missed(step, error)
      if (error instanceof HubRefused && error.code === 'revoked')
        await this.#sender.hearOfHeld().catch(() => undefined)
      if (!isIn) return
      this.#contact.tryAgain()
      this.#machine.recheck()
      this.#machine.tryNow()
    }
  }

  /** A hub restored from before this device joined knows its own signature again. @returns whether it took the device in */
  async #askBackIn(): Promise<boolean> {
    const { certificate, certificateSignature } = this.#link
    if (this.#askedBackIn || !certificateSignature || !this.#transport.plain) return false
    this.#askedBackIn = true
    return this.#transport.plain('/v1/readmit', { certificate, certificateSignature }).then(
      () => true,
      () => (this.#askedBackIn = false),
    )
  }

  async #request(path: string, body: Uint8Array, how: RequestHow = {}): Promise<Uint8Array> {
    const { belt, epoch } = this.#link
    const { author, privateSeed } = this.#deps.keys
    const startMs = this.#deps.clock()
    const identity = { belt, epoch, author, seed: privateSeed, counter: this.#counter.next() }
    const answer = await this.#transport.signed(
      `/v1/belts/${encodeURIComponent(belt)}/${path}`,
      body,
      identity,
      { patienceMs: patienceMs(body.length, this.#contact.bytesPerMs), ...how },
    )
    this.#askedBackIn = false
    this.#contact.measured(answer.wireBytes, Math.max(1, this.#deps.clock() - startMs))
    return answer.body
  }

  /** A connection of its own for snapshots: what people write never waits behind one. */
  #chunkStream(): ChunkStream {
    const transport = this.#host.connect(this.#link)
    const { author, privateSeed: seed } = this.#deps.keys
    return {
      stream: async (name, body, onBytes) => {
        const { belt, epoch } = this.#link
        const identity = { belt, epoch, author, seed, counter: this.#counter.next() }
        const path = `/v1/belts/${encodeURIComponent(belt)}/${name}`
        try {
          if (transport.streamed) await transport.streamed(path, body, identity, onBytes)
          else onBytes((await transport.signed(path, body, identity)).body)
        } catch (error) {
          if (error instanceof HubRefused && error.code === 'stale-counter' && error.number !== null) {
            this.#counter.skipTo(error.number)
            // Somebody else speaks in this device's name: the hub may have more of it than is here.
            this.#machine.recheck()
          }
          throw error
        }
      },
      close: () => transport.close(),
    }
  }

  #snapshotMoved(): void {
    if (this.#closed) return
    this.#machine.tryNow()
    this.poke()
    this.#deps.onChanged()
  }

  async #checkStatus(): Promise<void> {
    const { store } = this.#deps
    const asked = this.#sender.question()
    const body = asked.request ? Buffer.from(JSON.stringify(asked.request)) : new Uint8Array()
    // On the connection that batches take, so that it is open when they follow.
    const told = await this.#request('status', body, { lane: 'bulk' })
    const answer = statusAnswerSchema.parse(parseJson(told))
    const own = answer.streams.filter(({ author }) => author === this.#deps.keys.author)
    const behind = this.#outbox.behind(own)
    if (behind.length > 0) {
      this.#machine.statusDone(this.#deps.clock())
      return this.#deps.onFork(behind)
    }
    noteHubTime(store, answer.hubTimeMs, this.#deps.clock())
    const { claimsSettled, isCurrent } = await this.#sender.learn(asked, answer, this.#link.epoch)
    store.transact(() => {
      this.#link = {
        ...this.#link,
        epoch: answer.hubEpoch,
        term: answer.term,
        certificate: answer.certificate,
      }
      writeLink(store, this.#link)
    })
    await giveBack(this.#deps, answer.hubStreams, (bytes) => this.#request('return', bytes))
    this.#machine.statusDone(this.#deps.clock())
    if (!isCurrent) this.#machine.recheck()
    if (claimsSettled) this.#machine.tryNow()
  }

  /** Lets other work of the thread go first. @throws HubUnreachable when the store is about to be closed */
  async #breathe(): Promise<void> {
    await this.#host.pause()
    if (this.#closed) throw new HubUnreachable('closed')
  }

  async #push(step: { urgentOnly: boolean; maxOps: number }, startMs: number): Promise<void> {
    const urgent = step.urgentOnly
    const sent = await this.#sender.send(step, this.#contact.bytesPerMs)
    if (!sent) return this.#machine.pushEmpty(urgent)
    this.#machine.pushDone(this.#deps.clock(), { ...sent, startMs, urgent })
    this.#deps.store.touch('sync')
    if (sent.forks.length > 0) return this.#deps.onFork(sent.forks)
    for (const stream of sent.cutStreams) this.#outbox.hold(stream)
    for (const stream of sent.cutStreams) await this.#first.resync(this.#outbox.scopeOf(stream))
  }

  async #pull(maxBytes: number, startMs: number): Promise<void> {
    const pulled = await this.#puller.pull(maxBytes, this.#link.certificate)
    if (!pulled) return this.#deps.onFork([])
    const { ops, more, told } = pulled
    const nowMs = this.#deps.clock()
    if (told) noteHubTime(this.#deps.store, told.hubTimeMs, nowMs)
    this.#machine.pullDone(nowMs, { ops, more, elapsedMs: told ? nowMs - startMs : 0 })
    // The hub was restored: it may lack what this device has, also when there is nothing new to send.
    if (told && told.hubEpoch !== this.#link.epoch) this.#machine.recheck()
  }

  #reached(): void {
    const wasOff = this.#contact.reached()
    if (wasOff || !this.#machine.busy) this.#deps.onChanged()
  }

  #missed(did: Exclude<DeviceStep, { kind: 'wait' }>, error: unknown): void {
    const step = did.kind
    const urgent = did.kind === 'push' && did.urgentOnly
    const refused = error instanceof HubRefused ? error : null
    if (refused?.code === 'epoch' && step !== 'status') return this.#machine.epochChanged(step, urgent)
    const counts = this.#machine.failed(this.#deps.clock(), step, urgent)
    if (refused?.code === 'stale-counter' && refused.number !== null) {
      this.#counter.skipTo(refused.number)
      this.#staleCounters++
      // Numbers are never used twice, not even after a crash: somebody else speaks in this device's name.
      if (this.#staleCounters > MAX_STALE_COUNTERS) return this.#deps.onFork([])
      this.#machine.recheck()
      return this.#machine.tryNow()
    }
    if (refused?.code === 'offset') return this.#machine.tryNow()
    // One side fell silent: what else is under way there will not be answered either.
    if (error instanceof HubUnreachable && error.silent) this.#transport.reset?.()
    this.#contact.missed(step, error, counts)
    this.#deps.onChanged()
  }
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown
}
