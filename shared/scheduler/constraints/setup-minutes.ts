import { listSetupSteps } from './setup-steps.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Minutes spent on set-ups. */
export const setupMinutes: Constraint = {
  name: 'setup-minutes',
  tier: 'setup',
  evaluate(view) {
    return view.problem.resources.flatMap((resource) =>
      listSetupSteps(view, resource)
        .filter((step) => step.minutes > 0)
        .map(({ item, minutes }) =>
          finding(minutes, 'plan.soft.setup', { resource: resource.id, task: item.task, minutes }),
        ),
    )
  },
}
