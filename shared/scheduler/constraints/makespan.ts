import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Minutes from now to the end of the last planned task. */
export const makespan: Constraint = {
  name: 'makespan',
  tier: 'makespan',
  evaluate(view) {
    const minutes = Math.max(view.now, ...[...view.items.values()].map((item) => item.end)) - view.now
    return minutes > 0 ? [finding(minutes, 'plan.soft.makespan', { minutes })] : []
  },
}
