import { advance, fitStart, NEVER, openBetween } from './calendar.ts'
import { explanation } from './explain-unplanned.ts'
import { precedenceBound, setupBetween } from './insert.ts'
import { compileModel, FF, SS } from './model.ts'
import { resolveLocks } from './locks.ts'
import type { Explanation, Problem } from './problem.ts'
import { freeAfter, heldAfter, shareDoneAt } from './timing.ts'
import { followPlan } from './warm-start.ts'
import type { KnownPlan } from './warm-start.ts'
import type { State } from './state.ts'

export interface LateExplanation {
  job: string
  endMin: number | null
  dueMin: number
  lateMin: number
  /** From the start of the horizon to the end of the job, in time order; minutes add up to `endMin - now`. */
  chain: Explanation[]
  /** The same minutes summed by key, largest first. */
  byCause: { key: string; minutes: number }[]
}

/** Why jobs of a plan are late: what each waited for, in minutes by cause. `jobIds` defaults to all late jobs. */
export function explainLate(
  problem: Problem,
  plan: KnownPlan,
  jobIds?: readonly string[],
): LateExplanation[] {
  const model = compileModel(problem)
  const state = followPlan(model, plan)
  const wanted = jobIds ? new Set(jobIds) : null
  const causes = new Map([...resolveLocks(problem)].map(([task, lock]) => [task, lock.cause]))
  const list: LateExplanation[] = []
  problem.jobs.forEach((job, j) => {
    if (wanted ? !wanted.has(job.id) : job.due == null || state.jobEnd[j]! <= job.due) return
    list.push(explainJob(state, j, causes))
  })
  return list
}

function explainJob(state: State, job: number, causes: ReadonlyMap<string, string>): LateExplanation {
  const { model } = state
  const { id, due, weight } = model.problem.jobs[job]!
  const dueMin = due ?? 0
  let last = -1
  let missing = -1
  for (let k = model.jobTaskFrom[job]!; k < model.jobTaskFrom[job + 1]!; k++) {
    const v = model.jobTasks[k]!
    if (state.placed[v] === 0) missing = missing < 0 ? v : missing
    else if (last < 0 || state.end[v]! > state.end[last]!) last = v
  }
  if (missing >= 0 || last < 0) {
    const chain =
      missing < 0 ? [] : [explanation('plan.late.notPlanned', { job: id, task: model.taskIds[missing]! })]
    return {
      job: id,
      endMin: null,
      dueMin,
      lateMin: Math.max(0, state.jobEnd[job]! - dueMin),
      chain,
      byCause: [],
    }
  }
  const endMin = state.end[last]!
  const lateMin = due == null ? 0 : Math.max(0, endMin - due)
  const parts: Explanation[] = []
  for (let v = last; v >= 0;) v = explainTask(state, v, causes, parts)
  const chain = parts.filter((part) => part.params.minutes !== 0).reverse()
  const totals = new Map<string, number>()
  for (const part of chain) totals.set(part.key, (totals.get(part.key) ?? 0) + Number(part.params.minutes))
  const byCause = [...totals]
    .map(([key, minutes]) => ({ key, minutes }))
    .sort((a, b) => b.minutes - a.minutes)
  const summary = explanation('plan.late.summary', { job: id, endMin, dueMin, lateMin, weight: weight ?? 1 })
  return { job: id, endMin, dueMin, lateMin, chain: [summary, ...chain], byCause }
}

/** Adds the parts of one task, latest first, and returns the predecessor it was ready after (-1: none). */
function explainTask(
  state: State,
  v: number,
  causes: ReadonlyMap<string, string>,
  parts: Explanation[],
): number {
  const { model } = state
  const task = model.taskIds[v]!
  const start = state.start[v]!
  const end = state.end[v]!
  const air = model.isAir[v] === 1
  const resource = resourceName(state, v)
  const worked = air ? end - start : openBetween(model.modeTime[state.mode[v]!]!, start, end)
  parts.push(explanation('plan.late.closed', { task, resource, minutes: end - start - worked }))
  parts.push(explanation('plan.late.processing', { task, minutes: worked }))
  const ready = Math.max(Math.min(start, precedenceBoundOf(state, v)), model.now)
  let at = start
  const cause = causes.get(task)
  if (cause && at > ready) {
    parts.push(explanation('plan.late.locked', { task, minutes: at - ready, cause }))
    at = ready
  } else if (air && at > ready) {
    const c = state.airCandidate[model.air.airOf[v]!]!
    const slot = model.air.tasks[model.air.airOf[v]!]!.candidates[c]!.slot
    const name = slot < 0 ? '' : model.problem.slots[slot]!.id
    parts.push(explanation('plan.late.waitedForSlot', { task, slot: name, minutes: at - ready }))
    at = ready
  } else at = explainMachine(state, v, ready, parts)
  if (at > ready) parts.push(explanation('plan.late.closed', { task, resource, minutes: at - ready }))
  return explainReady(state, v, ready, parts)
}

