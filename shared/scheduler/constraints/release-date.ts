import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Nothing starts before its job is released, before its window, or in the past. */
export const releaseDate: Constraint = {
  name: 'release-date',
  tier: 'hard',
  evaluate(view) {
    return [...view.items.values()].flatMap((item) => {
      const task = view.tasks.get(item.task)!
      if (task.status === 'running') return []
      const held = view.locks.get(item.task)?.start != null
      const from = Math.max(view.jobs.get(task.job)?.release ?? 0, task.window?.[0] ?? 0, held ? 0 : view.now)
      const minutes = from - item.start
      return minutes > 0 ? [finding(minutes, 'plan.hard.release', { task: item.task, minutes })] : []
    })
  },
}
