import { advance, endFrom, fitStart, NEVER, overtimeBetween, startForEnd } from './calendar.ts'
import { settleAir } from './air-state.ts'
import { applyFigures, lateness, maxLagExcess, settleJob } from './figures.ts'
import { FF, FS, SS } from './model.ts'
import type { Model } from './model.ts'
import type { State } from './state.ts'

const MOST_HOLD_BACKS = 200

/**
 * Re-times every dirty task and all that follow from it, then the touched jobs and broadcast sums.
 *
 * @param allowed what jobs that end later may cost in total, in tardiness points; with more of it, or with a
 * broadcast whose work would not be ready, this stops half way and returns false: the state is then only good
 * for being undone.
 */
export function settle(state: State, allowed = Infinity): boolean {
  const { model, dirty, dirtyList, order, pos, queue } = state
  const { jobOf, isAir, anyMaxLag } = model
  const limited = allowed < Infinity
  let word = queue.length
  for (let i = 0; i < state.dirtyCount; i++) {
    const v = dirtyList[i]!
    const p = pos[v]!
    dirty[v] = 0
    queue[p >> 5] = queue[p >> 5]! | (1 << (p & 31))
    if (p >> 5 < word) word = p >> 5
  }
  state.dirtyCount = 0
  let holdBacks = 0
  let risen = 0
  while (word < queue.length) {
    const bits = queue[word]!
    if (bits === 0) {
      word++
      continue
    }
    const lowest = bits & -bits
    queue[word] = bits ^ lowest
    const v = order[(word << 5) + 31 - Math.clz32(lowest)]!
    const moved = retime(state, v)
    if (limited) {
      if (state.end[v]! > state.jobEnd[jobOf[v]!]!) risen += riseOf(state, v)
      if (risen > allowed || (state.hard[v]! > 0 && isAir[v] === 1)) {
        queue.fill(0, word)
        return false
      }
    }
    if (!moved) continue
    spread(state, v)
    if (!anyMaxLag || holdBacks >= MOST_HOLD_BACKS) continue
    const back = holdBackPreds(state, v)
    if (back < pos[v]!) {
      holdBacks++
      word = back >> 5
    }
  }
  if (state.airChanged) settleAir(state)
  for (let i = 0; i < state.jobCount; i++) {
    const job = state.jobList[i]!
    state.jobMarks[job] = 0
    settleJob(state, job)
  }
  state.jobCount = 0
  return true
}

/** What it costs that v ends after its job did so far: counted once for the latest of its tasks. */
function riseOf(state: State, v: number): number {
  const { model } = state
  const job = model.jobOf[v]!
  const end = Math.min(state.end[v]!, model.unplannedAt)
  let from = Math.max(model.jobDue[job]!, state.jobEnd[job]!)
  if (end <= from) return 0
  for (let k = model.jobTaskFrom[job]!; k < model.jobTaskFrom[job + 1]!; k++) {
    const u = model.jobTasks[k]!
    if (u !== v && state.placed[u] === 1 && state.end[u]! > from) from = Math.min(end, state.end[u]!)
  }
  return model.jobWeight[job]! * (end - from)
}

/** Queues what depends on v. */
function spread(state: State, v: number): void {
  const { model, pos, queue, width, next } = state
  const { succFrom, succTask } = model
  for (let a = succFrom[v]!; a < succFrom[v + 1]!; a++) {
    const p = pos[succTask[a]!]!
    queue[p >> 5] = queue[p >> 5]! | (1 << (p & 31))
  }
  const from = v * width
  for (let e = from; e < from + width; e++) {
    const w = next[e]!
    if (w < 0) continue
    const p = pos[w]!
    queue[p >> 5] = queue[p >> 5]! | (1 << (p & 31))
  }
}

