import {
  everyDay,
  expandWindows,
  mergeWindows,
  subtractWindows,
  type Window,
} from '../../../shared/domain/calendar.ts'
import { productionMin } from '../../../shared/domain/shapes.ts'
import { DAY_MS, MINUTE_MS, addDays, atMinute, dayKeyOf, dayStartMs } from '../../../shared/domain/time.ts'
import type {
  Assignment,
  Calendar,
  Job,
  Mode,
  Precedence,
  Problem,
  Resource,
  SetupTable,
  Task,
} from '../../../shared/scheduler/problem.ts'
import { PLAN_SCHEMA } from '../../../shared/scheduler/problem.ts'
import { releaseStuck, validateProblem } from '../../../shared/scheduler/index.ts'
import { orderTaskKey, sessionTaskKey, type PlanItem } from './items.ts'
import { objectiveOf } from './policy.ts'
import type { BeltSnapshot, LineRow, OrderRow, SessionRow } from './snapshot.ts'
import { begunItems, withBegun, type Begun } from './under-way.ts'

export interface BuildOptions {
  readonly nowMs: number
  readonly horizonDays: number
  /** Published work starting before now plus this many minutes is not moved. */
  readonly frozenMin: number
  /** Task to hold at a place, for a manual move. */
  readonly hold?: { readonly taskKey: string; readonly laneId: string; readonly startMs: number }
}

export interface BuiltProblem {
  readonly problem: Problem
  readonly epochMs: number
  readonly horizonToMs: number
  /** Years without known holidays that the calendars ran into. */
  readonly missingYears: readonly number[]
  /** Orders that cannot become a task at all, with the step nobody can do. */
  readonly unmakeable: readonly { readonly orderId: string; readonly step: 'sample' | 'qc' | 'production' }[]
}

/** Days after the last broadcast in which its production may still be placed. */
const TAIL_DAYS = 6
const GRID_MIN = 30
const FEN_PER_VALUE = 100_000

