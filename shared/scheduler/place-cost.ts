import { advance, endFrom, fitStart, NEVER, overtimeBetween } from './calendar.ts'
import { latenessOf, overDeadline, strayed } from './figures.ts'
import { setupBetween } from './insert.ts'
import { FS } from './model.ts'
import type { MoveContext } from './moves.ts'
import type { State } from './state.ts'
import { freeAfter, heldAfter, shareDoneAt } from './timing.ts'

/** When a task runs, and what it costs more than it does now. */
const step = { start: 0, end: 0, cost: 0 }

/**
 * What it changes, in points of the guide cost, when `first` and the work behind it on a machine wait, or need no
 * longer wait, until the machine is free. Exact for that work; what follows it on other machines is estimated.
 *
 * @param moved a task that is on the machine but will not be; `saved` is then what closing its gap saves, counted
 * by the caller and taken back when this walk closes it
 * @param limit above it any figure will do
 */
export function shiftCost(
  state: State,
  context: MoveContext,
  machine: number,
  first: number,
  freeAt: number,
  heldBy: number,
  limit: number,
  moved = -1,
  saved = 0,
): number {
  let free = freeAt
  let held = heldBy
  let cost = 0
  for (let u = first; u >= 0; u = state.nextOn(u, machine)) {
    if (u === moved) {
      cost -= saved
      continue
    }
    const at = stepOn(state, context, machine, u, free, held)
    cost += at.cost
    if (cost > limit || (at.start === state.start[u]! && at.end === state.end[u]!)) return cost
    free = at.end
    held = state.model.family[u]!
  }
  return cost + beyondCost(context, free)
}

/** What it costs that the last work on a machine ends then. */
export const beyondCost = ({ weights, lastEnd }: MoveContext, end: number): number =>
  weights[5]! * Math.max(0, end - lastEnd)

/** What it changes when a task and the next one on a machine change places. */
export function swapCost(state: State, context: MoveContext, v: number, machine: number): number {
  const { family } = state.model
  const before = state.prevOn(v, machine)
  const next = state.nextOn(v, machine)
  const held = heldAfter(state.model, machine, before)
  let at = stepOn(state, context, machine, next, freeAfter(state, machine, before, next), held)
  let { cost } = at
  at = stepOn(state, context, machine, v, at.end, family[next]!)
  cost += at.cost
  const beyond = state.nextOn(next, machine)
  return cost + shiftCost(state, context, machine, beyond, at.end, family[v]!, context.allowance - cost)
}

/** Runs u on a machine that is free from an instant and set up for a family; the answer is overwritten by the next one. */
export function stepOn(
  state: State,
  context: MoveContext,
  machine: number,
  u: number,
  free: number,
  held: number,
): Readonly<typeof step> {
  const { model } = state
  const setup = setupBetween(model, machine, held, model.family[u]!)
  timeAt(state, u, advance(model.resTime[model.machineRes[machine]!]!, free, setup))
  step.cost = changeOf(state, context, u, setup)
  return step
}

/** When u runs if its first machine is ready for it from `ready`. */
function timeAt(state: State, u: number, ready: number): void {
  const { model, width, prev, end } = state
  let earliest = Math.max(ready, state.ready[u]!)
  for (let e = u * width + 1; e < (u + 1) * width; e++) {
    const before = prev[e]!
    if (before >= 0 && end[before]! > earliest) earliest = end[before]!
  }
  const fixed = model.fixedStart[u]!
  if (fixed >= 0) {
    step.start = fixed
    step.end = earliest > fixed ? NEVER : end[u]!
    return
  }
  const mode = state.mode[u]!
  const time = model.modeTime[mode]!
  const dur = model.modeDur[mode]!
  const pausing = model.pausing[u] === 1
  step.start = fitStart(time, earliest, dur, pausing)
  step.end = endFrom(time, step.start, dur, pausing)
}

/** What a task costs more, or less, when it runs so. */
function changeOf(state: State, context: MoveContext, u: number, setup: number): number {
  const { model } = state
  const { start, end } = step
  const { weights } = context
  if (end >= NEVER) return Infinity
  const cost = weights[3]! * (setup - state.setup[u]!)
  const before = state.end[u]!
  if (start === state.start[u]! && end === before) return cost
  const later = end > before
  if (later && end > latestBefore(state, u)) return Infinity
  return (
    cost +
    weights[1]! * lateChange(state, context, u, end) +
    weights[0]! * (overDeadline(state, u, end) - overDeadline(state, u, before)) +
    weights[2]! * model.wStart * (strayed(state, u, start) - strayed(state, u, state.start[u]!)) +
    weights[3]! * (overtimeIn(state, state.mode[u]!, start, end) - state.over[u]!)
  )
}

export function overtimeIn({ model }: State, mode: number, start: number, end: number): number {
  const time = model.modeTime[mode]!
  return time.overtime === null ? 0 : overtimeBetween(time, start, end)
}

/** Whether nothing waits for a task. */
export const isLast = ({ model }: State, v: number): boolean => model.succFrom[v] === model.succFrom[v + 1]

/** Weighted minutes by which the job of u is later, or less late, when u ends at `end`; of work that others wait for an estimate. */
export function lateChange(state: State, context: MoveContext, u: number, end: number): number {
  const { model } = state
  const job = model.jobOf[u]!
  const weight = model.jobWeight[job]!
  const late = latenessOf(state, u)
  if (isLast(state, u)) {
    const jobEnd = state.jobEnd[job]!
    if (jobEnd >= model.unplannedAt) return 0
    const done = end < jobEnd ? lastOfOthers(state, u, end) : end
    return weight * (Math.max(0, done - model.jobDue[job]!) - late)
  }
  if (end >= state.end[u]!) return weight * Math.max(0, end - context.latestEnd[u]! - late)
  return late > 0 && isAwaited(state, u) ? -weight * Math.min(late, state.end[u]! - end) : 0
}

/** When the job of u is done if u ends at `end`. */
function lastOfOthers(state: State, u: number, end: number): number {
  const { model } = state
  const job = model.jobOf[u]!
  let done = end
  for (let k = model.jobTaskFrom[job]!; k < model.jobTaskFrom[job + 1]!; k++) {
    const w = model.jobTasks[k]!
    if (w !== u && state.placed[w] === 1 && state.end[w]! > done) done = state.end[w]!
  }
  return done
}

/** Whether a line task starts as soon as u lets it. */
function isAwaited(state: State, u: number): boolean {
  const { model } = state
  for (let a = model.succFrom[u]!; a < model.succFrom[u + 1]!; a++) {
    const w = model.succTask[a]!
    if (model.isAir[w] === 1 || state.placed[w] === 0) continue
    const arc = model.succArc[a]!
    if (shareDoneAt(state, u, model.arcRatio[arc]!) + model.arcMin[arc]! >= state.start[w]!) return true
  }
  return false
}

/** Latest end of v that leaves the broadcasts and fixed work behind it where they are; they do not count where v is later already. */
export function latestBefore(state: State, v: number): number {
  const { model } = state
  let latest = NEVER
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) {
    const w = model.succTask[a]!
    if (state.placed[w] === 0 || (model.isAir[w] === 0 && model.fixedStart[w]! < 0)) continue
    const arc = model.succArc[a]!
    if (model.arcType[arc] !== FS || model.arcRatio[arc]! < 1) continue
    const bound = state.start[w]! - model.arcMin[arc]!
    if (bound >= state.end[v]! && bound < latest) latest = bound
  }
  return latest
}
