import type { Random } from '../random.ts'
import type { CompiledShop } from './instance.ts'
import { BEFORE, DURATION, JOB, ROW, SIZE } from './job-shop-records.ts'
import { createSolution, type ShopSolution } from './solution.ts'
import type { LocalSearch } from './tabu.ts'
import { TardinessRecords } from './tardiness-records.ts'

const never = 0x7fffffff

/**
 * Tabu search for the weighted tardiness of a job shop with one machine per operation and no set-ups: swaps of
 * neighbours on the critical paths of all late jobs, every one tried out exactly. Wider moves inside a block
 * take more time than they are worth here.
 */
export class TardinessTabu extends TardinessRecords implements LocalSearch {
  readonly best: ShopSolution
  private readonly random: Random
  private readonly visited: Int32Array
  /** `[row of a + job of b]`: iteration until which a may not come back before b. */
  private readonly forbidden: Int32Array
  private readonly tenure: number
  private readonly tenureSpread: number
  private iteration = 0
  private stalled = 0
  private pick = 0
  private pickValue = 0
  private pickTies = 0
  private any = 0
  private anyCount = 0

  constructor(shop: CompiledShop, random: Random) {
    super(shop)
    const { n, m, jobs } = shop
    this.random = random
    this.best = createSolution(shop)
    this.visited = new Int32Array(n + jobs + 2)
    this.forbidden = new Int32Array(n * jobs)
    this.tenure = 10 + Math.floor(jobs / m)
    this.tenureSpread = Math.max(1, Math.floor(this.tenure * (jobs <= 2 * m ? 0.4 : 0.5)))
  }

  start(order: Int32Array, machine: Int32Array): void {
    this.load(order, machine)
    this.iteration += 10_000
    this.stalled = 0
    this.saveTo(this.best, this.cost)
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
      if (this.cost < best.value) {
        this.saveTo(best, this.cost)
        this.stalled = 0
      }
    }
    return budget
  }

  private step(): boolean {
    const { memory } = this
    this.pickValue = never
    this.pickTies = 0
    this.anyCount = 0
    this.scan()
    if (this.pickTies === 0 && this.anyCount === 0) return false
    const v = this.pickTies > 0 ? this.pick : this.any
    const u = memory[v + BEFORE]!
    this.forbidden[memory[u + ROW]! + memory[v + JOB]!] =
      this.iteration + this.tenure + this.random.int(this.tenureSpread + 1)
    this.move(u, v)
    return true
  }

  /** Follows one random critical path of each late job back until it joins one already seen. */
  private scan(): void {
    const { memory, lasts, late, visited, iteration, random, none } = this
    for (let i = 0; i < this.lateCount; i++) {
      let u = lasts[late[i]!]!
      while (visited[u >> 3] !== iteration) {
        visited[u >> 3] = iteration
        const r = memory[u]! - memory[u + DURATION]!
        const a = u - SIZE
        const b = memory[u + BEFORE]!
        const viaMachine = b !== none && memory[b] === r
        const viaJob = memory[a] === r && memory[a + ROW]! >= 0
        if (viaMachine && b !== a) this.offer(b, u)
        if (viaMachine) u = viaJob && random.uint32() & 0x10000 ? a : b
        else if (viaJob) u = a
        else break
      }
    }
  }

  /** Notes the swap of u and v if it is the best so far; one that is forbidden must beat the best schedule. */
  private offer(u: number, v: number): void {
    const { memory, random } = this
    const value = this.trySwap(u, v)
    this.undoTrial(u)
    const tabu = this.forbidden[memory[v + ROW]! + memory[u + JOB]!]! > this.iteration
    if (tabu && value >= this.best.value) {
      if (++this.anyCount === 1 || random.int(this.anyCount) === 0) this.any = v
      return
    }
    if (value > this.pickValue) return
    if (value < this.pickValue) {
      this.pickValue = value
      this.pickTies = 1
    } else if (random.int(++this.pickTies) !== 0) return
    this.pick = v
  }
}
