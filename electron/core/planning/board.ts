import type {
  BeadState,
  BoardItem,
  BoardLane,
  BoardView,
  PlanState,
} from '../../../shared/contract/planning.ts'
import { everyDay, expandWindows, overlapMs, type Window } from '../../../shared/domain/calendar.ts'
import { MINUTE_MS, dayKeyOf, dayStartMs, addDays } from '../../../shared/domain/time.ts'
import { leaseWord } from '../bookings.ts'
import type { QueryContext } from '../context.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { planState, sessionTaskKey, type PlanItem } from './items.ts'
import { primeBands } from './problem.ts'
import { headOf, planHeads, readProposal } from './repo.ts'
import { readSnapshot, type BeltSnapshot, type SessionRow } from './snapshot.ts'

interface BoardInput {
  readonly fromMs: number
  readonly toMs: number
  readonly baseId: string | null
  readonly proposalId: string | null
}

interface OrderLabel {
  skuName: string
  quantity: number
  merchantShort: string
  skuShort: string
  sessionId: string | null
  status: string
}

/** Everything the board draws between two instants. */
export function boardView(input: BoardInput, ctx: QueryContext): BoardView {
  const { db, belt, nowMs } = ctx
  const snapshot = readSnapshot(db, belt.timeZone, input.fromMs, input.toMs)
  const proposal = input.proposalId === null ? null : readProposal(db, input.proposalId)
  const heads = planHeads(db, 50)
  const published = heads.find((head) => !head.superseded) ?? null
  const builder = new ItemBuilder(snapshot, ctx)
  const old = new Map(snapshot.current.map((item) => [item.taskKey, item]))
  const items: BoardItem[] = []
  const inView = (item: Pick<PlanItem, 'startMs' | 'endMs'>) =>
    item.endMs > input.fromMs && item.startMs < input.toMs
  if (proposal === null) {
    for (const item of snapshot.current) if (inView(item)) items.push(...builder.bars(item, 'both'))
  } else {
    const next = new Map(proposal.items.map((item) => [item.taskKey, item]))
    for (const item of snapshot.current) {
      const after = next.get(item.taskKey)
      const same = after !== undefined && isSamePlace(after, item)
      if (inView(item)) items.push(...builder.bars(item, same ? 'both' : 'published'))
    }
    for (const item of proposal.items) {
      const before = old.get(item.taskKey)
      const same = before !== undefined && isSamePlace(before, item)
      if (!same && inView(item)) items.push(...builder.bars(item, 'proposal'))
    }
  }
  items.push(
    ...builder.unplannedSessions(snapshot.sessions, new Set(items.map((item) => item.taskKey)), inView),
  )
  const standing = proposal?.items ?? snapshot.current
  const lanes = [
    ...resourceLanes(snapshot, input, standing, nowMs),
    ...sessionLanes(snapshot, input, standing, builder),
  ]
  const visible =
    input.baseId === null
      ? lanes
      : lanes.filter((lane) => lane.baseId === null || lane.baseId === input.baseId)
  const laneIds = new Set(visible.map((lane) => lane.id))
  const kept = items.filter((item) => laneIds.has(item.laneId))
  const count = (test: (item: BoardItem) => boolean) =>
    new Set(kept.filter((item) => item.version !== 'published' && test(item)).map((item) => item.taskKey))
      .size
  return {
    fromMs: input.fromMs,
    toMs: input.toMs,
    nowMs,
    frozenUntilMs: nowMs + snapshot.planning.frozenMin * MINUTE_MS,
    lanes: visible,
    items: kept,
    primeBands: primeBands(snapshot.policy, input.fromMs, input.toMs, belt.timeZone),
    published,
    nextNo: Math.max(0, ...heads.map((head) => head.no)) + 1,
    proposal: proposal && headOf(db, proposal),
    counts: {
      late: count((item) => item.plan === 'late'),
      atRisk: count((item) => item.plan === 'at-risk'),
      tentative: count((item) => item.record === 'tentative'),
      pinned: count((item) => item.pinned),
    },
    asOfMs: nowMs,
  }
}

