import {
  DEFAULT_PLANNING_POLICY,
  WEIGHTED_TIERS,
  weightStepsSchema,
  type PlanningPolicy,
  type WeightSteps,
} from '../../../shared/contract/replanning.ts'
import type { Objective } from '../../../shared/scheduler/problem.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'

interface PolicyRow {
  id: string
  replanMode: 'suggest' | 'apply'
  autoMaxMoved: number
  autoBroadcasts: number
  frozenMin: number
  horizonDays: number | null
  weights: string
}

const row = (db: Db): PolicyRow | undefined =>
  prepared<[], PolicyRow>(
    db,
    `SELECT id, replanMode, autoMaxMoved, autoBroadcasts, frozenMin, horizonDays, weights FROM planningPolicy
     WHERE deleted = 0 ORDER BY createdMs, id LIMIT 1`,
  ).get()

export const planningPolicyId = (db: Db): string | null => row(db)?.id ?? null

/** How this belt wants to be planned; the defaults until somebody has chosen. */
export function readPlanningPolicy(db: Db): PlanningPolicy {
  const found = row(db)
  if (!found) return DEFAULT_PLANNING_POLICY
  const weights = weightStepsSchema.nullable().safeParse(JSON.parse(found.weights))
  return {
    replanMode: found.replanMode,
    autoMaxMoved: found.autoMaxMoved,
    autoBroadcasts: found.autoBroadcasts === 1,
    frozenMin: found.frozenMin,
    horizonDays: found.horizonDays ?? DEFAULT_PLANNING_POLICY.horizonDays,
    weights: weights.success ? weights.data : null,
  }
}

/**
 * What one point of a tier costs by default when tiers are weighed instead of ranked: promises far above the rest, one
 * minute of set-up like ten of total time.
 */
const DEFAULT_WEIGHTS: Readonly<Record<keyof WeightSteps, number>> = {
  tardiness: 400,
  stability: 40,
  setup: 40,
  fairness: 8,
  makespan: 4,
}

/** The engine's objective for a policy: lexicographic, or a weighted sum in which each step doubles or halves a tier. */
export function objectiveOf(weights: WeightSteps | null): Objective {
  if (weights === null) return { mode: 'lexicographic' }
  return {
    mode: 'weighted',
    weights: WEIGHTED_TIERS.map((tier) => DEFAULT_WEIGHTS[tier] * 2 ** weights[tier]),
  }
}
