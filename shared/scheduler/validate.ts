import { intersectWindows, joinWindows } from './calendar.ts'
import { candidateSlots, listStreamers } from './model-air.ts'
import { PLAN_SCHEMA } from './problem.ts'
import { misshapen } from './shape.ts'
import type { Calendar, Interval, Problem, Task } from './problem.ts'

export type ValidationCode =
  | 'schema'
  | 'number'
  | 'duplicateId'
  | 'unknownRef'
  | 'cycle'
  | 'noMode'
  | 'noOpenTime'
  | 'tooLong'
  | 'noStart'
  | 'noStudio'
  | 'noStreamer'
  | 'modeOrSession'
  | 'setupTable'
  | 'triangle'
  | 'needTooMuch'
  | 'mixedLayers'
  | 'lock'
  | 'empty'
  | 'tooLarge'

export interface ValidationIssue {
  code: ValidationCode
  /** 'error' stops planning; 'warning' is shown; 'unplannable' leaves just the culprit tasks out. */
  severity: 'error' | 'unplannable' | 'warning'
  culprits: string[]
  details: Record<string, string | number>
}

/** Largest size accepted; beyond it the answer would not come in useful time. */
export const MAX_TASKS = 60_000
const MAX_MINUTES = 10_000_000
/** Starts that one broadcast may choose from, units of one resource, families of one set-up table. */
const MAX_STARTS = 50_000
const MAX_UNITS = 1000
const MAX_FAMILIES = 400
const SOFT_TIERS = 5

type Add = (
  code: ValidationCode,
  severity: ValidationIssue['severity'],
  culprits: string[],
  details?: ValidationIssue['details'],
) => void

/** Finds what is wrong with a problem's data. Never throws for bad data; an empty list means it can be solved. */
export function validateProblem(problem: Problem): ValidationIssue[] {
  const issues: ValidationIssue[] = []
  const add: Add = (code, severity, culprits, details = {}) =>
    issues.push({ code, severity, culprits, details })
  if (problem?.schema !== PLAN_SCHEMA) add('schema', 'error', [], { schema: String(problem?.schema) })
  const wrong = misshapen(problem)
  for (const path of wrong) add('schema', 'error', [path], { schema: String(problem?.schema), path })
  if (wrong.length > 0) return issues
  if (problem.tasks.length > MAX_TASKS)
    add('tooLarge', 'error', [], { tasks: problem.tasks.length, most: MAX_TASKS })
  if (problem.jobs.length === 0 || problem.tasks.length === 0) add('empty', 'warning', [])
  checkNumbers(problem, add)
  checkIds(problem, add)
  if (issues.some((issue) => issue.severity === 'error')) return issues
  checkSetups(problem, add)
  checkTasks(problem, add)
  checkCycles(problem, add)
  return issues
}

