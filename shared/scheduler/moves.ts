import { HARD } from './figures.ts'
import type { Model } from './model.ts'
import type { Random } from './random.ts'
import type { State } from './state.ts'

/** One trial change: applied to the state and settled, or false with the state possibly half changed. */
export type Move = (state: State, random: Random, context: MoveContext) => boolean

export interface MoveContext {
  model: Model
  /** Line tasks that may move, those of them near what a repair is about, and air tasks that may move. */
  lineTasks: Int32Array
  nearTasks: Int32Array
  airTasks: Int32Array
  /** How often, in percent, a task is drawn for having left the place it was wished in; late ones are drawn besides. */
  strayedPct: number
  /** 1 for a task in `lineTasks`. */
  movable: Uint8Array
  /** 1 for a task that was forced out of its place and has to stay where it is for now. */
  forced: Uint8Array
  urgency: Float64Array
  /** End of every task after which its job, as it goes on at best, is late. */
  latestEnd: Float64Array
  /** Guide weights, and the rise of the guide cost up to which the present trial will be kept. */
  weights: Float64Array
  allowance: number
  /** Temperature of the present trial, in points of the guide cost. */
  temperature: number
  /** End of the last work that is planned, as of the last trial kept. */
  lastEnd: number
}

/** In a repair most of what can be saved is what was pushed out of its place. */
const STRAYED_PCT = 80

/** What a repair is about: the tasks it is for, and 1 for those that it does not bring in when they are out. */
export interface Around {
  tasks: readonly number[]
  keepOut?: Uint8Array
}

/** @param around what a repair is about; absent when a whole plan is made */
export function createMoveContext(
  model: Model,
  urgency: Float64Array,
  weights: Float64Array,
  around?: Around,
): MoveContext {
  const lineTasks: number[] = []
  for (let v = 0; v < model.n; v++) if (model.isAir[v] === 0 && model.fixedStart[v]! < 0) lineTasks.push(v)
  const movable = new Uint8Array(model.n)
  for (const v of lineTasks) movable[v] = 1
  const airTasks = model.air.tasks
    .map((air, a) => {
      const mayMove = model.tasks[air.task]!.status !== 'running' && air.candidates.length > 0
      return mayMove && around?.keepOut?.[air.task] !== 1 ? a : -1
    })
    .filter((a) => a >= 0)
  return {
    model,
    lineTasks: Int32Array.from(lineTasks),
    nearTasks: Int32Array.from(around ? listRivals(model, lineTasks, around.tasks) : []),
    strayedPct: around ? STRAYED_PCT : 0,
    movable,
    forced: new Uint8Array(model.n),
    airTasks: Int32Array.from(airTasks),
    urgency,
    latestEnd: latestEnds(model, urgency),
    weights,
    allowance: Infinity,
    temperature: 0,
    lastEnd: 0,
  }
}

/** The tasks that could be given a line which one of `around` could be given. */
function listRivals(model: Model, free: readonly number[], around: readonly number[]): number[] {
  const linesOf = (v: number): number[] => {
    const lines: number[] = []
    for (let mode = model.modeFrom[v]!; mode < model.modeFrom[v + 1]!; mode++)
      if (model.needFrom[mode]! < model.needFrom[mode + 1]!) lines.push(model.needRes[model.needFrom[mode]!]!)
    return lines
  }
  const wanted = new Set(around.filter((v) => model.isAir[v] === 0).flatMap(linesOf))
  return free.filter((v) => linesOf(v).some((line) => wanted.has(line)))
}

/** From the latest starts: of the task's successors, or else its job's due date. */
function latestEnds(model: Model, urgency: Float64Array): Float64Array {
  const latest = new Float64Array(model.n)
  for (let v = 0; v < model.n; v++) {
    latest[v] = Math.min(model.jobDue[model.jobOf[v]!]!, model.deadline[v]!)
    for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++)
      latest[v] = Math.min(latest[v]!, urgency[model.succTask[a]!]! - model.arcMin[model.succArc[a]!]!)
  }
  return latest
}

/**
 * Tardiness that a trial may add before it is certain to be refused: the allowance, and all that moving v away
 * from where it is could save for the tasks behind it. To be asked before v is taken out.
 */
export function allowedRise(state: State, v: number, context: MoveContext): number {
  const { weights, allowance } = context
  if (allowance === Infinity || weights[1] === 0 || state.sums[HARD]! > 0) return Infinity
  const { model } = state
  let saving = savingBehind(state, v, weights)
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++)
    if (model.isAir[model.succTask[a]!] === 0) saving += savingBehind(state, model.succTask[a]!, weights)
  return (allowance + saving) / weights[1]!
}

/** What v and the tasks behind it on its machines cost now. */
function savingBehind(state: State, v: number, weights: Float64Array): number {
  const { model, width } = state
  let saving = 0
  for (let e = v * width; e < (v + 1) * width; e++) {
    const machine = state.machine[e]!
    if (machine < 0) continue
    for (let u = v; u >= 0; u = width === 1 ? state.next[u]! : state.nextOn(u, machine)) {
      const job = model.jobOf[u]!
      const late = state.jobEnd[job]! - model.jobDue[job]!
      if (late > 0) saving += weights[1]! * late * model.jobWeight[job]!
      saving += weights[2]! * state.stab[u]! + weights[3]! * (state.setup[u]! + state.over[u]!)
    }
  }
  return saving
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
  return stepBack(state, v, random.int(6))
}

/** A task that is not where it was wished, or one that keeps it from there; -1 when none is found. */
function pickStrayedTask(state: State, random: Random, { lineTasks }: MoveContext): number {
  for (let tries = 0; tries < 8; tries++) {
    const v = lineTasks[random.int(lineTasks.length)]!
    if (state.stab[v]! > 0) return stepBack(state, v, random.int(3))
  }
  return -1
}

/** Goes from a task to what it waits for, as often as asked while there is something. */
function stepBack(state: State, from: number, steps: number): number {
  let v = from
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

/**
 * A line task to move, half of the time one that makes a job late; in a repair mostly one that strayed, and of the rest half
 * near what it is about. -1 when the one drawn may not be moved.
 */
export function pickLine(state: State, random: Random, context: MoveContext): number {
  const { lineTasks, nearTasks, movable, forced, strayedPct } = context
  const mayMove = (v: number): boolean => v >= 0 && movable[v] === 1 && forced[v] === 0
  if (random.int(2) === 0) {
    const v = pickLateTask(state, random)
    if (mayMove(v)) return v
  }
  if (lineTasks.length === 0) return -1
  if (strayedPct > 0 && random.int(100) < strayedPct) {
    const v = pickStrayedTask(state, random, context)
    if (mayMove(v)) return v
  }
  const from = nearTasks.length > 0 && random.int(2) === 0 ? nearTasks : lineTasks
  const v = from[random.int(from.length)]!
  return forced[v] === 1 ? -1 : v
}
