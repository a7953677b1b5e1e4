import { OWN_REFUSED, WAITS } from '../../bookings.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

/** A broadcast that is on air, or due to start soon. */
export interface NearSession {
  readonly id: string
  readonly title: string
  readonly merchantId: string
  readonly merchantName: string
  readonly merchantShortName: string
  readonly baseId: string
  readonly status: 'planned' | 'announced' | 'live'
  readonly studioId: string | null
  readonly studioName: string | null
  readonly streamerIdsPlanned: string
  readonly startMs: number
  readonly endMs: number
  readonly shippingPromiseHours: number
  readonly actualStartMs: number | null
  readonly skuLabel: string | null
  readonly heroSkuId: string | null
  readonly skuCount: number
  /** Outcome of the newest claim that was not given back: null without an answer, `none` without a claim. */
  readonly outcome: string | null
  readonly reason: string | null
  readonly term: number | null
}

export function nearSessions(db: Db, fromMs: number, toMs: number): NearSession[] {
  return prepared<[number, number], NearSession>(
    db,
    `SELECT liveSession.id, liveSession.title, liveSession.merchantId, merchant.name AS merchantName,
       merchant.shortName AS merchantShortName, liveSession.baseId, liveSession.status, liveSession.studioId,
       studio.name AS studioName, liveSession.streamerIdsPlanned, liveSession.startMs, liveSession.endMs,
       liveSession.shippingPromiseHours, liveSession.actualStartMs, hero.name AS skuLabel, hero.id AS heroSkuId,
       (SELECT count(*) FROM sessionSku WHERE sessionSku.sessionId = liveSession.id AND sessionSku.deleted = 0) AS skuCount,
       CASE WHEN claim.id IS NULL THEN 'none' ELSE bookingState.outcome END AS outcome,
       bookingState.reason, bookingState.term
     FROM liveSession
     LEFT JOIN merchant ON merchant.id = liveSession.merchantId
     LEFT JOIN studio ON studio.id = liveSession.studioId
     LEFT JOIN sku AS hero ON hero.id = (SELECT skuId FROM sessionSku WHERE sessionSku.sessionId = liveSession.id
       AND sessionSku.deleted = 0 ORDER BY position, id LIMIT 1)
     LEFT JOIN booking AS claim ON claim.id = (SELECT booking.id FROM booking
       LEFT JOIN bookingState AS answer ON answer.bookingId = booking.id
       WHERE booking.sessionId = liveSession.id AND coalesce(answer.outcome, '') <> 'released'
       ORDER BY booking.createdMs DESC, booking.id DESC LIMIT 1)
     LEFT JOIN bookingState ON bookingState.bookingId = claim.id
     WHERE liveSession.deleted = 0 AND liveSession.startMs IS NOT NULL AND liveSession.endMs IS NOT NULL
       AND (liveSession.status = 'live' OR (liveSession.status IN ('planned', 'announced') AND liveSession.startMs > ? AND liveSession.startMs < ?))
     ORDER BY liveSession.startMs, liveSession.id`,
  ).all(fromMs, toMs)
}

export interface SessionWork {
  readonly id: string
  readonly kind: string
  readonly status: string
}

/** Production orders of a session. */
export const workOf = (db: Db, sessionId: string): SessionWork[] =>
  prepared<[string], SessionWork>(
    db,
    `SELECT id, kind, status FROM productionOrder WHERE sessionId = ? AND deleted = 0 AND status <> 'cancelled'`,
  ).all(sessionId)

export interface ChainItem {
  readonly kind: string
  readonly startMs: number
  readonly endMs: number
  readonly lateMin: number
  readonly slackMin: number | null
}

/** Where the plan that stands puts the work of a session. */
export const chainOf = (db: Db, sessionId: string): ChainItem[] =>
  prepared<[string], ChainItem>(
    db,
    'SELECT kind, startMs, endMs, lateMin, slackMin FROM standingItem WHERE sessionId = ?',
  ).all(sessionId)

/** The newest verdict on the session's sample. */
export const sampleVerdict = (
  db: Db,
  sessionId: string,
  skuId: string,
): 'passed' | 'failed' | 'waived' | null =>
  prepared<[string, string], { verdict: 'passed' | 'failed' | 'waived' }>(
    db,
    `SELECT verdict FROM gateVerdict WHERE gate = 'sample-test' AND skuId = ? AND (sessionId = ? OR sessionId IS NULL)
     ORDER BY atMs DESC, id DESC LIMIT 1`,
  ).get(skuId, sessionId)?.verdict ?? null