function checkNumbers(problem: Problem, add: Add): void {
  const bad = (value: unknown, low = 0): boolean =>
    typeof value !== 'number' || !Number.isInteger(value) || value < low || value > MAX_MINUTES
  const check = (id: string, field: string, value: number | null | undefined, low = 0): void => {
    if (value != null && bad(value, low)) add('number', 'error', [id], { field, value: String(value) })
  }
  if (bad(problem.horizonMin, 1))
    add('number', 'error', [], { field: 'horizonMin', value: String(problem.horizonMin) })
  check('problem', 'now', problem.now)
  check('problem', 'lostValueWeight', problem.lostValueWeight)
  for (const r of problem.resources) {
    check(r.id, 'capacity', r.capacity, 1)
    if (r.capacity != null && r.capacity > MAX_UNITS)
      add('number', 'error', [r.id], { field: 'capacity', value: r.capacity })
    for (const field of [
      'availableFrom',
      'leadMin',
      'turnaroundMin',
      'maxMinPerDay',
      'minRestMin',
      'maxConsecutiveMin',
      'breakMin',
    ] as const)
      check(r.id, field, r[field])
    for (const field of ['min', 'target', 'max'] as const)
      check(r.id, `quotaMin.${field}`, r.quotaMin?.[field])
  }
  for (const calendar of problem.calendars)
    for (const [start, end] of [...calendar.open, ...(calendar.overtime ?? [])])
      if (bad(start) || bad(end) || end <= start)
        add('number', 'error', [calendar.id], { field: 'open', value: `${start}..${end}` })
  for (const job of problem.jobs)
    for (const field of ['release', 'due', 'hardDue', 'weight', 'qty'] as const)
      check(job.id, field, job[field])
  for (const slot of problem.slots) {
    if (bad(slot.start) || bad(slot.end) || slot.end <= slot.start)
      add('number', 'error', [slot.id], { field: 'start', value: `${slot.start}..${slot.end}` })
    check(slot.id, 'value', slot.value)
    check(slot.id, 'needStreamers', slot.needStreamers)
    check(slot.id, 'maxProducts', slot.maxProducts)
  }
  for (const arc of problem.prec) {
    check(`${arc.from}>${arc.to}`, 'minLag', arc.minLag)
    check(`${arc.from}>${arc.to}`, 'maxLag', arc.maxLag)
    if (arc.ratio != null && !(arc.ratio > 0 && arc.ratio <= 1))
      add('number', 'error', [arc.from, arc.to], { field: 'ratio', value: String(arc.ratio) })
    if (arc.maxLag != null && arc.maxLag < (arc.minLag ?? 0))
      add('number', 'error', [arc.from, arc.to], { field: 'maxLag', value: arc.maxLag })
  }
  for (const task of problem.tasks) {
    check(task.id, 'elapsed', task.elapsed)
    check(task.id, 'lock.start', task.lock?.start)
    check(task.id, 'lock.mode', task.lock?.mode)
    check(task.id, 'window', task.window?.[0])
    check(task.id, 'window', task.window?.[1])
    check(task.id, 'actual.mode', task.actual?.mode)
    for (const field of ['from', 'to'] as const)
      check(task.id, `session.float.${field}`, task.session?.float?.[field])
    check(task.id, 'session.products', task.session?.products)
    for (const mode of task.modes ?? []) {
      const least = mode.needs.length > 0 ? 1 : 0
      check(task.id, 'dur', mode.dur, least)
      check(task.id, 'durHigh', mode.durHigh, least)
      for (const need of mode.needs) check(task.id, 'qty', need.qty, 1)
    }
    check(task.id, 'session.dur', task.session?.dur, 1)
    check(task.id, 'session.value', task.session?.value)
    check(task.id, 'session.needStreamers', task.session?.needStreamers)
    check(task.id, 'session.float.stepMin', task.session?.float?.stepMin, 1)
    const { float } = task.session ?? {}
    if (float && (float.to - float.from) / float.stepMin > MAX_STARTS)
      add('number', 'error', [task.id], { field: 'session.float', value: `${float.from}..${float.to}` })
    if (task.session?.float && task.session.dur == null)
      add('number', 'error', [task.id], { field: 'session.dur', value: 'null' })
  }
  checkRules(problem, check)
  const { objective } = problem
  if (objective?.mode !== 'weighted') return
  const weights: readonly number[] | undefined = objective.weights
  if (weights?.length !== SOFT_TIERS)
    add('number', 'error', ['objective'], { field: 'weights', value: String(weights) })
  weights?.forEach((weight, i) => check('objective', `weights.${i}`, weight > 1_000_000 ? -1 : weight))
}

/** Fairness and stability; `check` takes the culprit, the field, its value and the least one allowed. */
function checkRules(
  { fairness, stability }: Problem,
  check: (id: string, field: string, value: number | null | undefined, low?: number) => void,
): void {
  check('fairness', 'periodMin', fairness?.periodMin, 1)
  for (const [start, end] of fairness?.prime ?? []) {
    check('fairness', 'prime', start)
    check('fairness', 'prime', end, 1)
  }
  check('fairness', 'longTail.sharePct', fairness?.longTail?.sharePct)
  check('fairness', 'headCap.sharePct', fairness?.headCap?.sharePct)
  for (const field of ['freezeUntil', 'toleranceMin', 'wStart', 'wRes', 'wStreamer', 'wAnnounced'] as const)
    check('stability', field, stability?.[field])
}

