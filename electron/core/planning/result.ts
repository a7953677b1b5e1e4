import type { LateOrder, MovedTask, ScoreTier, TaskKind } from '../../../shared/contract/planning.ts'
import { compensationFen } from '../../../shared/domain/promise.ts'
import { DAY_MS, MINUTE_MS } from '../../../shared/domain/time.ts'
import type { Plan, Score } from '../../../shared/scheduler/problem.ts'
import type { Names } from './names.ts'
import { parseTaskKey, sessionTaskKey, type PlanItem } from './items.ts'
import type { BuiltProblem } from './problem.ts'
import type { BeltSnapshot } from './snapshot.ts'

const TIER_NAMES: readonly ScoreTier['tier'][] = [
  'hard',
  'tardiness',
  'stability',
  'setup',
  'fairness',
  'makespan',
]

export const scoreTiers = (score: Score): ScoreTier[] =>
  TIER_NAMES.map((tier, index) => ({ tier, value: score[index]! }))

/** Turns the engine's assignments into belt items with lateness against due instants and slack before the next step. */
export function itemsOf(built: BuiltProblem, plan: Pick<Plan, 'assign'>, snapshot: BeltSnapshot): PlanItem[] {
  const { problem, epochMs } = built
  const atMs = (minute: number) => epochMs + minute * MINUTE_MS
  const jobs = new Map(problem.jobs.map((job) => [job.id, job]))
  const orders = new Map(snapshot.orders.map((order) => [order.id, order]))
  const tasks = new Map(problem.tasks.map((task) => [task.id, task]))
  const starts = new Map(plan.assign.map((assign) => [assign.task, assign.start]))
  const before = new Map(snapshot.current.map((item) => [item.taskKey, item]))
  const placed = plan.assign.flatMap((assign) => {
    const name = parseTaskKey(assign.task)
    const task = tasks.get(assign.task)
    if (!name || !task || task.status === 'done') return []
    const order = name.subject === 'order' ? orders.get(name.id) : undefined
    const job = jobs.get(task.job)
    const isLast = job?.tasks.at(-1) === assign.task
    const due = isLast && job?.due != null ? job.due : null
    const next = problem.prec
      .filter((edge) => edge.from === assign.task)
      .map((edge) => starts.get(edge.to))
      .filter((start): start is number => start !== undefined)
    const limits = [...(due === null ? [] : [due]), ...(name.kind === 'broadcast' ? [] : next)]
    return [
      {
        taskKey: assign.task,
        kind: name.kind,
        lanes: assign.res,
        startMs: (task.status === 'running' ? before.get(assign.task)?.startMs : null) ?? atMs(assign.start),
        endMs: atMs(assign.end),
        setupMin: assign.setupBefore,
        sessionId: name.subject === 'session' ? name.id : (order?.sessionId ?? null),
        orderId: order?.id ?? null,
        lateMin: due === null ? 0 : Math.max(0, assign.end - due),
        slackMin: limits.length === 0 ? null : Math.min(...limits) - assign.end,
      },
    ]
  })
  return [...pastItems(built, snapshot, new Set(placed.map((item) => item.taskKey))), ...placed]
}

const KEPT_DAYS = 2

/** What the published plan has behind it, as it was published: a new version goes on showing the last days. */
function pastItems(
  { problem, epochMs }: BuiltProblem,
  snapshot: BeltSnapshot,
  placed: ReadonlySet<string>,
): PlanItem[] {
  const nowMs = epochMs + (problem.now ?? 0) * MINUTE_MS
  return snapshot.current.filter(
    (item) => item.startMs < nowMs && item.endMs > nowMs - KEPT_DAYS * DAY_MS && !placed.has(item.taskKey),
  )
}

const TOLERANCE_MS = 15 * MINUTE_MS

/** What a proposal changes against what is published: work moved in time or place, and work that had no place before. */
export function movedTasks(
  before: readonly PlanItem[],
  after: readonly PlanItem[],
  names: Names,
): { moved: MovedTask[]; added: MovedTask[] } {
  const old = new Map(before.map((item) => [item.taskKey, item]))
  const moved: MovedTask[] = []
  const added: MovedTask[] = []
  for (const item of after) {
    const was = old.get(item.taskKey)
    const entry: MovedTask = {
      taskKey: item.taskKey,
      kind: item.kind satisfies TaskKind,
      label: names.task(item.taskKey),
      fromLane: was ? names.lane(was.lanes[0] ?? '') : null,
      toLane: names.lane(item.lanes[0] ?? ''),
      fromStartMs: was?.startMs ?? null,
      toStartMs: item.startMs,
    }
    if (!was) added.push(entry)
    else if (Math.abs(was.startMs - item.startMs) > TOLERANCE_MS || was.lanes.join() !== item.lanes.join())
      moved.push(entry)
  }
  return { moved, added }
}

/** Compensation at stake when an order's units ship late: per unit, by the session's promise (48 h when none is known). */
export function exposureFen(snapshot: BeltSnapshot, orderId: string): number {
  const order = snapshot.orders.find((candidate) => candidate.id === orderId)
  if (!order) return 0
  const session = snapshot.sessions.find((candidate) => candidate.id === order.sessionId)
  return order.quantity * compensationFen(order.priceFen, session?.shippingPromiseHours ?? 48)
}

export function lateOrders(
  items: readonly PlanItem[],
  built: BuiltProblem,
  snapshot: BeltSnapshot,
  names: Names,
  why: (jobId: string) => LateOrder['why'],
): LateOrder[] {
  return items
    .filter((item) => item.lateMin > 0 && item.orderId !== null)
    .map((item) => ({
      taskKey: item.taskKey,
      label: names.task(item.taskKey),
      dueMs: item.endMs - item.lateMin * MINUTE_MS,
      endMs: item.endMs,
      lateMin: item.lateMin,
      exposureFen: exposureFen(snapshot, item.orderId!),
      why: why(`order:${item.orderId!}`),
    }))
    .sort((a, b) => b.lateMin - a.lateMin || (a.taskKey < b.taskKey ? -1 : 1))
}

export const sessionKeys = (snapshot: BeltSnapshot): string[] =>
  snapshot.sessions.map((session) => sessionTaskKey(session.id))
