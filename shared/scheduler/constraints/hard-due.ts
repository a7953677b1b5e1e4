import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Dates that may not be missed: a job's hard due date and the end of a task's window. */
export const hardDue: Constraint = {
  name: 'hard-due',
  tier: 'hard',
  evaluate(view) {
    return [...view.items.values()].flatMap((item) => {
      const task = view.tasks.get(item.task)!
      if (task.status === 'running') return []
      const latest = Math.min(view.jobs.get(task.job)?.hardDue ?? Infinity, task.window?.[1] ?? Infinity)
      const minutes = item.end - latest
      return minutes > 0 ? [finding(minutes, 'plan.hard.due', { task: item.task, minutes })] : []
    })
  },
}
