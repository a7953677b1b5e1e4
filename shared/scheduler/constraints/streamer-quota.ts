import { openBetween } from '../calendar.ts'
import { finding } from './types.ts'
import type { Constraint, Finding } from './types.ts'

/** Each streamer's minutes per period stay in the agreed band; outside it, the square of the miss of the target. */
export const streamerQuota: Constraint = {
  name: 'streamer-quota',
  tier: 'fairness',
  evaluate(view) {
    const rules = view.problem.fairness
    const found: Finding[] = []
    if (!rules) return found
    const periods = Math.max(1, Math.ceil(view.problem.horizonMin / rules.periodMin))
    for (const resource of view.problem.resources) {
      const quota = resource.quotaMin
      if (!quota || (rules.groups && !rules.groups.includes(resource.id))) continue
      for (let period = 0; period < periods; period++) {
        const minutes = view
          .held(resource.id)
          .filter((item) => Math.floor(item.start / rules.periodMin) === period)
          .reduce(
            (sum, { start, end }) =>
              sum + (rules.measure === 'primeMinutes' ? openBetween(view.prime, start, end) : end - start),
            0,
          )
        const cost = minutes < quota.min || minutes > quota.max ? (minutes - quota.target) ** 2 : 0
        if (cost > 0)
          found.push(
            finding(cost, 'plan.soft.quota', {
              streamer: resource.id,
              period,
              minutes,
              targetMin: quota.target,
              cost,
            }),
          )
      }
    }
    return found
  },
}
