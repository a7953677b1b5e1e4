import { listPrimeShares } from './prime-shares.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** No single large merchant takes more than the cap of a period's prime minutes; the square of the excess. */
export const headCap: Constraint = {
  name: 'head-cap',
  tier: 'fairness',
  evaluate(view) {
    const rule = view.problem.fairness?.headCap
    if (!rule || rule.sharePct >= 100) return []
    return listPrimeShares(view).flatMap(({ period, total, heads }) => {
      const capMin = Math.floor((total * rule.sharePct) / 100)
      return [...heads].flatMap(([merchant, minutes]) => {
        const cost = Math.max(0, minutes - capMin) ** 2
        return cost > 0
          ? [finding(cost, 'plan.soft.headCap', { period, merchant, minutes, capMin, cost })]
          : []
      })
    })
  },
}
