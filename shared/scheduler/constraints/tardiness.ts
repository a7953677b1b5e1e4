import { DEFAULTS } from '../problem.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Weighted minutes after the due date; a job with work left out counts as done very late. */
export const tardiness: Constraint = {
  name: 'tardiness',
  tier: 'tardy',
  evaluate(view) {
    return view.problem.jobs.flatMap((job) => {
      let end = 0
      for (const id of job.tasks) {
        if (view.out.has(id)) end = view.excused.has(id) ? end : view.unplannedAt
        else end = Math.max(end, Math.min(view.unplannedAt, view.items.get(id)?.end ?? 0))
      }
      const weight = job.weight ?? DEFAULTS.weight
      const whole = end >= view.unplannedAt
      const lateMin = job.due == null ? (whole ? view.unplannedAt : 0) : Math.max(0, end - job.due)
      const cost = weight * lateMin
      if (cost === 0) return []
      if (whole) return [finding(cost, 'plan.soft.jobUnplanned', { job: job.id, cost })]
      return [finding(cost, 'plan.soft.tardy', { job: job.id, lateMin, weight, cost })]
    })
  },
}
