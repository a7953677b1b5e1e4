import {
  afterWork,
  collectFacts,
  commonHours,
  DAY_MIN,
  fixingOf,
  insideOneWindow,
  minutesOf,
  modeOf,
  openMinutes,
  slotsFor,
} from './facts.ts'
import type { Facts } from './facts.ts'
import type { Assignment, Plan, Problem, Resource, Task } from '../scheduler/problem.ts'

export interface Violation {
  /** Name of the broken rule. */
  rule: string
  /** Tasks and resources concerned. */
  culprits: string[]
  /** At least 1. */
  minutes: number
}

/** Every hard rule a plan breaks, recomputed from the two documents alone. */
export function findViolations(
  problem: Problem,
  plan: Pick<Plan, 'assign' | 'slots' | 'unplanned'>,
): Violation[] {
  const facts = collectFacts(problem, plan.assign)
  const found: Violation[] = []
  const add = (rule: string, culprits: string[], minutes: number): void => {
    if (minutes > 0) found.push({ rule, culprits, minutes })
  }
  checkPresence(facts, plan, add)
  const open = plan.assign.filter((item) => facts.tasks.get(item.task)?.status !== 'done')
  for (const item of open) {
    const task = facts.tasks.get(item.task)
    if (!task) continue
    if (task.session) checkBroadcast(facts, task, item, plan, add)
    else checkWork(facts, task, item, add)
    checkDates(facts, task, item, add)
  }
  checkPrecedence(facts, add)
  for (const resource of problem.resources) {
    const held = open
      .filter((item) => item.res.includes(resource.id))
      .sort((a, b) => a.start - b.start || a.end - b.end)
    if ((resource.capacity ?? 1) > 1 || resource.kind === 'pool') checkPool(facts, resource, held, add)
    else if (held.some((item) => facts.tasks.get(item.task)?.session)) checkAirUse(resource, held, add)
    else checkLine(facts, resource, held, add)
  }
  return found
}

type Add = (rule: string, culprits: string[], minutes: number) => void

function checkPresence(facts: Facts, plan: Pick<Plan, 'assign' | 'slots' | 'unplanned'>, add: Add): void {
  const seen = new Set<string>()
  for (const item of plan.assign) {
    if (!facts.tasks.has(item.task)) add('unknown-task', [item.task], 1)
    if (seen.has(item.task)) add('task-twice', [item.task], 1)
    if (!Number.isInteger(item.start) || !Number.isInteger(item.end)) add('not-integer', [item.task], 1)
    seen.add(item.task)
  }
  const out = new Set(plan.unplanned.map((item) => item.task))
  for (const task of facts.problem.tasks) {
    if (!seen.has(task.id) && !out.has(task.id) && task.status !== 'done') add('task-missing', [task.id], 1)
    if (seen.has(task.id) && out.has(task.id)) add('planned-and-unplanned', [task.id], 1)
  }
  for (const arc of facts.problem.prec)
    if (out.has(arc.from) && seen.has(arc.to) && facts.tasks.get(arc.to)?.status !== 'done')
      add('predecessor-unplanned', [arc.from, arc.to], 1)
  const air = plan.assign.filter(
    (item) => facts.tasks.get(item.task)?.session && facts.tasks.get(item.task)?.status !== 'done',
  )
  const uses = new Map(plan.slots.map((use) => [use.task, use]))
  for (const item of air) {
    const use = uses.get(item.task)
    if (!use || item.res[0] !== use.studio || use.streamers.some((id) => !item.res.includes(id)))
      add('slot-list', [item.task], 1)
  }
  if (uses.size !== plan.slots.length || air.length !== uses.size) add('slot-list', [], 1)
}

function checkWork(facts: Facts, task: Task, item: Assignment, add: Add): void {
  const mode = modeOf(facts, item)
  const wanted = mode?.needs.map((need) => need.res) ?? []
  if (!mode || wanted.length !== item.res.length || wanted.some((id, i) => id !== item.res[i])) {
    add('mode', [task.id], 1)
    return
  }
  const hours = commonHours(wanted.map((id) => facts.hours.get(id)!))
  const dur = minutesOf(facts, mode)
  if (task.status === 'running' && task.actual) {
    const end = afterWork(hours, facts.now, Math.max(0, dur - (task.elapsed ?? 0)))
    if (item.end !== end) add('running-end', [task.id], 1)
    return
  }
  if (task.split === 'pause') {
    if (openMinutes(hours, item.start, item.end) !== dur) add('duration', [task.id], 1)
    else if (dur > 0 && openMinutes(hours, item.start, item.start + 1) === 0) add('calendar', [task.id], 1)
    else if (dur > 0 && openMinutes(hours, item.end - 1, item.end) === 0) add('duration', [task.id], 1)
  } else {
    if (item.end - item.start !== dur)
      add('duration', [task.id], Math.max(1, Math.abs(item.end - item.start - dur)))
    if (!insideOneWindow(hours, item.start, item.end))
      add('calendar', [task.id], Math.max(1, dur - openMinutes(hours, item.start, item.end)))
  }
}