const isSamePlace = (a: PlanItem, b: PlanItem): boolean =>
  a.startMs === b.startMs && a.endMs === b.endMs && a.lanes.join() === b.lanes.join()

type Standing = Pick<BoardItem, 'record' | 'lease'>
const CONFIRMED: Standing = { record: 'confirmed', lease: 'none' }

/** Turns placed work into bars, one on each lane it occupies. */
class ItemBuilder {
  readonly #snapshot: BeltSnapshot
  readonly #ctx: QueryContext
  readonly #sessions: ReadonlyMap<string, SessionRow>
  readonly #studios
  readonly #pinned: ReadonlySet<string>
  readonly #records = new Map<string, Standing>()

  constructor(snapshot: BeltSnapshot, ctx: QueryContext) {
    this.#snapshot = snapshot
    this.#ctx = ctx
    this.#sessions = new Map(snapshot.sessions.map((session) => [session.id, session]))
    this.#studios = new Map(snapshot.studios.map((studio) => [studio.id, studio]))
    this.#pinned = new Set(snapshot.pins.map((pin) => pin.taskKey))
  }

  bars(item: PlanItem, version: BoardItem['version']): BoardItem[] {
    const session =
      item.kind === 'broadcast' && item.sessionId !== null ? this.#sessions.get(item.sessionId) : undefined
    const order = item.orderId === null ? undefined : this.#order(item.orderId)
    if (!session && !order) return []
    const studio = this.#studios.get(item.lanes[0] ?? '')
    const progress = session
      ? sessionProgress(session)
      : order?.status === 'done'
        ? 'done'
        : order?.status === 'running'
          ? 'running'
          : item.endMs <= this.#ctx.nowMs
            ? 'done'
            : 'open'
    const frozen =
      item.startMs < this.#ctx.nowMs + this.#snapshot.planning.frozenMin * MINUTE_MS ||
      session?.status === 'announced' ||
      session?.status === 'live'
    const label = session
      ? session.merchantShort || session.title
      : `${order!.merchantShort} ${order!.skuName}`
    return item.lanes.map((laneId, index) => ({
      id: `${version}:${item.taskKey}@${laneId}`,
      taskKey: item.taskKey,
      laneId,
      kind: item.kind,
      startMs: item.startMs,
      endMs: item.endMs,
      setupMin: item.setupMin,
      beforeMin: studio && index === 0 ? studio.makeUpMin : 0,
      afterMin: studio && index === 0 ? studio.resetMin : 0,
      label,
      shortLabel: session ? session.merchantShort : order!.merchantShort,
      quantity: order?.quantity ?? null,
      sessionId: item.sessionId,
      orderId: item.orderId,
      skuName: order?.skuName ?? null,
      progress,
      live: session?.status === 'live',
      plan: this.chainState(item),
      lateMin: item.lateMin,
      ...this.#record(item),
      pinned: this.#pinned.has(item.taskKey),
      frozen,
      version,
      movable: !frozen && progress === 'open' && version !== 'published',
    }))
  }

  /** Live, ended and announced sessions whose place is known though no plan of ours put them there. */
  unplannedSessions(
    sessions: readonly SessionRow[],
    shown: ReadonlySet<string>,
    inView: (span: { startMs: number; endMs: number }) => boolean,
  ): BoardItem[] {
    return sessions.flatMap((session) => {
      const key = sessionTaskKey(session.id)
      const startMs = session.actualStartMs ?? session.startMs
      if (shown.has(key) || startMs === null || session.studioId === null) return []
      const endMs = session.actualEndMs ?? session.endMs ?? startMs + session.durationMin * MINUTE_MS
      if (!inView({ startMs, endMs })) return []
      return this.bars(
        {
          taskKey: key,
          kind: 'broadcast',
          lanes: [session.studioId, ...session.streamerIdsPlanned],
          startMs,
          endMs,
          setupMin: 0,
          sessionId: session.id,
          orderId: null,
          lateMin: 0,
          slackMin: null,
        },
        'both',
      )
    })
  }

