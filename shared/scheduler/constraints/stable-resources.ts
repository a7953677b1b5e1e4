import { DEFAULTS } from '../problem.ts'
import { finding } from './types.ts'
import type { Constraint, Finding } from './types.ts'
import { comparedTasks, wishOf } from './wishes.ts'

/** The same lines, studios and (dearer) streamers as in the baseline. */
export const stableResources: Constraint = {
  name: 'stable-resources',
  tier: 'stability',
  evaluate(view) {
    const rules = view.problem.stability
    const found: Finding[] = []
    for (const task of comparedTasks(view)) {
      const { res } = wishOf(view, task)
      const item = view.items.get(task.id)
      if (!item || res === null) continue
      const kit = new Set(task.session?.kit?.map((need) => need.res) ?? [])
      for (const id of item.res) {
        if (res.includes(id) || kit.has(id)) continue
        if (task.session && view.resources.get(id)?.kind === 'streamer') {
          const cost = rules?.wStreamer ?? DEFAULTS.wStreamer
          found.push(finding(cost, 'plan.soft.changedStreamer', { task: task.id, streamer: id, cost }))
        } else {
          const cost = rules?.wRes ?? DEFAULTS.wRes
          found.push(finding(cost, 'plan.soft.changedResource', { task: task.id, resource: id, cost }))
        }
      }
    }
    return found
  },
}
