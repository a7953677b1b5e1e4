import { DEFAULTS } from '../problem.ts'
import { finding } from './types.ts'
import type { Constraint, Finding } from './types.ts'
import { comparedTasks, wishOf } from './wishes.ts'

/** Starts near the baseline; announced broadcasts above all; nothing of it dropped. */
export const stableStart: Constraint = {
  name: 'stable-start',
  tier: 'stability',
  evaluate(view) {
    const rules = view.problem.stability
    const tolerance = rules?.toleranceMin ?? DEFAULTS.toleranceMin
    const found: Finding[] = []
    for (const task of comparedTasks(view)) {
      const { start } = wishOf(view, task)
      const announced = view.announced.has(task.id) && view.baseline.has(task.id)
      const item = view.items.get(task.id)
      if (start === null) continue
      if (!item) {
        const cost = announced ? (rules?.wAnnounced ?? DEFAULTS.wAnnounced) : (rules?.wRes ?? DEFAULTS.wRes)
        if (view.out.has(task.id)) found.push(finding(cost, 'plan.soft.dropped', { task: task.id, cost }))
        continue
      }
      const minutes = Math.abs(item.start - start)
      const far = Math.max(0, minutes - tolerance) * (rules?.wStart ?? DEFAULTS.wStart)
      const held = announced && minutes > 0 ? (rules?.wAnnounced ?? DEFAULTS.wAnnounced) : 0
      if (held > 0)
        found.push(finding(held, 'plan.soft.movedAnnounced', { task: task.id, minutes, cost: held }))
      if (far > 0) found.push(finding(far, 'plan.soft.movedStart', { task: task.id, minutes, cost: far }))
    }
    return found
  },
}
