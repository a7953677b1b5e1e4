import { fitStart, NEVER } from './calendar.ts'
import { fitsUse } from './air-state.ts'
import { kitFits, pickCrew, precedenceBound } from './insert.ts'
import type { ExplanationKey } from './keys.ts'
import type { Explanation, ExplanationParam, Unplanned } from './problem.ts'
import type { State } from './state.ts'

export function explanation(key: ExplanationKey, params: Record<string, ExplanationParam>): Explanation {
  return { key, params }
}

/** Every task left out, with the first reason that keeps it out of the plan as it stands. */
export function explainUnplanned(state: State): Unplanned[] {
  const { model } = state
  const list: Unplanned[] = []
  for (let v = 0; v < model.n; v++)
    if (state.placed[v] === 0) list.push({ task: model.taskIds[v]!, reason: reasonFor(state, v) })
  return list
}

function reasonFor(state: State, v: number): Explanation {
  const { model } = state
  const task = model.taskIds[v]!
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const u = model.predTask[a]!
    if (state.placed[u] === 0)
      return explanation('plan.unplanned.waitsFor', { task, blocker: model.taskIds[u]! })
  }
  return model.isAir[v] === 1 ? airReason(state, v) : lineReason(state, v)
}

function airReason(state: State, v: number): Explanation {
  const { model } = state
  const task = model.taskIds[v]!
  const air = model.air.airOf[v]!
  const { candidates } = model.air.tasks[air]!
  if (candidates.length === 0) return explanation('plan.unplanned.noCandidate', { task })
  const readyMin = precedenceBound(state, v)
  const lastStartMin = Math.min(candidates[candidates.length - 1]!.start, model.latestStart[v]!)
  if (readyMin > lastStartMin)
    return explanation('plan.unplanned.readyTooLate', {
      task,
      readyMin,
      lastStartMin,
      lateMin: readyMin - lastStartMin,
    })
  const counts = { slotTaken: 0, noStudio: 0, noKit: 0, noCrew: 0 }
  const open = candidates.filter((candidate) => candidate.start >= readyMin)
  for (const choice of open) {
    if (choice.slot >= 0 && state.slotUse[choice.slot]! > 0) counts.slotTaken++
    else if (!choice.studios.some((res) => fitsUse(state, res, air, choice))) counts.noStudio++
    else if (!kitFits(state, air, choice)) counts.noKit++
    else if (!pickCrew(state, air, choice)) counts.noCrew++
  }
  const free = open.length - counts.slotTaken - counts.noStudio - counts.noKit - counts.noCrew
  if (free > 0) return explanation('plan.unplanned.costsMore', { task, free })
  return explanation('plan.unplanned.startsTaken', { task, candidates: open.length, ...counts })
}

function lineReason(state: State, v: number): Explanation {
  const { model } = state
  const task = model.taskIds[v]!
  if (model.modeFrom[v] === model.modeFrom[v + 1]) return explanation('plan.unplanned.noMode', { task })
  const readyMin = precedenceBound(state, v)
  let endMin = NEVER
  let workMin = NEVER
  for (let m = model.modeFrom[v]!; m < model.modeFrom[v + 1]!; m++) {
    const dur = model.modeDur[m]!
    workMin = Math.min(workMin, dur)
    endMin = Math.min(endMin, fitStart(model.modeTime[m]!, readyMin, dur, model.pausing[v] === 1) + dur)
  }
  const hardDueMin = model.deadline[v]!
  if (hardDueMin < NEVER && endMin < NEVER)
    return explanation('plan.unplanned.hardDue', {
      task,
      endMin,
      hardDueMin,
      lateMin: Math.max(0, endMin - hardDueMin),
    })
  if (endMin >= NEVER) return explanation('plan.unplanned.noOpenTime', { task, workMin, readyMin })
  return explanation('plan.unplanned.noGap', { task })
}
