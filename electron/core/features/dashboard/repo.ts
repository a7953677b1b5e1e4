import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

type Bound = string | number | null

/** The SKU of a roll-up row: its own, or what its platform code means now. */
const SKU_OF = `coalesce(nullif(r.skuId, ''), (SELECT skuId FROM skuAlias WHERE skuAlias.source = r.source
  AND skuAlias.code = r.skuCode AND skuAlias.deleted = 0 ORDER BY id LIMIT 1))`
const JOIN_SKU = `LEFT JOIN sku ON sku.id = ${SKU_OF} LEFT JOIN product ON product.id = sku.productId`
const MERCHANT_OF = `coalesce(nullif(r.merchantId, ''), product.merchantId, '')`
const IN_BASE = '(? IS NULL OR r.baseId = ?)'

export interface SalesCell {
  readonly day: string
  readonly family: string
  readonly merchantId: string
  readonly lines: number
  readonly openLines: number
  readonly orderFen: number
  readonly paidFen: number
  readonly refundHourFen: number
  readonly settledFen: number
  readonly shippedLines: number
  readonly packagingG: number
  readonly weightG: number
}

/** Sales by day, family and merchant. */
export const salesCells = (db: Db, fromDay: string, toDay: string, baseId: string | null): SalesCell[] =>
  prepared<Bound[], SalesCell>(
    db,
    `SELECT r.day, coalesce(product.family, '') AS family, ${MERCHANT_OF} AS merchantId, sum(r.lines) AS lines,
       sum(r.lines - r.settledLines - r.closedLines) AS openLines, sum(r.orderFen) AS orderFen, sum(r.paidFen) AS paidFen,
       sum(r.refundHourFen) AS refundHourFen, sum(r.settledFen) AS settledFen, sum(r.shippedLines) AS shippedLines,
       sum(coalesce(sku.packagingG, 0) * r.units * r.shippedLines * 1.0 / max(1, r.lines)) AS packagingG,
       sum(coalesce(sku.weightG, 0) * r.units * r.shippedLines * 1.0 / max(1, r.lines)) AS weightG
     FROM kpiDaySales AS r ${JOIN_SKU}
     WHERE r.day BETWEEN ? AND ? AND ${IN_BASE} GROUP BY r.day, family, ${MERCHANT_OF}`,
  ).all(fromDay, toDay, baseId, baseId)

export interface PromiseSums {
  readonly orders: number
  readonly kept: number
  readonly keptByClick: number
  readonly openOrders: number
}

export const promiseSums = (db: Db, fromDay: string, toDay: string, baseId: string | null): PromiseSums =>
  prepared<Bound[], PromiseSums>(
    db,
    `SELECT coalesce(sum(r.orders), 0) AS orders, coalesce(sum(r.kept), 0) AS kept,
       coalesce(sum(r.keptByClick), 0) AS keptByClick, coalesce(sum(r.openOrders), 0) AS openOrders
     FROM kpiDayPromise AS r WHERE r.day BETWEEN ? AND ? AND ${IN_BASE}`,
  ).get(fromDay, toDay, baseId, baseId)!

/** Orders of the running day that are due already. */
export const promiseToday = (db: Db, fromMs: number, nowMs: number, baseId: string | null): PromiseSums =>
  prepared<Bound[], PromiseSums>(
    db,
    `SELECT count(*) AS orders, coalesce(sum(coalesce(orderNow.pickedUpMs, orderNow.clickedShipMs) <= orderNow.dueMs), 0) AS kept,
       coalesce(sum(orderNow.pickedUpMs IS NULL AND orderNow.clickedShipMs <= orderNow.dueMs), 0) AS keptByClick,
       coalesce(sum(orderNow.isOpen), 0) AS openOrders
     FROM orderLine JOIN orderNow ON orderNow.orderLineId = orderLine.id
     WHERE orderLine.promisedMs >= ? AND orderLine.promisedMs <= ? AND orderLine.isGift = 0 AND orderNow.status <> 'withdrawn'
       AND (orderNow.isOpen = 1 OR coalesce(orderNow.pickedUpMs, orderNow.clickedShipMs) IS NOT NULL)
       AND (? IS NULL OR orderLine.scope = ?)`,
  ).get(fromMs, nowMs, baseId && `base:${baseId}`, baseId && `base:${baseId}`)!