export const openOrdersOf = (db: Db, sessionId: string): { orders: number; open: number } =>
  prepared<[string], { orders: number; open: number }>(
    db,
    `SELECT count(*) AS orders, coalesce(sum(orderNow.isOpen), 0) AS open FROM orderLine
     JOIN orderNow ON orderNow.orderLineId = orderLine.id WHERE orderLine.sessionId = ?`,
  ).get(sessionId)!

export interface ForeignBooking {
  readonly id: string
  readonly label: string
  readonly studioId: string
  readonly startMs: number
  readonly endMs: number
  readonly outcome: string | null
}

/** Slots held for broadcasts that this device does not carry: another base's. */
export const foreignBookings = (db: Db, fromMs: number, toMs: number): ForeignBooking[] =>
  prepared<[number, number], ForeignBooking>(
    db,
    `SELECT booking.id, booking.label, booking.studioId, booking.startMs, booking.endMs, bookingState.outcome
     FROM booking LEFT JOIN bookingState ON bookingState.bookingId = booking.id
     LEFT JOIN liveSession ON liveSession.id = booking.sessionId
     WHERE booking.endMs > ? AND booking.startMs < ? AND liveSession.id IS NULL
       AND coalesce(bookingState.outcome, 'granted') = 'granted' ORDER BY booking.startMs, booking.id`,
  ).all(fromMs, toMs)

export interface OverdueGroup {
  readonly merchantId: string | null
  readonly merchant: string | null
  readonly baseId: string
  readonly skuId: string | null
  readonly sku: string | null
  readonly orders: number
  readonly units: number
  readonly firstDueMs: number
  readonly stock: number
  /** Units that the plan that stands finishes by then. */
  readonly coming: number
}

/** Open orders due between two instants, by SKU, with what is in stock of it. */
export function openDueBy(db: Db, fromMs: number, untilMs: number, scope: string | null): OverdueGroup[] {
  return prepared<(number | string | null)[], OverdueGroup>(
    db,
    `SELECT product.merchantId, merchant.shortName AS merchant, substr(open.scope, 6) AS baseId, open.skuId, sku.name AS sku,
       open.orders, open.units, open.firstDueMs,
       coalesce((SELECT sum(quantity) FROM stockMove WHERE stockMove.skuId = open.skuId), 0) AS stock,
       coalesce((SELECT sum(productionOrder.quantity - productionOrder.doneQuantity) FROM productionOrder
         JOIN standingItem ON standingItem.orderId = productionOrder.id AND standingItem.kind = 'production'
           AND standingItem.endMs <= open.firstDueMs
         WHERE productionOrder.skuId = open.skuId AND productionOrder.deleted = 0
           AND productionOrder.status IN ('open', 'running')), 0) AS coming
     FROM (SELECT scope, skuId, count(*) AS orders, sum(quantity) AS units, min(dueMs) AS firstDueMs
       FROM orderNow WHERE isOpen = 1 AND dueMs >= ? AND dueMs < ? AND (? IS NULL OR scope = ?) GROUP BY scope, skuId) AS open
     LEFT JOIN sku ON sku.id = open.skuId LEFT JOIN product ON product.id = sku.productId
     LEFT JOIN merchant ON merchant.id = product.merchantId
     ORDER BY open.firstDueMs, open.skuId`,
  ).all(fromMs, untilMs, scope, scope)
}

/** Amounts paid for the open orders of a SKU that are due before an instant. */
export const openPayments = (db: Db, skuId: string, untilMs: number) =>
  prepared<[string, number], { paidFen: number; paidMs: number; dueMs: number }>(
    db,
    `SELECT orderLine.paidFen, orderNow.paidMs, orderNow.dueMs FROM orderNow JOIN orderLine ON orderLine.id = orderNow.orderLineId
     WHERE orderNow.isOpen = 1 AND orderNow.skuId = ? AND orderNow.dueMs < ? AND orderNow.isGift = 0`,
  ).all(skuId, untilMs)

