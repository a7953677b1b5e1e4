import { endFrom, fitStart, NEVER } from './calendar.ts'
import { topologicalOrder } from './construct.ts'
import { FF, SS } from './model.ts'
import type { Model } from './model.ts'
import type { Bound } from './problem.ts'

/** Earliest end of every task when nothing else is in its way: a true lower bound on any plan that has it. */
export function earliestEnds(model: Model): Float64Array {
  const start = new Float64Array(model.n)
  const end = new Float64Array(model.n)
  for (const v of topologicalOrder(model, start)) {
    let bound = model.minStart[v]!
    let minEnd = 0
    for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
      const u = model.predTask[a]!
      const arc = model.predArc[a]!
      const lag = model.arcMin[arc]!
      if (model.arcType[arc] === FF) minEnd = Math.max(minEnd, end[u]! + lag)
      else if (model.arcType[arc] === SS) bound = Math.max(bound, start[u]! + lag)
      else {
        const share = model.arcRatio[arc]!
        if (share === 1) bound = Math.max(bound, end[u]! + lag)
        else {
          bound = Math.max(bound, start[u]! + Math.floor(share * shortestWork(model, u)) + lag)
          minEnd = Math.max(minEnd, end[u]!)
        }
      }
    }
    const [s, e] = earliestPlace(model, v, bound)
    start[v] = s
    end[v] = Math.max(e, minEnd)
  }
  return end
}

function shortestWork(model: Model, v: number): number {
  let dur = NEVER
  for (let m = model.modeFrom[v]!; m < model.modeFrom[v + 1]!; m++) dur = Math.min(dur, model.modeDur[m]!)
  return dur
}

function earliestPlace(model: Model, v: number, bound: number): [start: number, end: number] {
  if (model.fixedStart[v]! >= 0) {
    const air = model.air.airOf[v]!
    const held = air < 0 ? undefined : model.air.tasks[air]!.candidates[0]
    const end = air >= 0 ? (held?.end ?? model.fixedStart[v]!) : model.fixedStart[v]! + shortestWork(model, v)
    return [model.fixedStart[v]!, model.fixedEnd[v]! >= 0 ? model.fixedEnd[v]! : end]
  }
  const air = model.air.airOf[v]!
  if (air >= 0) {
    const choice = model.air.tasks[air]!.candidates.find((candidate) => candidate.start >= bound)
    return choice ? [choice.start, choice.end] : [NEVER, NEVER]
  }
  let start = NEVER
  let end = NEVER
  for (let m = model.modeFrom[v]!; m < model.modeFrom[v + 1]!; m++) {
    const pausing = model.pausing[v] === 1
    const fit = fitStart(model.modeTime[m]!, bound, model.modeDur[m]!, pausing)
    start = Math.min(start, fit)
    end = Math.min(end, endFrom(model.modeTime[m]!, fit, model.modeDur[m]!, pausing))
  }
  return [start, end]
}

/** Cheap bounds by tier: tardiness from the chains alone, set-ups from families nobody is set up for, makespan. */
export function lowerBounds(model: Model): Bound[] {
  const end = earliestEnds(model)
  const excusable = listExcusable(model)
  let tardy = 0
  let latest = 0
  for (let job = 0; job < model.jobs; job++) {
    let done = 0
    let optional = false
    for (let k = model.jobTaskFrom[job]!; k < model.jobTaskFrom[job + 1]!; k++) {
      const v = model.jobTasks[k]!
      done = Math.max(done, end[v]!)
      optional ||= excusable[v] === 1
    }
    if (optional) continue
    const due = model.jobDue[job]!
    if (due < NEVER) tardy += model.jobWeight[job]! * Math.max(0, Math.min(done, model.unplannedAt) - due)
    if (done < NEVER && !mayBeLeftOut(model, job)) latest = Math.max(latest, done - model.now)
  }
  return [
    { tier: 1, value: tardy, method: 'chain' },
    { tier: 3, value: setupBound(model), method: 'families' },
    { tier: 5, value: latest, method: 'chain' },
  ]
}

/** 1 where a task or something before it is optional, so that leaving it out is free of tardiness. */
function listExcusable(model: Model): Uint8Array {
  const excusable = Uint8Array.from(model.optional)
  for (const v of topologicalOrder(model, excusable))
    for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++)
      if (excusable[model.predTask[a]!] === 1) excusable[v] = 1
  return excusable
}

/** Jobs whose work could also stay out of the plan at a (tier-2) price do not bound the makespan. */
function mayBeLeftOut(model: Model, job: number): boolean {
  for (let k = model.jobTaskFrom[job]!; k < model.jobTaskFrom[job + 1]!; k++)
    if (model.fixedStart[model.jobTasks[k]!]! < 0) return true
  return false
}

/** Every family with locked or running work on a line not set up for it costs at least its cheapest set-up. */
function setupBound(model: Model): number {
  let sum = 0
  const counted = new Set<string>()
  for (let v = 0; v < model.n; v++) {
    if (model.fixedStart[v]! < 0 || model.fixedEnd[v]! >= 0 || model.pinnedMode[v]! < 0) continue
    const at = model.needFrom[model.pinnedMode[v]!]!
    const machine = model.machineFrom[model.needRes[at]!]!
    const table = model.machineSetup[machine]!
    const family = model.family[v]!
    if (
      table < 0 ||
      family < 0 ||
      model.machineState[machine] === family ||
      counted.has(`${machine}/${family}`)
    )
      continue
    counted.add(`${machine}/${family}`)
    let least = Infinity
    for (let from = 0; from < model.families; from++)
      if (from !== family) least = Math.min(least, model.setupTables[table]![from * model.families + family]!)
    sum += Number.isFinite(least) && model.machineState[machine]! >= 0 ? least : 0
  }
  return sum
}
