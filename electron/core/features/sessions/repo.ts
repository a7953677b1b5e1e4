import type { SessionDetail, SessionRow, SessionStatus } from '../../../../shared/contract/session.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

type Raw = Omit<SessionRow, 'streamerIds' | 'streamerNames' | 'primeTime'> & {
  streamerIdsPlanned: string
  studioIds: string
  streamerIds: string
  primeTime: number
  actualStartMs: number | null
  actualEndMs: number | null
}

const COLUMNS = `liveSession.id, liveSession.title, liveSession.merchantId, merchant.name AS merchantName,
  merchant.shortName AS merchantShortName, liveSession.baseId, liveSession.platform, liveSession.channel, liveSession.status,
  liveSession.studioId, studio.name AS studioName, liveSession.streamerIdsPlanned, liveSession.studioIds, liveSession.streamerIds,
  liveSession.startMs, liveSession.endMs, liveSession.earliestMs, liveSession.latestMs, liveSession.durationMin,
  liveSession.primeTime, liveSession.shippingPromiseHours, liveSession.actualStartMs, liveSession.actualEndMs,
  (SELECT count(*) FROM sessionSku WHERE sessionSku.sessionId = liveSession.id AND sessionSku.deleted = 0) AS skuCount`
const FROM = `FROM liveSession LEFT JOIN merchant ON merchant.id = liveSession.merchantId
  LEFT JOIN studio ON studio.id = liveSession.studioId`

const list = (json: string): string[] => (JSON.parse(json) as string[] | null) ?? []

export function streamerNames(db: Db): ReadonlyMap<string, string> {
  return new Map(
    prepared<[], { id: string; name: string }>(db, 'SELECT id, name FROM streamer')
      .all()
      .map((row) => [row.id, row.name]),
  )
}

function rowOf(raw: Raw, names: ReadonlyMap<string, string>): SessionRow {
  const { streamerIdsPlanned, studioIds: _, actualStartMs: _start, actualEndMs: _end, ...row } = raw
  const ids = list(streamerIdsPlanned)
  return {
    ...row,
    primeTime: raw.primeTime === 1,
    streamerIds: ids,
    streamerNames: ids.map((id) => names.get(id) ?? ''),
  }
}

export interface ListInput {
  readonly fromMs: number
  readonly toMs: number
  readonly baseId: string | null
  readonly status: SessionStatus | null
  readonly cursor: string | null
  readonly limit: number
}

/** Sessions whose time (or wished time) lies in the span, by start, one page. */
export function listSessions(db: Db, input: ListInput): { rows: SessionRow[]; nextCursor: string | null } {
  const [afterMs, afterId] = input.cursor === null ? [-1, ''] : splitCursor(input.cursor)
  const rows = prepared<(string | number | null)[], Raw & { atMs: number }>(
    db,
    `SELECT ${COLUMNS}, coalesce(liveSession.startMs, liveSession.earliestMs) AS atMs ${FROM}
     WHERE liveSession.deleted = 0 AND coalesce(liveSession.startMs, liveSession.earliestMs) < ?
       AND coalesce(liveSession.endMs, liveSession.latestMs) > ?
       AND (? IS NULL OR liveSession.baseId = ?) AND (? IS NULL OR liveSession.status = ?)
       AND (coalesce(liveSession.startMs, liveSession.earliestMs), liveSession.id) > (?, ?)
     ORDER BY atMs, liveSession.id LIMIT ?`,
  ).all(
    input.toMs,
    input.fromMs,
    input.baseId,
    input.baseId,
    input.status,
    input.status,
    afterMs,
    afterId,
    input.limit + 1,
  )
  const names = streamerNames(db)
  const page = rows.slice(0, input.limit)
  const last = page.at(-1)
  return {
    rows: page.map(({ atMs: _, ...raw }) => rowOf(raw, names)),
    nextCursor: rows.length > input.limit && last ? `${last.atMs}:${last.id}` : null,
  }
}

function splitCursor(cursor: string): [number, string] {
  const at = cursor.indexOf(':')
  return [Number(cursor.slice(0, at)) || 0, cursor.slice(at + 1)]
}

type Plain = Omit<
  SessionDetail,
  'findings' | 'canStart' | 'checklist' | 'reviews' | 'dropouts' | 'sold' | 'skus' | 'booking'
>

