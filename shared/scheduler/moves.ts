import type { Model } from './model.ts'
import type { Random } from './random.ts'
import type { State } from './state.ts'

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

export function pickLine(state: State, random: Random, context: MoveContext): number {
  if (random.int(2) === 0) {
    const v = pickLateTask(state, random)
    if (v >= 0 && context.model.isAir[v] === 0 && context.model.fixedStart[v]! < 0) return v
  }
  return context.lineTasks.length === 0 ? -1 : context.lineTasks[random.int(context.lineTasks.length)]!
}
