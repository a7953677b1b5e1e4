import { MINUTES_PER_DAY } from '../problem.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Between the last broadcast of one day and the first of a later one a streamer rests. */
export const streamerRest: Constraint = {
  name: 'streamer-rest',
  tier: 'hard',
  evaluate(view) {
    return view.problem.resources.flatMap((resource) => {
      const held = view.held(resource.id)
      return held.flatMap((item, i) => {
        const before = held[i - 1]
        if (!before || resource.minRestMin == null) return []
        const sameDay =
          Math.floor(before.start / MINUTES_PER_DAY) === Math.floor(item.start / MINUTES_PER_DAY)
        const minutes = sameDay ? 0 : resource.minRestMin - (item.start - before.end)
        const params = { streamer: resource.id, task: item.task, otherTask: before.task, minutes }
        return minutes > 0 ? [finding(minutes, 'plan.hard.rest', params)] : []
      })
    })
  },
}
