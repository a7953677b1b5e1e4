import { advance, endFrom, fitStart, NEVER } from './calendar.ts'
import { fitsUse, placeAir, removeAir } from './air-state.ts'
import type { AirCandidate } from './model-air.ts'
import { FF, FS, SS } from './model.ts'
import type { Model } from './model.ts'
import type { State } from './state.ts'
import { freeAfter, heldAfter, shareDoneAt } from './timing.ts'

/** A place for a line task: a mode, and a gap on the machine that decides (between `before` and `after`). */
export interface Gap {
  mode: number
  machine: number
  before: number
  after: number
  /** Estimated end, set-up minutes added to the machine and minutes `after` is pushed back. */
  end: number
  setup: number
  push: number
}

/** Earliest start of v allowed by its predecessors alone. */
export function precedenceBound(state: State, v: number): number {
  const { model } = state
  let bound = model.minStart[v]!
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const u = model.predTask[a]!
    if (state.placed[u] === 0) continue
    const arc = model.predArc[a]!
    const lag = model.arcMin[arc]!
    const type = model.arcType[arc]!
    if (type === FF) continue
    const from = type === SS ? state.start[u]! : shareDoneAt(state, u, model.arcRatio[arc]!)
    if (type === FS && from >= NEVER) return NEVER
    if (from + lag > bound) bound = from + lag
  }
  return model.anyMaxLag && model.isAir[v] === 0 ? freshnessBound(state, v, bound) : bound
}

/** Raises a start bound so that broadcasts and locked tasks after v are within their maximum lag. */
function freshnessBound(state: State, v: number, bound: number): number {
  const { model } = state
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) {
    const w = model.succTask[a]!
    const arc = model.succArc[a]!
    if (model.arcMax[arc]! < 0 || state.placed[w] === 0) continue
    const from = model.arcType[arc] === SS ? state.start[w]! : state.start[w]! - shortestOf(model, v)
    if (from - model.arcMax[arc]! > bound) bound = from - model.arcMax[arc]!
  }
  return bound
}

function shortestOf(model: Model, v: number): number {
  let dur = NEVER
  for (let m = model.modeFrom[v]!; m < model.modeFrom[v + 1]!; m++) dur = Math.min(dur, model.modeDur[m]!)
  return dur
}

export function setupBetween(model: Model, machine: number, from: number, to: number): number {
  const table = model.machineSetup[machine]!
  if (table < 0 || from < 0 || to < 0 || from === to) return 0
  return model.setupTables[table]![from * model.families + to]!
}

/** The machines a mode may anchor on: each unit of its first need (one unit when they are alike and free). */
export function anchorMachines(model: Model, mode: number): [from: number, to: number] {
  const at = model.needFrom[mode]!
  if (at === model.needFrom[mode + 1]!) return [0, 0]
  const res = model.needRes[at]!
  return [model.machineFrom[res]!, model.machineFrom[res + 1]!]
}

/** Calls `visit` for every gap of every allowed mode from `bound` on; estimates are O(1) each. */
export function eachGap(state: State, v: number, bound: number, visit: (gap: Gap) => void): void {
  const { model, end, start } = state
  const pinned = model.pinnedMode[v]!
  const low = pinned >= 0 ? pinned : model.modeFrom[v]!
  const high = pinned >= 0 ? pinned + 1 : model.modeFrom[v + 1]!
  const own = model.family[v]!
  const pausing = model.pausing[v] === 1
  for (let mode = low; mode < high; mode++) {
    const time = model.modeTime[mode]!
    const dur = model.modeDur[mode]!
    const [from, to] = anchorMachines(model, mode)
    if (from === to) {
      const fit = fitStart(time, bound, dur, pausing)
      visit({
        mode,
        machine: -1,
        before: -1,
        after: -1,
        end: endFrom(time, fit, dur, pausing),
        setup: 0,
        push: 0,
      })
    }
    for (let machine = from; machine < to; machine++) {
      const resTime = model.resTime[model.machineRes[machine]!]!
      let after = -1
      let before = state.last[machine]!
      for (;;) {
        const held = heldAfter(model, machine, before)
        const setup = setupBetween(model, machine, held, own)
        const ready = advance(resTime, freeAfter(state, machine, before, v), setup)
        const fit = fitStart(time, ready > bound ? ready : bound, dur, pausing)
        const ends = endFrom(time, fit, dur, pausing)
        let added = setup
        let push = 0
        if (after >= 0) {
          const next = setupBetween(model, machine, own, model.family[after]!)
          added += next - setupBetween(model, machine, held, model.family[after]!)
          push = Math.max(0, advance(resTime, ends, next) - start[after]!)
        }
        visit({ mode, machine, before, after, end: ends, setup: added, push })
        if (before < 0 || end[before]! <= bound || model.fixedEnd[before]! >= 0) break
        after = before
        before = state.prevOn(before, machine)
      }
    }
  }
}

