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
 *
 * @param keepOut 1 for tasks that are not planned when the plan does not have them
 */
export function stateFromPlan(model: Model, plan: KnownPlan, keepOut?: Uint8Array): State {
  const urgency = latestStarts(model)
  const followed = followPlan(model, plan)
  let best: State | null = null
  for (const keep of model.keptStart.some((start) => start > 0) ? [true, false] : [false]) {
    const state = followed.clone()
    timeAnew(state, keep)
    const completed = state.clone()
    completeState(completed, urgency, keepOut)
    for (const one of [completed, state]) {
      makeFeasible(one, keepOut)
      if (!best || compareScores(scoreOf(one), scoreOf(best), model.problem.objective) < 0) best = one
    }
  }
  return bringBackHeld(best!, urgency, keepOut)
}

/** Lets every task start as early as it can, or no earlier than it is kept at. */
function timeAnew(state: State, keep: boolean): void {
  const { keptStart } = state.model
  for (let v = 0; v < state.model.n; v++) {
    const from = keep && state.placed[v] === 1 ? keptStart[v]! : 0
    if (from !== state.notBefore[v]) state.keepFrom(v, from)
  }
  settle(state)
}

/** Broadcasts whose start is held but that fell out, because what they wait for came too late, go back in where that pays. */
function bringBackHeld(state: State, urgency: Float64Array, keepOut?: Uint8Array): State {
  const { model } = state
  let best = state
  for (const air of model.air.tasks) {
    const v = air.task
    if (model.fixedStart[v]! < 0 || best.placed[v] === 1) continue
    const out = best
    for (const early of [false, true]) {
      const trial = out.clone()
      if (!hurryBefore(trial, v, early)) continue
      placeFixed(trial)
      completeState(trial, urgency, keepOut)
      makeFeasible(trial, keepOut)
      if (compareScores(scoreOf(trial), scoreOf(best), model.problem.objective) < 0) best = trial
    }
  }
  return best
}

/**
 * A state with only what the plan has, where it still fits; hard rules may be broken. Line work starts no earlier than
 * the plan has it.
 */
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
  for (let p = 0; p < model.n; p++) {
    const v = state.order[p]!
    const start = items.get(v)?.start ?? 0
    if (state.placed[v] === 0 || model.isAir[v] === 1 || model.fixedStart[v]! >= 0) continue
    if (state.start[v]! >= start) continue
    state.keepFrom(v, start)
    settle(state)
  }
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
