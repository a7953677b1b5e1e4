import { createSolver } from '../../../shared/scheduler/solve.ts'
import type { Assignment, Plan, Problem, Score } from '../../../shared/scheduler/problem.ts'
import type { SolveAnswer, SolveProgress, SolveRequest } from './solve-job.ts'

export interface SolveControl {
  /** Monotonic ms. */
  now(): number
  shouldStop(): boolean
  onProgress(progress: SolveProgress): void
}

const PROGRESS_EVERY_MS = 100

/** Plans one request. Runs in the scheduler's thread; pure apart from the injected clock. */
export function runSolve(request: SolveRequest, control: SolveControl): SolveAnswer {
  const solver = createSolver(request.problem, {
    seed: request.seed,
    timeMs: request.timeLimitMs,
    now: () => control.now(),
    initial: request.initial ? { assign: [...request.initial.assign] } : undefined,
  })
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
  return {
    plan,
    why: {},
    baseScore: request.initial ? scoreOf(request.problem, request.initial.assign) : null,
    stoppedBy: stopped ? 'cancel' : 'budget',
    iterations: solver.search.iterations,
  }
}

/** What the published plan would score on today's problem, its gaps filled without improving anything. */
function scoreOf(problem: Problem, assign: readonly Assignment[]): Score {
  const plan: Plan = createSolver(problem, {
    seed: 1,
    iterations: 0,
    initial: { assign: [...assign] },
  }).plan()
  return plan.score
}
