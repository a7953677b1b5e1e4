import type { CompiledShop } from './instance.ts'
import { AFTER, BEFORE, DURATION, JobShopRecords, POSITION, SIZE } from './job-shop-records.ts'

/**
 * Flat records for the weighted tardiness of a job shop with one machine per operation and no set-ups. Only
 * heads are kept; a swap of two neighbours of a critical path is tried out exactly, without a new order.
 */
export class TardinessRecords extends JobShopRecords {
  /** Weighted tardiness of the present schedule. */
  protected cost = 0
  /** Jobs that are late and have a weight. */
  protected readonly late: Int32Array
  protected lateCount = 0
  private readonly due: Int32Array
  private readonly weight: Int32Array
  private readonly saved: Int32Array

  constructor(shop: CompiledShop) {
    super(shop)
    this.due = shop.due
    this.weight = shop.weight
    this.late = new Int32Array(shop.jobs)
    this.saved = new Int32Array(shop.n)
  }

  protected override sweep(low: number): void {
    const { memory, orderAt, lasts, due, weight, late } = this
    const end = orderAt + this.shop.n
    for (let i = orderAt + low; i < end; i++) {
      const w = memory[i]!
      const ra = memory[w - SIZE]!
      const d = ra - memory[memory[w + BEFORE]!]!
      memory[w] = ra - (d & (d >> 31)) + memory[w + DURATION]!
    }
    let cost = 0
    let count = 0
    for (let j = 0; j < lasts.length; j++) {
      const over = memory[lasts[j]!]! - due[j]!
      if (over > 0 && weight[j]! > 0) {
        cost += over * weight[j]!
        late[count++] = j
      }
    }
    this.cost = cost
    this.lateCount = count
  }

  /**
   * Cost after u and its machine successor v, which starts as u ends, change places. No other way leads from
   * u to v, so both can be timed first and the rest in the present order. `undoTrial` or `move(u, v)` follows.
   */
  protected trySwap(u: number, v: number): number {
    const { memory, orderAt, saved, lasts, due, weight } = this
    const before = memory[memory[u + BEFORE]!]!
    let ready = memory[v - SIZE]!
    const endV = (before > ready ? before : ready) + memory[v + DURATION]!
    ready = memory[u - SIZE]!
    const endU = (endV > ready ? endV : ready) + memory[u + DURATION]!
    const from = memory[u + POSITION]!
    const other = memory[v + POSITION]!
    saved[from] = memory[u]!
    saved[other] = memory[v]!
    memory[u] = endU
    memory[v] = endV
    const y = memory[v + AFTER]! + BEFORE
    memory[y] = u
    for (let i = from + 1; i < other; i++) {
      const w = memory[orderAt + i]!
      saved[i] = memory[w]!
      const ra = memory[w - SIZE]!
      const d = ra - memory[memory[w + BEFORE]!]!
      memory[w] = ra - (d & (d >> 31)) + memory[w + DURATION]!
    }
    const n = saved.length
    for (let i = other + 1; i < n; i++) {
      const w = memory[orderAt + i]!
      saved[i] = memory[w]!
      const ra = memory[w - SIZE]!
      const d = ra - memory[memory[w + BEFORE]!]!
      memory[w] = ra - (d & (d >> 31)) + memory[w + DURATION]!
    }
    memory[y] = v
    let cost = 0
    for (let j = 0; j < lasts.length; j++) {
      const over = memory[lasts[j]!]! - due[j]!
      cost += (over & ~(over >> 31)) * weight[j]!
    }
    return cost
  }

  /** Puts the heads back from which `trySwap` started at u. */
  protected undoTrial(u: number): void {
    const { memory, orderAt, saved } = this
    const n = saved.length
    for (let i = memory[u + POSITION]!; i < n; i++) memory[memory[orderAt + i]!] = saved[i]!
  }
}
