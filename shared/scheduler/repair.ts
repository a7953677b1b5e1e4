import { earliestEnds } from './bounds.ts'
import { advanceClock, applyEvent, releaseTasks } from './events.ts'
import type { PlanEvent } from './events.ts'
import { makeFeasible, toPlan } from './finish.ts'
import { emptyState, hurryBefore, placeFixed } from './construct.ts'
import { resolveLocks } from './locks.ts'
import { compileModel, FS } from './model.ts'
import type { Model } from './model.ts'
import { DEFAULTS } from './problem.ts'
import type { Objective, Plan, Problem, Task } from './problem.ts'
import { improve } from './repair-search.ts'
import { Search } from './search.ts'
import { stateFromPlan } from './warm-start.ts'

export interface RepairOptions {
  seed: number
  /** When the events are known; earlier work is done or running. */
  nowMin: number
  /** The problem is already told as of `nowMin`: what runs, what is set up. Otherwise the plan says so. */
  atNow?: boolean
  /** Minutes after `nowMin` in which nothing that still can stay may move; default 480. */
  freezeMin?: number
  /** Announced tasks or slots; default those of the problem. */
  announced?: readonly string[]
  iterations?: number
  /** Whole budget, first plan included; default 900. */
  timeMs?: number
  now?: () => number
  shouldStop?: () => boolean
  /** Whether broadcasts that the plan left out may come in; default: where no event is given, or one is about a broadcast. */
  bringAir?: boolean
  /** Called with the first feasible plan before it is improved. */
  onFirst?: (plan: Plan) => void
  /** Default: tardiness + stability + set-ups, another line or streamer counting as much as a shift by two days of 480 minutes. */
  objective?: Objective
}

export interface RepairResult {
  /** What was solved: the old problem at `nowMin`, with the events and the baseline in it. */
  problem: Problem
  plan: Plan
  iterations: number
  affected: string[]
  changes: PlanChanges
}

export interface PlanChanges {
  /** Tasks of both plans on other resources, with another start, or dropped. */
  lines: string[]
  streamers: string[]
  shifted: string[]
  dropped: string[]
}

export const REPAIR_OBJECTIVE: Objective = { mode: 'weighted', weights: [1, 1, 1, 0, 0] }
const CHANGE_MIN = 960

/**
 * Makes a plan fit what happened, moving as little as pays; frozen and announced items stay. Broadcasts that the plan left
 * out stay out unless what happened is about one on air (`bringAir`): work that has its place would pay for what they bring.
 */
export function repair(
  problem: Problem,
  plan: Pick<Plan, 'assign' | 'slots'>,
  events: readonly PlanEvent[],
  options: RepairOptions,
): RepairResult {
  const startMs = options.now?.() ?? 0
  const prepared = prepare(problem, plan, events, options)
  const { model } = prepared
  const { keepOut } = prepared
  const first = stateFromPlan(model, plan, keepOut)
  options.onFirst?.(toPlan(first))
  const { iterations, now } = options
  const elapsed = (): number => (now ? now() - startMs : 0)
  const budgetMs = options.timeMs ?? 900
  const stop = (): boolean =>
    (options.shouldStop?.() ?? false) ||
    (iterations === undefined && (now === undefined || elapsed() >= budgetMs))
  const affected = prepared.affected.flatMap((id) => model.taskIndex.get(id) ?? [])
  const search = new Search(model, options.seed, first, { tasks: affected, keepOut })
  search.improvePlaces(affected, stop)
  improve(search, () => (stop() ? 0 : (iterations ?? Infinity) - search.iterations))
  const best = search.best.clone()
  makeFeasible(best, keepOut)
  const repaired = toPlan(best)
  return {
    problem: prepared.problem,
    plan: repaired,
    iterations: search.iterations,
    affected: prepared.affected,
    changes: comparePlans(prepared.problem, plan, repaired),
  }
}

/** The problem a repair solves; useful to check its answer or to solve it at leisure. */
export function prepareRepair(
  problem: Problem,
  plan: Pick<Plan, 'assign' | 'slots'>,
  events: readonly PlanEvent[],
  options: Pick<RepairOptions, 'nowMin' | 'atNow' | 'freezeMin' | 'announced' | 'objective'>,
): { problem: Problem; affected: string[] } {
  const prepared = prepare(problem, plan, events, options)
  return { problem: prepared.problem, affected: prepared.affected }
}

function prepare(
  problem: Problem,
  plan: Pick<Plan, 'assign' | 'slots'>,
  events: readonly PlanEvent[],
  options: Pick<RepairOptions, 'nowMin' | 'atNow' | 'freezeMin' | 'announced' | 'objective' | 'bringAir'>,
): { problem: Problem; affected: string[]; model: Model; keepOut: Uint8Array | undefined } {
  const { nowMin } = options
  const rules = problem.stability
  let current = options.atNow ? problem : advanceClock(problem, plan, nowMin)
  current = {
    ...current,
    objective: options.objective ?? REPAIR_OBJECTIVE,
    stability: {
      ...rules,
      baseline: { assign: plan.assign },
      freezeUntil: nowMin + (options.freezeMin ?? 480),
      announced: options.announced ?? rules?.announced ?? [],
      released: options.atNow ? (rules?.released ?? []) : [],
      wStart: rules?.wStart ?? DEFAULTS.wStart,
      wRes: rules?.wRes ?? CHANGE_MIN,
      wStreamer: rules?.wStreamer ?? CHANGE_MIN,
    },
  }
  const affected: string[] = []
  for (const event of events) {
    const effect = applyEvent(current, plan, event)
    current = effect.problem
    affected.push(...effect.affected)
  }
  const open = new Set(current.tasks.filter((task) => task.status !== 'done').map((task) => task.id))
  const kept = affected.filter((id) => open.has(id))
  current = releaseTasks(current, listFollowers(current, kept))
  const freed = freeStuck(current)
  kept.push(...freed.stuck)
  const sessions = new Set([...problem.tasks, ...current.tasks].filter((t) => t.session).map((t) => t.id))
  const bringAir = options.bringAir ?? (events.length === 0 || affected.some((id) => sessions.has(id)))
  return {
    problem: freed.problem,
    affected: [...new Set(kept)],
    model: freed.model,
    keepOut: bringAir ? undefined : listUnpublished(freed.model),
  }
}

