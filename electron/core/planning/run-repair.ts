import { compareScores, repair } from '../../../shared/scheduler/index.ts'
import type {
  Assignment,
  Explanation,
  Plan,
  PlanChanges,
  PlanEvent,
  Problem,
  RepairResult,
  Score,
  SlotUse,
} from '../../../shared/scheduler/index.ts'
import { accepted, whyLate, type SolveControl } from './run-solve.ts'

/** A plan to mend after something happened, moving as little as pays. */
export interface RepairRequest {
  readonly kind: 'repair'
  readonly problem: Problem
  readonly plan: { readonly assign: readonly Assignment[]; readonly slots: readonly SlotUse[] }
  readonly events: readonly PlanEvent[]
  /** Whether broadcasts that the plan left out may come in. */
  readonly bringAir: boolean
  readonly nowMin: number
  readonly freezeMin: number
  readonly timeLimitMs: number
  readonly seed: number
}

export interface RepairAnswer {
  /** What was solved; the plan is an answer to this and to nothing else. */
  readonly problem: Problem
  readonly plan: Plan
  readonly why: Readonly<Record<string, readonly Explanation[]>>
  readonly baseScore: Score | null
  readonly affected: readonly string[]
  readonly changes: PlanChanges
}

export function mend(request: RepairRequest, control: SolveControl): RepairResult {
  return repair(
    request.problem,
    { assign: [...request.plan.assign], slots: [...request.plan.slots] },
    request.events,
    {
      seed: request.seed,
      nowMin: request.nowMin,
      atNow: true,
      freezeMin: request.freezeMin,
      bringAir: request.bringAir,
      timeMs: request.timeLimitMs,
      now: () => control.now(),
      shouldStop: () => control.shouldStop(),
    },
  )
}

/**
 * Mends a plan; runs in the scheduler's thread. What it returns has passed the independent checker.
 *
 * @param takeOther what a second thread made of the same request from another seed, if it is there
 */
export function runRepair(
  request: RepairRequest,
  control: SolveControl,
  takeOther: () => RepairResult | null = () => null,
): RepairAnswer {
  const own = mend(request, control)
  const other = takeOther()
  const isBetter =
    other !== null && compareScores(other.plan.score, own.plan.score, own.problem.objective) < 0
  const { problem, plan, affected, changes } = isBetter ? other : own
  accepted(problem, plan)
  return { problem, plan, why: whyLate(problem, plan), baseScore: null, affected, changes }
}
