import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Every open task is planned or listed as unplanned, and nothing is planned whose predecessor is not. */
export const completeness: Constraint = {
  name: 'completeness',
  tier: 'hard',
  evaluate(view) {
    const missing = view.problem.tasks
      .filter((task) => task.status !== 'done' && view.items.has(task.id) === view.out.has(task.id))
      .map((task) => task.id)
    const orphans = view.problem.prec
      .filter((arc) => view.out.has(arc.from) && view.items.has(arc.to))
      .map((arc) => arc.to)
    return [...missing, ...orphans].map((task) => finding(1, 'plan.hard.missing', { task }))
  },
}
