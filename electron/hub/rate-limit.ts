import { HubRefusal } from './errors.ts'

/** At most so many calls a minute for each name; a bucket that refills evenly. */
export class RateLimit {
  readonly #clock: () => number
  readonly #perMinute: number
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  constructor(clock: () => number, options: { perMinute: number }) {
    this.#clock = clock
    this.#perMinute = options.perMinute
  }

  /** @throws HubRefusal `too-many` */
  take(name: string): void {
    const nowMs = this.#clock()
    if (this.#buckets.size > 10_000) this.#buckets.clear()
    const bucket = this.#buckets.get(name) ?? { tokens: this.#perMinute, atMs: nowMs }
    const refilled = bucket.tokens + (Math.max(0, nowMs - bucket.atMs) * this.#perMinute) / 60_000
    bucket.tokens = Math.min(this.#perMinute, refilled) - 1
    bucket.atMs = nowMs
    this.#buckets.set(name, bucket)
    if (bucket.tokens < 0) {
      bucket.tokens = Math.max(bucket.tokens, -1)
      throw new HubRefusal('too-many')
    }
  }
}
