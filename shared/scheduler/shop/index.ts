import { compileShop, type CompiledShop, type ShopInstance, type ShopObjective } from './instance.ts'
import { MakespanSearch } from './search.ts'

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

/** Throws RangeError on a malformed instance. */
export function createShopSearch(instance: ShopInstance | CompiledShop, options: ShopSearchOptions): ShopSearch {
  const shop = 'modeStart' in instance ? instance : compileShop(instance)
  return new MakespanSearch(shop, options.seed)
}
