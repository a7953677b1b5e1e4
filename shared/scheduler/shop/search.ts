import { Random } from '../random.ts'
import { Annealer } from './anneal.ts'
import { TardinessAnnealer } from './anneal-tardiness.ts'
import { lowerBound, tardinessBound } from './bounds.ts'
import { constructRandom } from './construct.ts'
import { ShopGraph } from './graph.ts'
import { copySolution, createSolution, type ShopSolution } from './solution.ts'
import type { CompiledShop, ShopObjective } from './instance.ts'
import { blend, byLateness, byLinks, crossJobs, ElitePool } from './pool.ts'
import { ExactTabu } from './tabu-exact.ts'
import { MakespanTabu } from './tabu-makespan.ts'
import { JobShopTabu } from './tabu-job-shop.ts'
import { TardinessTabu } from './tabu-tardiness.ts'
import type { LocalSearch } from './tabu.ts'

/** Defaults come from runs over the public sets; see the bench. */
export interface SearchSettings {
  poolSize: number
  /** Tabu iterations without a better schedule that end a run: from a random start, from a blend. */
  stallFirst: number
  stall: number
  /** The second parent's part in a blend lies between these. */
  shareLow: number
  shareHigh: number
  /** Runs in a row that may leave the pool as it is before it is rebuilt around the best. */
  patience: number
  /** Every other rebuilt pool starts without the best. */
  forgetful: boolean
  /** Annealing steps per operation from a random start and from a blend. */
  annealFirst: number
  anneal: number
  /** Temperatures in heat units: from a random start, from a blend, at the end. */
  heatFirst: number
  heat: number
  floor: number
  /** Stall limit of the exact tabu search after annealing. */
  polish: number
  /** Every other pool is filled by tabu search alone: what annealing misses again and again, it may meet. */
  alternating: boolean
  /** The part of the children that take whole jobs from either parent; the others are blends. */
  crossed: number
}

const defaults: SearchSettings = {
  poolSize: 12,
  stallFirst: 3000,
  stall: 4000,
  shareLow: 0.1,
  shareHigh: 0.5,
  patience: 60,
  forgetful: false,
  annealFirst: 2000,
  anneal: 800,
  heatFirst: 1,
  heat: 0.4,
  floor: 0.03,
  polish: 100,
  alternating: false,
  crossed: 0,
}

/** Machine choices pay for longer runs and for children farther from both parents. */
const forFlexible: Partial<SearchSettings> = {
  poolSize: 8,
  stallFirst: 4000,
  stall: 12_000,
  shareLow: 0.3,
  shareHigh: 0.7,
}

/** Tardiness has deep valleys: a larger population, and every other one built without the best known. */
const forTardiness: Partial<SearchSettings> = {
  poolSize: 14,
  annealFirst: 1500,
  anneal: 700,
  patience: 40,
  forgetful: true,
}

/**
 * Swaps on critical paths take place between these temperatures: above, any schedule is as good as any other;
 * below, nothing moves. Tabu search tries every swap of every late job, which pays for small shops only.
 */
const forPlainTardiness: Partial<SearchSettings> = {
  ...forTardiness,
  poolSize: 20,
  crossed: 0.5,
  stallFirst: 1000,
  stall: 1000,
  annealFirst: 700,
  anneal: 300,
  heatFirst: 0.3,
  heat: 0.2,
  floor: 0.1,
  patience: 25,
}
const mostForTabu = 200

/**
 * A population search: schedules are improved one after another, kept in a small pool if good and different,
 * and new starts are blends of two of the pool. The makespan without set-ups is improved by tabu search on
 * estimates; everything else by annealing followed by a short exact tabu search.
 */
export class PopulationSearch {
  readonly shop: CompiledShop
  readonly bound: number
  readonly incumbent: ShopSolution
  iterations = 0
  private readonly settings: SearchSettings
  private readonly random: Random
  private readonly objective: ShopObjective
  private readonly tabu: LocalSearch
  private readonly annealer: Annealer | TardinessAnnealer | null
  private readonly pool: ElitePool
  private readonly draft: ShopSolution
  private phase: 'idle' | 'anneal' | 'tabu' = 'idle'
  private filling = true
  private warm = false
  private runs = 0
  private fruitless = 0
  private rebuilt = 0
  private stallLimit = 0

