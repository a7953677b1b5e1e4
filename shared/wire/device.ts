import { BACKOFF_CAP_MS, backoffMs } from './backoff.ts'
import { afterFailure, afterSuccess, opsFor, SIZING_START, type Sizing } from './sizing.ts'

/** What the device has to do with its hub, as the state machine sees it. */
export interface DeviceWorld {
  readonly nowMs: number
  /** Own ops that are not on their way yet. */
  readonly urgentWaiting: boolean
  readonly otherWaiting: boolean
  /** Only claims, grants and corrections may be sent. */
  readonly urgentOnly: boolean
  readonly paused: boolean
  /** Every byte costs: looks for news are far between. */
  readonly metered?: boolean
  /** What may be spent today is spent: only the urgent goes, and what answers it is read. */
  readonly spent?: boolean
}

export type DeviceStep =
  | { readonly kind: 'wait'; readonly untilMs: number | null }
  | { readonly kind: 'status' }
  | { readonly kind: 'push'; readonly urgentOnly: boolean; readonly maxOps: number }
  | { readonly kind: 'pull'; readonly maxBytes: number }

export interface DeviceTiming {
  /** Pause between looks for news while nothing happens. */
  readonly pollMs: number
  /** The same soon after something happened. */
  readonly busyPollMs: number
  /** The same on a metered link. */
  readonly meteredPollMs: number
  /** Batches of other than urgent work that may be under way together. */
  readonly maxPushes: number
}

export const DEFAULT_TIMING: DeviceTiming = {
  pollMs: 10_000,
  busyPollMs: 2_000,
  meteredPollMs: 5 * 60_000,
  maxPushes: 3,
}
const BUSY_FOR_MS = 60_000
const PULL_BYTES = 64 * 1024
/** A link that worked a moment ago, or somebody who waits for an answer, is worth trying more often. */
const EAGER_CAP_MS = 1_000
const EAGER_FOR_MS = 60_000

/** Why the hub is looked at before anything else. */
type Look = 'start' | 'epoch' | 'cut'

/** Going back by more than this is somebody setting the clock. */
const CLOCK_STEP_MS = 1000

/**
 * Decides what a device does next with its hub and learns from how it went. Touches no clock, network or disk: time comes
 * with every call, chance is injected, and whoever drives it carries the steps out.
 */
export class DeviceMachine {
  readonly #random: () => number
  readonly #timing: DeviceTiming
  #sizing: Sizing = SIZING_START
  #pullBytes = PULL_BYTES
  #failures = 0
  #notBeforeMs = 0
  #nowMs = Number.NEGATIVE_INFINITY
  #pushes = 0
  #urgentPushing = false
  #pulling = false
  #checking = false
  #look: Look | null = 'start'
  #needsPull = true
  #mustPull = true
  #urgentWaits = false
  #lastPullMs = Number.NEGATIVE_INFINITY
  #lastEventMs = Number.NEGATIVE_INFINITY
  #lastProgressMs = Number.NEGATIVE_INFINITY
  #lastPushEndMs = Number.NEGATIVE_INFINITY

  constructor(options: { random: () => number; timing?: Partial<DeviceTiming> }) {
    this.#random = options.random
    this.#timing = { ...DEFAULT_TIMING, ...options.timing }
  }

  get failures(): number {
    return this.#failures
  }

  get sizing(): Sizing {
    return this.#sizing
  }

  get nextTryMs(): number {
    return this.#notBeforeMs
  }

  get busy(): boolean {
    return this.#pushes > 0 || this.#urgentPushing || this.#pulling || this.#checking
  }

