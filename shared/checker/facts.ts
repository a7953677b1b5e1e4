import type {
  Assignment,
  Calendar,
  Job,
  Mode,
  Problem,
  Resource,
  Session,
  Slot,
  Task,
} from '../scheduler/problem.ts'

/** Minutes of open windows, asked the slow and obvious way. */
export interface Hours {
  always: boolean
  windows: readonly (readonly [number, number])[]
}

export const FULL_TIME: Hours = { always: true, windows: [] }
export const DAY_MIN = 1440

export function hoursOf(calendar: Calendar | undefined): Hours {
  if (!calendar) return FULL_TIME
  const windows = calendar.open
    .filter(([from, to]) => to > from)
    .map(([from, to]) => [from, to] as const)
    .sort((a, b) => a[0] - b[0])
  return { always: false, windows: mergeTouching(windows) }
}

export function mergeTouching(
  windows: readonly (readonly [number, number])[],
): (readonly [number, number])[] {
  const merged: [number, number][] = []
  for (const [from, to] of windows) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

export function commonHours(list: readonly Hours[]): Hours {
  let common = FULL_TIME
  for (const hours of list) {
    if (hours.always) continue
    if (common.always) {
      common = hours
      continue
    }
    const windows: [number, number][] = []
    for (const [a, b] of common.windows)
      for (const [c, d] of hours.windows)
        if (Math.max(a, c) < Math.min(b, d)) windows.push([Math.max(a, c), Math.min(b, d)])
    windows.sort((x, y) => x[0] - y[0])
    common = { always: false, windows: mergeTouching(windows) }
  }
  return common
}

export function openMinutes(hours: Hours, from: number, to: number): number {
  if (to <= from) return 0
  if (hours.always) return to - from
  let sum = 0
  for (const [a, b] of hours.windows) sum += Math.max(0, Math.min(b, to) - Math.max(a, from))
  return sum
}

export function insideOneWindow(hours: Hours, from: number, to: number): boolean {
  return hours.always || hours.windows.some(([a, b]) => a <= from && to <= b)
}

/** When `work` open minutes after `from` have passed; Infinity when they never do. */
export function afterWork(hours: Hours, from: number, work: number): number {
  if (work <= 0) return from
  if (hours.always) return from + work
  let left = work
  for (const [a, b] of hours.windows) {
    const begin = Math.max(a, from)
    if (begin >= b) continue
    if (left <= b - begin) return begin + left
    left -= b - begin
  }
  return Infinity
}

/** What a checker needs to look up, straight from the two documents. */
export interface Facts {
  problem: Problem
  now: number
  jobs: Map<string, Job>
  tasks: Map<string, Task>
  items: Map<string, Assignment>
  resources: Map<string, Resource>
  hours: Map<string, Hours>
  overtime: Map<string, Hours>
  slots: Map<string, Slot>
}

export function collectFacts(problem: Problem, assign: readonly Assignment[]): Facts {
  const calendars = new Map(problem.calendars.map((calendar) => [calendar.id, calendar]))
  const hours = new Map<string, Hours>()
  const overtime = new Map<string, Hours>()
  for (const resource of problem.resources) {
    const calendar = resource.calendar == null ? undefined : calendars.get(resource.calendar)
    hours.set(resource.id, hoursOf(calendar))
    const windows = [...(calendar?.overtime ?? [])].sort((a, b) => a[0] - b[0])
    overtime.set(resource.id, { always: false, windows: mergeTouching(windows) })
  }
  return {
    problem,
    now: problem.now ?? 0,
    jobs: new Map(problem.jobs.map((job) => [job.id, job])),
    tasks: new Map(problem.tasks.map((task) => [task.id, task])),
    items: new Map(assign.map((item) => [item.task, item])),
    resources: new Map(problem.resources.map((resource) => [resource.id, resource])),
    hours,
    overtime,
    slots: new Map(problem.slots.map((slot) => [slot.id, slot])),
  }
}

export function modeOf(facts: Facts, item: Assignment): Mode | undefined {
  return facts.tasks.get(item.task)?.modes?.[item.mode]
}

export function minutesOf(facts: Facts, mode: Mode): number {
  return facts.problem.forecast === 'high' && mode.durHigh != null ? mode.durHigh : mode.dur
}

/** The slots a broadcast may take. */
export function slotsFor(facts: Facts, task: Task, session: Session): Slot[] {
  return facts.problem.slots.filter((slot) => {
    if (slot.maxProducts != null && (session.products ?? 1) > slot.maxProducts) return false
    if (session.slots) return session.slots.includes(slot.id)
    return !session.float && (slot.jobs ?? []).includes(task.job)
  })
}

export function worthOf(facts: Facts, task: Task): number {
  const session = task.session
  if (!session) return 0
  return session.value ?? Math.max(0, ...slotsFor(facts, task, session).map((slot) => slot.value ?? 0))
}

/** Everything a task is fixed to, by status, lock, frozen zone or announcement. */
export interface Fixing {
  cause: 'running' | 'lock' | 'frozen' | 'announced'
  start: number | null
  mode: number | null
  res: readonly string[] | null
}

export function fixingOf(facts: Facts, task: Task): Fixing | null {
  const { stability } = facts.problem
  const before = stability?.baseline.assign.find((item) => item.task === task.id)
  if (task.status === 'running' && task.actual) {
    const { start, mode, studio, streamers } = task.actual
    return { cause: 'running', start, mode, res: studio ? [studio, ...(streamers ?? [])] : null }
  }
  const held = heldFixing(facts, task, before)
  if (task.lock?.strength !== 'hard') return held
  const { start, mode, studio, streamers } = task.lock
  // What the lock leaves open, the freeze or the announcement says.
  const open = start == null ? held : null
  const [room, ...crew] = (task.session && open?.res) || []
  const res = [studio ?? room ?? [], streamers ?? crew].flat()
  return {
    cause: 'lock',
    start: start ?? open?.start ?? null,
    mode: mode ?? open?.mode ?? null,
    res: res.length > 0 ? res : null,
  }
}

function heldFixing(facts: Facts, task: Task, before: Assignment | undefined): Fixing | null {
  const { stability } = facts.problem
  const lifted = stability?.released?.includes(task.id) ?? false
  const stays = stability?.frozen?.includes(task.id) ?? false
  if (before && (stays || before.start < (stability?.freezeUntil ?? 0)) && !lifted)
    return { cause: 'frozen', start: before.start, mode: before.mode, res: before.res }
  return before && task.session && isAnnounced(facts, task, before)
    ? { cause: 'announced', start: before.start, mode: null, res: null }
    : null
}

export function isAnnounced(facts: Facts, task: Task, before: Assignment): boolean {
  const named = facts.problem.stability?.announced ?? []
  if (!task.session) return false
  if (named.includes(task.id)) return true
  return facts.problem.slots.some(
    (slot) =>
      named.includes(slot.id) &&
      slot.start === before.start &&
      (task.session!.slots ? task.session!.slots.includes(slot.id) : (slot.jobs ?? []).includes(task.job)),
  )
}
