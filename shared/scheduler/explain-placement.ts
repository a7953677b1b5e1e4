import { candidateOf, fitsUse, placeAir, removeAir } from './air-state.ts'
import { letGoBefore } from './construct.ts'
import { scoreOf } from './cost.ts'
import { explanation } from './explain-unplanned.ts'
import { pickCrew, precedenceBound } from './insert.ts'
import type { AirCandidate } from './model-air.ts'
import { compileModel } from './model.ts'
import { TIERS } from './problem.ts'
import type { Explanation, Problem } from './problem.ts'
import type { State } from './state.ts'
import { settle } from './timing.ts'
import { followPlan } from './warm-start.ts'
import type { KnownPlan } from './warm-start.ts'

const MOST_ALTERNATIVES = 12
/** What is further from a broadcast than its own length and this is not what keeps it from a room. */
const WITHIN_MIN = 480

/**
 * Why a broadcast is where it is: first its place, then for each other start it could have had (nearest first)
 * what keeps it from there, or by how much the first tier that differs would be worse. Empty for other tasks.
 */
export function explainPlacement(problem: Problem, plan: KnownPlan, task: string): Explanation[] {
  const model = compileModel(problem)
  const state = followPlan(model, plan)
  const v = model.taskIndex.get(task)
  const air = v === undefined ? -1 : model.air.airOf[v]!
  const held = air < 0 ? null : candidateOf(state, air)
  if (v === undefined || !held) return []
  const streamers = Array.from(
    state.airStreamers.subarray(air * state.crew, air * state.crew + state.airCrew[air]!),
    (r) => model.resources[r]!.id,
  )
  const studio = model.resources[state.airStudio[air]!]!.id
  const list = [
    explanation('plan.place.chosen', { task, startMin: held.start, studio, streamers, lostValue: held.loss }),
  ]
  const others = model.air.tasks[air]!.candidates.filter((choice) => choice !== held)
  others.sort((a, b) => Math.abs(a.start - held.start) - Math.abs(b.start - held.start) || a.start - b.start)
  for (const choice of others.slice(0, MOST_ALTERNATIVES)) list.push(whyNot(state.clone(), air, choice))
  return list
}

function whyNot(state: State, air: number, choice: AirCandidate): Explanation {
  const { model } = state
  const v = model.air.tasks[air]!.task
  const task = model.taskIds[v]!
  const startMin = choice.start
  const slot = choice.slot < 0 ? '' : model.problem.slots[choice.slot]!.id
  const before = scoreOf(state)
  removeAir(state, air)
  letGoBefore(state, v, startMin)
  const readyMin = precedenceBound(state, v)
  if (readyMin > startMin) return explanation('plan.place.notReady', { task, slot, startMin, readyMin })
  if (choice.slot >= 0 && state.slotUse[choice.slot]! > 0) {
    const holder = model.air.tasks.findIndex((_, a) => candidateOf(state, a)?.slot === choice.slot)
    const otherTask = holder < 0 ? '' : model.taskIds[model.air.tasks[holder]!.task]!
    return explanation('plan.place.slotTaken', { task, slot, otherTask })
  }
  const studio = choice.studios.find((res) => fitsUse(state, res, air, choice))
  if (studio === undefined) {
    const res = choice.studios[0]
    const name = res === undefined ? '' : model.resources[res]!.id
    const otherTask = res === undefined ? '' : nearestTask(state, res, choice)
    return otherTask === ''
      ? explanation('plan.place.studioClosed', { task, startMin, studio: name })
      : explanation('plan.place.studioTaken', { task, startMin, studio: name, otherTask })
  }
  const kit = model.air.tasks[air]!.kit.find((need) => !fitsUse(state, need.res, air, choice))
  if (kit) return explanation('plan.place.noKit', { task, startMin, resource: model.resources[kit.res]!.id })
  const crew = pickCrew(state, air, choice)
  if (!crew) {
    const free = model.air.tasks[air]!.streamers.filter((res) => fitsUse(state, res, air, choice)).length
    return explanation('plan.place.noCrew', { task, startMin, needed: choice.need, free })
  }
  placeAir(state, air, model.air.tasks[air]!.candidates.indexOf(choice), studio, crew)
  settle(state)
  const after = scoreOf(state)
  const tier = after.findIndex((value, i) => value !== before[i])
  if (tier < 0) return explanation('plan.place.same', { task, startMin })
  const difference = after[tier]! - before[tier]!
  return explanation('plan.place.costsMore', { task, startMin, tier: TIERS[tier]!, difference })
}

/** The broadcast on a resource that is nearest to a start, if it is within its day; '' when there is none. */
function nearestTask(state: State, res: number, { start, end }: AirCandidate): string {
  const { model, useList, airCount } = state
  let best = ''
  let gap = end - start + WITHIN_MIN
  for (let i = res * airCount; i < res * airCount + state.useCount[res]!; i++) {
    const v = model.air.tasks[useList[i]!]!.task
    if (Math.abs(state.start[v]! - start) >= gap) continue
    gap = Math.abs(state.start[v]! - start)
    best = model.taskIds[v]!
  }
  return best
}