function checkBroadcast(
  facts: Facts,
  task: Task,
  item: Assignment,
  plan: Pick<Plan, 'slots'>,
  add: Add,
): void {
  const session = task.session!
  const use = plan.slots.find((entry) => entry.task === task.id)
  const fixing = fixingOf(facts, task)
  if (!use) return
  const slot = use.slot === null ? undefined : facts.slots.get(use.slot)
  const held = fixing?.start === item.start
  let dur = session.dur ?? null
  let need = session.needStreamers ?? 1
  if (slot) {
    if (!slotsFor(facts, task, session).includes(slot)) add('slot-not-offered', [task.id, slot.id], 1)
    if (item.start !== slot.start) add('slot-window', [task.id, slot.id], Math.abs(item.start - slot.start))
    dur ??= slot.end - slot.start
    if (item.end > slot.end) add('slot-window', [task.id, slot.id], item.end - slot.end)
    if (slot.studios && !slot.studios.includes(use.studio)) add('slot-studio', [task.id, use.studio], 1)
    need = session.needStreamers ?? slot.needStreamers ?? 1
    if (plan.slots.some((other) => other.slot === use.slot && other.task < task.id))
      add('slot-twice', [slot.id], 1)
  } else if (session.float && !held) {
    const { from, to, stepMin } = session.float
    if (item.start < from || item.end > to || (item.start - from) % stepMin !== 0)
      add('float-grid', [task.id], 1)
  } else if (!held) add('slot-missing', [task.id], 1)
  if (dur !== null && item.end - item.start !== dur) add('duration', [task.id], 1)
  const studio = facts.resources.get(use.studio)
  if (studio?.kind !== 'studio') add('studio', [task.id, use.studio], 1)
  if (session.studios && !session.studios.includes(use.studio)) add('studio', [task.id, use.studio], 1)
  const crew = new Set(use.streamers)
  if (crew.size !== need && !(fixing?.res && crew.size === fixing.res.length - 1))
    add('crew-size', [task.id], 1)
  for (const id of crew) {
    const streamer = facts.resources.get(id)
    if (streamer?.kind !== 'streamer') add('crew', [task.id, id], 1)
    if (fixing?.res?.includes(id)) continue
    if (session.streamers && !session.streamers.includes(id)) add('crew', [task.id, id], 1)
    if ((session.skills ?? []).some((skill) => !streamer?.skills?.includes(skill)))
      add('skill', [task.id, id], 1)
  }
  for (const need of session.kit ?? []) if (!item.res.includes(need.res)) add('kit', [task.id, need.res], 1)
  if (task.status === 'running') return
  for (const id of item.res) {
    const hours = facts.hours.get(id)
    if (hours && !insideOneWindow(hours, item.start, item.end))
      add(
        'calendar',
        [task.id, id],
        Math.max(1, item.end - item.start - openMinutes(hours, item.start, item.end)),
      )
  }
}

function checkDates(facts: Facts, task: Task, item: Assignment, add: Add): void {
  const job = facts.jobs.get(task.job)
  const fixing = fixingOf(facts, task)
  if (task.status !== 'running') {
    const release = Math.max(job?.release ?? 0, task.window?.[0] ?? 0, fixing?.start == null ? facts.now : 0)
    add('release', [task.id], release - item.start)
    add('hard-due', [task.id], item.end - Math.min(job?.hardDue ?? Infinity, task.window?.[1] ?? Infinity))
  }
  if (!fixing) return
  if (fixing.start !== null && fixing.start !== item.start)
    add(`lock-${fixing.cause}`, [task.id], Math.abs(item.start - fixing.start))
  if (!task.session && fixing.mode !== null && fixing.mode !== item.mode)
    add(`lock-${fixing.cause}`, [task.id], 1)
  if (task.session && fixing.res?.some((id) => !item.res.includes(id)))
    add(`lock-${fixing.cause}`, [task.id], 1)
}

