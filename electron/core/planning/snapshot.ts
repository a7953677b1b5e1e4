import { workCalendar, type Window, type WorkCalendar } from '../../../shared/domain/calendar.ts'
import type { Changeover, RoutingStep, UnitsPerHour, WeeklyWindow } from '../../../shared/domain/shapes.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { PlanningPolicy } from '../../../shared/contract/replanning.ts'
import type { PlanItem } from './items.ts'
import { readPins, type PinRow } from './pins.ts'
import { readPlanningPolicy } from './policy.ts'

/** Everything of the belt that planning looks at, as rows; read in one go so that a solve sees one state. */
export interface BeltSnapshot {
  readonly timeZone: string
  readonly calendar: WorkCalendar
  readonly lines: readonly LineRow[]
  readonly studios: readonly StudioRow[]
  readonly streamers: readonly StreamerRow[]
  readonly orders: readonly OrderRow[]
  readonly sessions: readonly SessionRow[]
  /** Exclusive use that stands, by resource key (`studio:<id>`, `streamer:<id>`). */
  readonly grants: readonly {
    readonly bookingId: string
    readonly sessionId: string | null
    readonly resourceKey: string
    readonly startMs: number
    readonly endMs: number
  }[]
  readonly bookings: readonly BookingRow[]
  readonly pins: readonly PinRow[]
  readonly policy: {
    readonly longTailQuotaPct: number
    readonly headCapPct: number
    readonly primeStartMin: number
    readonly primeEndMin: number
  }
  readonly current: readonly PlanItem[]
  /** Rooms and people that cannot be used for a while. */
  readonly closures: readonly ClosureRow[]
  readonly planning: PlanningPolicy
}

export interface ClosureRow {
  readonly id: string
  readonly subjectTable: 'studio' | 'streamer'
  readonly subjectId: string
  readonly fromMs: number
  readonly untilMs: number | null
}

export interface LineRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly factoryId: string
  readonly baseId: string | null
  readonly kind: 'line' | 'qc'
  readonly unitsPerHour: UnitsPerHour
  readonly changeover: Changeover
  readonly initialFamily: string | null
  readonly shifts: readonly WeeklyWindow[]
  readonly downFromMs: number | null
  readonly downUntilMs: number | null
  /** Hours supposed in a trial, beyond the shifts. */
  readonly extra?: readonly Window[]
}

export interface StudioRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly baseId: string
  readonly areaM2: number
  readonly openMin: number
  readonly closeMin: number
  readonly resetMin: number
  readonly makeUpMin: number
}

export interface StreamerRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly baseId: string | null
  readonly families: readonly string[]
  readonly maxMinPerDay: number
  readonly maxStretchMin: number
  readonly minRestMin: number
  readonly weekly: readonly WeeklyWindow[]
}

export interface OrderRow {
  readonly id: string
  readonly skuId: string
  readonly skuName: string
  readonly kind: 'sample' | 'presale-test' | 'pre-stock' | 'quick-response' | 'c2m'
  readonly sessionId: string | null
  readonly quantity: number
  readonly doneQuantity: number
  readonly releaseMs: number
  readonly dueMs: number
  readonly weight: number
  readonly status: 'open' | 'running' | 'done' | 'cancelled'
  readonly family: string
  readonly routing: readonly RoutingStep[]
  readonly merchantId: string
  readonly merchantShort: string
  readonly baseId: string | null
  readonly priceFen: number
}

export interface SessionRow {
  readonly id: string
  readonly title: string
  readonly merchantId: string
  readonly merchantShort: string
  readonly sizeClass: string
  readonly listStatus: string
  readonly baseId: string
  readonly status: 'wanted' | 'planned' | 'announced' | 'live' | 'ended' | 'cancelled'
  readonly earliestMs: number
  readonly latestMs: number
  readonly durationMin: number
  readonly studioIds: readonly string[]
  readonly streamerIds: readonly string[]
  readonly studioId: string | null
  readonly streamerIdsPlanned: readonly string[]
  readonly startMs: number | null
  readonly endMs: number | null
  readonly actualStartMs: number | null
  readonly actualEndMs: number | null
  readonly shippingPromiseHours: number
  readonly families: readonly string[]
  readonly skuCount: number
  /** Likely forecast at list price, fen. */
  readonly forecastFen: number
}