function checkIds(problem: Problem, add: Add): void {
  const index = (kind: string, list: readonly { id: string }[]): Set<string> => {
    const ids = new Set<string>()
    for (const { id } of list) {
      if (ids.has(id)) add('duplicateId', 'error', [id], { kind })
      ids.add(id)
    }
    return ids
  }
  const resources = index('resource', problem.resources)
  const calendars = index('calendar', problem.calendars)
  const setups = index('setup', problem.setups)
  const jobs = index('job', problem.jobs)
  const tasks = index('task', problem.tasks)
  const slots = index('slot', problem.slots)
  const refer = (
    from: string,
    kind: string,
    known: ReadonlySet<string>,
    ids: readonly (string | null | undefined)[] | null | undefined,
  ): void => {
    for (const id of ids ?? [])
      if (id != null && !known.has(id)) add('unknownRef', 'error', [from, id], { kind })
  }
  for (const resource of problem.resources) {
    refer(resource.id, 'calendar', calendars, [resource.calendar])
    refer(resource.id, 'setup', setups, [resource.setup])
  }
  const owners = new Map<string, string>()
  for (const job of problem.jobs) {
    refer(job.id, 'task', tasks, job.tasks)
    for (const id of job.tasks) owners.set(id, job.id)
  }
  for (const task of problem.tasks) {
    refer(task.id, 'job', jobs, [task.job])
    if (jobs.has(task.job) && owners.get(task.id) !== task.job)
      add('unknownRef', 'error', [task.id, task.job], { kind: 'job.tasks' })
    for (const mode of task.modes ?? [])
      refer(
        task.id,
        'resource',
        resources,
        mode.needs.map((need) => need.res),
      )
    refer(task.id, 'slot', slots, task.session?.slots)
    refer(task.id, 'resource', resources, task.session?.studios)
    refer(task.id, 'resource', resources, task.session?.streamers)
    refer(
      task.id,
      'resource',
      resources,
      task.session?.kit?.map((need) => need.res),
    )
  }
  for (const arc of problem.prec) refer(`${arc.from}>${arc.to}`, 'task', tasks, [arc.from, arc.to])
  for (const slot of problem.slots) {
    refer(slot.id, 'resource', resources, slot.studios)
    refer(slot.id, 'job', jobs, slot.jobs)
  }
}

function checkSetups(problem: Problem, add: Add): void {
  for (const table of problem.setups) {
    const size = table.families.length
    if (size > MAX_FAMILIES) {
      add('number', 'error', [table.id], { field: 'families', value: size })
      continue
    }
    const square = table.matrix.length === size && table.matrix.every((row) => row.length === size)
    if (
      !square ||
      table.matrix.some((row) =>
        row.some((minutes) => !Number.isInteger(minutes) || minutes < 0 || minutes > MAX_MINUTES),
      )
    ) {
      add('setupTable', 'error', [table.id], { families: size })
      continue
    }
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        for (let k = 0; k < size; k++)
          if (table.matrix[i]![j]! > table.matrix[i]![k]! + table.matrix[k]![j]!) {
            const [from, via, to] = [table.families[i]!, table.families[k]!, table.families[j]!]
            add('triangle', 'warning', [table.id], { from, via, to })
            k = j = i = size
          }
  }
  for (const resource of problem.resources)
    if (resource.setup != null && (resource.capacity ?? 1) > 1)
      add('setupTable', 'error', [resource.id], { capacity: resource.capacity! })
}

function checkTasks(problem: Problem, add: Add): void {
  const resources = new Map(problem.resources.map((resource) => [resource.id, resource]))
  const calendars = new Map(problem.calendars.map((calendar) => [calendar.id, calendar]))
  const airKit = new Set(problem.tasks.flatMap((task) => task.session?.kit?.map((need) => need.res) ?? []))
  for (const resource of problem.resources) {
    const calendar = resource.calendar == null ? undefined : calendars.get(resource.calendar)
    if (calendar && calendar.open.length === 0) add('noOpenTime', 'warning', [resource.id, calendar.id])
  }
  for (const task of problem.tasks) {
    if (task.status === 'done' || task.status === 'running') {
      if (!task.actual) add('lock', 'error', [task.id], { status: task.status })
      else if (!task.session && !task.modes?.[task.actual.mode])
        add('lock', 'error', [task.id], { mode: task.actual.mode })
      if (task.status === 'done') continue
    }
    const hasModes = (task.modes?.length ?? 0) > 0
    if (task.session && hasModes) add('modeOrSession', 'error', [task.id])
    else if (task.session) checkSession(problem, task, add)
    else if (!hasModes) add('noMode', 'unplannable', [task.id, task.job])
    else checkModes(task, resources, calendars, airKit, add)
    if (task.lock?.mode != null && !task.session && !task.modes?.[task.lock.mode])
      add('lock', 'error', [task.id], { mode: task.lock.mode })
  }
}