const gridUp = (minute: number) => Math.ceil(minute / GRID_MIN) * GRID_MIN

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** Maps the belt to `chanbo.plan/1`: pure, the same rows and options give the same problem. */
export function buildProblem(snapshot: BeltSnapshot, options: BuildOptions): BuiltProblem {
  const { timeZone } = snapshot
  const today = dayKeyOf(options.nowMs, timeZone)
  const begun = begunItems(snapshot.current, snapshot, options.nowMs)
  const epochMs = dayStartMs(dayKeyOf(earliestMs(begun, options.nowMs), timeZone), timeZone)
  const horizonToMs = dayStartMs(addDays(today, options.horizonDays), timeZone)
  const endMs = horizonToMs + TAIL_DAYS * DAY_MS
  const horizonMin = (endMs - epochMs) / MINUTE_MS
  const toMin = (ms: number) => Math.floor((ms - epochMs) / MINUTE_MS)
  const ceilMin = (ms: number) => Math.ceil((ms - epochMs) / MINUTE_MS)
  const now = Math.max(0, ceilMin(options.nowMs))
  const missing = new Set<number>()
  const unmakeable: BuiltProblem['unmakeable'][number][] = []
  const calendars: Calendar[] = []
  const setups: SetupTable[] = []
  const resources: Resource[] = []
  const jobs: Job[] = []
  const tasks: Task[] = []
  const prec: Precedence[] = []

  const currentByKey = new Map(snapshot.current.map((item) => [item.taskKey, item]))
  const pinByKey = new Map(snapshot.pins.map((pin) => [pin.taskKey, pin]))
  const plannedSessions = new Set(snapshot.sessions.map((session) => session.id))

  function addCalendar(id: string, windows: readonly Window[]): string {
    calendars.push({
      id,
      open: windows
        .map(([from, to]) => [Math.max(0, ceilMin(from)), Math.min(horizonMin, toMin(to))] as const)
        .filter(([from, to]) => to > from),
    })
    return id
  }

  /** Grants of bookings that this problem does not place again, widened by the room's own make-up and reset around them. */
  function takenBy(resourceKey: string, leadMin = 0, resetMin = 0): Window[] {
    return mergeWindows(
      snapshot.grants
        .filter(
          (grant) =>
            grant.resourceKey === resourceKey &&
            (grant.sessionId === null || !plannedSessions.has(grant.sessionId)),
        )
        .map((grant) => [grant.startMs - resetMin * MINUTE_MS, grant.endMs + leadMin * MINUTE_MS] as const),
    )
  }

  const closedAt = (id: string): Window[] =>
    snapshot.closures
      .filter((closure) => closure.subjectId === id)
      .map(({ fromMs, untilMs }) => [fromMs, untilMs ?? endMs] as const)
  const isClosed = (id: string, fromMs: number, toMs_: number): boolean =>
    closedAt(id).some(([from, to]) => from < toMs_ && to > fromMs)

  for (const line of snapshot.lines) resources.push(lineResource(line))
  for (const studio of snapshot.studios) {
    const open = expandWindows({
      patterns: everyDay(studio.openMin, studio.closeMin),
      fromMs: epochMs,
      toMs: endMs,
      timeZone,
      calendar: snapshot.calendar,
      keepsHolidays: false,
    })
    resources.push({
      id: studio.id,
      kind: 'studio',
      site: studio.baseId,
      calendar: addCalendar(
        `studio:${studio.id}`,
        subtractWindows(
          open.windows,
          mergeWindows([
            ...takenBy(`studio:${studio.id}`, studio.makeUpMin, studio.resetMin),
            ...closedAt(studio.id),
          ]),
        ),
      ),
      leadMin: studio.makeUpMin,
      turnaroundMin: studio.resetMin,
    })
  }
  // A streamer may be sent to any room, so the longest make-up counts.
  const makeUpMin = Math.max(0, ...snapshot.studios.map((studio) => studio.makeUpMin))
  for (const streamer of snapshot.streamers) {
    const open = expandWindows({
      patterns: streamer.weekly,
      fromMs: epochMs,
      toMs: endMs,
      timeZone,
      calendar: snapshot.calendar,
      keepsHolidays: false,
    })
    resources.push({
      id: streamer.id,
      kind: 'streamer',
      site: streamer.baseId ?? undefined,
      calendar: addCalendar(
        `streamer:${streamer.id}`,
        subtractWindows(
          open.windows,
          mergeWindows([...takenBy(`streamer:${streamer.id}`, makeUpMin, 0), ...closedAt(streamer.id)]),
        ),
      ),
      skills: streamer.families,
      leadMin: makeUpMin,
      maxMinPerDay: streamer.maxMinPerDay,
      minRestMin: streamer.minRestMin,
      maxConsecutiveMin: streamer.maxStretchMin,
    })
  }

  function lineResource(line: LineRow): Resource {
    const closed: Window[] = line.downFromMs === null ? [] : [[line.downFromMs, line.downUntilMs ?? endMs]]
    const expansion = expandWindows({
      patterns: line.shifts,
      fromMs: epochMs,
      toMs: endMs,
      timeZone,
      calendar: snapshot.calendar,
      keepsHolidays: true,
      closed,
    })
    for (const year of expansion.missingYears) missing.add(year)
    const hasSetup = line.changeover.families.length > 0
    if (hasSetup)
      setups.push({
        id: `setup:${line.id}`,
        by: 'family',
        families: line.changeover.families,
        matrix: line.changeover.matrix,
      })
    const initial =
      line.initialFamily !== null && line.changeover.families.includes(line.initialFamily)
        ? line.initialFamily
        : null
    return {
      id: line.id,
      kind: line.kind === 'qc' ? 'bench' : 'line',
      site: line.factoryId,
      calendar: addCalendar(`line:${line.id}`, mergeWindows([...expansion.windows, ...(line.extra ?? [])])),
      setup: hasSetup ? `setup:${line.id}` : null,
      initialState: initial,
    }
  }

  for (const session of snapshot.sessions) if (session.status !== 'ended') addSession(session)
  for (const order of snapshot.orders) addOrder(order)

  function addSession(session: SessionRow): void {
    const key = sessionTaskKey(session.id)
    const from = Math.max(now, ceilMin(session.earliestMs))
    const fixed = session.startMs !== null && session.studioId !== null
    const latest = Math.min(toMin(session.latestMs), (horizonToMs - epochMs) / MINUTE_MS + 240)
    if (!fixed && latest < from + session.durationMin) return
    const task: Task = {
      id: key,
      job: key,
      type: 'broadcast',
      optional: true,
      family: null,
      session: {
        float: { from: gridUp(from), to: latest, stepMin: GRID_MIN },
        dur: session.durationMin,
        studios: session.studioIds.length > 0 ? session.studioIds : null,
        streamers: crewFor(session),
        needStreamers: 1,
        value: Math.max(1, Math.round(session.forecastFen / FEN_PER_VALUE)),
        products: session.skuCount,
      },
    }
    jobs.push({ id: key, merchant: session.merchantId, tasks: [key], due: null, weight: 1 })
    if (session.status === 'live') {
      const startMs = session.actualStartMs ?? session.startMs ?? options.nowMs
      tasks.push({
        ...task,
        optional: false,
        status: 'running',
        elapsed: Math.max(0, now - toMin(startMs)),
        actual: {
          mode: 0,
          start: toMin(startMs),
          studio: session.studioId ?? '',
          streamers: [...session.streamerIdsPlanned],
        },
      })
      return
    }
    tasks.push({ ...task, lock: sessionLock(session, key) })
  }

  /** Those who know at least one of the session's families, unless the session names its streamers. */
  function crewFor(session: SessionRow): string[] {
    if (session.streamerIds.length > 0) return [...session.streamerIds]
    const able = snapshot.streamers.filter(
      (streamer) =>
        session.families.length === 0 ||
        session.families.some((family) => streamer.families.includes(family)),
    )
    return (able.length > 0 ? able : snapshot.streamers).map((streamer) => streamer.id)
  }

  function sessionLock(session: SessionRow, key: string): Task['lock'] {
    if (options.hold?.taskKey === key) {
      const isStudio = snapshot.studios.some((studio) => studio.id === options.hold!.laneId)
      return isStudio
        ? { start: toMin(options.hold.startMs), studio: options.hold.laneId, strength: 'hard' }
        : { start: toMin(options.hold.startMs), streamers: [options.hold.laneId], strength: 'hard' }
    }
    const booked = snapshot.bookings.find((booking) => booking.sessionId === session.id)
    if (session.status === 'announced' && session.startMs !== null) {
      // What was announced is the hour; a room or a person that cannot be had any more is replaced.
      const lasts = session.startMs + session.durationMin * MINUTE_MS
      const free = (id: string) => !isClosed(id, session.startMs!, lasts)
      return {
        start: toMin(session.startMs),
        studio: session.studioId !== null && free(session.studioId) ? session.studioId : null,
        streamers: session.streamerIdsPlanned.every(free) ? session.streamerIdsPlanned : null,
        strength: 'hard',
      }
    }
    const pin = pinByKey.get(key)
    if (pin && pin.startMs !== null)
      return { start: toMin(pin.startMs), studio: pin.resourceId, strength: pin.strength }
    if (booked?.outcome === 'granted' && booked.startMs >= options.nowMs)
      return {
        start: toMin(booked.startMs),
        studio: booked.studioId,
        streamers: booked.streamerIds,
        strength: 'soft',
      }
    return null
  }

  function addOrder(order: OrderRow): void {
    const jobId = `order:${order.id}`
    const due = Math.max(0, toMin(order.dueMs))
    // Not before now either, but that is the engine's to say: published work may have begun already.
    const release = Math.max(0, ceilMin(order.releaseMs))
    const steps = order.kind === 'sample' ? (['sample', 'qc'] as const) : (['production'] as const)
    const made: Task[] = []
    for (const step of steps) {
      const key = orderTaskKey(order.id, step)
      const modes = modesFor(order, step)
      if (modes.length === 0) {
        unmakeable.push({ orderId: order.id, step })
        return
      }
      const task: Task = {
        id: key,
        job: jobId,
        type: step,
        family: step === 'qc' ? null : order.family,
        modes,
        split: step === 'production' ? 'pause' : 'none',
      }
      made.push(
        step === steps[0] && order.status === 'running' && !currentByKey.has(key)
          ? runningTask(task)
          : { ...task, lock: lineLock(task) },
      )
    }
    tasks.push(...made)
    jobs.push({
      id: jobId,
      order: order.id,
      merchant: order.merchantId,
      qty: order.quantity,
      release: Math.min(release, horizonMin),
      due,
      weight: Math.max(1, order.weight),
      family: order.family,
      tasks: made.map((task) => task.id),
    })
    for (let at = 1; at < made.length; at++)
      prec.push({ from: made[at - 1]!.id, to: made[at]!.id, type: 'FS', minLag: 0 })
    if (order.sessionId === null) return
    const broadcast = sessionTaskKey(order.sessionId)
    if (!tasks.some((task) => task.id === broadcast)) return
    if (order.kind === 'sample') prec.push({ from: made.at(-1)!.id, to: broadcast, type: 'FS', minLag: 0 })
    else if (order.kind !== 'pre-stock')
      prec.push({ from: broadcast, to: made[0]!.id, type: 'FS', minLag: 0 })
    else if (mayWaitForStock(order.sessionId))
      prec.push({ from: made.at(-1)!.id, to: broadcast, type: 'FS', minLag: 0 })
  }

  /**
   * Stock a broadcast sells is made before it. An hour that is announced, frozen or past does not wait, though: stock
   * that cannot be had by then is told as late (its order is due at the start) instead of taking the broadcast off air.
   */
  function mayWaitForStock(sessionId: string): boolean {
    const session = snapshot.sessions.find(({ id }) => id === sessionId)
    if (!session || (session.status !== 'wanted' && session.status !== 'planned')) return false
    const placed = currentByKey.get(sessionTaskKey(sessionId))?.startMs ?? session.startMs
    return placed === null || toMin(placed) >= now + options.frozenMin
  }

  function modesFor(order: OrderRow, step: 'sample' | 'qc' | 'production'): Mode[] {
    const routing = order.routing.find((candidate) => candidate.op === step)
    if (!routing) return []
    const quantity = Math.max(1, order.quantity - order.doneQuantity)
    return routing.lineIds.flatMap((lineId) => {
      const line = snapshot.lines.find((candidate) => candidate.id === lineId)
      if (!line) return []
      if (step === 'production') {
        const rate = line.unitsPerHour[order.family]
        return rate === undefined ? [] : [{ needs: [{ res: lineId }], dur: productionMin(quantity, rate) }]
      }
      return [{ needs: [{ res: lineId }], dur: routing.durMin ?? 60 }]
    })
  }

  function modeOn(task: Task, laneId: string): number {
    return (task.modes ?? []).findIndex((mode) => mode.needs.some((need) => need.res === laneId))
  }

  /** Reported running without ever having been planned: on the first line that can make it, from now. */
  function runningTask(task: Task): Task {
    return { ...task, status: 'running', actual: { mode: 0, start: now }, elapsed: 0 }
  }

  function lineLock(task: Task): Task['lock'] {
    if (options.hold?.taskKey === task.id)
      return {
        mode: Math.max(0, modeOn(task, options.hold.laneId)),
        start: toMin(options.hold.startMs),
        strength: 'hard',
      }
    const pin = pinByKey.get(task.id)
    if (!pin) return null
    const mode = pin.resourceId === null ? -1 : modeOn(task, pin.resourceId)
    return {
      mode: mode < 0 ? null : mode,
      start: pin.startMs === null ? null : toMin(pin.startMs),
      strength: pin.strength,
    }
  }

  const planned: Problem = {
    schema: PLAN_SCHEMA,
    epoch: new Date(epochMs).toISOString(),
    horizonMin,
    now,
    resources,
    calendars,
    setups,
    jobs,
    tasks,
    prec,
    slots: [],
    fairness: fairness(),
    stability: stability(),
    objective: objectiveOf(snapshot.planning.weights),
  }
  const problem = withBegun(planned, begun, snapshot.current, toMin)
  const isSound = validateProblem(problem).every((issue) => issue.severity !== 'error')
  return {
    problem: isSound ? releaseStuck(problem) : problem,
    epochMs,
    horizonToMs,
    missingYears: [...missing],
    unmakeable,
  }

  function fairness(): Problem['fairness'] {
    const days = Math.ceil(horizonMin / 1440)
    const prime = Array.from(
      { length: days },
      (_, day) =>
        [day * 1440 + snapshot.policy.primeStartMin, day * 1440 + snapshot.policy.primeEndMin] as const,
    )
    const merchants = [
      ...new Set(
        snapshot.sessions
          .filter((session) => session.sizeClass === 'long-tail')
          .map((session) => session.merchantId),
      ),
    ]
    return {
      periodMin: 7 * 1440,
      measure: 'primeMinutes',
      prime,
      longTail: { merchants, sharePct: Math.round(snapshot.policy.longTailQuotaPct) },
      headCap: { sharePct: Math.round(snapshot.policy.headCapPct) },
    }
  }

  function stability(): Problem['stability'] {
    const byId = new Map(tasks.map((task) => [task.id, task]))
    const past = new Set(begun.map(({ item }) => item.taskKey))
    const assign: Assignment[] = snapshot.current.flatMap((item) => {
      const task = byId.get(item.taskKey)
      if (!task || (past.has(item.taskKey) && item.startMs < epochMs)) return []
      const mode = task.modes ? modeOn(task, item.lanes[0] ?? '') : 0
      if (mode < 0) return []
      return [
        {
          task: item.taskKey,
          mode,
          res: item.lanes,
          start: toMin(item.startMs),
          end: toMin(item.endMs),
          setupBefore: item.setupMin,
        },
      ]
    })
    if (assign.length === 0) return null
    const announced = snapshot.sessions
      .filter((session) => session.status === 'announced')
      .map((session) => sessionTaskKey(session.id))
    return {
      baseline: { assign },
      freezeUntil: now + options.frozenMin,
      announced: announced.filter((key) => byId.has(key)),
      released: begun.filter(({ state }) => state === 'open').map(({ item }) => item.taskKey),
    }
  }
}

