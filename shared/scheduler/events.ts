import type {
  Assignment,
  Calendar,
  Interval,
  Job,
  Mode,
  Plan,
  Precedence,
  Problem,
  Resource,
  Task,
} from './problem.ts'

/** Something that happened to a published plan. Times are minutes from epoch. */
export type PlanEvent =
  | { type: 'closed'; resource: string; fromMin: number; toMin: number }
  | { type: 'sessionCut'; task: string; atMin: number; remainderMin?: number }
  | { type: 'sessionCancelled'; task: string }
  | { type: 'demandSpike'; job: string; percent: number }
  | { type: 'gateFailed'; tasks: readonly string[]; redoFromMin: number }
  | { type: 'urgentOrder'; job: Job; tasks: readonly Task[]; prec: readonly Precedence[] }
  /** The problem has changed already (more to make, another window): these tasks need not stay where they are. */
  | { type: 'released'; tasks: readonly string[] }

export interface EventEffect {
  problem: Problem
  /** Tasks that cannot stay where the plan has them. */
  affected: string[]
}

/**
 * The problem after an event. A line down, a closed studio and an ill streamer are all `closed`; their work
 * is released from the freeze. Nothing else of the plan is touched here.
 */
export function applyEvent(problem: Problem, plan: Pick<Plan, 'assign'>, event: PlanEvent): EventEffect {
  switch (event.type) {
    case 'closed':
      return closeResource(problem, plan, event.resource, [event.fromMin, event.toMin])
    case 'sessionCut':
      return cutSession(problem, plan, event)
    case 'sessionCancelled':
      return { problem: dropTask(problem, event.task), affected: [event.task] }
    case 'demandSpike':
      return spikeDemand(problem, event.job, event.percent)
    case 'gateFailed':
      return redoTasks(problem, event.tasks, event.redoFromMin)
    case 'released':
      return { problem: releaseTasks(problem, event.tasks), affected: [...event.tasks] }
    case 'urgentOrder':
      return {
        problem: {
          ...problem,
          jobs: [...problem.jobs, event.job],
          tasks: [...problem.tasks, ...event.tasks],
          prec: [...problem.prec, ...event.prec],
        },
        affected: event.tasks.map((task) => task.id),
      }
  }
}

/** Lifts the freeze of tasks that cannot stay where the plan has them. */
export function releaseTasks(problem: Problem, ids: readonly string[]): Problem {
  const stability = problem.stability ?? { baseline: { assign: [] } }
  return {
    ...problem,
    stability: { ...stability, released: [...new Set([...(stability.released ?? []), ...ids])] },
  }
}

function closeResource(
  problem: Problem,
  plan: Pick<Plan, 'assign'>,
  id: string,
  closed: Interval,
): EventEffect {
  const resource = problem.resources.find((entry) => entry.id === id)
  const old = problem.calendars.find((calendar) => calendar.id === resource?.calendar)
  const open: readonly Interval[] = old?.open ?? [[0, 20 * problem.horizonMin]]
  const calendar: Calendar = {
    id: `${id}#closed-${closed[0]}-${problem.calendars.length}`,
    open: open.flatMap(([start, end]): Interval[] =>
      [[start, Math.min(end, closed[0])] as const, [Math.max(start, closed[1]), end] as const].filter(
        ([from, to]) => from < to,
      ),
    ),
    overtime: old?.overtime,
  }
  const affected = plan.assign
    .filter((item) => item.res.includes(id) && item.start < closed[1] && item.end > closed[0])
    .map((item) => item.task)
  const changed: Problem = {
    ...problem,
    calendars: [...problem.calendars, calendar],
    resources: problem.resources.map((entry) =>
      entry.id === id ? { ...entry, calendar: calendar.id } : entry,
    ),
  }
  return { problem: releaseTasks(changed, affected), affected }
}

function cutSession(
  problem: Problem,
  plan: Pick<Plan, 'assign'>,
  event: Extract<PlanEvent, { type: 'sessionCut' }>,
): EventEffect {
  const item = plan.assign.find((entry) => entry.task === event.task)
  const original = problem.tasks.find((task) => task.id === event.task)
  if (!item || !original?.session) return { problem, affected: [] }
  const kinds = new Map(problem.resources.map((resource) => [resource.id, resource.kind]))
  const done: Task = {
    ...original,
    status: 'done',
    actual: {
      mode: 0,
      start: item.start,
      end: event.atMin,
      studio: item.res[0],
      streamers: item.res.filter((id) => kinds.get(id) === 'streamer'),
    },
  }
  const tasks = problem.tasks.map((task) => (task.id === event.task ? done : task))
  if (!event.remainderMin) return { problem: { ...problem, tasks }, affected: [event.task] }
  const id = `${event.task}+rest`
  const from = Math.ceil((event.atMin + 60) / 30) * 30
  const rest: Task = {
    id,
    job: original.job,
    type: original.type,
    optional: true,
    session: {
      ...original.session,
      slots: null,
      float: { from, to: from + 3 * 1440, stepMin: 30 },
      dur: event.remainderMin,
    },
  }
  const jobs = problem.jobs.map((job) =>
    job.id === original.job ? { ...job, tasks: [...job.tasks, id] } : job,
  )
  return { problem: { ...problem, jobs, tasks: [...tasks, rest] }, affected: [event.task, id] }
}

