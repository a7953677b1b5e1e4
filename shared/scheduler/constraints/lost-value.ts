import { valueOf } from '../model-air.ts'
import { DEFAULTS } from '../problem.ts'
import { finding } from './types.ts'
import type { Constraint } from './types.ts'

/** Session value lost by leaving a broadcast out, or by airing it in a slot worth less than it could have. */
export const lostValue: Constraint = {
  name: 'lost-value',
  tier: 'tardy',
  evaluate(view) {
    const price = view.problem.lostValueWeight ?? DEFAULTS.lostValueWeight
    const slots = new Map(view.problem.slots.map((slot) => [slot.id, slot]))
    return view.problem.tasks.flatMap((task) => {
      if (!task.session || task.status === 'done') return []
      const worth = valueOf(view.problem, task)
      const use = view.uses.get(task.id)
      const slotValue = use?.slot == null ? null : slots.get(use.slot)?.value
      const value = !use ? worth : slotValue == null ? 0 : Math.max(0, worth - slotValue)
      return value > 0
        ? [finding(value * price, 'plan.soft.lostValue', { task: task.id, value, cost: value * price })]
        : []
    })
  },
}
