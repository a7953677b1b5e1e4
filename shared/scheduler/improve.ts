import { candidateOf, fitsUse, placeAir, removeAir } from './air-state.ts'
import { NEVER } from './calendar.ts'
import { completeState } from './construct.ts'

import { eachGap, insertLine, kitFits, pickCrew, placeAirAt, precedenceBound, unplace } from './insert.ts'
import type { Gap } from './insert.ts'
import type { Model } from './model.ts'
import type { Random } from './random.ts'
import type { State } from './state.ts'
import { settle } from './timing.ts'

/** One trial change: applied to the state and settled, or false with the state possibly half changed. */
export type Move = (state: State, random: Random, context: MoveContext) => boolean

export interface MoveContext {
  model: Model
  /** Line tasks that may move, air tasks that may move. */
  lineTasks: Int32Array
  airTasks: Int32Array
  urgency: Float64Array
}

export function createMoveContext(model: Model, urgency: Float64Array): MoveContext {
  const lineTasks: number[] = []
  for (let v = 0; v < model.n; v++) if (model.isAir[v] === 0 && model.fixedStart[v]! < 0) lineTasks.push(v)
  const airTasks = model.air.tasks
    .map((air, a) => (model.tasks[air.task]!.status === 'running' || air.candidates.length === 0 ? -1 : a))
    .filter((a) => a >= 0)
  return { model, lineTasks: Int32Array.from(lineTasks), airTasks: Int32Array.from(airTasks), urgency }
}

/** A task on the chain that makes a random late job late; -1 when nothing is late. */
function pickLateTask(state: State, random: Random): number {
  const { model } = state
  let job = -1
  let seen = 0
  for (let tries = 0; tries < 6; tries++) {
    const j = random.int(model.jobs)
    if (state.jobEnd[j]! > model.jobDue[j]!) {
      seen++
      if (job < 0 || random.int(seen) === 0) job = j
    }
  }
  if (job < 0) return -1
  let v = -1
  for (let k = model.jobTaskFrom[job]!; k < model.jobTaskFrom[job + 1]!; k++) {
    const u = model.jobTasks[k]!
    if (state.placed[u] === 1 && (v < 0 || state.end[u]! > state.end[v]!)) v = u
  }
  const steps = random.int(6)
  for (let s = 0; s < steps && v >= 0; s++) {
    const u = bindingBefore(state, v)
    if (u < 0) break
    v = u
  }
  return v
}

/** The predecessor (by rule or machine) that ends last before v. */
export function bindingBefore(state: State, v: number): number {
  const { model } = state
  let best = -1
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const u = model.predTask[a]!
    if (state.placed[u] === 1 && (best < 0 || state.end[u]! > state.end[best]!)) best = u
  }
  const from = v * state.width
  for (let e = from; e < from + state.width; e++) {
    const u = state.prev[e]!
    if (u >= 0 && (best < 0 || state.end[u]! >= state.end[best]!)) best = u
  }
  return best
}

function pickLine(state: State, random: Random, context: MoveContext): number {
  if (random.int(2) === 0) {
    const v = pickLateTask(state, random)
    if (v >= 0 && context.model.isAir[v] === 0 && context.model.fixedStart[v]! < 0) return v
  }
  return context.lineTasks.length === 0 ? -1 : context.lineTasks[random.int(context.lineTasks.length)]!
}

/** Takes a line task out and puts it into a random promising gap. */
export const relocate: Move = (state, random, context) => {
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0) return false
  const { model } = context
  const oldMode = state.mode[v]!
  const oldPrev = state.prev[v * state.width]!
  state.unlink(v)
  settle(state)
  const bound = precedenceBound(state, v)
  if (bound >= NEVER) return false
  const early = Math.max(0, bound - random.int(2) * random.int(1440))
  const gaps: Gap[] = []
  eachGap(state, v, early, (gap) => {
    if (gap.mode === oldMode && gap.before === oldPrev && gap.machine >= 0) return
    if (gap.after >= 0 && model.fixedStart[gap.after]! >= 0 && gap.push > 0) return
    if (gap.end < NEVER) gaps.push(gap)
  })
  if (gaps.length === 0) return false
  const gap = pickGap(gaps, random)
  if (!insertLine(state, v, gap.mode, gap.machine, gap.before, gap.after)) return false
  settle(state)
  return true
}

