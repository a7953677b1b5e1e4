import { dayKeyOf } from '../../../shared/domain/time.ts'
import type { Store } from '../store/store.ts'

const ZONE = 'Asia/Shanghai'
const SAVE_EVERY_BYTES = 64 * 1024

/** What this device has spent of its metered link today, kept across restarts. */
export class Meter {
  readonly #store: Store
  readonly #clock: () => number
  #day: string
  #bytes: number
  #saved: number
  #seen = 0

  constructor(store: Store, clock: () => number) {
    this.#store = store
    this.#clock = clock
    const saved = spentToday(store, clock())
    this.#day = dayKeyOf(clock(), ZONE)
    this.#bytes = saved
    this.#saved = saved
  }

  /** @param total bytes since the connection was first made */
  note(total: number): void {
    const today = dayKeyOf(this.#clock(), ZONE)
    if (today !== this.#day) {
      this.#day = today
      this.#bytes = 0
    }
    this.#bytes += Math.max(0, total - this.#seen)
    this.#seen = total
    if (Math.abs(this.#bytes - this.#saved) >= SAVE_EVERY_BYTES) this.save()
  }

  get today(): number {
    return dayKeyOf(this.#clock(), ZONE) === this.#day ? this.#bytes : 0
  }

  save(): void {
    if (this.#bytes === this.#saved) return
    this.#saved = this.#bytes
    this.#store.transact(() =>
      this.#store.setMeta('syncSpent', JSON.stringify({ day: this.#day, bytes: this.#bytes })),
    )
  }
}

/** Bytes of today as last saved. */
export function spentToday(store: Store, nowMs: number): number {
  const text = store.meta('syncSpent')
  if (text === null) return 0
  const { day, bytes } = JSON.parse(text) as { day: string; bytes: number }
  return day === dayKeyOf(nowMs, ZONE) ? bytes : 0
}

export interface MeterRules {
  readonly metered: boolean
  /** Bytes a day; null for no limit. */
  readonly budgetBytes: number | null
}

export function meterRules(store: Store): MeterRules {
  const budget = Number(store.meta('syncBudgetBytes') ?? '')
  return { metered: store.meta('syncMetered') === 'yes', budgetBytes: budget > 0 ? budget : null }
}
