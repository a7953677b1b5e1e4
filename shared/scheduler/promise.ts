import { NEVER } from './calendar.ts'
import { explanation } from './explain-unplanned.ts'
import { HARD, TARDY } from './figures.ts'
import { eachGap, insertLine, precedenceBound } from './insert.ts'
import type { Gap } from './insert.ts'
import { compileModel } from './model.ts'
import type { Assignment, Explanation, Job, Precedence, Problem, Task } from './problem.ts'
import type { State } from './state.ts'
import { settle } from './timing.ts'
import { followPlan } from './warm-start.ts'
import type { KnownPlan } from './warm-start.ts'

/** What would have to be made: line tasks only, `dur` for the likely and `durHigh` for the safe answer. */
export interface PromiseRequest {
  job: Job
  tasks: readonly Task[]
  prec: readonly Precedence[]
}

export interface PromiseAnswer {
  /** End of the last task; null when it cannot be made inside the calendars. */
  endMin: number | null
  assign: Assignment[]
  /** Tasks of the plan that would start later (never announced, locked or frozen ones). */
  moved: string[]
  reasons: Explanation[]
}

const MOST_TRIALS = 12

/**
 * The earliest end of extra work, now, with nothing announced or locked moved and no job made later than it
 * is. `likely` and `safe` differ by the durations used.
 */
export function promise(
  problem: Problem,
  plan: KnownPlan,
  request: PromiseRequest,
): { likely: PromiseAnswer; safe: PromiseAnswer } {
  const safer = request.tasks.map((task) => ({
    ...task,
    modes: task.modes?.map((mode) => ({ ...mode, dur: mode.durHigh ?? mode.dur })),
  }))
  return {
    likely: answer(problem, plan, request),
    safe: answer(problem, plan, { ...request, tasks: safer }),
  }
}

function answer(problem: Problem, plan: KnownPlan, request: PromiseRequest): PromiseAnswer {
  const extended: Problem = {
    ...problem,
    jobs: [...problem.jobs, { ...request.job, due: null, weight: 0 }],
    tasks: [...problem.tasks, ...request.tasks.map((task) => ({ ...task, session: null }))],
    prec: [...problem.prec, ...request.prec],
  }
  const model = compileModel(extended)
  const state = followPlan(model, plan)
  const before = state.clone()
  const own = new Set(request.tasks.map((task) => model.taskIndex.get(task.id)!))
  const order = [...own].sort((a, b) => state.pos[a]! - state.pos[b]!)
  for (const v of order) if (!placeQuietly(state, v)) return refuse(model.taskIds[v]!)
  const assign: Assignment[] = []
  const reasons: Explanation[] = []
  let endMin = 0
  for (const v of order) {
    const m = state.mode[v]!
    const res = Array.from(
      model.needRes.subarray(model.needFrom[m], model.needFrom[m + 1]),
      (r) => model.resources[r]!.id,
    )
    assign.push({
      task: model.taskIds[v]!,
      mode: m - model.modeFrom[v]!,
      res,
      start: state.start[v]!,
      end: state.end[v]!,
      setupBefore: state.setup[v]!,
    })
    reasons.push(explanation('plan.promise.line', { resource: res[0] ?? '', endMin: state.end[v]! }))
    endMin = Math.max(endMin, state.end[v]!)
  }
  const moved: string[] = []
  for (let v = 0; v < model.n; v++)
    if (!own.has(v) && before.placed[v] === 1 && before.start[v] !== state.start[v])
      moved.push(model.taskIds[v]!)
  return { endMin, assign, moved, reasons }
}

/** Puts v where it ends first without making any job later or breaking a rule. */
function placeQuietly(state: State, v: number): boolean {
  const { model } = state
  const tardy = state.sums[TARDY]!
  const hard = state.sums[HARD]!
  const saved = state.clone()
  const gaps: Gap[] = []
  eachGap(state, v, precedenceBound(state, v), (gap) => {
    if (gap.end < NEVER && !(gap.after >= 0 && gap.push > 0 && model.fixedStart[gap.after]! >= 0))
      gaps.push(gap)
  })
  gaps.sort((a, b) => a.end - b.end)
  let best: Gap | null = null
  let bestEnd = NEVER
  let trials = 0
  for (const gap of gaps) {
    if (gap.end >= bestEnd || (trials >= MOST_TRIALS && best !== null)) break
    if (trials >= 10 * MOST_TRIALS) break
    trials++
    state.copyFrom(saved)
    if (!insertLine(state, v, gap.mode, gap.machine, gap.before, gap.after)) continue
    settle(state)
    if (state.sums[HARD]! > hard || state.sums[TARDY]! > tardy || state.end[v]! >= bestEnd) continue
    best = gap
    bestEnd = state.end[v]!
  }
  state.copyFrom(saved)
  if (!best || !insertLine(state, v, best.mode, best.machine, best.before, best.after)) return false
  settle(state)
  return true
}

function refuse(task: string): PromiseAnswer {
  return {
    endMin: null,
    assign: [],
    moved: [],
    reasons: [explanation('plan.promise.none', { reason: task })],
  }
}