/** Tournament on estimated end plus set-up and push-back. */
function pickGap(gaps: readonly Gap[], random: Random): Gap {
  let best = gaps[random.int(gaps.length)]!
  const rounds = random.int(5)
  for (let i = 0; i < rounds; i++) {
    const other = gaps[random.int(gaps.length)]!
    if (other.end + 2 * other.setup + other.push < best.end + 2 * best.setup + best.push) best = other
  }
  return best
}

/** Swaps a line task with its successor on a machine. */
export const swapNext: Move = (state, random, context) => {
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0) return false
  const { model, width } = state
  const entry = v * width
  const machine = state.machine[entry]!
  if (machine < 0) return false
  const after = state.next[entry]!
  if (after < 0 || model.fixedStart[after]! >= 0) return false
  const beyond = state.nextOn(after, machine)
  const mode = state.mode[v]!
  state.unlink(v)
  if (!insertLine(state, v, mode, machine, after, beyond)) return false
  settle(state)
  return true
}

/** Puts a line task next to another of its own family on the same machine or an allowed one. */
export const joinFamily: Move = (state, random, context) => {
  const { model, width } = state
  const v = pickLine(state, random, context)
  if (v < 0 || state.placed[v] === 0 || model.family[v]! < 0) return false
  const pinned = model.pinnedMode[v]!
  const modes = model.modeFrom[v + 1]! - model.modeFrom[v]!
  const mode = pinned >= 0 ? pinned : model.modeFrom[v]! + random.int(modes)
  const at = model.needFrom[mode]!
  if (at === model.needFrom[mode + 1]!) return false
  const machine = model.machineFrom[model.needRes[at]!]!
  if (model.machineSetup[machine]! < 0) return false
  const mates: number[] = []
  for (let u = state.first[machine]!; u >= 0; u = state.nextOn(u, machine))
    if (u !== v && model.family[u] === model.family[v]) mates.push(u)
  if (mates.length === 0) return false
  const mate = mates[random.int(mates.length)]!
  const entry = v * width
  if (state.machine[entry] === machine && (state.prev[entry] === mate || state.next[entry] === mate))
    return false
  state.unlink(v)
  const after = random.int(2) === 0 ? state.nextOn(mate, machine) : mate
  const before = after === mate ? state.prevOn(mate, machine) : mate
  if (!insertLine(state, v, mode, machine, before, after)) return false
  settle(state)
  return true
}

/** Moves a broadcast to another start, studio or crew; plans it with its successors when it was left out. */
export const moveAir: Move = (state, random, context) => {
  const { model, airTasks } = context
  if (airTasks.length === 0) return false
  const air = airTasks[random.int(airTasks.length)]!
  const task = model.air.tasks[air]!
  const choice = candidateOf(state, air)
  if (!choice) return planAir(state, random, context, air)
  const studio = state.airStudio[air]!
  const crew = Array.from(
    state.airStreamers.subarray(air * state.crew, air * state.crew + state.airCrew[air]!),
  )
  const candidate = state.airCandidate[air]!
  const kind = random.int(4)
  removeAir(state, air)
  if (kind === 0) {
    const studios = choice.studios.filter((res) => res !== studio && fitsUse(state, res, air, choice))
    if (studios.length === 0) return false
    placeAir(state, air, candidate, studios[random.int(studios.length)]!, crew)
  } else if (kind === 1) {
    const free = task.streamers.filter((res) => !crew.includes(res) && fitsUse(state, res, air, choice))
    if (free.length === 0 || crew.length === 0 || task.fixedStreamers) return false
    crew[random.int(crew.length)] = free[random.int(free.length)]!
    placeAir(state, air, candidate, studio, crew)
  } else {
    const c = nearCandidate(task.candidates.length, candidate, random)
    const next = task.candidates[c]!
    if (c === candidate || (next.slot >= 0 && state.slotUse[next.slot]! > 0)) return false
    const keep = next.studios.includes(studio) && fitsUse(state, studio, air, next)
    const keepCrew = crew.length === next.need && crew.every((res) => fitsUse(state, res, air, next))
    if (keep && keepCrew && kitFits(state, air, next)) placeAir(state, air, c, studio, crew)
    else if (!placeAirAt(state, air, c)) return false
  }
  settle(state)
  return true
}

