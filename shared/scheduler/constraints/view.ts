import { ALWAYS_OPEN, buildOpenTime, intersectOpenTimes, openTimeOf } from '../calendar.ts'
import type { OpenTime } from '../calendar.ts'
import { indexBaseline, listAnnounced, resolveLocks } from '../locks.ts'
import type { EffectiveLock } from '../locks.ts'
import { durationOf } from '../model.ts'
import { unplannedAtMin } from '../problem.ts'
import type { Assignment, Job, Mode, Plan, Problem, Resource, SlotUse, Task } from '../problem.ts'

export type ScoredPlan = Pick<Plan, 'assign' | 'slots' | 'unplanned'>

/** A plan with everything a constraint looks up. Done tasks are left out of `items`. */
export interface PlanView {
  problem: Problem
  plan: ScoredPlan
  now: number
  tasks: Map<string, Task>
  jobs: Map<string, Job>
  resources: Map<string, Resource>
  items: Map<string, Assignment>
  done: Map<string, Assignment>
  uses: Map<string, SlotUse>
  out: Set<string>
  excused: Set<string>
  locks: Map<string, EffectiveLock>
  announced: Set<string>
  baseline: Map<string, Assignment>
  openTime: Map<string, OpenTime>
  prime: OpenTime
  unplannedAt: number
  /** Open items on a resource, by start. */
  held(resource: string): Assignment[]
  modeTime(mode: Mode): OpenTime
  duration(mode: Mode): number
  familyOf(task: string): string | null
}

export function viewPlan(problem: Problem, plan: ScoredPlan): PlanView {
  const tasks = new Map(problem.tasks.map((task) => [task.id, task]))
  const jobs = new Map(problem.jobs.map((job) => [job.id, job]))
  const calendars = new Map(problem.calendars.map((calendar) => [calendar.id, calendar]))
  const openTime = new Map(
    problem.resources.map((resource) => [
      resource.id,
      resource.calendar == null ? ALWAYS_OPEN : openTimeOf(calendars.get(resource.calendar)),
    ]),
  )
  const items = new Map<string, Assignment>()
  const done = new Map<string, Assignment>()
  const byResource = new Map<string, Assignment[]>()
  for (const item of plan.assign) {
    if (tasks.get(item.task)?.status === 'done') {
      done.set(item.task, item)
      continue
    }
    items.set(item.task, item)
    for (const id of item.res) byResource.set(id, [...(byResource.get(id) ?? []), item])
  }
  for (const list of byResource.values()) list.sort((a, b) => a.start - b.start || a.end - b.end)
  const out = new Set(plan.unplanned.map((item) => item.task))
  return {
    problem,
    plan,
    now: problem.now ?? 0,
    tasks,
    jobs,
    resources: new Map(problem.resources.map((resource) => [resource.id, resource])),
    items,
    done,
    uses: new Map(plan.slots.map((use) => [use.task, use])),
    out,
    excused: listExcused(problem, tasks, out),
    locks: resolveLocks(problem),
    announced: listAnnounced(problem),
    baseline: indexBaseline(problem),
    openTime,
    prime: buildOpenTime(problem.fairness?.prime ?? []),
    unplannedAt: unplannedAtMin(problem),
    held: (resource) => byResource.get(resource) ?? [],
    modeTime: (mode) => intersectOpenTimes(mode.needs.map((need) => openTime.get(need.res)!)),
    duration: (mode) => durationOf(mode, problem.forecast),
    familyOf: (id) => tasks.get(id)?.family ?? jobs.get(tasks.get(id)?.job ?? '')?.family ?? null,
  }
}

function listExcused(
  problem: Problem,
  tasks: ReadonlyMap<string, Task>,
  out: ReadonlySet<string>,
): Set<string> {
  const followers = new Map<string, string[]>()
  for (const arc of problem.prec) followers.set(arc.from, [...(followers.get(arc.from) ?? []), arc.to])
  const excused = new Set<string>()
  const stack = [...out].filter((id) => tasks.get(id)?.optional)
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (excused.has(id) || !out.has(id)) continue
    excused.add(id)
    stack.push(...(followers.get(id) ?? []))
  }
  return excused
}