export interface BookingRow {
  readonly id: string
  readonly sessionId: string | null
  readonly studioId: string
  readonly streamerIds: readonly string[]
  readonly startMs: number
  readonly endMs: number
  readonly outcome: string | null
}

type Raw = Record<string, string | number | null>

const parse = <T>(value: string | number | null | undefined, fallback: T): T => {
  if (typeof value !== 'string') return fallback
  return (JSON.parse(value) as T | null) ?? fallback
}

const baseOfScope = (scope: string | number | null | undefined): string | null =>
  typeof scope === 'string' && scope.startsWith('base:') ? scope.slice(5) : null

function readLines(db: Db): LineRow[] {
  return prepared<[], Raw>(
    db,
    'SELECT * FROM productionLine WHERE deleted = 0 ORDER BY kind, factoryId, name, id',
  )
    .all()
    .map((row) => ({
      ...(row as unknown as LineRow),
      baseId: baseOfScope(row['scope']),
      unitsPerHour: parse<UnitsPerHour>(row['unitsPerHour'], {}),
      changeover: parse<Changeover>(row['changeoverMin'], { families: [], matrix: [] }),
      shifts: parse<WeeklyWindow[]>(row['shifts'], []),
    }))
}

function readStreamers(db: Db): StreamerRow[] {
  return prepared<[], Raw>(db, 'SELECT * FROM streamer WHERE deleted = 0 ORDER BY createdMs, id')
    .all()
    .map((row) => ({
      ...(row as unknown as StreamerRow),
      families: parse<string[]>(row['families'], []),
      weekly: parse<WeeklyWindow[]>(row['weekly'], []),
    }))
}

function readOrders(db: Db): OrderRow[] {
  return prepared<[], Raw>(
    db,
    `SELECT productionOrder.*, sku.name AS skuName, sku.priceFen, product.family, product.routing, product.merchantId, merchant.shortName AS merchantShort
     FROM productionOrder JOIN sku ON sku.id = productionOrder.skuId JOIN product ON product.id = sku.productId
     LEFT JOIN merchant ON merchant.id = product.merchantId
     WHERE productionOrder.deleted = 0 AND productionOrder.status IN ('open', 'running')
     ORDER BY productionOrder.dueMs, productionOrder.id`,
  )
    .all()
    .map((row) => ({
      ...(row as unknown as OrderRow),
      routing: parse<RoutingStep[]>(row['routing'], []),
      baseId: baseOfScope(row['scope']),
    }))
}

function readSessions(db: Db, fromMs: number, toMs: number): SessionRow[] {
  const skus = prepared<[number, number], { sessionId: string; n: number; fen: number; families: string }>(
    db,
    `SELECT sessionSku.sessionId, count(*) AS n, sum(sessionSku.likelyUnits * sku.priceFen) AS fen, group_concat(DISTINCT product.family) AS families
     FROM sessionSku JOIN sku ON sku.id = sessionSku.skuId JOIN product ON product.id = sku.productId
     JOIN liveSession ON liveSession.id = sessionSku.sessionId
     WHERE sessionSku.deleted = 0 AND liveSession.latestMs >= ? AND liveSession.earliestMs <= ? GROUP BY sessionSku.sessionId`,
  ).all(fromMs, toMs)
  const bySession = new Map(skus.map((row) => [row.sessionId, row]))
  return prepared<[number, number], Raw>(
    db,
    `SELECT liveSession.*, merchant.shortName AS merchantShort, merchant.sizeClass, merchant.listStatus
     FROM liveSession JOIN merchant ON merchant.id = liveSession.merchantId
     WHERE liveSession.deleted = 0 AND liveSession.status <> 'cancelled' AND liveSession.latestMs >= ? AND liveSession.earliestMs <= ?
     ORDER BY coalesce(liveSession.startMs, liveSession.earliestMs), liveSession.id`,
  )
    .all(fromMs, toMs)
    .map((row) => {
      const sku = bySession.get(String(row['id']))
      return {
        ...(row as unknown as SessionRow),
        studioIds: parse<string[]>(row['studioIds'], []),
        streamerIds: parse<string[]>(row['streamerIds'], []),
        streamerIdsPlanned: parse<string[]>(row['streamerIdsPlanned'], []),
        families: sku?.families.split(',') ?? [],
        skuCount: sku?.n ?? 0,
        forecastFen: sku?.fen ?? 0,
      }
    })
}