/** Puts an unlinked line task into a gap. False when the order forbids it (nothing changed then). */
export function insertLine(
  state: State,
  v: number,
  mode: number,
  machine: number,
  before: number,
  after: number,
): boolean {
  const { model, pos } = state
  if (after >= 0 && pos[v]! > pos[after]! && !state.shiftBefore(v, after)) return false
  if (before >= 0 && pos[v]! < pos[before]! && !state.shiftAfter(v, before)) return false
  state.mode[v] = mode
  state.placed[v] = 1
  state.excused[v] = 0
  let entry = 0
  for (let k = model.needFrom[mode]!; k < model.needFrom[mode + 1]!; k++) {
    const res = model.needRes[k]!
    for (let q = 0; q < model.needQty[k]!; q++) {
      const anchored = machine >= 0 && entry === 0 && model.machineRes[machine] === res
      state.link(v, entry++, anchored ? machine : freestUnit(state, v, res))
    }
  }
  state.touch(v)
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) state.touch(model.succTask[a]!)
  return true
}

/** The unit of a resource that is free first before v's place in the order and not already held by v. */
function freestUnit(state: State, v: number, res: number): number {
  const { model, pos } = state
  const from = model.machineFrom[res]!
  const to = model.machineFrom[res + 1]!
  const ready = precedenceBound(state, v)
  let best = -1
  let bestFree = Infinity
  for (let machine = from; machine < to; machine++) {
    if (state.entryOn(v, machine) >= 0) continue
    let before = state.last[machine]!
    while (before >= 0 && pos[before]! > pos[v]!) before = state.prevOn(before, machine)
    const free = before >= 0 ? state.end[before]! : model.machineFree[machine]!
    const after = before >= 0 ? state.nextOn(before, machine) : state.first[machine]!
    const held = after >= 0 && model.fixedStart[after]! >= 0
    const ends = Math.max(free, ready) + model.modeDur[state.mode[v]!]!
    const rank = held && ends > model.fixedStart[after]! ? free + NEVER : free
    if (rank < bestFree) {
      bestFree = rank
      best = machine
    }
  }
  return best
}

/** Takes a task and everything that depends on it out of the plan. */
export function unplace(state: State, v: number): void {
  unplaceChain(state, v)
  refreshExcuses(state)
}

function unplaceChain(state: State, v: number): void {
  const { model } = state
  if (model.isAir[v] === 1) removeAir(state, model.air.airOf[v]!)
  else state.unlink(v)
  state.placed[v] = 0
  state.holdBack[v] = 0
  state.touch(v)
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++)
    if (state.placed[model.succTask[a]!] === 1) unplaceChain(state, model.succTask[a]!)
}

/** An unplanned task is excused when it is optional or waits for an excused one. */
export function refreshExcuses(state: State): void {
  const { model, order, placed, excused } = state
  for (let p = 0; p < model.n; p++) {
    const v = order[p]!
    if (placed[v] === 1) continue
    let free = model.optional[v]!
    for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]! && free === 0; a++) {
      const u = model.predTask[a]!
      if (placed[u] === 0) free = excused[u]!
    }
    if (free === excused[v]) continue
    excused[v] = free
    state.mark(v)
    state.touchJob(model.jobOf[v]!)
  }
}

/** The crew of a candidate: locked streamers, else the least loaded that fit; null when too few. */
export function pickCrew(state: State, air: number, choice: AirCandidate): number[] | null {
  const { model } = state
  const task = model.air.tasks[air]!
  if (task.fixedStreamers) return [...task.fixedStreamers]
  if (choice.need === 0) return []
  const wished = model.wishRes[task.task]
  const fitting = task.streamers.filter((res) => fitsUse(state, res, air, choice))
  if (fitting.length < choice.need) return null
  const load = (res: number): number => (wished?.includes(res) ? -1 : state.useCount[res]!)
  fitting.sort((a, b) => load(a) - load(b) || a - b)
  return fitting.slice(0, choice.need)
}

export function kitFits(state: State, air: number, choice: AirCandidate): boolean {
  return state.model.air.tasks[air]!.kit.every((need) => fitsUse(state, need.res, air, choice))
}

/** Tries to put an unplaced air task at a candidate with some free studio and crew. */
export function placeAirAt(state: State, air: number, candidate: number): boolean {
  const { model } = state
  const task = model.air.tasks[air]!
  const choice = task.candidates[candidate]!
  if (choice.slot >= 0 && state.slotUse[choice.slot]! > 0) return false
  const wished = model.wishRes[task.task]
  const studios = choice.studios.filter((res) => fitsUse(state, res, air, choice))
  const studio = studios.find((res) => wished?.includes(res)) ?? studios[0]
  if (studio === undefined || !kitFits(state, air, choice)) return false
  const crew = pickCrew(state, air, choice)
  if (!crew) return false
  placeAir(state, air, candidate, studio, crew)
  return true
}
