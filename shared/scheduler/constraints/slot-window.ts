import { candidateSlots } from '../model-air.ts'
import type { Task } from '../problem.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'
import type { PlanView } from './view.ts'

/** A broadcast airs in a slot offered to it (alone there), or on its start grid, in a studio of either. */
export const slotWindow: Constraint = {
  name: 'slot-window',
  tier: 'hard',
  evaluate(view) {
    return [...view.items.values()].flatMap((item) => {
      const task = view.tasks.get(item.task)!
      const cause = task.session ? findCause(view, task) : null
      return cause === null ? [] : [finding(1, 'plan.hard.slot', { task: item.task, cause })]
    })
  },
}

function findCause(view: PlanView, task: Task): string | null {
  const session = task.session!
  const item = view.items.get(task.id)!
  const use = view.uses.get(task.id)
  const lock = view.locks.get(task.id)
  if (!use || item.res[0] !== use.studio) return 'list'
  if (view.resources.get(use.studio)?.kind !== 'studio') return 'studio'
  if (session.studios && !session.studios.includes(use.studio)) return 'studio'
  if (use.slot === null) {
    if (lock?.start === item.start) return null
    const grid = session.float
    if (
      !grid ||
      item.start < grid.from ||
      item.end > grid.to ||
      (item.start - grid.from) % grid.stepMin !== 0
    )
      return 'grid'
    return item.end - item.start === session.dur ? null : 'duration'
  }
  const index = view.problem.slots.findIndex((slot) => slot.id === use.slot)
  const slot = view.problem.slots[index]
  if (!slot || !candidateSlots(view.problem, task).includes(index)) return 'offer'
  if (item.start !== slot.start || item.end > slot.end) return 'window'
  if (item.end - item.start !== (session.dur ?? slot.end - slot.start)) return 'duration'
  if (slot.studios && !slot.studios.includes(use.studio)) return 'studio'
  const needed = session.needStreamers ?? slot.needStreamers ?? 1
  if (!lock?.streamers && new Set(use.streamers).size !== needed) return 'crew'
  return view.plan.slots.some((other) => other.slot === use.slot && other.task < task.id) ? 'taken' : null
}
