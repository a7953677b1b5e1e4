import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Pooled kit and benches never hand out more units than they have; the penalty is units over times minutes. */
export const poolCapacity: Constraint = {
  name: 'pool-capacity',
  tier: 'hard',
  evaluate(view) {
    return view.problem.resources
      .filter((resource) => resource.kind === 'pool' || (resource.capacity ?? 1) > 1)
      .flatMap((resource) => {
        const events = view.held(resource.id).flatMap((item) => {
          const task = view.tasks.get(item.task)!
          const needs = task.session ? (task.session.kit ?? []) : (task.modes?.[item.mode]?.needs ?? [])
          const qty = needs.reduce((sum, need) => sum + (need.res === resource.id ? (need.qty ?? 1) : 0), 0)
          const lead = task.session ? (resource.leadMin ?? 0) : 0
          const reset = task.session ? (resource.turnaroundMin ?? 0) : 0
          return [[item.start - lead, qty] as const, [item.end + reset, -qty] as const]
        })
        events.sort((a, b) => a[0] - b[0] || a[1] - b[1])
        let used = 0
        let minutes = 0
        events.forEach(([at, change], i) => {
          used += change
          const over = used - (resource.capacity ?? 1)
          if (over > 0) minutes += over * (events[i + 1]![0] - at)
        })
        return minutes > 0 ? [finding(minutes, 'plan.hard.pool', { resource: resource.id, minutes })] : []
      })
  },
}