function checkModes(
  task: Task,
  resources: ReadonlyMap<string, Problem['resources'][number]>,
  calendars: ReadonlyMap<string, Calendar>,
  airKit: ReadonlySet<string>,
  add: Add,
): void {
  let possible = false
  let longest = 0
  for (const mode of task.modes!) {
    let windows: readonly Interval[] | null = null
    const ids = mode.needs.map((need) => need.res)
    if (new Set(ids).size !== ids.length) add('duplicateId', 'error', [task.id], { kind: 'need' })
    for (const need of mode.needs) {
      const resource = resources.get(need.res)!
      if ((need.qty ?? 1) > (resource.capacity ?? 1))
        add('needTooMuch', 'error', [task.id, resource.id], {
          qty: need.qty ?? 1,
          capacity: resource.capacity ?? 1,
        })
      if (resource.kind === 'studio' || resource.kind === 'streamer' || airKit.has(resource.id))
        add('mixedLayers', 'error', [task.id, resource.id])
      const calendar = resource.calendar == null ? undefined : calendars.get(resource.calendar)
      if (calendar)
        windows = windows ? intersectWindows(windows, joinWindows(calendar.open)) : joinWindows(calendar.open)
    }
    if (windows === null) {
      possible = true
      continue
    }
    const lengths = windows.map(([start, end]) => end - start)
    const room =
      task.split === 'pause' ? lengths.reduce((sum, length) => sum + length, 0) : Math.max(0, ...lengths)
    longest = Math.max(longest, room)
    if (room >= mode.dur && room > 0) possible = true
  }
  if (possible) return
  const shortest = Math.min(...task.modes!.map((mode) => mode.dur))
  if (longest === 0) add('noOpenTime', 'unplannable', [task.id, task.job])
  else add('tooLong', 'unplannable', [task.id, task.job], { dur: shortest, longestOpen: longest })
}

function checkSession(problem: Problem, task: Task, add: Add): void {
  const session = task.session!
  const slots = candidateSlots(problem, task).map((i) => problem.slots[i]!)
  if (slots.length === 0 && !session.float && task.status !== 'running')
    add('noStart', 'unplannable', [task.id, task.job])
  for (const slot of slots)
    if (session.dur != null && session.dur > slot.end - slot.start)
      add('tooLong', 'warning', [task.id, slot.id], { dur: session.dur, longestOpen: slot.end - slot.start })
  if (
    !problem.resources.some(
      (r) => r.kind === 'studio' && (session.studios == null || session.studios.includes(r.id)),
    )
  )
    add('noStudio', 'unplannable', [task.id, task.job])
  const needed =
    session.needStreamers ?? Math.max(session.float ? 1 : 0, ...slots.map((slot) => slot.needStreamers ?? 1))
  const able = listStreamers(problem, session).length
  if (able < needed) add('noStreamer', 'unplannable', [task.id, task.job], { needed, able })
  const kit = (session.kit ?? []).map((need) => need.res)
  if (new Set(kit).size !== kit.length) add('duplicateId', 'error', [task.id], { kind: 'kit' })
  for (const need of session.kit ?? []) {
    const capacity = problem.resources.find((r) => r.id === need.res)!.capacity ?? 1
    if ((need.qty ?? 1) > capacity)
      add('needTooMuch', 'error', [task.id, need.res], { qty: need.qty ?? 1, capacity })
  }
}

/** Names one cycle, in order. */
function checkCycles(problem: Problem, add: Add): void {
  const next = new Map<string, string[]>()
  for (const arc of problem.prec) next.set(arc.from, [...(next.get(arc.from) ?? []), arc.to])
  const state = new Map<string, 'open' | 'closed'>()
  for (const task of problem.tasks) {
    if (state.has(task.id)) continue
    const path: { id: string; at: number }[] = [{ id: task.id, at: 0 }]
    state.set(task.id, 'open')
    while (path.length > 0) {
      const top = path[path.length - 1]!
      const to = next.get(top.id)?.[top.at++]
      if (to === undefined) {
        state.set(top.id, 'closed')
        path.pop()
      } else if (state.get(to) === 'open') {
        const from = path.findIndex((step) => step.id === to)
        add(
          'cycle',
          'error',
          path.slice(from).map((step) => step.id),
          { length: path.length - from },
        )
        return
      } else if (!state.has(to)) {
        state.set(to, 'open')
        path.push({ id: to, at: 0 })
      }
    }
  }
}
