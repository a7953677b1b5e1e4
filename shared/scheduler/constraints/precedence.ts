import { advance } from '../calendar.ts'
import type { Assignment } from '../problem.ts'
import { finding } from './types.ts'
import type { Constraint, Finding } from './types.ts'
import type { PlanView } from './view.ts'

/** FS, SS and FF with least lag, overlap share and greatest lag. */
export const precedence: Constraint = {
  name: 'precedence',
  tier: 'hard',
  evaluate(view) {
    const found: Finding[] = []
    for (const arc of view.problem.prec) {
      const a = view.items.get(arc.from) ?? view.done.get(arc.from)
      const b = view.items.get(arc.to)
      if (!a || !b || view.tasks.get(arc.to)?.status === 'running') continue
      const type = arc.type ?? 'FS'
      const params = { task: arc.to, otherTask: arc.from }
      const share = type === 'FS' ? (arc.ratio ?? 1) : 1
      const from = type === 'SS' ? a.start : share < 1 ? shareDone(view, a, share) : a.end
      const to = type === 'FF' ? b.end : b.start
      const short = Math.max(
        from + (arc.minLag ?? 0) - to,
        share < 1 && view.items.has(arc.from) ? a.end - b.end : 0,
      )
      if (short > 0) found.push(finding(short, 'plan.hard.precedence', { ...params, minutes: short }))
      const long = arc.maxLag == null ? 0 : to - (type === 'SS' ? a.start : a.end) - arc.maxLag
      if (long > 0) found.push(finding(long, 'plan.hard.maxLag', { ...params, minutes: long }))
    }
    return found
  },
}

function shareDone(view: PlanView, item: Assignment, share: number): number {
  const task = view.tasks.get(item.task)!
  const mode = task.modes?.[item.mode]
  if (!mode || task.status === 'done') return item.end
  const work = Math.ceil(share * view.duration(mode) - 1e-9)
  if (task.status !== 'running') return advance(view.modeTime(mode), item.start, work)
  const left = work - (task.elapsed ?? 0)
  return left <= 0 ? view.now : advance(view.modeTime(mode), view.now, left)
}