const DEFAULT_POLICY = { longTailQuotaPct: 30, headCapPct: 20, primeStartMin: 1140, primeEndMin: 1320 }

export function readPolicy(db: Db): BeltSnapshot['policy'] {
  return (
    prepared<[], BeltSnapshot['policy']>(
      db,
      'SELECT * FROM fairSlotPolicy WHERE deleted = 0 LIMIT 1',
    ).get() ?? DEFAULT_POLICY
  )
}

export function readCalendar(db: Db): WorkCalendar {
  return workCalendar(
    prepared<[], { year: number; holidays: string; makeUpWorkdays: string }>(
      db,
      'SELECT year, holidays, makeUpWorkdays FROM holidayYear WHERE deleted = 0',
    )
      .all()
      .map((row) => ({
        year: row.year,
        holidays: parse<string[]>(row.holidays, []),
        makeUpWorkdays: parse<string[]>(row.makeUpWorkdays, []),
      })),
  )
}

export function readClosures(db: Db, fromMs: number): ClosureRow[] {
  return prepared<[number], ClosureRow>(
    db,
    `SELECT id, subjectTable, subjectId, fromMs, untilMs FROM closure
     WHERE deleted = 0 AND (untilMs IS NULL OR untilMs > ?) ORDER BY fromMs, id`,
  ).all(fromMs)
}

/** Items of the plans that stand now, one plan per scope. */
export function readCurrentItems(db: Db): PlanItem[] {
  return prepared<[], Raw>(db, 'SELECT * FROM standingItem ORDER BY startMs')
    .all()
    .map((row) => ({ ...(row as unknown as PlanItem), lanes: parse<string[]>(row['lanes'], []) }))
}

/** Items of one version, whether it stands or not. */
export function readPlanItems(db: Db, planId: string): PlanItem[] {
  return prepared<[string], Raw>(db, 'SELECT * FROM planItem WHERE planId = ? ORDER BY startMs, taskKey')
    .all(planId)
    .map((row) => ({ ...(row as unknown as PlanItem), lanes: parse<string[]>(row['lanes'], []) }))
}

/** Reads the belt as planning sees it, for sessions that may air between two instants and all open orders. */
export function readSnapshot(db: Db, timeZone: string, fromMs: number, toMs: number): BeltSnapshot {
  return {
    timeZone,
    calendar: readCalendar(db),
    lines: readLines(db),
    studios: prepared<[], StudioRow>(
      db,
      'SELECT * FROM studio WHERE deleted = 0 ORDER BY baseId, createdMs, id',
    ).all(),
    streamers: readStreamers(db),
    orders: readOrders(db),
    sessions: readSessions(db, fromMs, toMs),
    grants: prepared<[number, number], BeltSnapshot['grants'][number]>(
      db,
      `SELECT liveGrant.bookingId, booking.sessionId, liveGrant.resourceKey, liveGrant.startMs, liveGrant.endMs
       FROM liveGrant LEFT JOIN booking ON booking.id = liveGrant.bookingId LEFT JOIN slotLease ON slotLease.id = liveGrant.bookingId
       WHERE liveGrant.endMs > ? AND liveGrant.startMs < ?
         AND (booking.id IS NOT NULL OR slotLease.holder IS NOT (SELECT json_extract(value, '$.author') FROM meta WHERE key = 'hubClock'))`,
    ).all(fromMs, toMs),
    bookings: prepared<[number, number], Raw>(
      db,
      `SELECT booking.*, bookingState.outcome FROM booking LEFT JOIN bookingState ON bookingState.bookingId = booking.id
       WHERE booking.endMs > ? AND booking.startMs < ? AND coalesce(bookingState.outcome, 'granted') = 'granted' ORDER BY booking.createdMs, booking.id`,
    )
      .all(fromMs, toMs)
      .map((row) => ({
        ...(row as unknown as BookingRow),
        streamerIds: parse<string[]>(row['streamerIds'], []),
      })),
    pins: readPins(db),
    policy: readPolicy(db),
    current: readCurrentItems(db),
    closures: readClosures(db, fromMs),
    planning: readPlanningPolicy(db),
  }
}
