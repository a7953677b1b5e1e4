import type { HubErrorCode } from '../../../shared/wire/messages.ts'
import type { Log } from '../services.ts'
import type { Store } from '../store/store.ts'
import { HubRefused, HubUnreachable, WrongHub } from './transport.ts'

export interface SyncFailure {
  readonly code: 'hub-unreachable' | 'hub-wrong-identity' | 'hub-refused'
  readonly detail: HubErrorCode | null
  readonly atMs: number
}

export interface HoldOff {
  readonly failure: SyncFailure
  readonly untilMs: number
}

export interface ContactState {
  readonly connected: boolean
  readonly offlineSinceMs: number | null
  readonly lastContactMs: number | null
  readonly latencyMs: number | null
  readonly failure: SyncFailure | null
  readonly bytesPerMs: number | null
}

/** Refusals that trying again does not help against; looked at again now and then all the same. */
export const REFUSED_RETRY_MS = 60_000
/** Refusals in a row that may be the link's doing: bytes get damaged on the way. */
const DOUBTS = 3
/** How exactly a restart has to know when the hub was last reached. */
const SAVE_EVERY_MS = 60_000
/** Answers beyond this tell how fast the link is, shorter ones how far away the hub is. */
const SHORT_ANSWER_BYTES = 4096

/** Whether the hub can be reached, how fast the link is, and what stands in the way. */
export class Contact {
  readonly #deps: { readonly store: Store; readonly clock: () => number; readonly log: Log }
  #failure: SyncFailure | null
  #refusedUntilMs: number
  #lastContactMs: number | null
  #offlineSinceMs: number | null = null
  #latencyMs: number | null = null
  #bytesPerMs: number | null = null
  /** Refusals in a row. */
  #doubts = 0

  constructor(deps: {
    readonly store: Store
    readonly clock: () => number
    readonly log: Log
    readonly holdOff?: HoldOff | undefined
  }) {
    this.#deps = deps
    this.#failure = deps.holdOff?.failure ?? null
    this.#refusedUntilMs = deps.holdOff?.untilMs ?? 0
    this.#lastContactMs = Number(deps.store.meta('lastContactMs')) || null
  }

  get state(): ContactState {
    return {
      connected: !this.#isOff,
      offlineSinceMs: this.#offlineSinceMs,
      lastContactMs: this.#lastContactMs,
      latencyMs: this.#latencyMs,
      failure: this.#failure,
      bytesPerMs: this.#bytesPerMs,
    }
  }

  get bytesPerMs(): number | null {
    return this.#bytesPerMs
  }

  /** Until when the hub is let alone; in the past when it is not. */
  get refusedUntilMs(): number {
    return this.#refusedUntilMs
  }

  get #isOff(): boolean {
    return this.#failure !== null || this.#lastContactMs === null
  }

  /** A clock that was put back since the hub refused says nothing about how long ago that was. */
  followClock(nowMs: number): void {
    if (this.#refusedUntilMs - nowMs > REFUSED_RETRY_MS) this.#refusedUntilMs = 0
  }

  /** The hub may be asked at once, whatever it said. */
  tryAgain(): void {
    this.#refusedUntilMs = 0
  }

  measured(wireBytes: number, tookMs: number): void {
    if (wireBytes < SHORT_ANSWER_BYTES) this.#latencyMs = tookMs
    else this.#bytesPerMs = wireBytes / tookMs
  }

  /** @returns whether the hub could not be reached before */
  reached(): boolean {
    const { store, clock } = this.#deps
    const nowMs = clock()
    const wasOff = this.#isOff
    const isStale = nowMs - (this.#lastContactMs ?? 0) > SAVE_EVERY_MS
    this.#doubts = 0
    this.#lastContactMs = nowMs
    this.#failure = null
    this.#offlineSinceMs = null
    if (isStale) store.transact(() => store.setMeta('lastContactMs', String(nowMs)))
    return wasOff
  }

  /** @param counts false for what broke together with something that was told before */
  missed(step: string, error: unknown, counts = true): void {
    const nowMs = this.#deps.clock()
    const detail = error instanceof HubRefused ? error.code : null
    const isPassing = error instanceof HubUnreachable || (detail !== null && PASSING.has(detail))
    if (!isPassing && counts) this.#doubts++
    if (isPassing || this.#doubts < DOUBTS) {
      this.#failure = { code: 'hub-unreachable', detail, atMs: nowMs }
    } else {
      const code = error instanceof WrongHub ? 'hub-wrong-identity' : 'hub-refused'
      this.#failure = { code, detail, atMs: nowMs }
      this.#refusedUntilMs = nowMs + REFUSED_RETRY_MS
      this.#deps.log.warn('sync refused', {
        step,
        error: error instanceof Error ? error.message : String(error),
      })
    }
    this.#offlineSinceMs ??= this.#lastContactMs ?? nowMs
  }
}

const PASSING: ReadonlySet<HubErrorCode> = new Set(['busy', 'too-many', 'damaged'])