  /** The next thing to do; call again until it says to wait. A step counts as under way until its outcome is told. */
  next(world: DeviceWorld): DeviceStep {
    this.#urgentWaits = world.urgentWaiting
    this.#followClock(world.nowMs)
    if (world.paused) return { kind: 'wait', untilMs: null }
    if (world.nowMs < this.#notBeforeMs) return { kind: 'wait', untilMs: this.#notBeforeMs }
    // What is urgent goes along with the look that follows a cut; a new epoch has to be known first.
    const mayHurry = this.#look === null || this.#look === 'cut'
    if (world.urgentWaiting && !this.#urgentPushing && mayHurry) {
      this.#urgentPushing = true
      return { kind: 'push', urgentOnly: true, maxOps: opsFor(this.#sizing) }
    }
    if (this.#checking) return { kind: 'wait', untilMs: null }
    if (this.#look !== null) {
      // Batches that are still under way would be counted as lost.
      if (this.#pushes > 0 || (this.busy && this.#look !== 'cut')) return { kind: 'wait', untilMs: null }
      this.#checking = true
      return { kind: 'status' }
    }
    // After a failure one request feels its way before the rest follow.
    if (this.#failures > 0 && this.busy) return { kind: 'wait', untilMs: null }
    const pullDueMs = this.#lastPullMs + this.#pollMs(world)
    const wantsPull = world.spent ? this.#mustPull : this.#needsPull || world.nowMs >= pullDueMs
    if (!this.#pulling && wantsPull) {
      this.#pulling = true
      this.#needsPull = false
      this.#mustPull = false
      return { kind: 'pull', maxBytes: this.#pullBytes }
    }
    const mayPush = this.#pushes < this.#timing.maxPushes && !world.urgentOnly && !world.spent
    if (mayPush && world.otherWaiting) {
      this.#pushes++
      return { kind: 'push', urgentOnly: false, maxOps: opsFor(this.#sizing) }
    }
    if (world.spent) return { kind: 'wait', untilMs: world.nowMs + this.#timing.meteredPollMs }
    return { kind: 'wait', untilMs: this.#pulling ? null : pullDueMs }
  }

  statusDone(nowMs: number): void {
    this.#checking = false
    this.#look = null
    this.#progress(nowMs)
  }

  /** `bytes` of the batch; `sentBytes` when only the rest of it had to travel. */
  pushDone(
    nowMs: number,
    sent: {
      bytes: number
      sentBytes?: number
      ops: number
      startMs: number
      urgent: boolean
      answersExpected: boolean
    },
  ): void {
    this.#end('push', sent.urgent)
    if (sent.ops > 0 && !sent.urgent) {
      // Batches follow each other: only the time since the last one's end was this one's.
      const elapsedMs = nowMs - Math.max(sent.startMs, this.#lastPushEndMs)
      this.#sizing = afterSuccess(this.#sizing, { ...sent, elapsedMs })
      this.#lastPushEndMs = nowMs
    }
    if (sent.answersExpected) {
      this.#needsPull = true
      this.#mustPull = true
    }
    this.#lastEventMs = nowMs
    this.#progress(nowMs)
  }

  /** Nothing was left to send after all. */
  pushEmpty(urgent: boolean): void {
    this.#end('push', urgent)
  }

  pullDone(nowMs: number, got: { ops: number; more: boolean; elapsedMs: number }): void {
    this.#pulling = false
    this.#lastPullMs = nowMs
    if (got.ops > 0) this.#lastEventMs = nowMs
    if (got.more) {
      this.#needsPull = true
      this.#pullBytes = got.elapsedMs < 1000 ? Math.min(this.#pullBytes * 2, 512 * 1024) : this.#pullBytes
    }
    this.#progress(nowMs)
  }

  /** A step did not get through. What breaks together counts as one failure. @returns whether this one counts */
  failed(nowMs: number, step: 'status' | 'push' | 'pull', urgent = false): boolean {
    this.#end(step, urgent)
    if (step === 'pull') this.#needsPull = true
    if (step === 'push' && !urgent) this.#look ??= 'cut'
    if (nowMs < this.#notBeforeMs) return false
    if (step === 'push' && !urgent) this.#sizing = afterFailure(this.#sizing)
    if (step === 'pull') this.#pullBytes = Math.max(4096, this.#pullBytes / 2)
    this.#failures++
    const eager = this.#urgentWaits || urgent || nowMs - this.#lastProgressMs < EAGER_FOR_MS
    const capMs = eager ? EAGER_CAP_MS : BACKOFF_CAP_MS
    this.#notBeforeMs = nowMs + backoffMs(this.#failures, this.#random, capMs)
    return true
  }

  /** The hub lives in another epoch than this device thought: look at it before anything else is sent. */
  epochChanged(step: 'push' | 'pull', urgent = false): void {
    this.#end(step, urgent)
    this.#look = 'epoch'
    this.#needsPull = true
  }

  /** A clock that was put back must not make a device wait until it has caught up with itself. */
  #followClock(nowMs: number): void {
    const backMs = this.#nowMs - nowMs
    this.#nowMs = nowMs
    if (!(backMs > CLOCK_STEP_MS)) return
    this.#notBeforeMs -= backMs
    this.#lastPullMs -= backMs
    this.#lastEventMs -= backMs
    this.#lastProgressMs -= backMs
    this.#lastPushEndMs -= backMs
  }

  /** Something hints at another device with this one's name: compare with the hub before anything else is sent. */
  recheck(): void {
    this.#look = 'start'
  }

  /** A person asked, or the network came back: no waiting. */
  tryNow(): void {
    this.#notBeforeMs = 0
    this.#needsPull = true
    this.#mustPull = true
  }

  #end(step: 'status' | 'push' | 'pull', urgent: boolean): void {
    if (step === 'pull') this.#pulling = false
    else if (step === 'status') this.#checking = false
    else if (urgent) this.#urgentPushing = false
    else this.#pushes--
  }

  #progress(nowMs: number): void {
    this.#failures = 0
    this.#lastProgressMs = nowMs
    this.#notBeforeMs = Math.min(this.#notBeforeMs, nowMs)
  }

  #pollMs({ nowMs, metered }: DeviceWorld): number {
    if (metered) return this.#timing.meteredPollMs
    return nowMs - this.#lastEventMs < BUSY_FOR_MS ? this.#timing.busyPollMs : this.#timing.pollMs
  }
}
