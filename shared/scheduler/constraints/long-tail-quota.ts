import { listPrimeShares } from './prime-shares.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Small merchants get their share of each period's prime minutes; the square of the shortfall otherwise. */
export const longTailQuota: Constraint = {
  name: 'long-tail-quota',
  tier: 'fairness',
  evaluate(view) {
    const rule = view.problem.fairness?.longTail
    if (!rule) return []
    return listPrimeShares(view).flatMap(({ period, total, tail }) => {
      const wantedMin = Math.ceil((total * rule.sharePct) / 100)
      const cost = Math.max(0, wantedMin - tail) ** 2
      return cost > 0 ? [finding(cost, 'plan.soft.longTail', { period, minutes: tail, wantedMin, cost })] : []
    })
  },
}