function checkPrecedence(facts: Facts, add: Add): void {
  for (const arc of facts.problem.prec) {
    const next = facts.tasks.get(arc.to)
    const first = facts.tasks.get(arc.from)
    const b = facts.items.get(arc.to)
    const a = facts.items.get(arc.from)
    if (!a || !b || !first || !next || next.status === 'done') continue
    const lag = arc.minLag ?? 0
    const type = arc.type ?? 'FS'
    let from = type === 'SS' ? a.start : a.end
    const to = type === 'FF' ? b.end : b.start
    const mode = modeOf(facts, a)
    if (type === 'FS' && (arc.ratio ?? 1) < 1 && mode && !first.session && first.status !== 'done') {
      const work = Math.ceil(arc.ratio! * minutesOf(facts, mode) - 1e-9)
      const hours = commonHours(mode.needs.map((need) => facts.hours.get(need.res)!))
      const left = work - (first.elapsed ?? 0)
      from =
        first.status === 'running'
          ? left <= 0
            ? facts.now
            : afterWork(hours, facts.now, left)
          : afterWork(hours, a.start, work)
      add('overlap-end', [arc.from, arc.to], a.end - b.end)
    }
    if (next.status === 'running') continue
    add('precedence', [arc.from, arc.to], from + lag - to)
    if (arc.maxLag != null) {
      const since = type === 'SS' ? a.start : a.end
      add('max-lag', [arc.from, arc.to], to - since - arc.maxLag)
    }
  }
}

function checkPool(facts: Facts, resource: Resource, held: readonly Assignment[], add: Add): void {
  const events: { at: number; change: number }[] = []
  for (const item of held) {
    const task = facts.tasks.get(item.task)!
    const needs = task.session ? (task.session.kit ?? []) : (modeOf(facts, item)?.needs ?? [])
    const qty = needs
      .filter((need) => need.res === resource.id)
      .reduce((sum, need) => sum + (need.qty ?? 1), 0)
    const around = task.session ? [resource.leadMin ?? 0, resource.turnaroundMin ?? 0] : [0, 0]
    events.push({ at: item.start - around[0]!, change: qty }, { at: item.end + around[1]!, change: -qty })
  }
  events.sort((a, b) => a.at - b.at || a.change - b.change)
  let used = 0
  let over = 0
  events.forEach((event, i) => {
    used += event.change
    const extra = used - (resource.capacity ?? 1)
    const until = events[i + 1]?.at ?? event.at
    if (extra > 0) over += extra * (until - event.at)
  })
  add('pool-capacity', [resource.id], over)
}

function checkLine(facts: Facts, resource: Resource, held: readonly Assignment[], add: Add): void {
  const table = facts.problem.setups.find((entry) => entry.id === resource.setup)
  const hours = facts.hours.get(resource.id)!
  const familyOf = (item: Assignment): string | null => {
    const task = facts.tasks.get(item.task)!
    return task.family ?? facts.jobs.get(task.job)?.family ?? null
  }
  let free = Math.max(facts.now, resource.availableFrom ?? 0)
  let state = resource.initialState ?? null
  let before: string | null = null
  for (const item of held) {
    const family = familyOf(item)
    if (before === null && resource.settingUp && resource.settingUp.family === family)
      free = resource.settingUp.since
    const running = facts.tasks.get(item.task)?.status === 'running'
    const need = running ? 0 : setupMinutes(table, state, family)
    if (!running) {
      add('overlap', [resource.id, item.task, ...(before ? [before] : [])], free - item.start)
      if (free <= item.start)
        add('setup-time', [resource.id, item.task], afterWork(hours, free, need) - item.start)
    } else if (before !== null) add('overlap', [resource.id, item.task, before], free - item.start)
    free = running && before === null ? item.end : Math.max(free, item.end)
    state = family
    before = item.task
  }
}

export function setupMinutes(
  table: Problem['setups'][number] | undefined,
  from: string | null,
  to: string | null,
): number {
  if (!table || from === null || to === null || from === to) return 0
  const i = table.families.indexOf(from)
  const j = table.families.indexOf(to)
  return i < 0 || j < 0 ? 0 : table.matrix[i]![j]!
}

function checkAirUse(resource: Resource, held: readonly Assignment[], add: Add): void {
  const gap = (resource.turnaroundMin ?? 0) + (resource.leadMin ?? 0)
  const days = new Map<number, number>()
  let until = -Infinity
  let stretch = 0
  held.forEach((item, i) => {
    const day = Math.floor(item.start / DAY_MIN)
    days.set(day, (days.get(day) ?? 0) + item.end - item.start)
    const before = held[i - 1]
    if (before) {
      add('overlap', [resource.id, before.task, item.task], until + gap - item.start)
      if (Math.floor(before.start / DAY_MIN) !== day)
        add('rest', [resource.id, before.task, item.task], (resource.minRestMin ?? 0) - (item.start - until))
      if (item.start - until >= (resource.breakMin ?? 30)) stretch = 0
    }
    stretch += item.end - item.start
    add(
      'stretch',
      [resource.id, item.task],
      Math.min(item.end - item.start, stretch - (resource.maxConsecutiveMin ?? Infinity)),
    )
    until = Math.max(until, item.end)
  })
  for (const [day, minutes] of days)
    add('day-limit', [resource.id, String(day)], minutes - (resource.maxMinPerDay ?? Infinity))
}
