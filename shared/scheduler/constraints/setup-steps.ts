import { advance } from '../calendar.ts'
import type { Assignment, Resource } from '../problem.ts'
import type { PlanView } from './view.ts'

export interface SetupStep {
  item: Assignment
  /** Set-up minutes owed right before the item, and the instant they are done at the earliest. */
  minutes: number
  readyMin: number
}

/** Walks a line's work in order and derives each set-up from the family before it. */
export function listSetupSteps(view: PlanView, resource: Resource): SetupStep[] {
  const table = view.problem.setups.find((entry) => entry.id === resource.setup)
  if (!table || (resource.capacity ?? 1) > 1) return []
  const time = view.openTime.get(resource.id)!
  let free = Math.max(view.now, resource.availableFrom ?? 0)
  let state = resource.initialState ?? null
  return view.held(resource.id).map((item, i) => {
    const family = view.familyOf(item.task)
    const running = view.tasks.get(item.task)?.status === 'running'
    if (i === 0 && resource.settingUp && resource.settingUp.family === family) free = resource.settingUp.since
    const from = state === null ? -1 : table.families.indexOf(state)
    const to = family === null ? -1 : table.families.indexOf(family)
    const minutes = running || from < 0 || to < 0 || from === to ? 0 : table.matrix[from]![to]!
    const readyMin = running ? item.start : advance(time, free, minutes)
    free = item.end
    state = family
    return { item, minutes, readyMin }
  })
}
