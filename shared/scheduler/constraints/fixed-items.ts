import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Running, locked, frozen and announced items stay as they are fixed. */
export const fixedItems: Constraint = {
  name: 'fixed-items',
  tier: 'hard',
  evaluate(view) {
    return [...view.locks].flatMap(([task, lock]) => {
      const item = view.items.get(task)
      if (!item) return []
      const air = view.tasks.get(task)?.session != null
      const moved = lock.start === null ? 0 : Math.abs(item.start - lock.start)
      const otherMode = !air && lock.mode !== null && lock.mode !== item.mode
      const crew = [...(lock.studio === null ? [] : [lock.studio]), ...(lock.streamers ?? [])]
      const otherCrew = air && crew.some((id) => !item.res.includes(id))
      const penalty = moved + (otherMode || otherCrew ? 1 : 0)
      return penalty > 0 ? [finding(penalty, 'plan.hard.lock', { task, cause: lock.cause })] : []
    })
  },
}