/** Splits the wait on the binding machine: set-up, other work, closed time. Returns the instant it explains back to. */
function explainMachine(state: State, v: number, ready: number, parts: Explanation[]): number {
  const { model, width } = state
  const task = model.taskIds[v]!
  const heldBack = Math.max(state.holdBack[v]!, freshness(state, v))
  let entry = -1
  let bound = ready
  let done = 0
  for (let e = v * width; e < (v + 1) * width; e++) {
    const machine = state.machine[e]!
    if (machine < 0) continue
    const before = state.prev[e]!
    const free = freeAfter(state, machine, before, v)
    const setup = setupBetween(model, machine, heldAfter(model, machine, before), model.family[v]!)
    const until = advance(model.resTime[model.machineRes[machine]!]!, free, setup)
    if (until > bound) {
      bound = until
      entry = e
      done = setup
    }
  }
  const start = startWithin(state, v, Math.max(bound, heldBack))
  parts.push(explanation('plan.late.kept', { task, minutes: state.start[v]! - start }))
  if (entry < 0) {
    if (heldBack > ready && start > ready) {
      const next = freshnessTask(state, v)
      parts.push(explanation('plan.late.heldForFreshness', { task, otherTask: next, minutes: start - ready }))
      return ready
    }
    return start
  }
  const machine = state.machine[entry]!
  const resource = model.resources[model.machineRes[machine]!]!
  const before = state.prev[entry]!
  const free = Math.max(ready, before >= 0 ? state.end[before]! : model.machineFree[machine]!)
  const setupShown = Math.min(done, start - free)
  parts.push(
    explanation('plan.late.closed', { task, resource: resource.id, minutes: start - free - setupShown }),
  )
  parts.push(
    explanation('plan.late.setup', {
      task,
      resource: resource.id,
      minutes: setupShown,
      fromFamily: before >= 0 ? (model.tasks[before]!.family ?? '') : (resource.initialState ?? ''),
      toFamily: model.tasks[v]!.family ?? '',
    }),
  )
  parts.push(
    explanation('plan.late.waitedForLine', {
      task,
      resource: resource.id,
      otherTask: before >= 0 ? model.taskIds[before]! : '',
      otherJob: before >= 0 ? model.tasks[before]!.job : '',
      minutes: free - ready,
    }),
  )
  return ready
}

/** When v would start if it were not kept where it was published; it is not kept when that is now. */
function startWithin(state: State, v: number, bound: number): number {
  const { model, mode } = state
  if (state.notBefore[v]! <= bound) return state.start[v]!
  return fitStart(model.modeTime[mode[v]!]!, bound, model.modeDur[mode[v]!]!, model.pausing[v] === 1)
}

/** Explains why v was ready only at `ready`; returns the predecessor that decided it. */
function explainReady(state: State, v: number, ready: number, parts: Explanation[]): number {
  const { model } = state
  const task = model.taskIds[v]!
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const u = model.predTask[a]!
    const arc = model.predArc[a]!
    if (state.placed[u] === 0 || model.arcType[arc] === FF) continue
    const from = model.arcType[arc] === SS ? state.start[u]! : shareDoneAt(state, u, model.arcRatio[arc]!)
    if (from + model.arcMin[arc]! < ready) continue
    const otherTask = model.taskIds[u]!
    // With overlap or start-start the predecessor still runs: its own parts cover time up to its end.
    parts.push(explanation('plan.late.lag', { task, otherTask, minutes: ready - state.end[u]! }))
    return u
  }
  parts.push(explanation('plan.late.release', { task, untilMin: ready, minutes: ready - model.now }))
  return -1
}

function precedenceBoundOf(state: State, v: number): number {
  const bound = precedenceBound(state, v)
  return state.model.anyMaxLag && bound === freshness(state, v) ? readyByPreds(state, v) : bound
}

function readyByPreds(state: State, v: number): number {
  const { model } = state
  let bound = model.minStart[v]!
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const u = model.predTask[a]!
    const arc = model.predArc[a]!
    if (state.placed[u] === 0 || model.arcType[arc] === FF) continue
    const from = model.arcType[arc] === SS ? state.start[u]! : shareDoneAt(state, u, model.arcRatio[arc]!)
    bound = Math.max(bound, from + model.arcMin[arc]!)
  }
  return bound
}

function freshness(state: State, v: number): number {
  const { model } = state
  let bound = -1
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) {
    const w = model.succTask[a]!
    const max = model.arcMax[model.succArc[a]!]!
    if (max < 0 || state.placed[w] === 0 || state.start[w]! >= NEVER) continue
    bound = Math.max(bound, state.start[w]! - max - (state.end[v]! - state.start[v]!))
  }
  return bound
}

function freshnessTask(state: State, v: number): string {
  const { model } = state
  for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++)
    if (model.arcMax[model.succArc[a]!]! >= 0) return model.taskIds[model.succTask[a]!]!
  return ''
}

function resourceName(state: State, v: number): string {
  const { model } = state
  if (model.isAir[v] === 1) return model.resources[state.airStudio[model.air.airOf[v]!]!]?.id ?? ''
  const machine = state.machine[v * state.width]!
  return machine < 0 ? '' : model.resources[model.machineRes[machine]!]!.id
}
