import type { Random } from '../random.ts'
import type { CompiledShop } from './instance.ts'
import { AFTER, BEFORE, DURATION, JOB, JobShopRecords, LEAD, ROW, SIZE } from './job-shop-records.ts'
import { createSolution, type ShopSolution } from './solution.ts'
import type { LocalSearch } from './tabu.ts'

const never = 0x7fffffff

/**
 * Tabu search for the makespan of a job shop with one machine per operation and no set-ups: the moves, the
 * estimates and the memory of MakespanTabu on flat records.
 */
export class JobShopTabu extends JobShopRecords implements LocalSearch {
  readonly best: ShopSolution
  private readonly random: Random
  private readonly path: Int32Array
  private pathStart = 0
  private readonly listed: Int32Array
  private readonly values: Int32Array
  /** `[row of a + job of b]`: iteration until which a may not come back before b. */
  private readonly forbidden: Int32Array
  private readonly tenure: number
  private readonly tenureSpread: number
  private iteration = 0
  private stalled = 0
  private pickU = 0
  private pickV = 0
  private pickValue = 0
  private pickTies = 0
  private wishU = 0
  private wishV = 0
  private wishValue = 0
  private anyU = 0
  private anyV = 0
  private anyCount = 0

  constructor(shop: CompiledShop, random: Random) {
    super(shop)
    const { n, m, jobs } = shop
    this.random = random
    this.best = createSolution(shop)
    this.path = new Int32Array(n)
    this.listed = new Int32Array(n)
    this.values = new Int32Array(n)
    this.forbidden = new Int32Array(n * jobs)
    this.tenure = 10 + Math.floor(jobs / m)
    this.tenureSpread = Math.max(1, Math.floor(this.tenure * (jobs <= 2 * m ? 0.4 : 0.5)))
  }

  start(order: Int32Array, machine: Int32Array): void {
    this.load(order, machine)
    this.iteration += 10_000
    this.stalled = 0
    this.saveTo(this.best, this.makespan)
  }

  run(budget: number, stallLimit: number, target: number): number {
    const { best } = this
    for (let done = 0; done < budget; done++) {
      if (best.value <= target || this.stalled >= stallLimit) return done
      this.iteration++
      this.stalled++
      if (!this.step()) {
        this.stalled = stallLimit
        return done
      }
      if (this.makespan < best.value) {
        this.saveTo(this.best, this.makespan)
        this.stalled = 0
      }
    }
    return budget
  }

  private step(): boolean {
    this.pickU = 0
    this.pickTies = 0
    this.pickValue = never
    this.wishU = 0
    this.wishValue = this.best.value
    this.anyCount = 0
    this.tracePath()
    this.scanBlocks()
    if (this.wishU !== 0 && this.wishValue < this.pickValue && this.tryWish()) return true
    if (this.pickU !== 0) this.apply(this.pickU, this.pickV)
    else if (this.anyCount > 0) this.apply(this.anyU, this.anyV)
    else return false
    return true
  }

  /** A tabu move that promises a new best is made only if it keeps its promise: estimates are optimistic. */
  private tryWish(): boolean {
    const { memory } = this
    const u = this.wishU
    const back = this.wishV < 0 ? memory[u + BEFORE]! : -memory[u + AFTER]!
    this.forbid(u, this.wishV)
    if (!this.move(u, this.wishV)) return false
    if (this.makespan < this.best.value) return true
    this.move(u, back)
    return false
  }

  private apply(u: number, v: number): void {
    this.forbid(u, v)
    this.move(u, v)
  }

  /** Forbids what would undo a move, before it is made. */
  private forbid(u: number, v: number): void {
    const { memory, forbidden } = this
    const until = this.iteration + this.tenure + this.random.int(this.tenureSpread + 1)
    if (v > 0) {
      const row = memory[u + ROW]!
      for (let w = memory[u + AFTER]!; ; w = memory[w + AFTER]!) {
        forbidden[row + memory[w + JOB]!] = until
        if (w === v) break
      }
    } else {
      const job = memory[u + JOB]!
      for (let w = memory[u + BEFORE]!; ; w = memory[w + BEFORE]!) {
        forbidden[memory[w + ROW]! + job] = until
        if (w === -v) break
      }
    }
  }

  /** One random critical path, first operation at `pathStart`. */
  private tracePath(): void {
    const { memory, lasts, path, random, makespan } = this
    let seen = 0
    let u = 0
    for (let j = 0; j < lasts.length; j++) {
      const w = lasts[j]!
      if (memory[w] === makespan && (++seen === 1 || random.int(seen) === 0)) u = w
    }
    let at = path.length
    for (;;) {
      path[--at] = u
      const r = memory[u]! - memory[u + DURATION]!
      const a = u - SIZE
      const b = memory[u + BEFORE]!
      const viaJob = memory[a] === r && memory[a + ROW]! >= 0
      if (memory[b] === r && memory[b + ROW]! >= 0) {
        u = viaJob && random.uint32() & 0x10000 ? a : b
      } else if (viaJob) u = a
      else break
    }
    this.pathStart = at
  }

