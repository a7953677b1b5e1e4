import { collectFacts, isAnnounced, modeOf, openMinutes, worthOf } from './facts.ts'
import type { Facts, Hours } from './facts.ts'
import { commonHours, mergeTouching } from './facts.ts'
import { setupMinutes } from './hard.ts'
import type { Assignment, Plan, Problem, Task } from '../scheduler/problem.ts'

/** Tiers 2..6 of a plan's score, recomputed from the two documents alone. */
export function recomputeSoft(
  problem: Problem,
  plan: Pick<Plan, 'assign' | 'slots' | 'unplanned'>,
): [number, number, number, number, number] {
  const facts = collectFacts(problem, plan.assign)
  const open = plan.assign.filter((item) => facts.tasks.get(item.task)?.status !== 'done')
  const latest = Math.max(facts.now, ...open.map((item) => item.end))
  return [
    tardiness(facts, plan) + lostValue(facts, plan),
    unrest(facts, plan),
    setups(facts, open) + overtime(facts, open),
    fairness(facts, plan),
    latest - facts.now,
  ]
}

/** Unplanned tasks whose absence costs nothing beyond lost session value. */
function excusedTasks(facts: Facts, out: ReadonlySet<string>): Set<string> {
  const excused = new Set([...out].filter((id) => facts.tasks.get(id)?.optional))
  for (let grew = true; grew;) {
    grew = false
    for (const arc of facts.problem.prec)
      if (excused.has(arc.from) && out.has(arc.to) && !excused.has(arc.to)) {
        excused.add(arc.to)
        grew = true
      }
  }
  return excused
}

function tardiness(facts: Facts, plan: Pick<Plan, 'unplanned'>): number {
  const { jobs, horizonMin } = facts.problem
  const never = 3 * Math.max(horizonMin, ...jobs.map((job) => job.due ?? 0))
  const out = new Set(plan.unplanned.map((item) => item.task))
  const excused = excusedTasks(facts, out)
  let cost = 0
  for (const job of jobs) {
    let done = 0
    for (const id of job.tasks) {
      const task = facts.tasks.get(id)
      if (!task || task.status === 'done') continue
      if (out.has(id)) done = excused.has(id) ? done : never
      else done = Math.max(done, Math.min(never, facts.items.get(id)?.end ?? 0))
    }
    const weight = job.weight ?? 1
    if (job.due == null) cost += done >= never ? weight * never : 0
    else cost += weight * Math.max(0, done - job.due)
  }
  return cost
}

function lostValue(facts: Facts, plan: Pick<Plan, 'slots' | 'unplanned'>): number {
  const uses = new Map(plan.slots.map((use) => [use.task, use]))
  let lost = 0
  for (const task of facts.problem.tasks) {
    if (!task.session || task.status === 'done') continue
    const worth = worthOf(facts, task)
    const use = uses.get(task.id)
    const slot = use?.slot == null ? undefined : facts.slots.get(use.slot)
    if (!use) lost += worth
    else if (slot?.value != null) lost += Math.max(0, worth - slot.value)
  }
  return lost * (facts.problem.lostValueWeight ?? 60)
}

function unrest(facts: Facts, plan: Pick<Plan, 'unplanned'>): number {
  const rules = facts.problem.stability
  const wStart = rules?.wStart ?? 1
  const wRes = rules?.wRes ?? 20
  const wStreamer = rules?.wStreamer ?? 50
  const wAnnounced = rules?.wAnnounced ?? 100_000
  const tolerance = rules?.toleranceMin ?? 15
  const out = new Set(plan.unplanned.map((item) => item.task))
  let cost = 0
  for (const task of facts.problem.tasks) {
    if (task.status === 'done' || task.status === 'running') continue
    const before = rules?.baseline.assign.find((item) => item.task === task.id)
    const announced = before !== undefined && isAnnounced(facts, task, before)
    const { start, res } = wishOf(task, before)
    if (start === null && res === null) continue
    if (out.has(task.id)) {
      cost += announced ? wAnnounced : start === null ? 0 : wRes
      continue
    }
    const item = facts.items.get(task.id)
    if (!item) continue
    if (start !== null) {
      const moved = Math.abs(item.start - start)
      if (announced && moved > 0) cost += wAnnounced
      cost += wStart * Math.max(0, moved - tolerance)
    }
    if (res === null) continue
    const kit = new Set((task.session?.kit ?? []).map((need) => need.res))
    for (const id of item.res) {
      if (res.includes(id) || kit.has(id)) continue
      cost += facts.resources.get(id)?.kind === 'streamer' && task.session ? wStreamer : wRes
    }
  }
  return cost
}

