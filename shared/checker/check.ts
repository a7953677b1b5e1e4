import { findViolations } from './hard.ts'
import type { Violation } from './hard.ts'
import { recomputeSoft } from './score.ts'
import type { Plan, Problem, Score } from '../scheduler/problem.ts'

export type { Violation }

export interface CheckResult {
  /** No hard rule broken and the reported score is the recomputed one. */
  ok: boolean
  violations: Violation[]
  score: Score
  /** Tiers (0-based) whose reported figure differs from the recomputed one. */
  differs: number[]
}

/** Recomputes a plan from the problem, sharing no code with the engine that made it. */
export function checkPlan(problem: Problem, plan: Plan): CheckResult {
  const violations = findViolations(problem, plan)
  const hard = violations.reduce((sum, violation) => sum + violation.minutes, 0)
  const score: Score = [hard, ...recomputeSoft(problem, plan)]
  const differs = score.flatMap((value, tier) =>
    tier === 0
      ? (value === 0) === (plan.score[0] === 0)
        ? []
        : [0]
      : value === plan.score[tier]
        ? []
        : [tier],
  )
  return { ok: violations.length === 0 && differs.length === 0, violations, score, differs }
}