export const pickedUpSince = (db: Db, sinceMs: number, scope: string | null): number =>
  prepared<(number | string | null)[], { n: number }>(
    db,
    `SELECT count(*) AS n FROM orderNow WHERE coalesce(pickedUpMs, clickedShipMs) >= ? AND (? IS NULL OR scope = ?)`,
  ).get(sinceMs, scope, scope)!.n

export const dueBetween = (
  db: Db,
  untilMs: number,
  scope: string | null,
): { n: number; nextDueMs: number | null } =>
  prepared<(number | string | null)[], { n: number; nextDueMs: number | null }>(
    db,
    'SELECT count(*) AS n, min(dueMs) AS nextDueMs FROM orderNow WHERE isOpen = 1 AND dueMs < ? AND (? IS NULL OR scope = ?)',
  ).get(untilMs, scope, scope)!

export interface LateWork {
  readonly taskKey: string
  readonly orderId: string
  readonly skuId: string
  readonly sessionId: string | null
  readonly lateMin: number
  readonly endMs: number
  readonly dueMs: number
  readonly quantity: number
  readonly sku: string
  readonly merchant: string
  readonly baseId: string
  readonly exposureFen: number | null
}

/** Production that the plan that stands finishes too late, with what it costs. */
export const lateWork = (db: Db): LateWork[] =>
  prepared<[], LateWork>(
    db,
    `SELECT standingItem.taskKey, standingItem.orderId, productionOrder.skuId, standingItem.sessionId, standingItem.lateMin,
       standingItem.endMs, productionOrder.dueMs,
       productionOrder.quantity, sku.name AS sku, merchant.shortName AS merchant, substr(productionOrder.scope, 6) AS baseId,
       (SELECT json_extract(late.value, '$.exposureFen') FROM planVersion, json_each(planVersion.late) AS late
         WHERE planVersion.id = standingItem.planId AND json_extract(late.value, '$.taskKey') = standingItem.taskKey) AS exposureFen
     FROM standingItem JOIN productionOrder ON productionOrder.id = standingItem.orderId
     JOIN sku ON sku.id = productionOrder.skuId JOIN product ON product.id = sku.productId
     JOIN merchant ON merchant.id = product.merchantId
     WHERE standingItem.lateMin > 0 AND productionOrder.status IN ('open', 'running')
     ORDER BY productionOrder.dueMs, standingItem.taskKey`,
  ).all()

export interface RefusedClaim {
  readonly id: string
  readonly baseId: string
  readonly label: string
  readonly studio: string
  readonly startMs: number
  readonly endMs: number
  readonly reason: string
  readonly atMs: number
  readonly heldBy: string | null
  readonly heldSinceMs: number | null
  readonly createdMs: number
  readonly alternatives: string
  /** 1: asked for here and not waiting, so that a person may let it go. */
  readonly ownAndOver: number
}

/** Refused claims for time still to come, of sessions that have got nothing else. */
export const refusedClaims = (db: Db, nowMs: number): RefusedClaim[] =>
  prepared<[number], RefusedClaim>(
    db,
    `SELECT booking.id, booking.baseId, booking.label, studio.name AS studio, booking.startMs, booking.endMs, booking.createdMs,
       bookingState.reason, bookingState.atMs, bookingState.alternatives, holder.label AS heldBy, holderState.atMs AS heldSinceMs,
       ${OWN_REFUSED} AND NOT ${WAITS} AS ownAndOver
     FROM bookingState JOIN booking ON booking.id = bookingState.bookingId LEFT JOIN studio ON studio.id = booking.studioId
     LEFT JOIN booking AS holder ON holder.id = bookingState.heldBy
     LEFT JOIN bookingState AS holderState ON holderState.bookingId = holder.id
     WHERE bookingState.outcome = 'refused' AND booking.startMs > ?
       AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.opId = booking.id AND settledMs IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM booking AS other JOIN bookingState AS otherState ON otherState.bookingId = other.id
         WHERE other.sessionId = booking.sessionId AND otherState.outcome = 'granted')
     ORDER BY booking.startMs, booking.id LIMIT 20`,
  ).all(nowMs)

export interface ExpiringDocument {
  readonly id: string
  readonly kind: string
  readonly expiresMs: number
  readonly merchant: string
  readonly baseId: string
  readonly sku: string | null
}

