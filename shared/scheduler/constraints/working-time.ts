import { isOpenThroughout, openBetween } from '../calendar.ts'
import { finding } from './types.ts'
import type { Constraint, Finding } from './types.ts'

/** Work and broadcasts lie in open time; pausing work starts and ends in it. */
export const workingTime: Constraint = {
  name: 'working-time',
  tier: 'hard',
  evaluate(view) {
    const found: Finding[] = []
    for (const item of view.items.values()) {
      const task = view.tasks.get(item.task)!
      if (task.status === 'running') continue
      const mode = task.modes?.[item.mode]
      const length = item.end - item.start
      if (task.session) {
        for (const resource of item.res) {
          const time = view.openTime.get(resource)
          if (!time || isOpenThroughout(time, item.start, item.end)) continue
          const minutes = Math.max(1, length - openBetween(time, item.start, item.end))
          found.push(finding(minutes, 'plan.hard.closed', { task: item.task, resource, minutes }))
        }
      } else if (mode) {
        const time = view.modeTime(mode)
        const open = openBetween(time, item.start, item.end)
        const fits =
          task.split === 'pause'
            ? length === 0 ||
              (openBetween(time, item.start, item.start + 1) === 1 &&
                openBetween(time, item.end - 1, item.end) === 1)
            : isOpenThroughout(time, item.start, item.end)
        if (fits) continue
        const minutes = Math.max(1, task.split === 'pause' ? 1 : length - open)
        found.push(
          finding(minutes, 'plan.hard.closed', { task: item.task, resource: item.res[0] ?? '', minutes }),
        )
      }
    }
    return found
  },
}