/** 1 for the broadcasts that a plan may leave out and that the published one did. */
function listUnpublished(model: Model): Uint8Array {
  const out = new Uint8Array(model.n)
  for (const { task } of model.air.tasks)
    if (model.optional[task] === 1 && model.wishStart[task]! < 0) out[task] = 1
  return out
}

/**
 * Lifts the freeze from work that can no longer start where it was, because its line is closed then or taken, what it waits for
 * ends too late, or was itself released and may go anywhere. A hard lock of such work on a line becomes a soft one.
 */
export function releaseStuck(problem: Problem): Problem {
  if (resolveLocks(problem).size === 0) return problem
  const released = problem.stability?.released ?? []
  const free = released.length > 0 ? releaseTasks(problem, listFollowers(problem, released)) : problem
  return freeStuck(free).problem
}

function freeStuck(problem: Problem): { problem: Problem; stuck: string[]; model: Model } {
  const all: string[] = []
  let current = problem
  let model = compileModel(current)
  for (let stuck = listStuck(model); stuck.length > 0; stuck = listStuck(model)) {
    all.push(...stuck)
    current = releaseTasks(softenLocks(current, stuck), listFollowers(current, stuck))
    model = compileModel(current)
  }
  return { problem: current, stuck: all, model }
}

function softenLocks(problem: Problem, ids: readonly string[]): Problem {
  const tasks = problem.tasks.map((task): Task =>
    task.lock && ids.includes(task.id) ? { ...task, lock: { ...task.lock, strength: 'soft' } } : task,
  )
  return { ...problem, tasks }
}

/** The tasks themselves and all that come after them by precedence. */
function listFollowers(problem: Problem, ids: readonly string[]): string[] {
  const next = new Map<string, string[]>()
  for (const arc of problem.prec) next.set(arc.from, [...(next.get(arc.from) ?? []), arc.to])
  const reached = new Set<string>()
  const stack = [...ids]
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (reached.has(id)) continue
    reached.add(id)
    stack.push(...(next.get(id) ?? []))
  }
  return [...reached]
}

/** Frozen tasks, and those locked on a line, that cannot start where they should. Broadcasts keep their locks. */
function listStuck(model: Model): string[] {
  const { fixedStart, isAir, now } = model
  const held = [...resolveLocks(model.problem)].flatMap(([id, { cause, start }]) => {
    const v = model.taskIndex.get(id)
    if (v === undefined || start === null) return []
    return cause === 'frozen' || (cause === 'lock' && isAir[v] === 0) ? [{ v, cause }] : []
  })
  if (held.length === 0) return []
  const state = emptyState(model)
  placeFixed(state)
  const ends = earliestEnds(model)
  const isStuck = (v: number): boolean =>
    state.hard[v]! > 0 || state.placed[v] === 0 || (isAir[v] === 0 && waitsPastStart(model, v, ends))
  const isLost = (v: number): boolean => fixedStart[v]! < now || (hurryBefore(state, v) && state.hard[v]! > 0)
  return held
    .filter(({ v, cause }) => isStuck(v) || (cause === 'lock' && isLost(v)))
    .map(({ v }) => model.taskIds[v]!)
}

/** Whether something that v waits for is not over by its fixed start, however early it is done. */
function waitsPastStart(model: Model, v: number, ends: Float64Array): boolean {
  for (let a = model.predFrom[v]!; a < model.predFrom[v + 1]!; a++) {
    const arc = model.predArc[a]!
    if (model.arcType[arc] !== FS || model.arcRatio[arc] !== 1) continue
    if (ends[model.predTask[a]!]! + model.arcMin[arc]! > model.fixedStart[v]!) return true
  }
  return false
}

/** What differs between two plans, for tasks still open. */
export function comparePlans(
  problem: Problem,
  before: Pick<Plan, 'assign'>,
  after: Pick<Plan, 'assign'>,
): PlanChanges {
  const changes: PlanChanges = { lines: [], streamers: [], shifted: [], dropped: [] }
  const items = new Map(after.assign.map((item) => [item.task, item]))
  const tasks = new Map(problem.tasks.map((task) => [task.id, task]))
  const streamers = new Set(problem.resources.filter((r) => r.kind === 'streamer').map((r) => r.id))
  for (const old of before.assign) {
    const task = tasks.get(old.task)
    if (!task || task.status === 'done') continue
    const item = items.get(old.task)
    if (!item) {
      changes.dropped.push(old.task)
      continue
    }
    if (item.start !== old.start) changes.shifted.push(old.task)
    const crew = (ids: readonly string[]): string =>
      ids
        .filter((id) => streamers.has(id))
        .sort()
        .join()
    const rest = (ids: readonly string[]): string => ids.filter((id) => !streamers.has(id)).join()
    if (rest(item.res) !== rest(old.res)) changes.lines.push(old.task)
    if (crew(item.res) !== crew(old.res)) changes.streamers.push(old.task)
  }
  return changes
}