  /** A broadcast is as late as the worst step of its chain. */
  chainState(item: PlanItem): PlanState {
    if (item.kind !== 'broadcast') return planState(item)
    const states = this.#snapshot.current
      .filter((other) => other.sessionId === item.sessionId)
      .map((other) => planState(other))
    return states.includes('late') ? 'late' : states.includes('at-risk') ? 'at-risk' : 'on-time'
  }

  #order(id: string): OrderLabel | undefined {
    return prepared<[string], OrderLabel>(
      this.#ctx.db,
      `SELECT sku.name AS skuName, product.shortName AS skuShort, productionOrder.quantity, productionOrder.sessionId, productionOrder.status, merchant.shortName AS merchantShort
       FROM productionOrder JOIN sku ON sku.id = productionOrder.skuId JOIN product ON product.id = sku.productId
       LEFT JOIN merchant ON merchant.id = product.merchantId WHERE productionOrder.id = ?`,
    ).get(id)
  }

  #record(item: PlanItem): Standing {
    if (item.kind !== 'broadcast') return CONFIRMED
    const key = item.sessionId ?? ''
    let record = this.#records.get(key)
    if (record === undefined) {
      record = bookingRecord(this.#ctx, key)
      this.#records.set(key, record)
    }
    return record
  }
}

const sessionProgress = (session: SessionRow): BoardItem['progress'] =>
  session.status === 'live' ? 'running' : session.status === 'ended' ? 'done' : 'open'

/** Where a session's newest claim stands: unanswered is tentative, no claim at all is only on this machine. */
function bookingRecord({ db }: QueryContext, sessionId: string): Standing {
  const row = prepared<[string], { outcome: string | null; reason: string | null; term: number | null }>(
    db,
    `SELECT bookingState.outcome, bookingState.reason, bookingState.term
     FROM booking LEFT JOIN bookingState ON bookingState.bookingId = booking.id
     WHERE booking.sessionId = ? AND coalesce(bookingState.outcome, '') <> 'released' ORDER BY booking.createdMs DESC, booking.id DESC LIMIT 1`,
  ).get(sessionId)
  if (!row) return CONFIRMED
  if (row.outcome === 'granted') return { record: 'confirmed', lease: leaseWord(row) }
  return { record: row.outcome === null ? 'tentative' : 'refused', lease: 'none' }
}

function resourceLanes(
  snapshot: BeltSnapshot,
  input: BoardInput,
  items: readonly PlanItem[],
  nowMs: number,
): BoardLane[] {
  const { timeZone, calendar } = snapshot
  const range = { fromMs: input.fromMs, toMs: input.toMs, timeZone, calendar }
  const busy = new Map<string, Window[]>()
  for (const item of items)
    for (const lane of item.lanes) {
      const list = busy.get(lane) ?? []
      list.push([item.startMs - item.setupMin * MINUTE_MS, item.endMs])
      busy.set(lane, list)
    }
  const load = (id: string, open: readonly Window[]) => {
    const openMs = open.reduce((total, [from, to]) => total + to - from, 0)
    const used = (busy.get(id) ?? []).reduce((total, [from, to]) => total + overlapMs(open, from, to), 0)
    return openMs === 0 ? null : Math.round((used / openMs) * 100)
  }
  const closed = (id: string): Window[] =>
    snapshot.closures
      .filter((closure) => closure.subjectId === id)
      .map(({ fromMs, untilMs }) => [fromMs, untilMs ?? input.toMs] as const)
  const common = { areaM2: null, loadMin: null, limitMin: null, loadPct: null, promiseMs: null, beads: null }
  const dayFrom = dayStartMs(dayKeyOf(nowMs, timeZone), timeZone)
  const dayTo = dayStartMs(addDays(dayKeyOf(nowMs, timeZone), 1), timeZone)
  return [
    ...snapshot.lines.map((line): BoardLane => {
      const closed: Window[] =
        line.downFromMs === null ? [] : [[line.downFromMs, line.downUntilMs ?? input.toMs]]
      const open = expandWindows({ ...range, patterns: line.shifts, keepsHolidays: true, closed }).windows
      return {
        ...common,
        id: line.id,
        group: 'line',
        name: line.name,
        shortName: line.shortName,
        baseId: line.baseId,
        loadPct: load(line.id, open),
        open,
      }
    }),
    ...snapshot.studios.map((studio): BoardLane => {
      const open = expandWindows({
        ...range,
        patterns: everyDay(studio.openMin, studio.closeMin),
        keepsHolidays: false,
        closed: closed(studio.id),
      }).windows
      return {
        ...common,
        id: studio.id,
        group: 'studio',
        name: studio.name,
        shortName: studio.shortName,
        baseId: studio.baseId,
        loadPct: load(studio.id, open),
        areaM2: studio.areaM2,
        open,
      }
    }),
    ...snapshot.streamers.map((streamer): BoardLane => {
      const open = expandWindows({
        ...range,
        patterns: streamer.weekly,
        keepsHolidays: false,
        closed: closed(streamer.id),
      }).windows
      const today = (busy.get(streamer.id) ?? [])
        .filter(([from]) => from >= dayFrom && from < dayTo)
        .reduce((total, [from, to]) => total + (to - from) / MINUTE_MS, 0)
      return {
        ...common,
        id: streamer.id,
        group: 'streamer',
        name: streamer.name,
        shortName: streamer.shortName,
        baseId: streamer.baseId,
        loadMin: today,
        limitMin: streamer.maxMinPerDay,
        open,
      }
    }),
  ]
}

