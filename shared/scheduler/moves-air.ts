import { candidateOf, fitsUse, placeAir, removeAir } from './air-state.ts'
import { isOpenThroughout } from './calendar.ts'
import { hurryBefore, letGoBefore, placeBestAir, placeFollowers, tailOf } from './construct.ts'
import { kitFits, placeAirAt, precedenceBound, unplace } from './insert.ts'
import { improvePlace } from './moves-line.ts'
import type { Move, MoveContext } from './moves.ts'
import type { Random } from './random.ts'
import type { State } from './state.ts'
import { settle } from './timing.ts'

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
    letGoBefore(state, task.task, next.start)
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
  letGoBefore(state, model.air.tasks[a]!.task, second.start)
  letGoBefore(state, model.air.tasks[b]!.task, first.start)
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
      placeFollowers(state, v, context.urgency)
      return true
    }
  return false
}

/** Brings back the dearest of some broadcasts that were left out: what it waits for goes first, as early as can be. */
export const rescueAir: Move = (state, random, context) => {
  const { model, airTasks } = context
  let air = -1
  for (let tries = 0; tries < 12 && airTasks.length > 0; tries++) {
    const other = airTasks[random.int(airTasks.length)]!
    if (candidateOf(state, other) !== null) continue
    if (air < 0 || model.air.tasks[other]!.value > model.air.tasks[air]!.value) air = other
  }
  if (air < 0) return false
  const v = model.air.tasks[air]!.task
  if (!hurryBefore(state, v, random.int(2) === 0)) return false
  if (!placeBestAir(state, air, tailOf(model, context.urgency, v))) return false
  settle(state)
  placeFollowers(state, v, context.urgency)
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

/** Takes a start by force: broadcasts in the way are planned again elsewhere, or left out. */
export const ejectAir: Move = (state, random, context) => {
  const { model, airTasks } = context
  if (airTasks.length === 0) return false
  let air = airTasks[random.int(airTasks.length)]!
  for (let tries = 0; tries < 12 && candidateOf(state, air) !== null; tries++)
    air = airTasks[random.int(airTasks.length)]!
  const task = model.air.tasks[air]!
  const v = task.task
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++)
    if (state.placed[model.predTask[a]!] === 0) return false
  const out = state.placed[v] === 0
  if (!out) removeAir(state, air)
  const displaced = takeByForce(state, random, context, air, random.int(task.candidates.length))
  if (!displaced) return false
  if (out) placeFollowers(state, v, context.urgency)
  placeElsewhere(state, context, displaced)
  return true
}

/** Gives an earlier start to a broadcast that makes its job late: what it waits for and what follows moves too. */
export const advanceAir: Move = (state, random, context) => {
  const { model, airTasks } = context
  const air = pickLateAir(state, random, airTasks)
  if (air < 0) return false
  const task = model.air.tasks[air]!
  const now = candidateOf(state, air)!.start
  let earlier = 0
  while (earlier < task.candidates.length && task.candidates[earlier]!.start < now) earlier++
  if (earlier === 0) return false
  return startAt(state, random, context, air, random.int(earlier))
}

/** Puts a broadcast that is not where it was wished back there. */
export const bringBackAir: Move = (state, random, context) => {
  const { model, airTasks } = context
  for (let tries = 0; tries < 12 && airTasks.length > 0; tries++) {
    const air = airTasks[random.int(airTasks.length)]!
    const { task: v, candidates } = model.air.tasks[air]!
    if (state.stab[v] === 0 || state.placed[v] === 0 || model.fixedStart[v]! >= 0) continue
    const c = candidates.findIndex(({ start }) => start === model.wishStart[v])
    return c >= 0 && startAt(state, random, context, air, c)
  }
  return false
}

/** Puts a broadcast that is planned at a candidate; what it waits for, what is in its way and what follows moves too. */
function startAt(state: State, random: Random, context: MoveContext, air: number, c: number): boolean {
  const { model } = context
  const { task: v, candidates } = model.air.tasks[air]!
  const { start } = candidates[c]!
  removeAir(state, air)
  const isLate = (): boolean => precedenceBound(state, v) > start
  if (isLate() && (!hurryBefore(state, v, random.int(2) === 0) || isLate())) return false
  let displaced: number[] | null = []
  if (!placeAirAt(state, air, c)) displaced = takeByForce(state, random, context, air, c)
  if (!displaced) return false
  settle(state)
  placeElsewhere(state, context, displaced)
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++)
    if (!improvePlace(state, model.succTask[a]!, context)) return false
  return true
}

/** The broadcast of a random late job, of a few looked at; -1 when none of them is late. */
function pickLateAir(state: State, random: Random, airTasks: Int32Array): number {
  const { model } = state
  for (let tries = 0; tries < 12 && airTasks.length > 0; tries++) {
    const air = airTasks[random.int(airTasks.length)]!
    const v = model.air.tasks[air]!.task
    const job = model.jobOf[v]!
    if (state.jobEnd[job]! > model.jobDue[job]! && state.placed[v] === 1 && model.fixedStart[v]! < 0)
      return air
  }
  return -1
}

/** Puts an unplaced broadcast at a candidate with a random studio and crew; returns the broadcasts it drove out. */
function takeByForce(
  state: State,
  random: Random,
  { model, airTasks }: MoveContext,
  air: number,
  candidate: number,
): number[] | null {
  const task = model.air.tasks[air]!
  const choice = task.candidates[candidate]!
  const studio = choice.studios[random.int(choice.studios.length)]!
  const able = task.streamers.filter((res) => isOpenThroughout(model.resTime[res]!, choice.start, choice.end))
  random.shuffle(able)
  const crew = task.fixedStreamers ? [...task.fixedStreamers] : able.slice(0, choice.need)
  if (crew.length < choice.need) return null
  const displaced: number[] = []
  if (choice.slot >= 0 && state.slotUse[choice.slot]! > 0) {
    const holder = airTasks.find((other) => candidateOf(state, other)?.slot === choice.slot)
    if (holder === undefined) return null
    removeAir(state, holder)
    displaced.push(holder)
  }
  for (const res of [studio, ...crew, ...task.kit.map((need) => need.res)])
    while (!fitsUse(state, res, air, choice)) {
      const other = nearestUse(state, res, choice.start)
      if (other < 0 || displaced.length >= 3) return null
      removeAir(state, other)
      displaced.push(other)
    }
  placeAir(state, air, candidate, studio, crew)
  settle(state)
  return displaced
}

function placeElsewhere(state: State, context: MoveContext, displaced: readonly number[]): void {
  for (const air of displaced) {
    const v = context.model.air.tasks[air]!.task
    if (!placeBestAir(state, air, tailOf(context.model, context.urgency, v))) unplace(state, v)
  }
  settle(state)
}

/** The movable broadcast on a resource that starts closest to an instant; -1 when there is none. */
function nearestUse(state: State, res: number, start: number): number {
  const { model, useList, airCount } = state
  let best = -1
  let gap = Infinity
  for (let i = res * airCount; i < res * airCount + state.useCount[res]!; i++) {
    const v = model.air.tasks[useList[i]!]!.task
    const apart = Math.abs(state.start[v]! - start)
    if (model.fixedStart[v]! >= 0 || apart >= gap) continue
    gap = apart
    best = useList[i]!
  }
  return best
}
