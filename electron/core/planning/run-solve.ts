import { checkPlan } from '../../../shared/checker/check.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import { compareScores, createSolver, explainLate, validateProblem } from '../../../shared/scheduler/index.ts'
import type {
  Assignment,
  Elite,
  Explanation,
  Plan,
  Problem,
  Score,
  Solver,
} from '../../../shared/scheduler/index.ts'

/** A plan to find. */
export interface SolveRequest {
  readonly kind: 'solve'
  readonly problem: Problem
  readonly seed: number
  /** 0: what stands, completed by simple rules and not improved. */
  readonly timeLimitMs: number
  readonly initial: { readonly assign: readonly Assignment[] } | null
  /** Tell of the plan that simple rules make before improving it. */
  readonly simpleFirst: boolean
}

/** A checked plan with what is to be said of its late orders. */
export interface SimplePlan {
  readonly plan: Plan
  readonly why: Readonly<Record<string, readonly Explanation[]>>
  readonly baseScore: Score | null
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
  onSimple?(simple: SimplePlan): void
  /** The other thread of the portfolio. */
  readonly partner?: Partner
}

/** Carries the best states between the two threads of a solve; neither ever waits for the other. */
export interface Partner {
  send(elite: Elite): void
  receive(): Elite | null
}

const PROGRESS_EVERY_MS = 100
const EXCHANGE_EVERY_MS = 200

/** Steps a solver to the end of its budget, trading elites with the partner. @returns whether it was told to stop */
function search(problem: Problem, solver: Solver, control: SolveControl): boolean {
  const { partner } = control
  let reportedMs = control.now()
  let tradedMs = reportedMs
  let sent: Score | null = null
  const trade = () => {
    for (let elite = partner?.receive() ?? null; elite; elite = partner?.receive() ?? null)
      solver.importElite(elite)
    const { score } = solver.progress()
    if (!partner || (sent && compareScores(score, sent, problem.objective) >= 0)) return
    sent = score
    partner.send(solver.exportElite())
  }
  while (solver.step()) {
    if (control.shouldStop()) {
      trade()
      return true
    }
    const nowMs = control.now()
    if (nowMs - tradedMs >= EXCHANGE_EVERY_MS) {
      tradedMs = nowMs
      trade()
    }
    if (nowMs - reportedMs >= PROGRESS_EVERY_MS) {
      reportedMs = nowMs
      control.onProgress(solver.progress())
    }
  }
  trade()
  return false
}

const solverFor = (request: SolveRequest, seed: number, control: SolveControl): Solver =>
  createSolver(request.problem, {
    seed,
    ...(request.timeLimitMs > 0
      ? { timeMs: request.timeLimitMs, now: () => control.now() }
      : { iterations: 0 }),
    initial: request.initial ? { assign: [...request.initial.assign] } : undefined,
  })

/** The second thread of a portfolio: searches from another seed and hands what it finds to the first. */
export function runPartner(request: SolveRequest, control: SolveControl): void {
  search(request.problem, solverFor(request, request.seed + 1, control), control)
}

/**
 * Plans one request; runs in the scheduler's thread. Every plan it returns has passed the independent checker.
 * @throws Refusal `plan-invalid` naming what is wrong with the data
 */
export function runSolve(request: SolveRequest, control: SolveControl): SolveAnswer {
  const { problem } = request
  refuseInvalid(problem)
  if (request.simpleFirst) control.onSimple?.(simplePlan(request))
  const solver = solverFor(request, request.seed, control)
  control.onProgress(solver.progress())
  const stopped = search(problem, solver, control)
  control.onProgress(solver.progress())
  const plan = accepted(problem, solver.plan())
  return {
    plan,
    why: whyLate(problem, plan),
    baseScore: request.initial ? baseScoreOf(problem, request.initial.assign) : null,
    stoppedBy: stopped ? 'cancel' : 'budget',
    iterations: solver.search.iterations,
  }
}

/** @throws Error when the independent checker does not accept the plan: nothing of it may be used */
export function accepted(problem: Problem, plan: Plan): Plan {
  const check = checkPlan(problem, plan)
  if (!check.ok) throw new Error(`the checker refuses the plan: ${JSON.stringify(check).slice(0, 4000)}`)
  return plan
}

export const whyLate = (problem: Problem, plan: Plan): Record<string, readonly Explanation[]> =>
  Object.fromEntries(explainLate(problem, plan).map(({ job, chain }) => [job, chain]))

/** Simple rules: what is due first goes where it ends first, around what stands already; nothing is searched. */
function simplePlan(request: SolveRequest): SimplePlan {
  const { problem, initial } = request
  const solver = createSolver(problem, {
    seed: request.seed,
    iterations: 0,
    initial: initial ? { assign: [...initial.assign] } : undefined,
  })
  const plan = accepted(problem, solver.plan())
  return {
    plan,
    why: whyLate(problem, plan),
    baseScore: initial ? baseScoreOf(problem, initial.assign) : null,
  }
}

function refuseInvalid(problem: Problem): void {
  const worst = validateProblem(problem).find((issue) => issue.severity === 'error')
  if (worst) throw new Refusal('plan-invalid', { problem: worst.code, culprits: worst.culprits.slice(0, 5) })
}

/** The published plan on today's problem, its gaps filled without improving anything. */
export function baseScoreOf(problem: Problem, assign: readonly Assignment[]): Score {
  return createSolver(problem, { seed: 1, iterations: 0, initial: { assign: [...assign] } }).plan().score
}
