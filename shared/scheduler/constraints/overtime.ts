import { overtimeBetween } from '../calendar.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Minutes worked in windows that are paid as overtime. */
export const overtime: Constraint = {
  name: 'overtime',
  tier: 'setup',
  evaluate(view) {
    return [...view.items.values()].flatMap((item) => {
      const mode = view.tasks.get(item.task)?.modes?.[item.mode]
      const minutes = mode ? overtimeBetween(view.modeTime(mode), item.start, item.end) : 0
      return minutes > 0 ? [finding(minutes, 'plan.soft.overtime', { task: item.task, minutes })] : []
    })
  },
}
