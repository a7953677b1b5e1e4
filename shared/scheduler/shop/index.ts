import { compileShop, type CompiledShop, type ShopInstance, type ShopObjective } from './instance.ts'
import { ShopGraph } from './graph.ts'
import { createSolution } from './solution.ts'
import { objectiveOf } from './objective.ts'
import { PopulationSearch } from './search.ts'

export type { ShopInstance, ShopJob, ShopMode, ShopObjective, ShopOperation, ShopSetups } from './instance.ts'
export { compileShop, type CompiledShop } from './instance.ts'

/** A schedule; operations are numbered job by job in the instance's order. Times in minutes. */
export interface ShopPlan {
  value: number
  start: Int32Array
  end: Int32Array
  machine: Int32Array
}

/** A schedule as it travels between searches of the same instance. */
export interface ShopElite {
  value: number
  order: Int32Array
  machine: Int32Array
}

export interface ShopSearchOptions {
  seed: number
  objective: ShopObjective
  /** A schedule to start from, for instance the current plan. */
  warmStart?: ShopElite
}

/**
 * An anytime search. It never reads a clock: for one instance, seed and sequence of calls the result is the
 * same on every machine, whatever the sizes of the steps.
 */
export interface ShopSearch {
  readonly shop: CompiledShop
  /** Spends at most this many iterations; returns early once `proven`. */
  step(iterations: number): void
  readonly iterations: number
  /** Best objective value so far; Number.MAX_SAFE_INTEGER before the first step. */
  readonly bestValue: number
  best(): ShopPlan
  lowerBound(): number
  /** True once the best value equals the lower bound. */
  readonly proven: boolean
  exportElite(): ShopElite
  /** Takes in another search's schedule as material; a better one becomes the best. */
  importElite(elite: ShopElite): void
}

/** Throws RangeError on a malformed instance or a warm start that does not fit it. */
export function createShopSearch(
  instance: ShopInstance | CompiledShop,
  { seed, objective, warmStart }: ShopSearchOptions,
): ShopSearch {
  const shop = 'modeStart' in instance ? instance : compileShop(instance)
  const search = new PopulationSearch(shop, seed, objective)
  if (warmStart) search.startFrom(solutionFrom(shop, objective, warmStart))
  return {
    shop,
    step: (iterations) => search.step(iterations),
    get iterations() {
      return search.iterations
    },
    get bestValue() {
      return search.incumbent.value
    },
    best() {
      const { value, order, machine } = search.incumbent
      const graph = new ShopGraph(shop)
      graph.load(order, machine)
      const end = graph.end.slice(0, shop.n)
      return { value, start: end.map((e, u) => e - graph.duration[u]!), end, machine: machine.slice() }
    },
    lowerBound: () => search.bound,
    get proven() {
      return search.proven
    },
    exportElite() {
      const { value, order, machine } = search.incumbent
      return { value, order: order.slice(), machine: machine.slice() }
    },
    importElite: (elite) => search.adopt(solutionFrom(shop, objective, elite)),
  }
}

/** Checks a schedule from outside and gives it its value under the objective. */
function solutionFrom(shop: CompiledShop, objective: ShopObjective, elite: ShopElite) {
  const { n, m } = shop
  const solution = createSolution(shop)
  const next = shop.jobStart.slice(0, shop.jobs)
  if (elite.order.length !== n || elite.machine.length !== n) throw new RangeError('schedule of another size')
  for (let i = 0; i < n; i++) {
    const u = elite.order[i]!
    const j = shop.jobOf[u] ?? -1
    if (j < 0 || next[j] !== u) throw new RangeError(`operation ${u} out of turn`)
    next[j] = u + 1
    const k = elite.machine[u]!
    if (!(k >= 0 && k < m) || shop.durationOn[u * m + k]! < 0)
      throw new RangeError(`machine ${k} for operation ${u}`)
    solution.order[i] = u
    solution.machine[u] = k
  }
  const graph = new ShopGraph(shop)
  graph.load(solution.order, solution.machine)
  solution.value = objectiveOf(shop, objective, graph.end)
  return solution
}
