import { NEVER } from './calendar.ts'
import { scoreOf } from './cost.ts'
import { completeState, latestStarts, placeLine } from './construct.ts'
import { explainUnplanned } from './explain-unplanned.ts'
import { HARD } from './figures.ts'
import { sha256Hex } from './hash.ts'
import { unplace } from './insert.ts'
import { PLAN_SCHEMA } from './problem.ts'
import type { Assignment, Bound, Plan, SlotUse } from './problem.ts'
import type { State } from './state.ts'
import { settle } from './timing.ts'

/**
 * Makes a state publishable: work that runs past its calendars or breaks a hard rule leaves the plan (with
 * what depends on it) until no hard minute is left that leaving out can cure. A free task in the way of a
 * locked one is put elsewhere once.
 *
 * @param keepOut 1 for tasks that are not to come in for what leaves
 */
export function makeFeasible(state: State, keepOut?: Uint8Array): void {
  const { model } = state
  settle(state)
  let urgency: Float64Array | null = null
  const banned = keepOut?.slice() ?? new Uint8Array(model.n)
  for (let round = 0; round <= 3 * model.n; round++) {
    const culprit = findCulprit(state)
    if (culprit >= 0) {
      unplace(state, culprit)
      banned[culprit] = 1
      settle(state)
      continue
    }
    const blocker = findBlocker(state)
    if (blocker < 0) return
    unplace(state, blocker)
    settle(state)
    if (banned[blocker] === 1) continue
    banned[blocker] = 1
    urgency ??= latestStarts(model)
    if (placeLine(state, blocker)) completeState(state, urgency, banned)
  }
}

/** A task that has no place in the plan as it stands: no open time, a missed hard date, a clash on air. */
function findCulprit(state: State): number {
  const { model } = state
  for (let p = 0; p < model.n; p++) {
    const v = state.order[p]!
    if (state.placed[v] === 1 && state.end[v]! >= NEVER) return v
  }
  if (state.sums[HARD] === 0) return -1
  for (let p = 0; p < model.n; p++) {
    const v = state.order[p]!
    if (state.placed[v] === 0 || state.hard[v] === 0) continue
    if (model.fixedStart[v]! < 0) return v
  }
  for (let r = 0; r < model.resources.length; r++) {
    if (state.useHard[r] === 0) continue
    const from = r * state.airCount
    let cheapest = -1
    for (let i = from; i < from + state.useCount[r]!; i++) {
      const air = model.air.tasks[state.useList[i]!]!
      if (model.fixedStart[air.task]! >= 0) continue
      if (cheapest < 0 || air.value < model.air.tasks[cheapest]!.value) cheapest = state.useList[i]!
    }
    if (cheapest >= 0) return model.air.tasks[cheapest]!.task
  }
  return -1
}

/** A free task that makes a locked one break its start: right before it on a machine, or before it by rule. */
function findBlocker(state: State): number {
  const { model } = state
  if (state.sums[HARD] === 0) return -1
  for (let p = model.n - 1; p >= 0; p--) {
    const v = state.order[p]!
    if (state.placed[v] === 0 || state.hard[v] === 0) continue
    const from = v * state.width
    for (let e = from; e < from + state.width; e++) {
      const before = state.prev[e]!
      if (before >= 0 && model.fixedStart[before]! < 0 && state.end[before]! > state.start[v]!) return before
    }
    for (let e = from; e < from + state.width; e++) {
      const before = state.prev[e]!
      if (before >= 0 && model.fixedStart[before]! < 0) return before
    }
    if (model.isAir[v] === 1 && model.tasks[v]!.status !== 'running') return v
  }
  return -1
}

/** The plan a (feasible) state stands for. */
export function toPlan(state: State, bounds: Bound[] = []): Plan {
  const { model } = state
  const assign: Assignment[] = []
  const slots: SlotUse[] = []
  for (const task of model.done)
    if (task.actual) {
      const { mode, start, end, studio, streamers = [] } = task.actual
      const res = task.session
        ? [...(studio ? [studio] : []), ...streamers]
        : (task.modes?.[mode]?.needs.map((need) => need.res) ?? [])
      assign.push({ task: task.id, mode, res, start, end: end ?? start, setupBefore: 0 })
    }
  for (let v = 0; v < model.n; v++) {
    if (state.placed[v] === 0) continue
    const base = { task: model.taskIds[v]!, start: state.start[v]!, end: state.end[v]! }
    const air = model.air.airOf[v]!
    if (air < 0) {
      const m = state.mode[v]!
      const res = Array.from(
        model.needRes.subarray(model.needFrom[m], model.needFrom[m + 1]),
        (r) => model.resources[r]!.id,
      )
      assign.push({ ...base, mode: m - model.modeFrom[v]!, res, setupBefore: state.setup[v]! })
      continue
    }
    const studio = model.resources[state.airStudio[air]!]!.id
    const crew = state.airStreamers.subarray(air * state.crew, air * state.crew + state.airCrew[air]!)
    const streamers = Array.from(crew, (r) => model.resources[r]!.id).sort()
    const kit = model.air.tasks[air]!.kit.map((need) => model.resources[need.res]!.id)
    const slot = model.air.tasks[air]!.candidates[state.airCandidate[air]!]!.slot
    assign.push({ ...base, mode: 0, res: [studio, ...streamers, ...kit], setupBefore: 0 })
    slots.push({
      slot: slot < 0 ? null : model.problem.slots[slot]!.id,
      task: base.task,
      studio,
      streamers,
    })
  }
  const byTask = (a: { task: string }, b: { task: string }): number => (a.task < b.task ? -1 : 1)
  assign.sort(byTask)
  slots.sort(byTask)
  const unplanned = explainUnplanned(state).sort(byTask)
  const cert = sha256Hex(JSON.stringify([assign, slots, unplanned.map((item) => item.task)]))
  return { schema: PLAN_SCHEMA, assign, slots, unplanned, score: scoreOf(state), bounds, cert }
}