/** Raises the start bound of predecessors that end too long before v; returns the lowest position queued. */
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
      const p = state.pos[u]!
      state.queue[p >> 5] = state.queue[p >> 5]! | (1 << (p & 31))
      if (p < low) low = p
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
  state.mark(v)
  if (model.simple[v] === 1 && placed[v] === 1) return retimeSimple(state, v)
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
  const time = model.modeTime[m]!
  const pausing = model.pausing[v] === 1
  if (model.fixedStart[v]! < 0) earliest = boundByLags(state, v, earliest, minEnd)
  state.ready[v] = earliest
  let setupSum = 0
  const from = v * width
  for (let e = from; e < from + width; e++) {
    const machine = state.machine[e]!
    if (machine < 0) continue
    const before = state.prev[e]!
    let free = freeAfter(state, machine, before, v)
    const table = model.machineSetup[machine]!
    if (table >= 0 && model.fixedEnd[v]! < 0) {
      const last = heldAfter(model, machine, before)
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
    const fit = fitStart(time, earliest, dur, pausing)
    start[v] = fit
    end[v] = endFrom(time, fit, dur, pausing)
  }
  hard += maxLagExcess(state, v) + lateness(state, v)
  applyFigures(state, v, setupSum, overtimeBetween(time, start[v], end[v]), hard)
  return start[v] !== oldStart || end[v] !== oldEnd
}

/** Raises the earliest start of a line task to what its end, and what must follow it soon, ask for. */
function boundByLags(state: State, v: number, start: number, minEnd: number): number {
  const { model } = state
  let earliest = Math.max(start, state.holdBack[v]!, state.notBefore[v]!)
  if (model.anyMaxLag)
    for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) {
      const w = model.succTask[a]!
      const arc = model.succArc[a]!
      if (model.arcMax[arc]! < 0 || state.placed[w] === 0) continue
      if (model.isAir[w] === 0 && model.fixedStart[w]! < 0) continue
      const bound = lagBound(state, v, w, model.arcType[arc]!, model.arcMax[arc]!)
      if (bound > earliest) earliest = bound
    }
  if (minEnd <= 0) return earliest
  const m = state.mode[v]!
  const bound = startForEnd(model.modeTime[m]!, minEnd, model.modeDur[m]!, model.pausing[v] === 1)
  return Math.max(earliest, bound)
}

/** The same for a line task that is free to start, with nothing but plain end-to-start arcs before it. */
function retimeSimple(state: State, v: number): boolean {
  const { model, start, end, placed, width, machine, prev } = state
  const { predFrom, predTask, predArc, arcMin, family, setupTables } = model
  let earliest = Math.max(model.minStart[v]!, state.holdBack[v]!, state.notBefore[v]!)
  for (let a = predFrom[v]!; a < predFrom[v + 1]!; a++) {
    const u = predTask[a]!
    if (placed[u] === 0) continue
    const bound = end[u]! + arcMin[predArc[a]!]!
    if (bound > earliest) earliest = bound
  }
  state.ready[v] = earliest
  const own = family[v]!
  let setupSum = 0
  const from = v * width
  for (let e = from; e < from + width; e++) {
    const k = machine[e]!
    if (k < 0) continue
    const before = prev[e]!
    let free = freeAfter(state, k, before, v)
    const table = model.machineSetup[k]!
    const last = heldAfter(model, k, before)
    if (table >= 0 && last >= 0 && own >= 0 && last !== own) {
      const setup = setupTables[table]![last * model.families + own]!
      if (setup > 0) {
        setupSum += setup
        free = advance(model.resTime[model.machineRes[k]!]!, free, setup)
      }
    }
    if (free > earliest) earliest = free
  }
  const m = state.mode[v]!
  const time = model.modeTime[m]!
  const dur = model.modeDur[m]!
  const pausing = model.pausing[v] === 1
  const begin = fitStart(time, earliest, dur, pausing)
  const ends = endFrom(time, begin, dur, pausing)
  const moved = begin !== start[v] || ends !== end[v]
  start[v] = begin
  end[v] = ends
  const over = time.overtime === null ? 0 : overtimeBetween(time, begin, ends)
  const hard = ends > model.deadline[v]! || begin > model.latestStart[v]! ? lateness(state, v) : 0
  applyFigures(state, v, setupSum, over, hard)
  return moved
}

/** When a machine is free for v after another task, or with nothing before it (-1): a set-up under way for its family counts from its start. */
export function freeAfter({ model, end }: State, machine: number, before: number, v: number): number {
  if (before >= 0) return end[before]!
  const setting = model.machineSetting[machine]!
  return setting >= 0 && setting === model.family[v]
    ? model.machineSince[machine]!
    : model.machineFree[machine]!
}

/** The family a machine is set up for after a task, or with nothing before (-1). */
export function heldAfter(model: Model, machine: number, before: number): number {
  return before >= 0 ? model.family[before]! : model.machineState[machine]!
}