export const expiringDocuments = (db: Db, nowMs: number, untilMs: number): ExpiringDocument[] =>
  prepared<[number, number], ExpiringDocument>(
    db,
    `SELECT merchantDocument.id, merchantDocument.kind, merchantDocument.expiresMs, merchant.shortName AS merchant,
       merchant.baseId, sku.name AS sku
     FROM merchantDocument JOIN merchant ON merchant.id = merchantDocument.merchantId
     LEFT JOIN sku ON sku.id = merchantDocument.skuId
     WHERE merchantDocument.deleted = 0 AND merchantDocument.expiresMs > ? AND merchantDocument.expiresMs < ?
     ORDER BY merchantDocument.expiresMs, merchantDocument.id LIMIT 20`,
  ).all(nowMs, untilMs)

export interface Verdict {
  readonly id: string
  readonly verdict: string
  readonly gate: string
  readonly evidence: string
  readonly atMs: number
  readonly merchant: string
  readonly sku: string | null
  readonly baseId: string
}

export const verdictsSince = (db: Db, sinceMs: number): Verdict[] =>
  prepared<[number], Verdict>(
    db,
    `SELECT gateVerdict.id, gateVerdict.verdict, gateVerdict.gate, gateVerdict.evidence, gateVerdict.atMs,
       merchant.shortName AS merchant, sku.name AS sku, merchant.baseId
     FROM gateVerdict JOIN merchant ON merchant.id = gateVerdict.merchantId LEFT JOIN sku ON sku.id = gateVerdict.skuId
     WHERE gateVerdict.atMs >= ? ORDER BY gateVerdict.atMs DESC LIMIT 50`,
  ).all(sinceMs)

export const dropoutsSince = (db: Db, sinceMs: number) =>
  prepared<
    [number],
    {
      id: string
      startMs: number
      endMs: number
      cause: string
      merchant: string
      studio: string | null
      baseId: string
    }
  >(
    db,
    `SELECT dropout.id, dropout.startMs, dropout.endMs, dropout.cause, merchant.shortName AS merchant, studio.name AS studio, liveSession.baseId
     FROM dropout JOIN liveSession ON liveSession.id = dropout.sessionId JOIN merchant ON merchant.id = liveSession.merchantId
     LEFT JOIN studio ON studio.id = liveSession.studioId WHERE dropout.startMs >= ? ORDER BY dropout.startMs DESC LIMIT 20`,
  ).all(sinceMs)

export const reviewsSince = (db: Db, sinceMs: number) =>
  prepared<[number], { id: string; atMs: number; verdict: string; merchant: string; baseId: string }>(
    db,
    `SELECT contentReview.id, contentReview.atMs, contentReview.verdict, merchant.shortName AS merchant, liveSession.baseId
     FROM contentReview JOIN liveSession ON liveSession.id = contentReview.sessionId
     JOIN merchant ON merchant.id = liveSession.merchantId WHERE contentReview.atMs >= ? ORDER BY contentReview.atMs DESC LIMIT 20`,
  ).all(sinceMs)

export const plansSince = (db: Db, sinceMs: number) =>
  prepared<[number], { id: string; publishedMs: number; planNo: number }>(
    db,
    'SELECT id, publishedMs, planNo FROM planVersion WHERE publishedMs >= ? ORDER BY publishedMs DESC LIMIT 5',
  ).all(sinceMs)

export const importsSince = (db: Db, sinceMs: number, scope: string | null) =>
  prepared<(number | string | null)[], { id: string; atMs: number; newRows: number; fileName: string }>(
    db,
    'SELECT id, atMs, newRows, fileName FROM importBatch WHERE atMs >= ? AND (? IS NULL OR scope = ?) ORDER BY atMs DESC LIMIT 5',
  ).all(sinceMs, scope, scope)

export interface Colleague {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly role: string
  readonly baseId: string | null
}

export const colleagues = (db: Db): Colleague[] =>
  prepared<[], Colleague>(
    db,
    `SELECT id, name, shortName, role, baseId FROM person WHERE active = 1 AND deleted = 0 AND role <> 'official'
     ORDER BY createdMs, id`,
  ).all()

export const studiosOf = (db: Db) =>
  prepared<[], { id: string; name: string; shortName: string }>(
    db,
    'SELECT id, name, shortName FROM studio WHERE deleted = 0 ORDER BY name, id',
  ).all()

export const studioNameOf = (db: Db, id: string): string =>
  prepared<[string], { name: string }>(db, 'SELECT name FROM studio WHERE id = ?').get(id)?.name ?? ''