function nearCandidate(count: number, current: number, random: Random): number {
  if (random.int(2) === 0) return random.int(count)
  const reach = Math.min(count - 1, 8)
  return Math.max(0, Math.min(count - 1, current - reach + random.int(2 * reach + 1)))
}

/** Two broadcasts exchange their starts (slots), crews re-chosen when they no longer fit. */
export const swapAir: Move = (state, random, context) => {
  const { model, airTasks } = context
  if (airTasks.length < 2) return false
  const a = airTasks[random.int(airTasks.length)]!
  const b = airTasks[random.int(airTasks.length)]!
  const first = candidateOf(state, a)
  const second = candidateOf(state, b)
  if (a === b || !first || !second || first.start === second.start) return false
  const toA = model.air.tasks[a]!.candidates.findIndex(
    (c) => c.start === second.start && c.slot === second.slot,
  )
  const toB = model.air.tasks[b]!.candidates.findIndex(
    (c) => c.start === first.start && c.slot === first.slot,
  )
  if (toA < 0 || toB < 0) return false
  removeAir(state, a)
  removeAir(state, b)
  if (!placeAirAt(state, a, toA) || !placeAirAt(state, b, toB)) return false
  settle(state)
  return true
}

function planAir(state: State, random: Random, context: MoveContext, air: number): boolean {
  const { model } = context
  const v = model.air.tasks[air]!.task
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++)
    if (state.placed[model.predTask[a]!] === 0) return false
  const count = model.air.tasks[air]!.candidates.length
  for (let tries = 0; tries < 4; tries++)
    if (placeAirAt(state, air, random.int(count))) {
      settle(state)
      completeState(state, context.urgency)
      return true
    }
  return false
}

/** Takes the tasks of a time window or of a late chain out and puts them back, most urgent first. */
export const rebuild: Move = (state, random, context) => {
  const { model, lineTasks } = context
  if (lineTasks.length === 0) return false
  const size = 3 + random.int(6)
  const seed = pickLine(state, random, context)
  if (seed < 0 || state.placed[seed] === 0) return false
  const at = state.start[seed]!
  const chosen: number[] = [seed]
  const reach = 240 + random.int(1440)
  for (let tries = 0; tries < 40 && chosen.length < size; tries++) {
    const u = lineTasks[random.int(lineTasks.length)]!
    if (state.placed[u] === 1 && Math.abs(state.start[u]! - at) <= reach && !chosen.includes(u))
      chosen.push(u)
  }
  for (const u of chosen) state.unlink(u)
  settle(state)
  random.shuffle(chosen)
  for (const u of chosen) {
    const bound = precedenceBound(state, u)
    let best: Gap | null = null
    let bestCost = Infinity
    eachGap(state, u, bound, (gap) => {
      if (gap.after >= 0 && gap.push > 0 && model.fixedStart[gap.after]! >= 0) return
      const cost = gap.end + 2 * gap.setup + gap.push * (1 + random.int(3))
      if (cost < bestCost) {
        bestCost = cost
        best = gap
      }
    })
    if (!best) return false
    const { mode, machine, before, after } = best as Gap
    if (!insertLine(state, u, mode, machine, before, after)) return false
    settle(state)
  }
  return true
}

/** Leaves an optional broadcast out (its chain goes with it). */
export const dropAir: Move = (state, random, context) => {
  const { model, airTasks } = context
  if (airTasks.length === 0) return false
  const air = airTasks[random.int(airTasks.length)]!
  const v = model.air.tasks[air]!.task
  if (model.optional[v] === 0 || state.placed[v] === 0 || model.fixedStart[v]! >= 0) return false
  unplace(state, v)
  settle(state)
  return true
}
