import type { Plan, Problem } from '../problem.ts'
import { planFromShop, shopFromProblem, type ShopView } from './adapter.ts'
import { createShopSearch, type ShopSearch } from './index.ts'

/** Shop iterations that stand for one chunk of the general search. */
const iterationsPerChunk = 2048

/** The shop search on a planning problem that is a pure shop, in chunks. */
export class ShopPhase {
  private readonly problem: Problem
  private readonly view: ShopView
  private readonly search: ShopSearch
  private handedOut = Number.MAX_SAFE_INTEGER

  private constructor(problem: Problem, view: ShopView, seed: number) {
    this.problem = problem
    this.view = view
    this.search = createShopSearch(view.shop, { seed, objective: view.objective })
  }

  /** Null where the problem is not a pure shop. */
  static create(problem: Problem, seed: number): ShopPhase | null {
    const view = shopFromProblem(problem)
    return view && new ShopPhase(problem, view, seed)
  }

  /** Runs one chunk; false once the shop's optimum is proven. */
  step(): boolean {
    this.search.step(iterationsPerChunk)
    return !this.search.proven
  }

  /** The best plan if it is better than the one asked for last. */
  takeBetter(): Pick<Plan, 'assign'> | null {
    if (this.search.bestValue >= this.handedOut) return null
    this.handedOut = this.search.bestValue
    return planFromShop(this.problem, this.view, this.search.best())
  }
}
