import type { Store } from '../store/store.ts'

const BLOCK = 1000

/** Numbers for signed requests: they only rise, also across crashes, because blocks of them are booked ahead. */
export class RequestCounter {
  readonly #store: Store
  #next: number
  #bookedTo: number

  constructor(store: Store) {
    this.#store = store
    this.#next = Number(store.meta('requestCounter') ?? '0') + 1
    this.#bookedTo = this.#next - 1
  }

  next(): number {
    if (this.#next > this.#bookedTo) this.#book(this.#next + BLOCK)
    return this.#next++
  }

  /** The hub has seen higher ones: this store was restored. */
  skipTo(least: number): void {
    this.#next = Math.max(this.#next, least)
    if (this.#next > this.#bookedTo) this.#book(this.#next + BLOCK)
  }

  #book(to: number): void {
    this.#bookedTo = to
    this.#store.transact(() => this.#store.setMeta('requestCounter', String(to)))
  }
}