export function getSession(db: Db, sessionId: string): Plain | null {
  const raw = prepared<[string], Raw>(
    db,
    `SELECT ${COLUMNS} ${FROM} WHERE liveSession.id = ? AND liveSession.deleted = 0`,
  ).get(sessionId)
  if (!raw) return null
  return {
    ...rowOf(raw, streamerNames(db)),
    wishStudioIds: list(raw.studioIds),
    wishStreamerIds: list(raw.streamerIds),
    actualStartMs: raw.actualStartMs,
    actualEndMs: raw.actualEndMs,
  }
}

/** The newest slot the session holds or has asked for. */
export function bookingOf(db: Db, sessionId: string): SessionDetail['booking'] {
  const row = prepared<[string], { id: string; outcome: string | null; startMs: number; endMs: number }>(
    db,
    `SELECT booking.id, bookingState.outcome, booking.startMs, booking.endMs FROM booking
     LEFT JOIN bookingState ON bookingState.bookingId = booking.id
     WHERE booking.sessionId = ? AND coalesce(bookingState.outcome, 'granted') = 'granted'
       AND NOT EXISTS (SELECT 1 FROM bookingRelease WHERE bookingRelease.bookingId = booking.id)
     ORDER BY booking.createdMs DESC, booking.id DESC LIMIT 1`,
  ).get(sessionId)
  if (!row) return null
  const { outcome, ...booking } = row
  return { ...booking, record: outcome === 'granted' ? 'confirmed' : 'tentative' }
}

export function sessionSkus(db: Db, sessionId: string): SessionDetail['skus'] {
  return prepared<[string], SessionDetail['skus'][number]>(
    db,
    `SELECT sessionSku.id, sku.id AS skuId, sku.name, sku.code, coalesce(product.family, '') AS family, sku.priceFen,
       coalesce((SELECT sum(quantity) FROM stockMove WHERE stockMove.skuId = sku.id), 0) AS stock,
       sessionSku.lowUnits, sessionSku.likelyUnits, sessionSku.highUnits, sessionSku.cardId, sellingPointCard.script
     FROM sessionSku JOIN sku ON sku.id = sessionSku.skuId LEFT JOIN product ON product.id = sku.productId
     LEFT JOIN sellingPointCard ON sellingPointCard.id = sessionSku.cardId
     WHERE sessionSku.sessionId = ? AND sessionSku.deleted = 0 ORDER BY sessionSku.position, sessionSku.id`,
  ).all(sessionId)
}

export function dropoutsOf(db: Db, sessionId: string): SessionDetail['dropouts'] {
  return prepared<[string], SessionDetail['dropouts'][number]>(
    db,
    'SELECT startMs, endMs, cause FROM dropout WHERE sessionId = ? ORDER BY startMs',
  ).all(sessionId)
}

export function reviewsOf(db: Db, sessionId: string) {
  return prepared<
    [string],
    { verdict: 'passed' | 'failed'; note: string; atMs: number; skuListHash: string; scriptHash: string }
  >(
    db,
    'SELECT verdict, note, atMs, skuListHash, scriptHash FROM contentReview WHERE sessionId = ? ORDER BY atMs DESC, id DESC',
  ).all(sessionId)
}

/** Units that can still be promised: in stock or ordered to be made, less what is paid and not shipped. */
export function promisableUnits(db: Db, sessionId: string): number {
  const row = prepared<[string], { units: number | null }>(
    db,
    `SELECT sum(max(0,
       coalesce((SELECT sum(quantity) FROM stockMove WHERE stockMove.skuId = sessionSku.skuId), 0)
       + coalesce((SELECT sum(quantity - doneQuantity) FROM productionOrder WHERE productionOrder.skuId = sessionSku.skuId
           AND productionOrder.deleted = 0 AND productionOrder.status IN ('open', 'running') AND productionOrder.kind <> 'sample'), 0)
       - coalesce((SELECT sum(units) FROM kpiDemand WHERE kpiDemand.skuId = sessionSku.skuId), 0))) AS units
     FROM sessionSku WHERE sessionSku.sessionId = ? AND sessionSku.deleted = 0`,
  ).get(sessionId)
  return row?.units ?? 0
}

export function soldBy(db: Db, sessionId: string): SessionDetail['sold'] {
  const row = prepared<[string], { orders: number; units: number; paidFen: number }>(
    db,
    `SELECT count(*) AS orders, coalesce(sum(quantity), 0) AS units, coalesce(sum(paidFen), 0) AS paidFen
     FROM orderLine WHERE sessionId = ? AND isGift = 0`,
  ).get(sessionId)!
  return { ...row, stillPromisable: promisableUnits(db, sessionId) }
}