function wishOf(
  task: Task,
  before: Assignment | undefined,
): { start: number | null; res: readonly string[] | null } {
  const soft = task.lock?.strength === 'soft' ? task.lock : null
  const start = soft?.start ?? before?.start ?? null
  if (soft?.mode != null && task.modes?.[soft.mode])
    return { start, res: task.modes[soft.mode]!.needs.map((need) => need.res) }
  if (soft?.studio && task.session) return { start, res: [soft.studio, ...(soft.streamers ?? [])] }
  return { start, res: before?.res ?? null }
}

function setups(facts: Facts, open: readonly Assignment[]): number {
  let sum = 0
  for (const resource of facts.problem.resources) {
    const table = facts.problem.setups.find((entry) => entry.id === resource.setup)
    if (!table) continue
    let state = resource.initialState ?? null
    const held = open
      .filter((item) => item.res.includes(resource.id))
      .sort((a, b) => a.start - b.start || a.end - b.end)
    for (const item of held) {
      const task = facts.tasks.get(item.task)!
      const family = task.family ?? facts.jobs.get(task.job)?.family ?? null
      if (task.status !== 'running') sum += setupMinutes(table, state, family)
      state = family
    }
  }
  return sum
}

function overtime(facts: Facts, open: readonly Assignment[]): number {
  let sum = 0
  for (const item of open) {
    const mode = modeOf(facts, item)
    if (!mode) continue
    const ids = mode.needs.map((need) => need.res)
    const paid = ids.flatMap((id) => facts.overtime.get(id)!.windows).sort((a, b) => a[0] - b[0])
    const extra: Hours = { always: false, windows: mergeTouching(paid) }
    const worked = commonHours([...ids.map((id) => facts.hours.get(id)!), extra])
    sum += openMinutes(worked, item.start, item.end)
  }
  return sum
}

function fairness(facts: Facts, plan: Pick<Plan, 'slots'>): number {
  const rules = facts.problem.fairness
  if (!rules) return 0
  const prime: Hours = {
    always: false,
    windows: mergeTouching([...(rules.prime ?? [])].sort((a, b) => a[0] - b[0])),
  }
  const periods = Math.max(1, Math.ceil(facts.problem.horizonMin / rules.periodMin))
  const aired = plan.slots
    .map((use) => ({ use, item: facts.items.get(use.task)!, task: facts.tasks.get(use.task)! }))
    .filter(({ item, task }) => item && task.status !== 'done')
  let cost = 0
  for (let period = 0; period < periods; period++) {
    const inside = aired.filter(({ item }) => Math.floor(item.start / rules.periodMin) === period)
    for (const resource of facts.problem.resources) {
      if (!resource.quotaMin || (rules.groups && !rules.groups.includes(resource.id))) continue
      const minutes = inside
        .filter(({ use }) => use.streamers.includes(resource.id))
        .reduce(
          (sum, { item }) =>
            sum +
            (rules.measure === 'primeMinutes'
              ? openMinutes(prime, item.start, item.end)
              : item.end - item.start),
          0,
        )
      const { min, target, max } = resource.quotaMin
      if (minutes < min || minutes > max) cost += (minutes - target) ** 2
    }
    const share = new Map<string | null, number>()
    for (const { item, task } of inside) {
      const merchant = facts.jobs.get(task.job)?.merchant ?? null
      share.set(merchant, (share.get(merchant) ?? 0) + openMinutes(prime, item.start, item.end))
    }
    const total = [...share.values()].reduce((sum, minutes) => sum + minutes, 0)
    const small = new Set(rules.longTail?.merchants ?? [])
    const tail = [...share].reduce(
      (sum, [merchant, minutes]) => sum + (merchant !== null && small.has(merchant) ? minutes : 0),
      0,
    )
    if (rules.longTail) cost += Math.max(0, Math.ceil((total * rules.longTail.sharePct) / 100) - tail) ** 2
    if (rules.headCap && rules.headCap.sharePct < 100) {
      const cap = Math.floor((total * rules.headCap.sharePct) / 100)
      for (const [merchant, minutes] of share)
        if (merchant !== null && !small.has(merchant) && minutes > cap) cost += (minutes - cap) ** 2
    }
  }
  return cost
}