function dropTask(problem: Problem, id: string): Problem {
  return {
    ...problem,
    jobs: problem.jobs.map((job) => ({ ...job, tasks: job.tasks.filter((task) => task !== id) })),
    tasks: problem.tasks.filter((task) => task.id !== id),
    prec: problem.prec.filter((arc) => arc.from !== id && arc.to !== id),
  }
}

function spikeDemand(problem: Problem, job: string, percent: number): EventEffect {
  const grow = (minutes: number): number => Math.ceil((minutes * percent) / 100)
  const affected: string[] = []
  const tasks = problem.tasks.map((task) => {
    if (
      task.job !== job ||
      task.session ||
      task.status === 'done' ||
      task.type === 'sample' ||
      task.type === 'qc'
    )
      return task
    affected.push(task.id)
    const modes = task.modes?.map((mode): Mode => ({
      ...mode,
      dur: grow(mode.dur),
      durHigh: mode.durHigh == null ? null : grow(mode.durHigh),
    }))
    return { ...task, modes }
  })
  return { problem: releaseTasks({ ...problem, tasks }, affected), affected }
}

function redoTasks(problem: Problem, ids: readonly string[], fromMin: number): EventEffect {
  const redo = new Set(ids)
  const tasks = problem.tasks.map((task): Task => {
    if (!redo.has(task.id)) return task
    return {
      ...task,
      status: 'open',
      actual: null,
      elapsed: 0,
      lock: null,
      window: [fromMin, task.window?.[1] ?? 9_999_999],
    }
  })
  return { problem: releaseTasks({ ...problem, tasks }, ids), affected: [...ids] }
}

/** The problem as seen at `nowMin`: what the plan has finished is done, what it has begun is running. */
export function advanceClock(
  problem: Problem,
  plan: Pick<Plan, 'assign' | 'slots'>,
  nowMin: number,
): Problem {
  const items = new Map(plan.assign.map((item) => [item.task, item]))
  const uses = new Map(plan.slots.map((use) => [use.task, use]))
  const workTime = new Map(problem.calendars.map((calendar) => [calendar.id, calendar.open]))
  const tasks = problem.tasks.map((task): Task => {
    const item = items.get(task.id)
    if (!item || task.status === 'done' || item.start >= nowMin) return task
    const actual = { mode: item.mode, start: item.start, ...crewOf(uses.get(task.id)) }
    if (item.end <= nowMin) return { ...task, status: 'done', actual: { ...actual, end: item.end } }
    return { ...task, status: 'running', actual, elapsed: elapsedOf(problem, task, item, nowMin, workTime) }
  })
  return {
    ...problem,
    now: nowMin,
    tasks,
    resources: problem.resources.map((r) => resourceAt(problem, plan, r, nowMin)),
  }
}

/** What a line is set up for at `nowMin`, and the set-up the plan has under way then. */
function resourceAt(
  problem: Problem,
  plan: Pick<Plan, 'assign'>,
  resource: Resource,
  nowMin: number,
): Resource {
  if (resource.setup == null) return resource
  const familyOf = (item: Assignment | undefined): string | null => {
    const task = problem.tasks.find((entry) => entry.id === item?.task)
    return task?.family ?? problem.jobs.find((job) => job.id === task?.job)?.family ?? null
  }
  const own = plan.assign.filter((item) => item.res.includes(resource.id)).sort((a, b) => a.start - b.start)
  const next = own.find((item) => item.start >= nowMin)
  const last = own.findLast((item) => item.start < nowMin)
  const since = Math.max(last?.end ?? resource.availableFrom ?? 0, last ? 0 : (problem.now ?? 0))
  const family = familyOf(next)
  const settingUp =
    next && family !== null && next.setupBefore > 0 && since < nowMin ? { family, since } : null
  return { ...resource, initialState: last ? familyOf(last) : resource.initialState, settingUp }
}

function crewOf(use: Plan['slots'][number] | undefined): { studio?: string; streamers?: string[] } {
  return use ? { studio: use.studio, streamers: [...use.streamers] } : {}
}

function elapsedOf(
  problem: Problem,
  task: Task,
  item: Assignment,
  nowMin: number,
  open: ReadonlyMap<string, readonly Interval[]>,
): number {
  if (task.session || task.split !== 'pause') return nowMin - item.start
  let minutes = 0
  const lists = item.res.flatMap((id) => {
    const calendar = problem.resources.find((resource) => resource.id === id)?.calendar
    return calendar == null ? [] : [open.get(calendar) ?? []]
  })
  if (lists.length === 0) return nowMin - item.start
  for (let at = item.start; at < nowMin; at++)
    if (lists.every((windows) => windows.some(([start, end]) => start <= at && at < end))) minutes++
  return minutes
}
