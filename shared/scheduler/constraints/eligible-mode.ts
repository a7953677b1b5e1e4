import { openBetween } from '../calendar.ts'
import { finding } from './types.ts'
import type { Constraint, Finding } from './types.ts'

/** Work uses exactly the resources of one of its modes, for that mode's minutes. */
export const eligibleMode: Constraint = {
  name: 'eligible-mode',
  tier: 'hard',
  evaluate(view) {
    const found: Finding[] = []
    for (const item of view.items.values()) {
      const task = view.tasks.get(item.task)!
      if (task.session) continue
      const mode = task.modes?.[item.mode]
      if (
        !mode ||
        mode.needs.length !== item.res.length ||
        mode.needs.some((need, i) => need.res !== item.res[i])
      ) {
        found.push(finding(1, 'plan.hard.mode', { task: item.task }))
        continue
      }
      if (task.status === 'running') continue
      const worked =
        task.split === 'pause'
          ? openBetween(view.modeTime(mode), item.start, item.end)
          : item.end - item.start
      const minutes = Math.abs(worked - view.duration(mode))
      if (minutes > 0) found.push(finding(minutes, 'plan.hard.duration', { task: item.task, minutes }))
    }
    return found
  },
}
