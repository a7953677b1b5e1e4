import { backoffMs } from './backoff.ts'
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
  readonly maxPushes: number
}

export const DEFAULT_TIMING: DeviceTiming = { pollMs: 10_000, busyPollMs: 2_000, maxPushes: 3 }
const BUSY_FOR_MS = 60_000
const PULL_BYTES = 64 * 1024

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
  #pushes = 0
  #pulling = false
  #checking = false
  #needsStatus = true
  #needsPull = true
  #lastPullMs = Number.NEGATIVE_INFINITY
  #lastEventMs = Number.NEGATIVE_INFINITY

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
    return this.#pushes > 0 || this.#pulling || this.#checking
  }

  /** The next thing to do; call again until it says to wait. A step counts as under way until its outcome is told. */
  next(world: DeviceWorld): DeviceStep {
    if (world.paused) return { kind: 'wait', untilMs: null }
    if (world.nowMs < this.#notBeforeMs) return { kind: 'wait', untilMs: this.#notBeforeMs }
    // After a failure one request feels its way before the rest follow.
    const probing = this.#failures > 0 && this.busy
    if (this.#checking || probing) return { kind: 'wait', untilMs: null }
    if (this.#needsStatus) {
      if (this.busy) return { kind: 'wait', untilMs: null }
      this.#checking = true
      return { kind: 'status' }
    }
    const mayPush = this.#pushes < this.#timing.maxPushes
    if (mayPush && world.urgentWaiting) {
      this.#pushes++
      return { kind: 'push', urgentOnly: true, maxOps: opsFor(this.#sizing) }
    }
    const pullDueMs = this.#lastPullMs + this.#pollMs(world.nowMs)
    if (!this.#pulling && (this.#needsPull || world.nowMs >= pullDueMs)) {
      this.#pulling = true
      this.#needsPull = false
      return { kind: 'pull', maxBytes: this.#pullBytes }
    }
    if (mayPush && world.otherWaiting && !world.urgentOnly) {
      this.#pushes++
      return { kind: 'push', urgentOnly: false, maxOps: opsFor(this.#sizing) }
    }
    return { kind: 'wait', untilMs: this.#pulling ? null : pullDueMs }
  }

  statusDone(nowMs: number): void {
    this.#checking = false
    this.#needsStatus = false
    this.#progress(nowMs)
  }

  pushDone(
    nowMs: number,
    sent: { bytes: number; ops: number; elapsedMs: number; answersExpected: boolean },
  ): void {
    this.#pushes--
    if (sent.ops > 0) this.#sizing = afterSuccess(this.#sizing, sent)
    if (sent.answersExpected) this.#needsPull = true
    this.#lastEventMs = nowMs
    this.#progress(nowMs)
  }

  /** Nothing was left to send after all. */
  pushEmpty(): void {
    this.#pushes--
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

  /** A step did not get through. What breaks together counts as one failure. */
  failed(nowMs: number, step: 'status' | 'push' | 'pull'): void {
    this.#end(step)
    if (step === 'pull') this.#needsPull = true
    if (nowMs < this.#notBeforeMs) return
    if (step === 'push') this.#sizing = afterFailure(this.#sizing)
    if (step === 'pull') this.#pullBytes = Math.max(4096, this.#pullBytes / 2)
    this.#failures++
    this.#notBeforeMs = nowMs + backoffMs(this.#failures, this.#random)
  }

  /** The hub lives in another epoch than this device thought: look at it before anything else is sent. */
  epochChanged(step: 'push' | 'pull'): void {
    this.#end(step)
    this.#needsStatus = true
    this.#needsPull = true
  }

  /** A person asked, or the network came back: no waiting. */
  tryNow(): void {
    this.#notBeforeMs = 0
    this.#needsPull = true
  }

  #end(step: 'status' | 'push' | 'pull'): void {
    if (step === 'push') this.#pushes--
    else if (step === 'pull') this.#pulling = false
    else this.#checking = false
  }

  #progress(nowMs: number): void {
    this.#failures = 0
    this.#notBeforeMs = Math.min(this.#notBeforeMs, nowMs)
  }

  #pollMs(nowMs: number): number {
    return nowMs - this.#lastEventMs < BUSY_FOR_MS ? this.#timing.busyPollMs : this.#timing.pollMs
  }
}
