import { MINUTE_MS } from '../../../shared/domain/time.ts'
import type { Interval, Problem, Resource, Task } from '../../../shared/scheduler/problem.ts'
import type { PlanItem } from './items.ts'
import type { OrderRow, SessionRow } from './snapshot.ts'

/** A published item whose start has passed, and what it counts as. */
export interface Begun {
  readonly item: PlanItem
  /** `open`: it should have begun, but what was reported to hold its lane is not over. */
  readonly state: 'done' | 'running' | 'open'
  /** Part of its quantity is reported done, so that only the rest is planned. */
  readonly isPartDone: boolean
}

interface Reported {
  readonly orders: readonly OrderRow[]
  readonly sessions: readonly SessionRow[]
}

/**
 * What of the published plan has begun. Nobody reports every start and end, so work counts as begun and done as planned unless
 * a report says otherwise: an order reported running, or with part of its quantity done, is not over when its planned end
 * passes, and what was to follow it on its line has not begun.
 */
export function begunItems(current: readonly PlanItem[], reported: Reported, nowMs: number): Begun[] {
  const orders = new Map(reported.orders.map((order) => [order.id, order]))
  const sessions = new Map(reported.sessions.map((session) => [session.id, session]))
  const begun = current
    .filter((item) => item.startMs < nowMs)
    .map((item) => {
      const order = item.kind === 'broadcast' || item.orderId === null ? undefined : orders.get(item.orderId)
      const isPartDone = item.kind !== 'qc' && (order?.doneQuantity ?? 0) > 0
      const isReported =
        item.kind === 'broadcast'
          ? sessions.get(item.sessionId ?? '')?.status === 'live'
          : item.kind !== 'qc' && (order?.status === 'running' || isPartDone)
      return { item, isPartDone, isReported }
    })
  const holder = new Map<string, PlanItem>()
  for (const { item, isReported } of begun.toSorted((a, b) => a.item.startMs - b.item.startMs))
    if (isReported) for (const lane of item.lanes) holder.set(lane, item)
  return begun.map(({ item, isPartDone, isReported }): Begun => {
    const isOvertaken = item.lanes.some((lane) => {
      const other = holder.get(lane)
      return other && other !== item && (isReported || other.startMs < item.startMs)
    })
    if (isOvertaken) return { item, isPartDone, state: 'open' }
    return { item, isPartDone, state: isReported || item.endMs > nowMs ? 'running' : 'done' }
  })
}

/** Marks tasks as done or running and sets each line to what it is set up for, as of `problem.now`. */
export function withBegun(
  problem: Problem,
  begun: readonly Begun[],
  current: readonly PlanItem[],
  toMin: (ms: number) => number,
): Problem {
  const byKey = new Map(begun.map((entry) => [entry.item.taskKey, entry]))
  const hasBegun = (item: PlanItem) => (byKey.get(item.taskKey)?.state ?? 'open') !== 'open'
  const now = problem.now ?? 0
  const open = new Map(problem.calendars.map((calendar) => [calendar.id, calendar.open]))
  const calendarOf = new Map(problem.resources.map((resource) => [resource.id, resource.calendar]))
  const hoursOf = (lane: string): readonly Interval[] => open.get(calendarOf.get(lane) ?? '') ?? []
  const tasks = problem.tasks.map((task): Task => {
    const entry = byKey.get(task.id)
    if (!entry || entry.state === 'open' || task.status === 'running') return task
    const { item, state } = entry
    const [lane = ''] = item.lanes
    const mode = task.session
      ? 0
      : (task.modes ?? []).findIndex((candidate) => candidate.needs.some((need) => need.res === lane))
    if (mode < 0) return task
    const start = Math.max(0, toMin(item.startMs))
    const crew = task.session ? { studio: lane, streamers: item.lanes.slice(1) } : {}
    if (state === 'done') {
      const end = Math.min(now, Math.max(start, toMin(item.endMs)))
      return { ...task, lock: null, status: 'done', actual: { mode, start, end, ...crew } }
    }
    const worked = task.split === 'pause' ? openMinutes(hoursOf(lane), start, now) : now - start
    return {
      ...task,
      lock: null,
      optional: false,
      status: 'running',
      actual: { mode, start, ...crew },
      elapsed: entry.isPartDone ? 0 : Math.max(0, worked),
    }
  })
  const known = new Map(tasks.map((task) => [task.id, task]))
  const familyOf = (item: PlanItem | undefined): string | null => {
    const task = item && known.get(item.taskKey)
    return task?.family ?? problem.jobs.find((job) => job.id === task?.job)?.family ?? null
  }
  return { ...problem, tasks, resources: problem.resources.map(atNow) }

  function atNow(resource: Resource): Resource {
    if (resource.setup == null) return resource
    const own = current.filter((item) => item.lanes[0] === resource.id).sort((a, b) => a.startMs - b.startMs)
    const last = own.findLast((item) => hasBegun(item) && familyOf(item) !== null)
    const next = own.find((item) => !hasBegun(item) && known.has(item.taskKey))
    const from = next && toMin(next.startMs - next.setupMin * MINUTE_MS)
    const family = familyOf(next)
    const settingUp =
      next && from !== undefined && family !== null && next.setupMin > 0 && from < now
        ? { family, since: Math.max(0, from, last ? toMin(Math.min(last.endMs, next.startMs)) : 0) }
        : null
    return { ...resource, initialState: familyOf(last) ?? resource.initialState, settingUp }
  }
}

function openMinutes(windows: readonly Interval[], from: number, to: number): number {
  return windows.reduce(
    (sum, [start, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)),
    0,
  )
}
