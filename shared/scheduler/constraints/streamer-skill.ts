import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Every streamer holds the certificates the broadcast asks for and is among those allowed. */
export const streamerSkill: Constraint = {
  name: 'streamer-skill',
  tier: 'hard',
  evaluate(view) {
    return view.plan.slots.flatMap((use) => {
      const session = view.tasks.get(use.task)?.session
      const lock = view.locks.get(use.task)
      if (!session || view.done.has(use.task)) return []
      return use.streamers.flatMap((streamer) => {
        if (lock?.streamers?.includes(streamer)) return []
        const held = view.resources.get(streamer)?.skills ?? []
        const skills = (session.skills ?? []).filter((skill) => !held.includes(skill))
        const allowed = session.streamers == null || session.streamers.includes(streamer)
        return skills.length > 0 || !allowed
          ? [finding(1, 'plan.hard.skill', { task: use.task, streamer, skills })]
          : []
      })
    })
  },
}
