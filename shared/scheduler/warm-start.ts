import { NEVER } from './calendar.ts'
import {
  completeState,
  emptyState,
  hurryBefore,
  latestStarts,
  placeFixed,
  topologicalOrder,
} from './construct.ts'
import { makeFeasible } from './finish.ts'
import { fitsUse, placeAir } from './air-state.ts'
import { insertLine, kitFits, placeAirAt, refreshExcuses } from './insert.ts'
import type { Model } from './model.ts'
import { scoreOf } from './cost.ts'
import { compareScores } from './problem.ts'
import type { Assignment, Plan } from './problem.ts'
import type { State } from './state.ts'
import { settle } from './timing.ts'

/** A plan to follow; the slot list only matters where two slots of one session start together. */
export type KnownPlan = Pick<Plan, 'assign'> & Partial<Pick<Plan, 'slots'>>

/**
 * A state that follows a plan as far as it still can (same modes and machine sequences, same broadcasts), with
 * everything else planned and the result made feasible.
 */
export function stateFromPlan(model: Model, plan: KnownPlan): State {
  const followed = followPlan(model, plan)
  const completed = followed.clone()
  const urgency = latestStarts(model)
  completeState(completed, urgency)
  makeFeasible(completed)
  makeFeasible(followed)
  const better = compareScores(scoreOf(followed), scoreOf(completed), model.problem.objective) < 0
  return bringBackHeld(better ? followed : completed, urgency)
}

/** Broadcasts whose start is held but that fell out, because what they wait for came too late, go back in where that pays. */
function bringBackHeld(state: State, urgency: Float64Array): State {
  const { model } = state
  let best = state
  for (const air of model.air.tasks) {
    const v = air.task
    if (model.fixedStart[v]! < 0 || best.placed[v] === 1) continue
    const trial = best.clone()
    if (!hurryBefore(trial, v)) continue
    placeFixed(trial)
    completeState(trial, urgency)
    makeFeasible(trial)
    if (compareScores(scoreOf(trial), scoreOf(best), model.problem.objective) < 0) best = trial
  }
  return best
}

/** A state with only what the plan has, where it still fits; hard rules may be broken. */
export function followPlan(model: Model, plan: KnownPlan): State {
  const state = emptyState(model)
  const items = new Map<number, Assignment>()
  for (const item of plan.assign) {
    const v = model.taskIndex.get(item.task)
    if (v !== undefined) items.set(v, item)
  }
  const slotOf = new Map((plan.slots ?? []).map((use) => [use.task, use.slot ?? undefined]))
  const key = new Float64Array(model.n).fill(NEVER)
  for (const [v, item] of items) key[v] = item.start
  for (let v = 0; v < model.n; v++) if (model.fixedStart[v]! >= 0) key[v] = model.fixedStart[v]!
  topologicalOrder(model, key).forEach((v, p) => {
    state.order[p] = v
    state.pos[v] = p
  })
  placeFixed(state)
  for (let p = 0; p < model.n; p++) {
    const v = state.order[p]!
    const item = items.get(v)
    if (!item || state.placed[v] === 1 || !predsPlaced(state, v)) continue
    if (model.isAir[v] === 1) followAir(state, v, item, slotOf.get(item.task))
    else followLine(state, v, item)
  }
  refreshExcuses(state)
  settle(state)
  return state
}

function predsPlaced(state: State, v: number): boolean {
  const { model } = state
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++)
    if (state.placed[model.predTask[a]!] === 0) return false
  return true
}

function followAir(state: State, v: number, item: Assignment, slot: string | null | undefined): void {
  const { model } = state
  const air = model.air.airOf[v]!
  const named = slot === undefined ? -1 : model.problem.slots.findIndex((entry) => entry.id === slot)
  const { candidates } = model.air.tasks[air]!
  const exact = named < 0 ? -1 : candidates.findIndex((choice) => choice.slot === named)
  const c = exact >= 0 ? exact : candidates.findIndex((choice) => choice.start === item.start)
  if (c < 0) return
  const choice = model.air.tasks[air]!.candidates[c]!
  const held = item.res.map((id) => model.resIndex.get(id)).filter((r) => r !== undefined)
  const studio = held.find((r) => choice.studios.includes(r))
  const crew = held.filter((r) => model.air.tasks[air]!.streamers.includes(r))
  const task = model.air.tasks[air]!
  const free = choice.slot < 0 || state.slotUse[choice.slot] === 0
  const same =
    studio !== undefined &&
    free &&
    crew.length === choice.need &&
    task.fixedStreamers === null &&
    [studio, ...crew].every((r) => fitsUse(state, r, air, choice)) &&
    kitFits(state, air, choice)
  if (same) placeAir(state, air, c, studio, crew)
  else placeAirAt(state, air, c)
}

function followLine(state: State, v: number, item: Assignment): void {
  const { model } = state
  const mode = model.modeFrom[v]! + item.mode
  if (mode >= model.modeFrom[v + 1]!) return
  if (model.pinnedMode[v]! >= 0 && model.pinnedMode[v] !== mode) return
  if (model.modeDur[mode]! > 0 && !model.modeTime[mode]!.always && model.modeTime[mode]!.ends.length === 0)
    return
  const at = model.needFrom[mode]!
  const machine = at < model.needFrom[mode + 1]! ? model.machineFrom[model.needRes[at]!]! : -1
  state.end[v] = item.end
  insertLine(state, v, mode, machine, -1, -1)
}
