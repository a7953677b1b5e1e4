import { finding, positive } from './types.ts'
import type { Constraint, Finding } from './types.ts'

/** One task at a time on a line, studio or streamer; broadcasts keep make-up and reset time between them. */
export const overlap: Constraint = {
  name: 'overlap',
  tier: 'hard',
  evaluate(view) {
    const found: Finding[] = []
    for (const resource of view.problem.resources) {
      if (resource.kind === 'pool' || (resource.capacity ?? 1) > 1) continue
      let until = -Infinity
      let otherTask = ''
      for (const item of view.held(resource.id)) {
        const air = view.tasks.get(item.task)?.session != null
        const gap = air ? (resource.leadMin ?? 0) + (resource.turnaroundMin ?? 0) : 0
        const minutes = until + gap - item.start
        if (minutes > 0)
          found.push(
            finding(minutes, 'plan.hard.overlap', {
              resource: resource.id,
              task: item.task,
              otherTask,
              minutes,
            }),
          )
        if (item.end > until) {
          until = item.end
          otherTask = item.task
        }
      }
    }
    return positive(found)
  },
}