  constructor(
    shop: CompiledShop,
    seed: number,
    objective: ShopObjective,
    settings: Partial<SearchSettings> = {},
  ) {
    this.shop = shop
    const plain = objective === 'makespan' && !shop.hasSetups
    const plainTardiness = objective === 'weighted-tardiness' && !shop.hasSetups && !shop.flexible
    let special: Partial<SearchSettings> = shop.flexible ? forFlexible : {}
    if (plainTardiness) special = { ...forPlainTardiness, alternating: shop.n <= mostForTabu }
    else if (objective === 'weighted-tardiness') special = forTardiness
    this.settings = { ...defaults, ...special, ...settings }
    this.random = new Random(seed)
    this.objective = objective
    const graph = new ShopGraph(shop)
    if (plainTardiness) this.tabu = new TardinessTabu(shop, this.random)
    else if (!plain) this.tabu = new ExactTabu(graph, this.random, objective)
    else if (shop.flexible) this.tabu = new MakespanTabu(graph, this.random)
    else this.tabu = new JobShopTabu(shop, this.random)
    if (plainTardiness) this.annealer = new TardinessAnnealer(shop, this.random)
    else this.annealer = plain ? null : new Annealer(graph, this.random, objective)
    this.rebuilt = this.settings.alternating ? seed & 1 : 0
    this.pool = new ElitePool(shop, this.settings.poolSize, plainTardiness ? byLateness(shop) : byLinks(shop))
    this.incumbent = createSolution(shop)
    this.draft = createSolution(shop)
    this.bound = objective === 'makespan' ? lowerBound(shop) : tardinessBound(shop)
  }

  get proven(): boolean {
    return this.incumbent.value <= this.bound
  }

  /** The next run starts from this schedule itself instead of a random one or a blend. */
  startFrom(solution: ShopSolution): void {
    this.adopt(solution)
    this.pool.add(solution)
    copySolution(solution, this.draft)
    this.warm = true
  }

  /** A forgetful search keeps its pool apart: the schedule waits until a pool is built around the best. */
  adopt(solution: ShopSolution): void {
    if (!this.settings.forgetful) this.pool.add(solution)
    if (solution.value < this.incumbent.value) copySolution(solution, this.incumbent)
  }

  step(iterations: number): void {
    const end = this.iterations + iterations
    while (this.iterations < end && !this.proven) {
      if (this.phase === 'idle') this.begin()
      const budget = end - this.iterations
      if (this.phase === 'anneal') {
        const annealer = this.annealer!
        const used = annealer.run(budget, this.bound)
        this.iterations += used
        this.take(annealer.best)
        if (used === budget) continue
        this.tabu.start(annealer.best.order, annealer.best.machine)
        this.phase = 'tabu'
      } else {
        const used = this.tabu.run(budget, this.stallLimit, this.bound)
        this.iterations += used
        this.take(this.tabu.best)
        if (used === budget) continue
        // A run costs at least one iteration, so that a shop without any move cannot loop for ever.
        this.iterations++
        this.finish()
      }
    }
  }

  private take(solution: ShopSolution): void {
    if (solution.value < this.incumbent.value) copySolution(solution, this.incumbent)
  }

  private begin(): void {
    const { shop, random, draft, pool, settings } = this
    const fresh = (this.filling && !this.warm) || pool.members.length < 2
    if (this.warm) this.warm = false
    else if (fresh) constructRandom(shop, random, 0.7, draft)
    else {
      const a = random.int(pool.members.length)
      let b = random.int(pool.members.length - 1)
      if (b >= a) b++
      const share = settings.shareLow + (settings.shareHigh - settings.shareLow) * random.float()
      const mix = settings.crossed > 0 && random.float() < settings.crossed ? crossJobs : blend
      mix(shop, pool.members[a]!.solution, pool.members[b]!.solution, share, random, draft)
    }
    this.stallLimit = fresh ? settings.stallFirst : settings.stall
    if (!this.annealer || (settings.alternating && this.rebuilt % 2 === 1)) {
      this.tabu.start(draft.order, draft.machine)
      this.phase = 'tabu'
      return
    }
    this.stallLimit = settings.polish
    const unit = this.heatUnit()
    const steps = shop.n * (fresh ? settings.annealFirst : settings.anneal)
    const heat = (fresh ? settings.heatFirst : settings.heat) * unit
    this.annealer.start(draft.order, draft.machine, heat, settings.floor * unit, steps)
    this.phase = 'anneal'
  }

  /** Temperature scale: what a mean operation's delay costs, ten times over for tardiness. */
  private heatUnit(): number {
    const { modeDuration, weight, jobs } = this.shop
    const mean = modeDuration.reduce((sum, p) => sum + p, 0) / Math.max(1, modeDuration.length)
    if (this.objective === 'makespan') return Math.max(0.5, mean)
    return Math.max(1, (10 * mean * weight.reduce((sum, w) => sum + w, 0)) / Math.max(1, jobs))
  }

  private finish(): void {
    const { pool, settings } = this
    this.phase = 'idle'
    this.runs++
    const kept = pool.add(this.tabu.best)
    if (this.filling) {
      if (pool.members.length > 1 && (pool.full || this.runs > 2 * settings.poolSize)) this.filling = false
    } else if (kept) this.fruitless = 0
    else if (++this.fruitless > settings.patience) {
      pool.clear()
      this.rebuilt++
      const aroundBest = settings.alternating ? (this.rebuilt & 2) !== 0 : (this.rebuilt & 1) === 0
      if (!settings.forgetful || aroundBest) pool.add(this.incumbent)
      this.filling = true
      this.runs = 0
      this.fruitless = 0
    }
  }
}
