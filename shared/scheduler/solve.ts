import { lowerBounds } from './bounds.ts'
import { compileModel } from './model.ts'
import { makeFeasible, toPlan } from './finish.ts'
import { scoreOf } from './cost.ts'
import { compareScores } from './problem.ts'
import type { Plan, Problem, Score } from './problem.ts'
import { Search } from './search.ts'
import { ShopPhase } from './shop/route.ts'
import { stateFromPlan } from './warm-start.ts'
import type { KnownPlan } from './warm-start.ts'

export interface Progress {
  iterations: number
  elapsedMs: number
  /** 0..1 of the budget. */
  progress: number
  score: Score
}

export interface SolveOptions {
  seed: number
  /** Deterministic budget; `now` then never influences a decision. */
  iterations?: number
  timeMs?: number
  /** Monotonic milliseconds; needed with `timeMs`. */
  now?: () => number
  /** Asked between chunks of work. */
  shouldStop?: () => boolean
  onProgress?: (progress: Progress) => void
  /** A plan to start from; what no longer fits it is planned anew. */
  initial?: KnownPlan
}

export interface SolveResult {
  plan: Plan
  iterations: number
  stoppedBy: 'budget' | 'cancel'
}

/** A plan in the numbering of the compiled problem; only meaningful for the very same problem. */
export interface Elite {
  score: Score
  block: Int32Array
  sums: Float64Array
}

/** Trials between two looks at the clock and the cancel flag. */
export const CHUNK = 256

/** A pure shop spends this share of the budget in the shop search, and hands its plan over this often. */
const SHOP_SHARE = 0.7
const SHOP_HANDOVER_CHUNKS = 32

/** A solver that works in chunks, so that a worker can report, exchange elites and stop between them. */
export interface Solver {
  readonly search: Search
  /** Runs one chunk; false when the budget is used up. */
  step(): boolean
  /** The best plan as plain numbers, to hand to another solver of the same problem at a fixed barrier. */
  exportElite(): Elite
  /** Goes on from another solver's elite when it is better than what this one has. */
  importElite(elite: Elite): void
  /** The best plan so far, checked for feasibility. */
  plan(): Plan
  progress(): Progress
}

/** @throws RangeError when neither iterations nor (timeMs and now) is given. The problem must be valid. */
export function createSolver(problem: Problem, options: SolveOptions): Solver {
  const { iterations, timeMs, now } = options
  if (iterations === undefined && (timeMs === undefined || now === undefined))
    throw new RangeError('solve needs iterations, or timeMs with now')
  const startMs = now ? now() : 0
  const model = compileModel(problem)
  const search = new Search(model, options.seed, options.initial && stateFromPlan(model, options.initial))
  let shop = options.initial ? null : ShopPhase.create(problem, options.seed)
  let shopChunks = 0
  const takeShopPlan = (): void => {
    const known = shop?.takeBetter()
    if (!known) return
    const state = stateFromPlan(model, known)
    if (compareScores(scoreOf(state), search.bestScore, problem.objective) < 0) search.adopt(state)
  }
  const elapsed = (): number => (now ? now() - startMs : 0)
  const share = (): number =>
    iterations !== undefined
      ? iterations <= 0
        ? 1
        : (search.iterations + shopChunks * CHUNK) / iterations
      : elapsed() / Math.max(1, timeMs!)
  return {
    search,
    step() {
      const done = share()
      if (done >= 1) return false
      if (shop) {
        shopChunks++
        const goesOn = shop.step() && share() < SHOP_SHARE
        if (!goesOn || shopChunks % SHOP_HANDOVER_CHUNKS === 0) takeShopPlan()
        if (!goesOn) shop = null
        return share() < 1
      }
      const left = iterations !== undefined ? iterations - search.iterations - shopChunks * CHUNK : CHUNK
      search.run(Math.min(CHUNK, left), done)
      return share() < 1
    },
    exportElite: () => ({ score: search.bestScore, ...search.best.exportBlock() }),
    importElite(elite) {
      if (compareScores(elite.score, search.bestScore, problem.objective) >= 0) return
      const state = search.best.clone()
      state.importBlock(elite)
      search.welcome(state)
    },
    plan() {
      takeShopPlan()
      const state = search.best.clone()
      makeFeasible(state)
      return toPlan(state, lowerBounds(model))
    },
    progress: () => ({
      iterations: search.iterations,
      elapsedMs: elapsed(),
      progress: Math.min(1, share()),
      score: search.bestScore,
    }),
  }
}

/** Solves a valid problem to the end of the budget or until told to stop; always returns a complete plan. */
export function solve(problem: Problem, options: SolveOptions): SolveResult {
  const solver = createSolver(problem, options)
  let stoppedBy: SolveResult['stoppedBy'] = 'budget'
  let chunks = 0
  options.onProgress?.(solver.progress())
  while (solver.step()) {
    if (++chunks % 16 === 0) options.onProgress?.(solver.progress())
    if (options.shouldStop?.()) {
      stoppedBy = 'cancel'
      break
    }
  }
  options.onProgress?.(solver.progress())
  return { plan: solver.plan(), iterations: solver.search.iterations, stoppedBy }
}
