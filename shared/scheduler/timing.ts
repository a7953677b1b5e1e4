import { advance, fitStart, NEVER, overtimeBetween, startForEnd } from './calendar.ts'
import { settleAir } from './air-state.ts'
import { FF, FS, SS } from './model.ts'
import type { Model } from './model.ts'
import type { State } from './state.ts'

export const HARD = 0
export const TARDY = 1
export const LOST = 2
export const STABLE = 3
export const SETUP = 4
export const OVERTIME = 5
export const FAIR = 6

const MOST_HOLD_BACKS = 200

/** Re-times every dirty task and all that follow from it, then the touched jobs and broadcast sums. */
export function settle(state: State): void {
  const { dirty, dirtyList, order, pos } = state
  let low = state.model.n
  let high = -1
  for (let i = 0; i < state.dirtyCount; i++) {
    const p = pos[dirtyList[i]!]!
    if (p < low) low = p
    if (p > high) high = p
  }
  state.dirtyCount = 0
  let holdBacks = 0
  for (let p = low; p <= high; p++) {
    const v = order[p]!
    if (dirty[v] === 0) continue
    dirty[v] = 0
    if (!retime(state, v)) continue
    const reach = spread(state, v)
    if (reach > high) high = reach
    if (!state.model.anyMaxLag || holdBacks >= MOST_HOLD_BACKS) continue
    const back = holdBackPreds(state, v)
    if (back < p) {
      holdBacks++
      p = back - 1
    }
  }
  if (state.airChanged) settleAir(state)
  for (let i = 0; i < state.jobCount; i++) {
    const job = state.jobList[i]!
    state.jobMarks[job] = 0
    settleJob(state, job)
  }
  state.jobCount = 0
}

/** Marks what depends on v; returns the highest position marked. */
function spread(state: State, v: number): number {
  const { model, pos, dirty, width, next } = state
  let reach = -1
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) {
    const w = model.succTask[a]!
    dirty[w] = 1
    if (pos[w]! > reach) reach = pos[w]!
  }
  const from = v * width
  for (let e = from; e < from + width; e++) {
    const w = next[e]!
    if (w < 0) continue
    dirty[w] = 1
    if (pos[w]! > reach) reach = pos[w]!
  }
  return reach
}

/** Raises the start bound of predecessors that end too long before v; returns the lowest position marked. */
function holdBackPreds(state: State, v: number): number {
  const { model } = state
  let low = model.n
  if (state.placed[v] === 0 || model.isAir[v] === 1 || state.start[v]! >= NEVER) return low
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const arc = model.predArc[a]!
    const max = model.arcMax[arc]!
    const u = model.predTask[a]!
    if (max < 0 || model.isAir[u] === 1 || model.fixedStart[u]! >= 0) continue
    const bound = lagBound(state, u, v, model.arcType[arc]!, max)
    if (bound > state.start[u]! && bound > state.holdBack[u]!) {
      state.holdBack[u] = bound
      state.dirty[u] = 1
      if (state.pos[u]! < low) low = state.pos[u]!
    }
  }
  return low
}

/** Least start of u so that v is within `max` of it. */
function lagBound(state: State, u: number, v: number, type: number, max: number): number {
  if (type === SS) return state.start[v]! - max
  const m = state.mode[u]!
  const target = (type === FF ? state.end[v]! : state.start[v]!) - max
  return startForEnd(state.model.modeTime[m]!, target, state.model.modeDur[m]!, state.model.pausing[u] === 1)
}

/** Work done: when `share` of u's minutes have passed. */
export function shareDoneAt(state: State, u: number, ratio: number): number {
  const { model } = state
  if (ratio >= 1 || model.isAir[u] === 1 || state.end[u]! >= NEVER) return state.end[u]!
  const m = state.mode[u]!
  const work = Math.ceil(ratio * model.modeDur[m]! - 1e-9)
  if (model.fixedEnd[u]! >= 0) {
    const left = work - (model.tasks[u]!.elapsed ?? 0)
    return left <= 0 ? model.now : advance(model.modeTime[m]!, model.now, left)
  }
  return advance(model.modeTime[m]!, state.start[u]!, work)
}

