import { DEFAULTS } from '../problem.ts'
import { finding } from './types.ts'
import type { Constraint, Finding } from './types.ts'

/** Broadcasts with no real break between them count as one stretch, which has a limit. */
export const streamerStretch: Constraint = {
  name: 'streamer-stretch',
  tier: 'hard',
  evaluate(view) {
    const found: Finding[] = []
    for (const resource of view.problem.resources) {
      if (resource.maxConsecutiveMin == null) continue
      const held = view.held(resource.id)
      let stretch = 0
      held.forEach((item, i) => {
        stretch += item.end - item.start
        const next = held[i + 1]
        if (next && next.start - item.end < (resource.breakMin ?? DEFAULTS.breakMin)) return
        const minutes = stretch - resource.maxConsecutiveMin!
        if (minutes > 0)
          found.push(
            finding(minutes, 'plan.hard.stretch', { streamer: resource.id, task: item.task, minutes }),
          )
        stretch = 0
      })
    }
    return found
  },
}