/** The oldest start among work still under way, at most a week back; the problem's days are counted from its day. */
function earliestMs(begun: readonly Begun[], nowMs: number): number {
  const starts = begun.filter(({ state }) => state === 'running').map(({ item }) => item.startMs)
  return Math.max(nowMs - 7 * DAY_MS, Math.min(nowMs, ...starts))
}

/** The current plan as an engine's starting point; null when nothing is published. */
export function currentAssignments(problem: Problem): { assign: Assignment[] } | null {
  return problem.stability ? { assign: [...problem.stability.baseline.assign] } : null
}

export const minutesOf = (problem: Problem): number =>
  sum(problem.tasks.map((task) => task.modes?.[0]?.dur ?? task.session?.dur ?? 0))

/** Prime-time bands of the belt's days between two instants, for the board's ground. */
export function primeBands(
  policy: BeltSnapshot['policy'],
  fromMs: number,
  toMs: number,
  timeZone: string,
): [number, number][] {
  const bands: [number, number][] = []
  for (let day = dayKeyOf(fromMs, timeZone); dayStartMs(day, timeZone) < toMs; day = addDays(day, 1))
    bands.push([atMinute(day, policy.primeStartMin, timeZone), atMinute(day, policy.primeEndMin, timeZone)])
  return bands
}

export type { PlanItem }