  /** N7 on the blocks of the path. */
  private scanBlocks(): void {
    const { memory, path, pathStart } = this
    const length = path.length
    let start = pathStart
    while (start < length) {
      let stop = start
      while (stop + 1 < length && memory[path[stop + 1]! + BEFORE] === path[stop]!) stop++
      if (stop > start) {
        const first = path[start]!
        const last = path[stop]!
        const openFront = start > pathStart
        const openBack = stop < length - 1
        const two = stop === start + 1
        if (openBack || two) {
          const limit = memory[last + LEAD]!
          for (let i = start; i < stop; i++) {
            const u = path[i]!
            const s = u + SIZE
            if (s !== last && limit >= memory[s + LEAD]!) this.tryRight(u, last)
          }
        }
        if (openFront && !two) {
          const limit = memory[first]!
          for (let i = start + 1; i <= stop; i++) {
            const v = path[i]!
            const s = v - SIZE
            if (s !== first && limit >= memory[s]!) this.tryLeft(v, first)
          }
        }
        if (!two) {
          if (openFront) {
            const s = first + SIZE
            const need = memory[s + LEAD]!
            for (let i = start + 1; i < stop; i++) {
              const v = path[i]!
              if (s === v || memory[v + LEAD]! < need) break
              this.tryRight(first, v)
            }
          }
          if (openBack) {
            const s = last - SIZE
            const need = memory[s]!
            for (let i = stop - 1; i > start; i--) {
              const u = path[i]!
              if (s === u || memory[u]! < need) break
              this.tryLeft(last, u)
            }
          }
        }
      }
      start = stop + 1
    }
  }

  /** Estimates u moved directly behind v, which stands later on the same machine. */
  private tryRight(u: number, v: number): void {
    const { memory, listed, values, forbidden, iteration } = this
    const job = memory[u + JOB]!
    let ready = memory[memory[u + BEFORE]!]!
    let w = memory[u + AFTER]!
    let count = 0
    let tabu = true
    for (;;) {
      const d = ready - memory[w - SIZE]!
      ready += memory[w + DURATION]! - (d & (d >> 31))
      values[count] = ready
      listed[count++] = w
      if (forbidden[memory[w + ROW]! + job]! <= iteration) tabu = false
      if (w === v) break
      w = memory[w + AFTER]!
    }
    const p = memory[u + DURATION]!
    const r = memory[u - SIZE]!
    if (r > ready) ready = r
    let q = memory[u + SIZE + LEAD]!
    const qa = memory[memory[v + AFTER]! + LEAD]!
    if (qa > q) q = qa
    let behind = q + p
    let value = ready + behind
    const cut = tabu ? never : this.pickValue
    if (value > cut) return
    for (let i = count - 1; i >= 0; i--) {
      w = listed[i]!
      const d = behind - memory[w + SIZE + LEAD]!
      q = behind - (d & (d >> 31))
      const through = values[i]! + q
      if (through > value) {
        value = through
        if (value > cut) return
      }
      behind = q + memory[w + DURATION]!
    }
    this.offer(u, v, value, tabu)
  }

  /** Estimates v moved directly before u, which stands earlier on the same machine. */
  private tryLeft(v: number, u: number): void {
    const { memory, listed, values, forbidden, iteration } = this
    const row = memory[v + ROW]!
    let behind = memory[memory[v + AFTER]! + LEAD]!
    let w = memory[v + BEFORE]!
    let count = 0
    let tabu = true
    for (;;) {
      const d = behind - memory[w + SIZE + LEAD]!
      behind += memory[w + DURATION]! - (d & (d >> 31))
      values[count] = behind
      listed[count++] = w
      if (forbidden[row + memory[w + JOB]!]! <= iteration) tabu = false
      if (w === u) break
      w = memory[w + BEFORE]!
    }
    const p = memory[v + DURATION]!
    const q = memory[v + SIZE + LEAD]!
    if (q > behind) behind = q
    let r = memory[v - SIZE]!
    const rb = memory[memory[u + BEFORE]!]!
    if (rb > r) r = rb
    let ready = r + p
    let value = ready + behind
    const cut = tabu ? never : this.pickValue
    if (value > cut) return
    for (let i = count - 1; i >= 0; i--) {
      w = listed[i]!
      const d = ready - memory[w - SIZE]!
      r = ready - (d & (d >> 31))
      const through = r + values[i]!
      if (through > value) {
        value = through
        if (value > cut) return
      }
      ready = r + memory[w + DURATION]!
    }
    this.offer(v, -u, value, tabu)
  }

  private offer(u: number, v: number, value: number, tabu: boolean): void {
    if (tabu) {
      if (value < this.wishValue) {
        this.wishValue = value
        this.wishU = u
        this.wishV = v
      }
      if (++this.anyCount === 1 || this.random.int(this.anyCount) === 0) {
        this.anyU = u
        this.anyV = v
      }
      return
    }
    if (value < this.pickValue) {
      this.pickValue = value
      this.pickTies = 1
    } else if (this.random.int(++this.pickTies) !== 0) return
    this.pickU = u
    this.pickV = v
  }
}
