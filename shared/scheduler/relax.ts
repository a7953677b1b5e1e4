import { explanation } from './explain-unplanned.ts'
import { explainLate } from './explain.ts'
import { resolveLocks } from './locks.ts'
import { compileModel } from './model.ts'
import { compareScores } from './problem.ts'
import type { Calendar, Explanation, Interval, Plan, Problem, Resource, Score } from './problem.ts'
import { Search } from './search.ts'
import { stateFromPlan } from './warm-start.ts'

export interface Relaxation {
  /** What to allow, in words. */
  change: Explanation
  problem: Problem
  /** Best score found with it, and its gain by tier (positive is better). */
  score: Score
  gain: number[]
}

const MOST_CANDIDATES = 10
const SHIFT_MIN = 240
/** Each is tried at this share of the heat a plan is begun with. */
const RELAXED_HEAT = 0.016

/**
 * What would make a plan better or feasible, best first: an extra shift on the lines late work waited for, a
 * studio open longer, another streamer, a lock let go, a later date. Each is tried by a short search from the
 * plan (`iterations` trials); those that gain nothing are left out.
 */
export function rankRelaxations(
  problem: Problem,
  plan: Plan,
  options: { seed: number; iterations?: number; shouldStop?: () => boolean },
): Relaxation[] {
  const iterations = options.iterations ?? 1500
  const reach = (changed: Problem): Score => {
    const model = compileModel(changed)
    const search = new Search(model, options.seed, stateFromPlan(model, plan), { tasks: [] })
    search.runAt(iterations, RELAXED_HEAT * search.heat())
    return search.bestScore
  }
  const base = reach(problem)
  const found: Relaxation[] = []
  for (const candidate of listCandidates(problem, plan).slice(0, MOST_CANDIDATES)) {
    if (options.shouldStop?.()) break
    const score = reach(candidate.problem)
    if (compareScores(score, base, problem.objective) >= 0) continue
    const gain = score.map((value, tier) => base[tier]! - value)
    const tier = gain.findIndex((value) => value !== 0)
    const params = { ...candidate.change.params, gain: gain[tier] ?? 0 }
    found.push({ ...candidate, change: { key: candidate.change.key, params }, score, gain })
  }
  return found.sort((a, b) => compareScores(a.score, b.score, problem.objective))
}

function listCandidates(problem: Problem, plan: Plan): { change: Explanation; problem: Problem }[] {
  const list: { change: Explanation; problem: Problem }[] = []
  const resources = new Map(problem.resources.map((resource) => [resource.id, resource]))
  for (const id of busiestLines(problem, plan).slice(0, 4)) {
    const resource = resources.get(id)
    if (!resource || resource.calendar == null) continue
    const [fromMin, toMin] = dailyExtension(problem, resource)
    list.push({
      change: explanation('plan.relax.extraShift', { resource: id, fromMin, toMin, gain: 0 }),
      problem: withLongerDays(problem, resource),
    })
  }
  const lack = { studio: false, crew: new Set<string>() }
  for (const { task, reason } of plan.unplanned) {
    if (reason.key === 'plan.unplanned.startsTaken') {
      if (Number(reason.params.noStudio) > 0) lack.studio = true
      if (Number(reason.params.noCrew) > 0) {
        const skills = problem.tasks.find((entry) => entry.id === task)?.session?.skills ?? []
        lack.crew.add([...skills].sort().join('\n'))
      }
    }
    if (reason.key === 'plan.unplanned.hardDue') {
      const job = problem.tasks.find((entry) => entry.id === task)!.job
      const byMin = Number(reason.params.lateMin) + 60
      list.push({
        change: explanation('plan.relax.hardDue', { job, byMin, gain: 0 }),
        problem: {
          ...problem,
          jobs: problem.jobs.map((j) =>
            j.id === job && j.hardDue != null ? { ...j, hardDue: j.hardDue + byMin } : j,
          ),
        },
      })
    }
  }
  if (lack.studio)
    for (const studio of problem.resources
      .filter((r) => r.kind === 'studio' && r.calendar != null)
      .slice(0, 2)) {
      const [fromMin, toMin] = dailyExtension(problem, studio)
      list.push({
        change: explanation('plan.relax.studioOpen', { studio: studio.id, fromMin, toMin, gain: 0 }),
        problem: withLongerDays(problem, studio),
      })
    }
  for (const joined of lack.crew) {
    const skills = joined === '' ? [] : joined.split('\n')
    const extra: Resource = {
      id: `+${skills.join('+')}`,
      kind: 'streamer',
      skills,
      maxMinPerDay: 390,
      minRestMin: 480,
    }
    list.push({
      change: explanation('plan.relax.addStreamer', { skills, gain: 0 }),
      problem: { ...problem, resources: [...problem.resources, extra] },
    })
  }
  for (const [task, lock] of resolveLocks(problem))
    if (lock.cause === 'lock')
      list.push({
        change: explanation('plan.relax.releaseLock', { task, cause: lock.cause, gain: 0 }),
        problem: {
          ...problem,
          tasks: problem.tasks.map((entry) => (entry.id === task ? { ...entry, lock: null } : entry)),
        },
      })
  return list
}

/** Lines that late jobs waited for, most minutes first. */
function busiestLines(problem: Problem, plan: Plan): string[] {
  const minutes = new Map<string, number>()
  for (const late of explainLate(problem, plan))
    for (const part of late.chain) {
      if (part.key !== 'plan.late.waitedForLine' && part.key !== 'plan.late.closed') continue
      const id = String(part.params.resource)
      minutes.set(id, (minutes.get(id) ?? 0) + Number(part.params.minutes))
    }
  return [...minutes].sort((a, b) => b[1] - a[1]).map(([id]) => id)
}

/** The first added window, as an example for the text. */
function dailyExtension(problem: Problem, resource: Resource): [number, number] {
  const extended = withLongerDays(problem, resource)
  const before = new Set(
    problem.calendars.find((entry) => entry.id === resource.calendar)!.open.map((window) => window[1]),
  )
  const added = extended.calendars[extended.calendars.length - 1]!.open.find(
    (window) => !before.has(window[1]),
  )
  return added ? [added[1] - SHIFT_MIN, added[1]] : [0, 0]
}

/** Each day's last window grows by four hours where there is room before the next. */
function withLongerDays(problem: Problem, resource: Resource): Problem {
  const old = problem.calendars.find((entry) => entry.id === resource.calendar)!
  const now = problem.now ?? 0
  const open = old.open.map(([start, end], i): Interval => {
    const next = old.open[i + 1]?.[0] ?? Infinity
    const endsDay = Math.floor(next / 1440) > Math.floor((end - 1) / 1440)
    return endsDay && end > now && end + SHIFT_MIN <= next ? [start, end + SHIFT_MIN] : [start, end]
  })
  const added = open.flatMap(([, end], i): Interval[] =>
    end === old.open[i]![1] ? [] : [[old.open[i]![1], end]],
  )
  const longer: Calendar = {
    id: `${old.id}+${resource.id}`,
    open,
    overtime: [...(old.overtime ?? []), ...added],
  }
  return {
    ...problem,
    calendars: [...problem.calendars, longer],
    resources: problem.resources.map((entry) =>
      entry.id === resource.id ? { ...entry, calendar: longer.id } : entry,
    ),
  }
}
