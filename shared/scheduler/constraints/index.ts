import { completeness } from './completeness.ts'
import { eligibleMode } from './eligible-mode.ts'
import { fixedItems } from './fixed-items.ts'
import { hardDue } from './hard-due.ts'
import { headCap } from './head-cap.ts'
import { longTailQuota } from './long-tail-quota.ts'
import { lostValue } from './lost-value.ts'
import { makespan } from './makespan.ts'
import { overlap } from './overlap.ts'
import { overtime } from './overtime.ts'
import { poolCapacity } from './pool-capacity.ts'
import { precedence } from './precedence.ts'
import { releaseDate } from './release-date.ts'
import { setupMinutes } from './setup-minutes.ts'
import { setupTime } from './setup-time.ts'
import { slotWindow } from './slot-window.ts'
import { stableResources } from './stable-resources.ts'
import { stableStart } from './stable-start.ts'
import { streamerDayLimit } from './streamer-day-limit.ts'
import { streamerQuota } from './streamer-quota.ts'
import { streamerRest } from './streamer-rest.ts'
import { streamerSkill } from './streamer-skill.ts'
import { streamerStretch } from './streamer-stretch.ts'
import { tardiness } from './tardiness.ts'
import { TIERS } from '../problem.ts'
import type { Problem, Score } from '../problem.ts'
import type { Constraint, Finding } from './types.ts'
import { viewPlan } from './view.ts'
import type { ScoredPlan } from './view.ts'
import { workingTime } from './working-time.ts'

/** Every constraint a plan is judged by. */
export const CONSTRAINTS: readonly Constraint[] = [
  completeness,
  eligibleMode,
  workingTime,
  overlap,
  poolCapacity,
  setupTime,
  precedence,
  releaseDate,
  hardDue,
  fixedItems,
  slotWindow,
  streamerSkill,
  streamerRest,
  streamerDayLimit,
  streamerStretch,
  tardiness,
  lostValue,
  stableStart,
  stableResources,
  setupMinutes,
  overtime,
  streamerQuota,
  longTailQuota,
  headCap,
  makespan,
]

export interface ScoreDetail {
  score: Score
  /** Findings by constraint, dearest first. */
  findings: { constraint: string; tier: Constraint['tier']; penalty: number; items: Finding[] }[]
}

/** A plan's score with every place it pays, for "where do these points come from". */
export function explainScore(problem: Problem, plan: ScoredPlan): ScoreDetail {
  const view = viewPlan(problem, plan)
  const sums = TIERS.map(() => 0)
  const findings: ScoreDetail['findings'] = []
  for (const constraint of CONSTRAINTS) {
    const items = constraint.evaluate(view).sort((a, b) => b.penalty - a.penalty)
    const penalty = items.reduce((sum, item) => sum + item.penalty, 0)
    const tier = TIERS.indexOf(constraint.tier)
    sums[tier] = sums[tier]! + penalty
    if (items.length > 0)
      findings.push({ constraint: constraint.name, tier: constraint.tier, penalty, items })
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = sums
  return { score: [a, b, c, d, e, f], findings }
}