/** Recomputes start, end and every per-task figure of v from what precedes it; true when it moved. */
export function retime(state: State, v: number): boolean {
  const { model, start, end, placed, width } = state
  const oldStart = start[v]!
  const oldEnd = end[v]!
  if (placed[v] === 0) {
    applyFigures(state, v, 0, 0, 0)
    return false
  }
  let earliest = model.minStart[v]!
  let minEnd = 0
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const u = model.predTask[a]!
    if (placed[u] === 0) continue
    const arc = model.predArc[a]!
    const lag = model.arcMin[arc]!
    const type = model.arcType[arc]!
    let bound: number
    if (type === FS) {
      const ratio = model.arcRatio[arc]!
      bound = (ratio === 1 ? end[u]! : shareDoneAt(state, u, ratio)) + lag
      if (ratio < 1 && end[u]! > minEnd) minEnd = end[u]!
    } else if (type === SS) bound = start[u]! + lag
    else {
      bound = 0
      if (end[u]! + lag > minEnd) minEnd = end[u]! + lag
    }
    if (bound > earliest) earliest = bound
  }
  if (model.isAir[v] === 1) {
    const early =
      (earliest > start[v]! ? earliest - start[v]! : 0) + (minEnd > end[v]! ? minEnd - end[v]! : 0)
    const late = model.running[v] === 1 ? 0 : early
    applyFigures(state, v, 0, 0, Math.min(late, NEVER) + maxLagExcess(state, v) + lateness(state, v))
    return false
  }
  const m = state.mode[v]!
  const dur = model.modeDur[m]!
  let setupSum = 0
  const from = v * width
  for (let e = from; e < from + width; e++) {
    const machine = state.machine[e]!
    if (machine < 0) continue
    const before = state.prev[e]!
    let free = before >= 0 ? end[before]! : machineFreeFor(model, machine, v)
    const table = model.machineSetup[machine]!
    if (table >= 0 && model.fixedEnd[v]! < 0) {
      const last = before >= 0 ? model.family[before]! : model.machineState[machine]!
      const own = model.family[v]!
      if (last >= 0 && own >= 0 && last !== own) {
        const setup = model.setupTables[table]![last * model.families + own]!
        if (setup > 0) {
          setupSum += setup
          free = advance(model.resTime[model.machineRes[machine]!]!, free, setup)
        }
      }
    }
    if (free > earliest) earliest = free
  }
  const time = model.modeTime[m]!
  const pausing = model.pausing[v] === 1
  let hard = 0
  if (model.fixedStart[v]! >= 0) {
    const fixed = model.fixedStart[v]!
    start[v] = fixed
    if (model.fixedEnd[v]! >= 0) {
      end[v] = model.fixedEnd[v]!
      for (let e = from; e < from + width; e++)
        if (state.prev[e]! >= 0) hard += Math.max(1, Math.min(end[state.prev[e]!]!, NEVER) - fixed)
    } else {
      const fit = fitStart(time, fixed, dur, pausing)
      if (fit > fixed) hard += fit >= NEVER ? dur : fit - fixed
      end[v] = fit > fixed || !pausing ? fixed + dur : advance(time, fixed, dur)
      if (earliest > fixed) hard += Math.min(earliest, NEVER) - fixed
      if (minEnd > end[v]) hard += minEnd - end[v]
    }
  } else {
    if (state.holdBack[v]! > earliest) earliest = state.holdBack[v]!
    if (model.anyMaxLag) {
      for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) {
        const w = model.succTask[a]!
        const arc = model.succArc[a]!
        if (model.arcMax[arc]! < 0 || placed[w] === 0) continue
        if (model.isAir[w] === 0 && model.fixedStart[w]! < 0) continue
        const bound = lagBound(state, v, w, model.arcType[arc]!, model.arcMax[arc]!)
        if (bound > earliest) earliest = bound
      }
    }
    if (minEnd > 0) {
      const bound = startForEnd(time, minEnd, dur, pausing)
      if (bound > earliest) earliest = bound
    }
    const fit = fitStart(time, earliest, dur, pausing)
    start[v] = fit
    end[v] = fit >= NEVER ? NEVER : pausing ? advance(time, fit, dur) : fit + dur
  }
  hard += maxLagExcess(state, v) + lateness(state, v)
  applyFigures(state, v, setupSum, overtimeBetween(time, start[v], end[v]), hard)
  return start[v] !== oldStart || end[v] !== oldEnd
}

/** When a machine with nothing before v is free for it; a set-up under way for its family counts from its start. */
export function machineFreeFor(model: Model, machine: number, v: number): number {
  const setting = model.machineSetting[machine]!
  return setting >= 0 && setting === model.family[v]
    ? model.machineSince[machine]!
    : model.machineFree[machine]!
}

function maxLagExcess(state: State, v: number): number {
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

function lateness(state: State, v: number): number {
  const { model } = state
  if (state.end[v]! >= NEVER) return 0
  let late = 0
  if (state.end[v]! > model.deadline[v]!) late += state.end[v]! - model.deadline[v]!
  if (model.running[v] === 0 && state.start[v]! > model.latestStart[v]!)
    late += state.start[v]! - model.latestStart[v]!
  return late
}

function applyFigures(state: State, v: number, setup: number, over: number, hard: number): void {
  const { sums } = state
  const stab = state.model.problem.stability || state.model.tasks[v]!.lock ? unrest(state, v) : 0
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
  if (model.tasks[v]!.status === 'running') return 0
  if (state.placed[v] === 0 || state.end[v]! >= NEVER)
    return model.announced[v] === 1 ? model.wAnnounced : wished >= 0 ? model.wRes : 0
  let cost = 0
  if (wished >= 0) {
    const moved = Math.abs(state.start[v]! - wished)
    if (model.announced[v] === 1 && moved > 0) cost += model.wAnnounced
    if (moved > model.tolerance) cost += model.wStart * (moved - model.tolerance)
  }
  if (!res) return cost
  if (model.isAir[v] === 1) {
    const a = model.air.airOf[v]!
    if (!res.includes(state.airStudio[a]!)) cost += model.wRes
    for (let i = 0; i < state.airCrew[a]!; i++)
      if (!res.includes(state.airStreamers[a * state.crew + i]!)) cost += model.wStreamer
    return cost
  }
  const m = state.mode[v]!
  for (let k = model.needFrom[m]!; k < model.needFrom[m + 1]!; k++)
    if (!res.includes(model.needRes[k]!)) cost += model.wRes
  return cost
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
