import type { PlanFigures, Scenario } from '../../../shared/contract/scenario.ts'
import type { Sentence } from '../../../shared/contract/planning.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import { DAY_MS } from '../../../shared/domain/time.ts'
import { checkPlan } from '../../../shared/checker/check.ts'
import type { Interval, Plan, Problem, Resource } from '../../../shared/scheduler/index.ts'
import type { Names } from './names.ts'
import type { BuiltProblem } from './problem.ts'
import { exposureFen, itemsOf, scoreTiers } from './result.ts'
import type { BeltSnapshot } from './snapshot.ts'

/** The belt as it would be. Pure; what is supposed is in the copy only. */
export function suppose(snapshot: BeltSnapshot, scenario: Scenario): BeltSnapshot {
  switch (scenario.kind) {
    case 'as-is':
      return snapshot
    case 'extra-shift': {
      requireKnown(snapshot.lines, 'productionLine', scenario.lineId)
      requireForward(scenario)
      const extra = [[scenario.fromMs, scenario.untilMs] as const]
      return {
        ...snapshot,
        lines: snapshot.lines.map((line) => (line.id === scenario.lineId ? { ...line, extra } : line)),
      }
    }
    case 'studio-closed': {
      requireKnown(snapshot.studios, 'studio', scenario.studioId)
      requireForward(scenario)
      const { studioId: subjectId, fromMs, untilMs } = scenario
      const closure = { id: 'supposed', subjectTable: 'studio' as const, subjectId, fromMs, untilMs }
      return { ...snapshot, closures: [...snapshot.closures, closure] }
    }
    case 'forecast': {
      if (scenario.sessionId !== null) requireKnown(snapshot.sessions, 'liveSession', scenario.sessionId)
      const counts = (id: string | null) =>
        id !== null && (scenario.sessionId === null || scenario.sessionId === id)
      const grow = (value: number) => Math.ceil((value * scenario.percent) / 100)
      return {
        ...snapshot,
        sessions: snapshot.sessions.map((session) =>
          counts(session.id) ? { ...session, forecastFen: grow(session.forecastFen) } : session,
        ),
        orders: snapshot.orders.map((order) =>
          order.kind !== 'sample' && counts(order.sessionId)
            ? { ...order, quantity: grow(order.quantity) }
            : order,
        ),
      }
    }
    case 'later-due': {
      if (scenario.orderId !== null) requireKnown(snapshot.orders, 'productionOrder', scenario.orderId)
      const late = new Set(snapshot.current.filter((item) => item.lateMin > 0).map((item) => item.orderId))
      const counts = (id: string) => (scenario.orderId === null ? late.has(id) : id === scenario.orderId)
      return {
        ...snapshot,
        orders: snapshot.orders.map((order) =>
          counts(order.id) ? { ...order, dueMs: order.dueMs + scenario.days * DAY_MS } : order,
        ),
      }
    }
  }
}

function requireKnown(rows: readonly { id: string }[], table: string, id: string): void {
  if (!rows.some((row) => row.id === id)) throw new Refusal('not-found', { table, id })
}

function requireForward({ fromMs, untilMs }: { fromMs: number; untilMs: number }): void {
  if (untilMs <= fromMs) throw new Refusal('bad-input', { field: 'untilMs', problem: 'before-start' })
}

/** What a scenario supposes, in words. */
export function scenarioSentence(scenario: Scenario, snapshot: BeltSnapshot, names: Names): Sentence {
  const key = `plan.scenario.${scenario.kind}`
  switch (scenario.kind) {
    case 'as-is':
      return { key, params: {} }
    case 'extra-shift':
      return {
        key,
        params: { name: names.lane(scenario.lineId), fromMs: scenario.fromMs, untilMs: scenario.untilMs },
      }
    case 'studio-closed':
      return {
        key,
        params: { name: names.lane(scenario.studioId), fromMs: scenario.fromMs, untilMs: scenario.untilMs },
      }
    case 'forecast':
      return scenario.sessionId === null
        ? { key: `${key}-all`, params: { percent: scenario.percent } }
        : { key, params: { name: names.task(`session:${scenario.sessionId}`), percent: scenario.percent } }
    case 'later-due':
      return scenario.orderId === null
        ? {
            key: `${key}-all`,
            params: {
              days: scenario.days,
              count: snapshot.current.filter((item) => item.lateMin > 0).length,
            },
          }
        : { key, params: { name: names.task(`order:${scenario.orderId}`), days: scenario.days } }
  }
}

function overlap(windows: readonly Interval[], from: number, to: number): number {
  let minutes = 0
  for (const [start, end] of windows) minutes += Math.max(0, Math.min(end, to) - Math.max(start, from))
  return minutes
}

/** Work over open time from now to the end of the horizon, percent. */
function usedPct(problem: Problem, plan: Pick<Plan, 'assign'>, kind: Resource['kind'], toMin: number) {
  const now = problem.now ?? 0
  const open = new Map(problem.calendars.map((calendar) => [calendar.id, calendar.open]))
  let available = 0
  let used = 0
  for (const resource of problem.resources) {
    if (resource.kind !== kind) continue
    const windows = resource.calendar == null ? [[now, toMin] as const] : (open.get(resource.calendar) ?? [])
    available += overlap(windows, now, toMin)
    for (const item of plan.assign)
      if (item.res.includes(resource.id))
        used += overlap(windows, Math.max(now, item.start - item.setupBefore), Math.min(toMin, item.end))
  }
  return available === 0 ? null : Math.round((used / available) * 100)
}

/** A plan in figures people know. */
export function figuresOf(snapshot: BeltSnapshot, built: BuiltProblem, plan: Plan): PlanFigures {
  const items = itemsOf(built, plan, snapshot)
  const late = items.filter((item) => item.lateMin > 0 && item.orderId !== null)
  const toMin = Math.min(built.problem.horizonMin, Math.floor((built.horizonToMs - built.epochMs) / 60_000))
  const value = new Map(snapshot.sessions.map((session) => [session.id, session.forecastFen]))
  const onAir = items.filter((item) => item.kind === 'broadcast')
  return {
    score: scoreTiers(plan.score),
    lateOrders: late.length,
    lateMin: late.reduce((sum, item) => sum + item.lateMin, 0),
    exposureFen: late.reduce((sum, item) => sum + exposureFen(snapshot, item.orderId!), 0),
    unplanned: plan.unplanned.length + built.unmakeable.length,
    linePct: usedPct(built.problem, plan, 'line', toMin),
    studioPct: usedPct(built.problem, plan, 'studio', toMin),
    slotValueFen: onAir.reduce((sum, item) => sum + (value.get(item.sessionId ?? '') ?? 0), 0),
    broadcasts: onAir.length,
  }
}

/** The plan as an answer to the belt as it is; null when it breaks a rule there. The checker decides. */
export function inReality(real: Problem, plan: Plan): Plan | null {
  const check = checkPlan(real, plan)
  if (check.violations.length > 0) return null
  return { ...plan, score: check.score, bounds: [] }
}