export const returnSums = (db: Db, fromDay: string, toDay: string, baseId: string | null) =>
  prepared<Bound[], { signed: number; returned: number; quality: number }>(
    db,
    `SELECT coalesce(sum(r.signed), 0) AS signed, coalesce(sum(r.returned), 0) AS returned,
       coalesce(sum(r.qualityReturned), 0) AS quality FROM kpiDayReturn AS r WHERE r.day BETWEEN ? AND ? AND ${IN_BASE}`,
  ).get(fromDay, toDay, baseId, baseId)!

export interface LineDay {
  readonly lineId: string
  readonly kind: string
  readonly spanMs: number
  readonly goodUnits: number
  readonly scrapUnits: number
  readonly family: string
}

export const lineDays = (db: Db, fromDay: string, toDay: string, baseId: string | null): LineDay[] =>
  prepared<Bound[], LineDay>(
    db,
    `SELECT r.lineId, r.kind, sum(r.spanMs) AS spanMs, sum(r.goodUnits) AS goodUnits, sum(r.scrapUnits) AS scrapUnits,
       coalesce(product.family, '') AS family
     FROM kpiLineDay AS r LEFT JOIN sku ON sku.id = r.skuId LEFT JOIN product ON product.id = sku.productId
     WHERE r.day BETWEEN ? AND ? AND ${IN_BASE} GROUP BY r.lineId, r.kind, family`,
  ).all(fromDay, toDay, baseId, baseId)

export interface LinePlan {
  readonly id: string
  readonly name: string
  readonly unitsPerHour: string
  readonly shifts: string
  readonly kwhPerHour: number
}

/** Production lines (benches apart) of a base, or of the belt. */
export const linePlans = (db: Db, baseId: string | null): LinePlan[] =>
  prepared<Bound[], LinePlan>(
    db,
    `SELECT productionLine.id, productionLine.name, productionLine.unitsPerHour, productionLine.shifts, productionLine.kwhPerHour
     FROM productionLine JOIN factory ON factory.id = productionLine.factoryId
     WHERE productionLine.deleted = 0 AND productionLine.kind = 'line' AND (? IS NULL OR factory.baseId = ?)`,
  ).all(baseId, baseId)

export interface StudioPlan {
  readonly id: string
  readonly name: string
  readonly openMin: number
  readonly closeMin: number
  readonly resetMin: number
  readonly makeUpMin: number
  readonly powerKw: number
}

export const studioPlans = (db: Db, baseId: string | null): StudioPlan[] =>
  prepared<Bound[], StudioPlan>(
    db,
    `SELECT id, name, openMin, closeMin, resetMin, makeUpMin, powerKw FROM studio
     WHERE deleted = 0 AND (? IS NULL OR baseId = ?) ORDER BY name, id`,
  ).all(baseId, baseId)

/** Time on air by studio, day and hour. */
export const airHours = (db: Db, fromDay: string, toDay: string) =>
  prepared<
    [string, string],
    { studioId: string; day: string; hour: number; airMs: number; sessions: number }
  >(
    db,
    `SELECT studioId, day, hour, sum(airMs) AS airMs, count(DISTINCT sessionId) AS sessions FROM kpiSessionHour
     WHERE day BETWEEN ? AND ? GROUP BY studioId, day, hour`,
  ).all(fromDay, toDay)

export interface PlannedSession {
  readonly id: string
  readonly title: string
  readonly merchant: string
  readonly studio: string
  readonly studioId: string
  readonly streamerIdsPlanned: string
  readonly status: string
  readonly startMs: number
  readonly endMs: number
  readonly actualStartMs: number | null
  readonly actualEndMs: number | null
  readonly bookedStudioId: string | null
  readonly bookedStreamers: string | null
}

