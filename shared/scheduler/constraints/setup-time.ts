import { listSetupSteps } from './setup-steps.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Between two families a line has time for its set-up. */
export const setupTime: Constraint = {
  name: 'setup-time',
  tier: 'hard',
  evaluate(view) {
    return view.problem.resources.flatMap((resource) =>
      listSetupSteps(view, resource).flatMap(({ item, minutes: owed, readyMin }) => {
        const minutes = owed > 0 ? readyMin - item.start : 0
        const params = { resource: resource.id, task: item.task, minutes }
        return minutes > 0 ? [finding(minutes, 'plan.hard.setupTime', params)] : []
      }),
    )
  },
}
