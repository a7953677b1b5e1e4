import { productionMin } from '../../../shared/domain/shapes.ts'
import { MINUTE_MS } from '../../../shared/domain/time.ts'
import type { Job, Mode, Precedence, Task } from '../../../shared/scheduler/problem.ts'
import { orderTaskKey, sessionTaskKey } from './items.ts'
import { closedAt, type Frame } from './problem-frame.ts'
import type { BeltSnapshot, OrderRow, SessionRow } from './snapshot.ts'

export interface TaskPart {
  readonly jobs: Job[]
  readonly tasks: Task[]
  readonly prec: Precedence[]
  /** Orders that cannot become a task at all, with the step nobody can do. */
  readonly unmakeable: readonly { readonly orderId: string; readonly step: 'sample' | 'qc' | 'production' }[]
}

const GRID_MIN = 30
const FEN_PER_VALUE = 100_000

const gridUp = (minute: number) => Math.ceil(minute / GRID_MIN) * GRID_MIN

/** The mode of a task that runs on a line; -1 when none does. */
export const modeOn = (task: Task, laneId: string): number =>
  (task.modes ?? []).findIndex((mode) => mode.needs.some((need) => need.res === laneId))

/** Sessions and orders as jobs and tasks, with what is held, pinned or must come first. */
export function tasksOf(snapshot: BeltSnapshot, frame: Frame, frozenMin: number): TaskPart {
  const { nowMs, epochMs, horizonToMs, endMs, horizonMin, now, toMin, ceilMin } = frame
  const jobs: Job[] = []
  const tasks: Task[] = []
  const prec: Precedence[] = []
  const unmakeable: TaskPart['unmakeable'][number][] = []
  const currentByKey = new Map(snapshot.current.map((item) => [item.taskKey, item]))
  const pinByKey = new Map(snapshot.pins.map((pin) => [pin.taskKey, pin]))
  const isClosed = (id: string, fromMs: number, toMs: number): boolean =>
    closedAt(snapshot, id, endMs).some(([from, to]) => from < toMs && to > fromMs)

  for (const session of snapshot.sessions) if (session.status !== 'ended') addSession(session)
  for (const order of snapshot.orders) addOrder(order)
  return { jobs, tasks, prec, unmakeable }

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
      const startMs = session.actualStartMs ?? session.startMs ?? nowMs
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
    // What was announced or pinned is the hour; a room or a person that cannot be had any more is replaced.
    const at = (startMs: number, studioId: string | null, streamerIds: readonly string[] | null) => {
      const isFree = (id: string) => !isClosed(id, startMs, startMs + session.durationMin * MINUTE_MS)
      return {
        start: toMin(startMs),
        studio: studioId !== null && isFree(studioId) ? studioId : null,
        streamers: streamerIds?.every(isFree) ? [...streamerIds] : null,
      }
    }
    const booked = snapshot.bookings.find((booking) => booking.sessionId === session.id)
    if (session.status === 'announced' && session.startMs !== null)
      return { ...at(session.startMs, session.studioId, session.streamerIdsPlanned), strength: 'hard' }
    const pin = pinByKey.get(key)
    if (pin && pin.startMs !== null)
      return { ...at(pin.startMs, pin.resourceId, null), strength: pin.strength }
    if (booked?.outcome === 'granted' && booked.startMs >= nowMs)
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
    else if (order.kind !== 'pre-stock') {
      prec.push({ from: broadcast, to: made[0]!.id, type: 'FS', minLag: 0 })
      if (made[0]!.lock?.strength === 'hard') mustBroadcast(broadcast)
    } else if (mayWaitForStock(order.sessionId))
      prec.push({ from: made.at(-1)!.id, to: broadcast, type: 'FS', minLag: 0 })
  }

  /** What somebody pinned is made in any case: the broadcast it waits for is not left out. */
  function mustBroadcast(key: string): void {
    const at = tasks.findIndex((task) => task.id === key)
    tasks[at] = { ...tasks[at]!, optional: false }
  }

  /**
   * Stock a broadcast sells is made before it. An hour that is announced, frozen or past does not wait, though: stock
   * that cannot be had by then is told as late (its order is due at the start) instead of taking the broadcast off air.
   */
  function mayWaitForStock(sessionId: string): boolean {
    const session = snapshot.sessions.find(({ id }) => id === sessionId)
    if (!session || (session.status !== 'wanted' && session.status !== 'planned')) return false
    const placed = currentByKey.get(sessionTaskKey(sessionId))?.startMs ?? session.startMs
    return placed === null || toMin(placed) >= now + frozenMin
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

  /** Reported running without ever having been planned: on the first line that can make it, from now. */
  function runningTask(task: Task): Task {
    return { ...task, status: 'running', actual: { mode: 0, start: now }, elapsed: 0 }
  }

  function lineLock(task: Task): Task['lock'] {
    const pin = pinByKey.get(task.id)
    if (!pin) return null
    const mode = pin.resourceId === null ? -1 : modeOn(task, pin.resourceId)
    return {
      mode: mode < 0 ? null : mode,
      start: pin.startMs === null ? null : toMin(pin.startMs),
      strength: pin.strength,
    }
  }
}
