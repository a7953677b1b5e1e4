import { NEVER } from './calendar.ts'
import { FF, SS } from './model.ts'
import type { Model } from './model.ts'
import type { State } from './state.ts'

/** Where each figure stands in the sums of a state. */
export const HARD = 0
export const TARDY = 1
export const LOST = 2
export const STABLE = 3
export const SETUP = 4
export const OVERTIME = 5
export const FAIR = 6

/** Minutes by which a task that ends then breaks its latest end. */
export const overDeadline = ({ model }: State, u: number, end: number): number =>
  Math.max(0, end - model.deadline[u]!)

/** Minutes from where u was wished, beyond those that cost nothing. */
export function strayed({ model }: State, u: number, start: number): number {
  const wish = model.wishStart[u]!
  return wish < 0 ? 0 : Math.max(0, Math.abs(start - wish) - model.tolerance)
}

/** Minutes by which the job of a task is late now. */
export function latenessOf({ model, jobEnd }: State, v: number): number {
  const job = model.jobOf[v]!
  return Math.max(0, jobEnd[job]! - model.jobDue[job]!)
}

/** Minutes by which v is further from what it must follow soon than it may be. */
export function maxLagExcess(state: State, v: number): number {
  const { model } = state
  if (!model.anyMaxLag || state.start[v]! >= NEVER || model.running[v] === 1) return 0
  let excess = 0
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const arc = model.predArc[a]!
    const max = model.arcMax[arc]!
    const u = model.predTask[a]!
    if (max < 0 || state.placed[u] === 0 || state.end[u]! >= NEVER) continue
    const type = model.arcType[arc]!
    const from = type === SS ? state.start[u]! : state.end[u]!
    const to = type === FF ? state.end[v]! : state.start[v]!
    if (to - from > max) excess += to - from - max
  }
  return excess
}

/** Minutes by which v breaks its latest end and its latest start. */
export function lateness(state: State, v: number): number {
  const { model } = state
  if (state.end[v]! >= NEVER) return 0
  let late = overDeadline(state, v, state.end[v]!)
  if (model.running[v] === 0 && state.start[v]! > model.latestStart[v]!)
    late += state.start[v]! - model.latestStart[v]!
  return late
}

/** Takes the figures of v, and what it is moved from its wish, into its row and the sums. */
export function applyFigures(state: State, v: number, setup: number, over: number, hard: number): void {
  const { sums } = state
  const stab = state.model.wished[v] === 1 ? unrest(state, v) : 0
  sums[SETUP] = sums[SETUP]! + setup - state.setup[v]!
  sums[OVERTIME] = sums[OVERTIME]! + over - state.over[v]!
  sums[HARD] = sums[HARD]! + hard - state.hard[v]!
  sums[STABLE] = sums[STABLE]! + stab - state.stab[v]!
  state.setup[v] = setup
  state.over[v] = over
  state.hard[v] = hard
  state.stab[v] = stab
  state.touchJob(state.model.jobOf[v]!)
}

/** Stability cost of one task against its wish (baseline or soft lock). */
function unrest(state: State, v: number): number {
  const { model } = state
  const wished = model.wishStart[v]!
  const res = model.wishRes[v]
  if (wished < 0 && !res) return 0
  if (model.running[v] === 1) return 0
  if (state.placed[v] === 0 || state.end[v]! >= NEVER)
    return model.announced[v] === 1 ? model.wAnnounced : wished >= 0 ? model.wRes : 0
  let cost = 0
  if (wished >= 0) {
    if (model.announced[v] === 1 && state.start[v] !== wished) cost += model.wAnnounced
    cost += model.wStart * strayed(state, v, state.start[v]!)
  }
  if (!res) return cost
  if (model.isAir[v] === 1) {
    const a = model.air.airOf[v]!
    if (!res.includes(state.airStudio[a]!)) cost += model.wRes
    for (let i = 0; i < state.airCrew[a]!; i++)
      if (!res.includes(state.airStreamers[a * state.crew + i]!)) cost += model.wStreamer
    return cost
  }
  return cost + model.wRes * countUnwished(model, v, state.mode[v]!)
}

/** Resources of a mode that are not those wished for v. */
export function countUnwished(model: Model, v: number, mode: number): number {
  const wished = model.wishRes[v]
  if (!wished) return 0
  let count = 0
  for (let k = model.needFrom[mode]!; k < model.needFrom[mode + 1]!; k++)
    if (!wished.includes(model.needRes[k]!)) count++
  return count
}

/** Completion and tardiness of one job. */
export function settleJob(state: State, job: number): void {
  const { model } = state
  const due = model.jobDue[job]!
  const before = state.jobEnd[job]!
  let done = 0
  for (let k = model.jobTaskFrom[job]!; k < model.jobTaskFrom[job + 1]!; k++) {
    const v = model.jobTasks[k]!
    if (state.placed[v] === 0) {
      if (state.excused[v] === 0) done = model.unplannedAt
    } else if (state.end[v]! > done) done = Math.min(state.end[v]!, model.unplannedAt)
  }
  if (done === before) return
  state.jobEnd[job] = done
  if (due >= NEVER) {
    const whole = model.unplannedAt
    const change = (done >= whole ? whole : 0) - (before >= whole ? whole : 0)
    state.sums[TARDY] = state.sums[TARDY]! + model.jobWeight[job]! * change
    return
  }
  const change = Math.max(0, done - due) - Math.max(0, before - due)
  if (change !== 0) state.sums[TARDY] = state.sums[TARDY]! + model.jobWeight[job]! * change
}