/** One lane per session in view: its promise flag and the five beads. */
function sessionLanes(
  snapshot: BeltSnapshot,
  input: BoardInput,
  items: readonly PlanItem[],
  builder: ItemBuilder,
): BoardLane[] {
  const bySession = new Map<string, PlanItem[]>()
  for (const item of items)
    if (item.sessionId !== null)
      bySession.set(item.sessionId, [...(bySession.get(item.sessionId) ?? []), item])
  return snapshot.sessions.flatMap((session) => {
    const chain = bySession.get(session.id) ?? []
    const broadcast = chain.find((item) => item.kind === 'broadcast')
    const startMs = broadcast?.startMs ?? session.startMs
    if (startMs === null || startMs < input.fromMs || startMs >= input.toMs) return []
    const endMs = broadcast?.endMs ?? session.endMs ?? startMs
    return [
      {
        id: sessionTaskKey(session.id),
        group: 'session' as const,
        name: session.title,
        shortName: session.merchantShort,
        baseId: session.baseId,
        loadPct: null,
        loadMin: null,
        limitMin: null,
        areaM2: null,
        open: [],
        promiseMs: endMs + session.shippingPromiseHours * 3_600_000,
        beads: beadsOf(session, chain, builder),
      },
    ]
  })
}

/** Sample, QC, broadcast, production, pick-up: always five, in this order. A step without work of its own counts as done. */
export function beadsOf(
  session: Pick<SessionRow, 'status'>,
  chain: readonly PlanItem[],
  builder: { chainState(item: PlanItem): PlanState } | null,
): BeadState[] {
  const over = session.status === 'ended'
  const step = (kind: PlanItem['kind']): BeadState => {
    const item = chain.find((candidate) => candidate.kind === kind)
    if (!item) return kind === 'sample' || kind === 'qc' || over ? 'done' : 'ring'
    const state = kind === 'broadcast' && builder ? 'on-time' : planState(item)
    return state === 'late' ? 'late' : state === 'at-risk' ? 'risk' : 'ring'
  }
  const broadcast: BeadState = over
    ? 'done'
    : session.status === 'live'
      ? 'half'
      : session.status === 'wanted'
        ? 'tentative'
        : step('broadcast')
  const production = step('production')
  return [
    step('sample'),
    step('qc'),
    broadcast,
    production,
    production === 'late' ? 'late' : production === 'risk' ? 'risk' : 'ring',
  ]
}
