import { MINUTES_PER_DAY } from '../problem.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Minutes on air per start day. */
export const streamerDayLimit: Constraint = {
  name: 'streamer-day-limit',
  tier: 'hard',
  evaluate(view) {
    return view.problem.resources.flatMap((resource) => {
      if (resource.maxMinPerDay == null) return []
      const days = new Map<number, number>()
      for (const item of view.held(resource.id)) {
        const day = Math.floor(item.start / MINUTES_PER_DAY)
        days.set(day, (days.get(day) ?? 0) + item.end - item.start)
      }
      return [...days].flatMap(([day, onAir]) => {
        const minutes = onAir - resource.maxMinPerDay!
        return minutes > 0
          ? [finding(minutes, 'plan.hard.dayLimit', { streamer: resource.id, day, minutes })]
          : []
      })
    })
  },
}
