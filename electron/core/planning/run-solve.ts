import { checkPlan } from '../../../shared/checker/check.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import { createSolver, explainLate, validateProblem } from '../../../shared/scheduler/index.ts'
import type { Assignment, Explanation, Plan, Problem, Score } from '../../../shared/scheduler/index.ts'

/** What the scheduler thread is asked to do. */
export interface SolveRequest {
  readonly problem: Problem
  readonly seed: number
  readonly timeLimitMs: number
  readonly initial: { readonly assign: readonly Assignment[] } | null
}

export interface SolveProgress {
  readonly iterations: number
  readonly elapsedMs: number
  /** 0..1 of the budget. */
  readonly progress: number
  readonly score: Score
}

export interface SolveAnswer {
  readonly plan: Plan
  /** Late jobs by id: the binding chain in time order. */
  readonly why: Readonly<Record<string, readonly Explanation[]>>
  /** What the published plan scores on this problem; null when there is none. */
  readonly baseScore: Score | null
  readonly stoppedBy: 'budget' | 'cancel'
  readonly iterations: number
}

export interface SolveControl {
  /** Monotonic ms. */
  now(): number
  shouldStop(): boolean
  onProgress(progress: SolveProgress): void
}

const PROGRESS_EVERY_MS = 100

/**
 * Plans one request; runs in the scheduler's thread. Every plan it returns has passed the independent checker.
 * @throws Refusal `plan-invalid` naming what is wrong with the data
 */
export function runSolve(request: SolveRequest, control: SolveControl): SolveAnswer {
  const { problem } = request
  refuseInvalid(problem)
  const solver = createSolver(problem, {
    seed: request.seed,
    timeMs: request.timeLimitMs,
    now: () => control.now(),
    initial: request.initial ? { assign: [...request.initial.assign] } : undefined,
  })
  control.onProgress(solver.progress())
  let reportedMs = control.now()
  let stopped = false
  while (solver.step()) {
    if (control.shouldStop()) {
      stopped = true
      break
    }
    const nowMs = control.now()
    if (nowMs - reportedMs < PROGRESS_EVERY_MS) continue
    reportedMs = nowMs
    control.onProgress(solver.progress())
  }
  control.onProgress(solver.progress())
  const plan = solver.plan()
  const check = checkPlan(problem, plan)
  if (!check.ok) throw new Error(`the checker refuses the plan: ${JSON.stringify(check)}`)
  return {
    plan,
    why: Object.fromEntries(explainLate(problem, plan).map(({ job, chain }) => [job, chain])),
    baseScore: request.initial ? baseScoreOf(problem, request.initial.assign) : null,
    stoppedBy: stopped ? 'cancel' : 'budget',
    iterations: solver.search.iterations,
  }
}

function refuseInvalid(problem: Problem): void {
  const worst = validateProblem(problem).find((issue) => issue.severity === 'error')
  if (worst) throw new Refusal('plan-invalid', { problem: worst.code, culprits: worst.culprits.slice(0, 5) })
}

/** The published plan on today's problem, its gaps filled without improving anything. */
function baseScoreOf(problem: Problem, assign: readonly Assignment[]): Score {
  return createSolver(problem, { seed: 1, iterations: 0, initial: { assign: [...assign] } }).plan().score
}
