import { Random } from '../random.ts'
import { lowerBound } from './bounds.ts'
import { constructRandom } from './construct.ts'
import { createSolution, ShopGraph, type ShopSolution } from './graph.ts'
import type { CompiledShop } from './instance.ts'
import { blend, ElitePool } from './pool.ts'
import { MakespanTabu } from './tabu.ts'
import type { ShopElite, ShopPlan } from './index.ts'

export interface MakespanSettings {
  poolSize: number
  stallFirst: number
  stall: number
  probes: number
  probeLength: number
}
export class MakespanSearch {
  readonly best_: ShopSolution
  readonly bound: number
  iterations = 0
  readonly shop: CompiledShop
  private readonly random: Random
  private readonly tabu: MakespanTabu
  pool: ElitePool
  private readonly draft: ShopSolution
  private running = false
  generation = 0
  settings: MakespanSettings
  stallNow = 0

  constructor(shop: CompiledShop, seed: number, settings: Partial<MakespanSettings> = {}) {
    this.shop = shop
    this.settings = { poolSize: 6, stallFirst: 3000, stall: 5000, probes: 1, probeLength: 500, ...settings }
    this.random = new Random(seed)
    this.tabu = new MakespanTabu(new ShopGraph(shop), this.random)
    this.pool = new ElitePool(shop, this.settings.poolSize)
    this.best_ = createSolution(shop)
    this.draft = createSolution(shop)
    this.bound = lowerBound(shop)
  }

  get proven(): boolean {
    return this.best_.value <= this.bound
  }

  step(iterations: number): void {
    const end = this.iterations + iterations
    while (this.iterations < end && !this.proven) {
      if (!this.running) this.begin()
      const used = this.tabu.run(end - this.iterations, this.stallNow, this.bound)
      this.iterations += Math.max(1, used)
      if (this.tabu.best.value < this.best_.value) copySolution(this.tabu.best, this.best_)
      if (this.iterations < end) {
        this.running = false
        this.finish()
      }
    }
  }
  private filling = true
  private begin(): void {
    const { shop, random, draft, pool } = this
    if (this.filling) {
      constructRandom(shop, random, 0.7, draft)
      this.stallNow = this.settings.stallFirst
    } else {
      const a = random.int(pool.members.length)
      let b = random.int(pool.members.length - 1)
      if (b >= a) b++
      const share = 0.3 + 0.4 * random.float()
      blend(shop, pool.members[a]!.solution, pool.members[b]!.solution, share, random, draft)
      this.stallNow = this.settings.stall
    }
    this.tabu.start(draft.order, draft.machine)
    this.running = true
  }
  get bestValue(): number {
    return this.best_.value
  }

  lowerBound(): number {
    return this.bound
  }

  best(): ShopPlan {
    return planOf(this.shop, this.best_)
  }

  exportElite(): ShopElite {
    const { value, order, machine } = this.best_
    return { value, order: order.slice(), machine: machine.slice() }
  }

  importElite(elite: ShopElite): void {
    this.pool.add(elite)
    if (elite.value < this.best_.value) copySolution(elite, this.best_)
  }

  accepted = 0
  private finish(): void {
    this.generation++
    const kept = this.pool.add(this.tabu.best)
    if (this.filling && (this.pool.full || this.generation > 2 * this.settings.poolSize) && this.pool.members.length > 1) this.filling = false
    if (kept) this.accepted = 0
    else if (++this.accepted > 60) {
      const best = this.pool.best()!
      this.pool = new ElitePool(this.shop, this.settings.poolSize)
      this.pool.add(best)
      this.filling = true
      this.generation = 0
      this.accepted = 0
    }
  }
}

function copySolution(from: ShopSolution, to: ShopSolution): void {
  to.value = from.value
  to.order.set(from.order)
  to.machine.set(from.machine)
}

function planOf(shop: CompiledShop, solution: ShopSolution): ShopPlan {
  const graph = new ShopGraph(shop)
  graph.load(solution.order, solution.machine)
  const end = graph.end.slice(0, shop.n)
  const start = end.map((e, u) => e - graph.duration[u]!)
  return { value: solution.value, start, end, machine: solution.machine.slice() }
}
