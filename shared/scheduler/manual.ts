import { fitsUse, placeAir } from './air-state.ts'
import { NEVER } from './calendar.ts'
import { scoreOf } from './cost.ts'
import { explanation } from './explain-unplanned.ts'
import { anchorMachines, insertLine, kitFits, pickCrew, precedenceBound, unplace } from './insert.ts'
import { latestStarts, letGoBefore, placeFollowers } from './construct.ts'
import { resolveLocks } from './locks.ts'
import { compileModel } from './model.ts'
import { makeFeasible, toPlan } from './finish.ts'
import { TIERS } from './problem.ts'
import type { Explanation, Plan, Problem, Score } from './problem.ts'
import type { State } from './state.ts'
import { settle } from './timing.ts'
import { removeAir } from './air-state.ts'
import { HARD } from './figures.ts'
import { followPlan } from './warm-start.ts'
import type { KnownPlan } from './warm-start.ts'

/** A drag: a line task to a line at an instant, or a broadcast to a start, studio and crew. Absent = unchanged. */
export interface ManualMove {
  task: string
  resource?: string
  start?: number
  studio?: string
  streamers?: readonly string[]
}

export interface MoveScore {
  possible: boolean
  before: Score
  after: Score
  /** after - before by tier; negative is better. */
  difference: number[]
  /** What the move would break or change, tier by tier. */
  reasons: Explanation[]
}

/** Scores drops against one plan; build it once per drag, each `score` then costs a few milliseconds at most. */
export interface MoveScorer {
  score(move: ManualMove): MoveScore
  /** The plan after the move, with what it made impossible left out; null when the move itself is impossible. */
  apply(move: ManualMove): Plan | null
}

export function createMoveScorer(problem: Problem, plan: KnownPlan): MoveScorer {
  const model = compileModel(problem)
  const base = followPlan(model, plan)
  const before = scoreOf(base)
  const trial = base.clone()
  const urgency = latestStarts(model)
  const locks = resolveLocks(problem)
  const attempt = (move: ManualMove): string | null => {
    trial.copyFrom(base)
    const v = model.taskIndex.get(move.task)
    if (v === undefined) return 'unknown'
    const lock = locks.get(move.task)
    if (lock) return lock.cause
    return model.isAir[v] === 1 ? dropAirTask(trial, v, move, urgency) : dropLineTask(trial, v, move)
  }
  return {
    score(move) {
      const cause = attempt(move)
      const { task } = move
      if (cause !== null) {
        const key = locks.has(task) ? 'plan.move.locked' : 'plan.move.impossible'
        return {
          possible: false,
          before,
          after: before,
          difference: before.map(() => 0),
          reasons: [explanation(key, { task, cause })],
        }
      }
      const after = scoreOf(trial)
      const difference = after.map((value, tier) => value - before[tier]!)
      const reasons = difference.flatMap((change, tier) =>
        change === 0
          ? []
          : [
              explanation('plan.move.score', {
                task,
                tier: TIERS[tier]!,
                before: before[tier]!,
                after: after[tier]!,
                difference: change,
              }),
            ],
      )
      return { possible: trial.sums[HARD]! <= base.sums[HARD]!, before, after, difference, reasons }
    },
    apply(move) {
      if (attempt(move) !== null) return null
      const state = trial.clone()
      makeFeasible(state)
      return toPlan(state)
    },
  }
}

function dropLineTask(state: State, v: number, move: ManualMove): string | null {
  const { model } = state
  const mode = chooseMode(state, v, move.resource)
  if (mode < 0) return 'resource'
  const [from, to] = anchorMachines(model, mode)
  if (from === to) return 'resource'
  const wanted = Math.max(move.start ?? state.start[v]!, model.minStart[v]!)
  if (state.placed[v] === 1) state.unlink(v)
  const bound = precedenceBound(state, v)
  let before = state.last[from]!
  let after = -1
  while (before >= 0 && state.start[before]! >= wanted && model.fixedEnd[before]! < 0) {
    after = before
    before = state.prevOn(before, from)
  }
  state.keepFrom(v, wanted)
  if (bound >= NEVER || !insertLine(state, v, mode, from, before, after)) return 'order'
  settle(state)
  return null
}

function chooseMode(state: State, v: number, resource: string | undefined): number {
  const { model } = state
  if (resource === undefined) return state.placed[v] === 1 ? state.mode[v]! : model.modeFrom[v]!
  const r = model.resIndex.get(resource)
  for (let m = model.modeFrom[v]!; m < model.modeFrom[v + 1]!; m++)
    if (r !== undefined && model.needRes[model.needFrom[m]!] === r) return m
  return -1
}

function dropAirTask(state: State, v: number, move: ManualMove, urgency: Float64Array): string | null {
  const { model } = state
  const air = model.air.airOf[v]!
  const task = model.air.tasks[air]!
  const out = state.placed[v] === 0
  const start = move.start ?? state.start[v]!
  const c = task.candidates.findIndex((candidate) => candidate.start === start)
  if (c < 0) return 'start'
  const choice = task.candidates[c]!
  const oldStudio = state.airStudio[air]!
  const oldCrew = Array.from(
    state.airStreamers.subarray(air * state.crew, air * state.crew + state.airCrew[air]!),
  )
  if (!out) removeAir(state, air)
  if (choice.slot >= 0 && state.slotUse[choice.slot]! > 0) return 'slot'
  const toIndex = (id: string): number => model.resIndex.get(id) ?? -1
  const free = choice.studios.filter((res) => fitsUse(state, res, air, choice))
  const studio =
    move.studio === undefined
      ? free.includes(oldStudio)
        ? oldStudio
        : (free[0] ?? -1)
      : toIndex(move.studio)
  if (!free.includes(studio)) return 'studio'
  if (!kitFits(state, air, choice)) return 'kit'
  const wanted = move.streamers?.map(toIndex) ?? oldCrew
  const keeps =
    wanted.length === choice.need &&
    wanted.every((res) => task.streamers.includes(res) && fitsUse(state, res, air, choice))
  const crew = keeps ? wanted : move.streamers ? null : pickCrew(state, air, choice)
  if (!crew) return 'crew'
  placeAir(state, air, c, studio, crew)
  letGoBefore(state, v, start)
  settle(state)
  if (out) placeFollowers(state, v, urgency)
  return null
}

/** Leaves a task out, for a drop on the "unplanned" list. */
export function withoutTask(problem: Problem, plan: KnownPlan, task: string): Plan {
  const model = compileModel(problem)
  const state = followPlan(model, plan)
  const v = model.taskIndex.get(task)
  if (v !== undefined && state.placed[v] === 1) unplace(state, v)
  settle(state)
  makeFeasible(state)
  return toPlan(state)
}