/** Sessions with a place and a time in the span, with the slot that was granted for them. */
export const plannedSessions = (
  db: Db,
  fromMs: number,
  toMs: number,
  baseId: string | null,
): PlannedSession[] =>
  prepared<Bound[], PlannedSession>(
    db,
    `SELECT liveSession.id, liveSession.title, coalesce(merchant.name, '') AS merchant, coalesce(studio.name, '') AS studio,
       liveSession.studioId, liveSession.streamerIdsPlanned, liveSession.status, liveSession.startMs, liveSession.endMs,
       liveSession.actualStartMs, liveSession.actualEndMs, granted.studioId AS bookedStudioId, granted.streamerIds AS bookedStreamers
     FROM liveSession LEFT JOIN merchant ON merchant.id = liveSession.merchantId LEFT JOIN studio ON studio.id = liveSession.studioId
     LEFT JOIN booking AS granted ON granted.id = (SELECT booking.id FROM booking
       JOIN bookingState ON bookingState.bookingId = booking.id
       WHERE booking.sessionId = liveSession.id AND bookingState.outcome = 'granted' ORDER BY booking.createdMs DESC LIMIT 1)
     WHERE liveSession.deleted = 0 AND liveSession.startMs >= ? AND liveSession.startMs < ? AND liveSession.studioId IS NOT NULL
       AND liveSession.status IN ('announced', 'live', 'ended') AND (? IS NULL OR liveSession.baseId = ?)
     ORDER BY liveSession.startMs, liveSession.id`,
  ).all(fromMs, toMs, baseId, baseId)

export interface ExposureRow {
  readonly day: string
  readonly merchantId: string
  readonly merchant: string
  readonly promiseHours: number
  readonly orders: number
  readonly fen: number
}

/** What open orders due by a day would cost if none were shipped. */
export const exposureRows = (db: Db, toDay: string, baseId: string | null): ExposureRow[] =>
  prepared<Bound[], ExposureRow>(
    db,
    `SELECT r.day, ${MERCHANT_OF} AS merchantId, coalesce(merchant.shortName, '') AS merchant, r.promiseHours,
       sum(r.openOrders) AS orders, sum(r.exposureFen) AS fen
     FROM kpiDayPromise AS r ${JOIN_SKU} LEFT JOIN merchant ON merchant.id = ${MERCHANT_OF}
     WHERE r.openOrders > 0 AND r.day <= ? AND ${IN_BASE}
     GROUP BY r.day, ${MERCHANT_OF}, r.promiseHours`,
  ).all(toDay, baseId, baseId)

export const merchantsOf = (db: Db, baseId: string | null) =>
  prepared<Bound[], { id: string; name: string; shortName: string; sizeClass: string }>(
    db,
    'SELECT id, name, shortName, sizeClass FROM merchant WHERE deleted = 0 AND (? IS NULL OR baseId = ?)',
  ).all(baseId, baseId)

export const countBases = (db: Db): number =>
  prepared<[], { n: number }>(db, 'SELECT count(*) AS n FROM liveBase WHERE deleted = 0').get()!.n

/** The newest factor of a kind: for the key, else for the fallback. */
export const factorOf = (db: Db, kind: string, key: string, fallback: string) =>
  prepared<string[], { value: number; dataYear: number; source: string; key: string }>(
    db,
    `SELECT value, dataYear, source, key FROM factor WHERE deleted = 0 AND kind = ? AND key IN (?, ?)
     ORDER BY key = ? DESC, dataYear DESC LIMIT 1`,
  ).get(kind, key, fallback, key) ?? null

export const provinceOf = (db: Db): string =>
  prepared<[], { province: string }>(db, 'SELECT province FROM belt WHERE deleted = 0 LIMIT 1').get()
    ?.province ?? ''

export const longTailTopPct = (db: Db): number =>
  prepared<[], { pct: number }>(
    db,
    'SELECT longTailTopPct AS pct FROM fairSlotPolicy WHERE deleted = 0 LIMIT 1',
  ).get()?.pct ?? 20

export const slotPolicy = (db: Db): { slotToleranceMin: number; slotDurationPct: number } =>
  prepared<[], { slotToleranceMin: number; slotDurationPct: number }>(
    db,
    'SELECT slotToleranceMin, slotDurationPct FROM fairSlotPolicy WHERE deleted = 0 LIMIT 1',
  ).get() ?? { slotToleranceMin: 10, slotDurationPct: 90 }

/** First day with any sale on record. */
export const firstSalesDay = (db: Db): string | null =>
  prepared<[], { day: string | null }>(db, 'SELECT min(day) AS day FROM kpiDaySales').get()!.day

export const lastPaidMs = (db: Db): number | null =>
  prepared<[], { at: number | null }>(db, 'SELECT max(paidMs) AS at FROM orderNow').get()!.at
