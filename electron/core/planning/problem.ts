import { DAY_MS, addDays, atMinute, dayKeyOf, dayStartMs } from '../../../shared/domain/time.ts'
import type { Assignment, Problem, Task } from '../../../shared/scheduler/problem.ts'
import { PLAN_SCHEMA } from '../../../shared/scheduler/problem.ts'
import { releaseStuck, validateProblem } from '../../../shared/scheduler/index.ts'
import { sessionTaskKey } from './items.ts'
import { objectiveOf } from './policy.ts'
import { frameOf, type Frame } from './problem-frame.ts'
import { resourcesOf } from './problem-resources.ts'
import { modeOn, tasksOf, type TaskPart } from './problem-tasks.ts'
import type { BeltSnapshot } from './snapshot.ts'
import { begunItems, withBegun, type Begun } from './under-way.ts'

export interface BuiltProblem {
  readonly problem: Problem
  readonly epochMs: number
  readonly horizonToMs: number
  /** Years without known holidays that the calendars ran into. */
  readonly missingYears: readonly number[]
  readonly unmakeable: TaskPart['unmakeable']
}

/** Maps the belt to `chanbo.plan/1`: pure, the same rows and instants give the same problem. */
export function buildProblem(snapshot: BeltSnapshot, nowMs: number, horizonToMs: number): BuiltProblem {
  const { frozenMin } = snapshot.planning
  const begun = begunItems(snapshot.current, snapshot, nowMs)
  const frame = frameOf(snapshot, nowMs, earliestMs(begun, nowMs), horizonToMs)
  const { missingYears, ...means } = resourcesOf(snapshot, frame)
  const { unmakeable, ...work } = tasksOf(snapshot, frame, frozenMin)
  const planned: Problem = {
    schema: PLAN_SCHEMA,
    epoch: new Date(frame.epochMs).toISOString(),
    horizonMin: frame.horizonMin,
    now: frame.now,
    ...means,
    ...work,
    slots: [],
    fairness: fairnessOf(snapshot, frame.horizonMin),
    stability: stabilityOf(snapshot, frame, work.tasks, begun, frozenMin),
    objective: objectiveOf(snapshot.planning.weights),
  }
  const problem = withBegun(planned, begun, snapshot.current, frame.toMin)
  const isSound = validateProblem(problem).every((issue) => issue.severity !== 'error')
  return {
    problem: isSound ? releaseStuck(problem) : problem,
    epochMs: frame.epochMs,
    horizonToMs: frame.horizonToMs,
    missingYears,
    unmakeable,
  }
}

function fairnessOf(snapshot: BeltSnapshot, horizonMin: number): Problem['fairness'] {
  const days = Math.ceil(horizonMin / 1440)
  const prime = Array.from(
    { length: days },
    (_, day) =>
      [day * 1440 + snapshot.policy.primeStartMin, day * 1440 + snapshot.policy.primeEndMin] as const,
  )
  const merchants = [
    ...new Set(
      snapshot.sessions
        .filter((session) => session.sizeClass === 'long-tail')
        .map((session) => session.merchantId),
    ),
  ]
  return {
    periodMin: 7 * 1440,
    measure: 'primeMinutes',
    prime,
    longTail: { merchants, sharePct: Math.round(snapshot.policy.longTailQuotaPct) },
    headCap: { sharePct: Math.round(snapshot.policy.headCapPct) },
  }
}

function stabilityOf(
  snapshot: BeltSnapshot,
  frame: Frame,
  tasks: readonly Task[],
  begun: readonly Begun[],
  frozenMin: number,
): Problem['stability'] {
  const { epochMs, now, toMin } = frame
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const past = new Set(begun.map(({ item }) => item.taskKey))
  const assign: Assignment[] = snapshot.current.flatMap((item) => {
    const task = byId.get(item.taskKey)
    if (!task || (past.has(item.taskKey) && item.startMs < epochMs)) return []
    const mode = task.modes ? modeOn(task, item.lanes[0] ?? '') : 0
    if (mode < 0) return []
    return [
      {
        task: item.taskKey,
        mode,
        res: item.lanes,
        start: toMin(item.startMs),
        end: toMin(item.endMs),
        setupBefore: item.setupMin,
      },
    ]
  })
  if (assign.length === 0) return null
  const announced = snapshot.sessions
    .filter((session) => session.status === 'announced')
    .map((session) => sessionTaskKey(session.id))
  return {
    baseline: { assign },
    freezeUntil: now + frozenMin,
    announced: announced.filter((key) => byId.has(key)),
    released: begun.filter(({ state }) => state === 'open').map(({ item }) => item.taskKey),
  }
}

/** The oldest start among work still under way, at most a week back; the problem's days are counted from its day. */
function earliestMs(begun: readonly Begun[], nowMs: number): number {
  const starts = begun.filter(({ state }) => state === 'running').map(({ item }) => item.startMs)
  return Math.max(nowMs - 7 * DAY_MS, Math.min(nowMs, ...starts))
}

/** The current plan as an engine's starting point; null when nothing is published. */
export function currentAssignments(problem: Problem): { assign: Assignment[] } | null {
  return problem.stability ? { assign: [...problem.stability.baseline.assign] } : null
}

export const minutesOf = (problem: Problem): number =>
  problem.tasks.reduce((sum, task) => sum + (task.modes?.[0]?.dur ?? task.session?.dur ?? 0), 0)

/** Prime-time bands of the belt's days between two instants, for the board's ground. */
export function primeBands(
  policy: BeltSnapshot['policy'],
  fromMs: number,
  toMs: number,
  timeZone: string,
): [number, number][] {
  const bands: [number, number][] = []
  for (let day = dayKeyOf(fromMs, timeZone); dayStartMs(day, timeZone) < toMs; day = addDays(day, 1))
    bands.push([atMinute(day, policy.primeStartMin, timeZone), atMinute(day, policy.primeEndMin, timeZone)])
  return bands
}
