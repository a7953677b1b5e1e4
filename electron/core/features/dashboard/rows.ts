import type { RowsPage } from '../../../../shared/contract/dashboard.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { KPIS } from '../../../../shared/domain/kpi/definitions.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { QueryContext } from '../../context.ts'
import { isHit, spanOf } from './period.ts'
import { plannedSessions, slotPolicy } from './repo.ts'

export interface RowsInput {
  readonly kpi: string
  readonly fromDay: string
  readonly toDay: string
  readonly baseId: string | null
  readonly cursor: string | null
  readonly limit: number
}

type Cell = string | number | null
type Columns = RowsPage['columns']

/** Pages through rows that arrive in order and carry their place as the first two columns. */
function pageOf(columns: Columns, rows: readonly (readonly Cell[])[], limit: number): RowsPage {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    columns,
    rows: page.map((row) => row.slice(2)),
    nextCursor: rows.length > limit && last ? JSON.stringify([last[0], last[1]]) : null,
  }
}

function afterOf(cursor: string | null, start: string | number): [string | number, string] {
  if (cursor === null) return [start, '']
  try {
    const [at, id] = JSON.parse(cursor) as [unknown, unknown]
    if ((typeof at === 'string' || typeof at === 'number') && typeof id === 'string') return [at, id]
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new Refusal('bad-input', { field: 'cursor', problem: 'unreadable' })
}

const ORDER_COLUMNS: Columns = [
  { key: 'orderNo', kind: 'text' },
  { key: 'paidAt', kind: 'instant' },
  { key: 'merchant', kind: 'text' },
  { key: 'sku', kind: 'text' },
  { key: 'quantity', kind: 'count' },
  { key: 'orderFen', kind: 'fen' },
  { key: 'paidFen', kind: 'fen' },
  { key: 'refundFen', kind: 'fen' },
  { key: 'status', kind: 'text' },
]

function orderRows(ctx: QueryContext, input: RowsInput): RowsPage {
  const { fromMs, toMs } = spanOf(ctx, input)
  const [atMs, id] = afterOf(input.cursor, 0)
  const scope = input.baseId && `base:${input.baseId}`
  const rows = prepared<Cell[], Cell[]>(
    ctx.db,
    `SELECT coalesce(orderLine.paidMs, orderLine.orderedMs) AS at, orderLine.id, orderLine.orderNo, coalesce(orderLine.paidMs, orderLine.orderedMs),
       coalesce(merchant.shortName, ''), coalesce(sku.name, orderLine.productName), orderLine.quantity, orderLine.payableFen,
       orderLine.paidFen, orderNow.refundFen, orderNow.status
     FROM orderNow JOIN orderLine ON orderLine.id = orderNow.orderLineId LEFT JOIN sku ON sku.id = orderNow.skuId
     LEFT JOIN product ON product.id = sku.productId
     LEFT JOIN merchant ON merchant.id = coalesce(orderLine.merchantId, product.merchantId)
     WHERE orderNow.paidMs >= ? AND orderNow.paidMs < ? AND orderNow.isGift = 0 AND orderNow.status <> 'withdrawn'
       AND (? IS NULL OR orderLine.scope = ?) AND (orderNow.paidMs, orderNow.orderLineId) > (?, ?)
     ORDER BY orderNow.paidMs, orderNow.orderLineId LIMIT ?`,
  )
    .raw()
    .all(fromMs, toMs, scope, scope, atMs, id, input.limit + 1)
  return pageOf(ORDER_COLUMNS, rows, input.limit)
}

const SUM_COLUMNS: Columns = [
  { key: 'day', kind: 'day' },
  { key: 'merchant', kind: 'text' },
  { key: 'orders', kind: 'count' },
  { key: 'quantity', kind: 'count' },
  { key: 'orderFen', kind: 'fen' },
  { key: 'paidFen', kind: 'fen' },
  { key: 'refundFen', kind: 'fen' },
  { key: 'settledFen', kind: 'fen' },
]

function salesByDay(ctx: QueryContext, input: RowsInput): RowsPage {
  const [day, id] = afterOf(input.cursor, '')
  const rows = prepared<Cell[], Cell[]>(
    ctx.db,
    `SELECT r.day, r.merchantId, r.day, coalesce(merchant.shortName, ''), sum(r.lines), sum(r.units), sum(r.orderFen), sum(r.paidFen),
       sum(r.refundFen), sum(r.settledFen)
     FROM kpiDaySales AS r LEFT JOIN merchant ON merchant.id = r.merchantId
     WHERE r.day BETWEEN ? AND ? AND (? IS NULL OR r.baseId = ?) AND (r.day, r.merchantId) > (?, ?)
     GROUP BY r.day, r.merchantId ORDER BY r.day, r.merchantId LIMIT ?`,
  )
    .raw()
    .all(input.fromDay, input.toDay, input.baseId, input.baseId, day, id, input.limit + 1)
  return pageOf(SUM_COLUMNS, rows, input.limit)
}

function merchantSums(ctx: QueryContext, input: RowsInput): RowsPage {
  const [fen, id] = afterOf(input.cursor, Number.MAX_SAFE_INTEGER)
  const rows = prepared<Cell[], Cell[]>(
    ctx.db,
    `SELECT * FROM (SELECT coalesce(sum(r.paidFen), 0) AS fen, merchant.id AS id, merchant.name, merchant.sizeClass, coalesce(sum(r.lines), 0),
         coalesce(sum(r.paidFen), 0)
       FROM merchant LEFT JOIN kpiDaySales AS r ON r.merchantId = merchant.id AND r.day BETWEEN ? AND ?
       WHERE merchant.deleted = 0 AND (? IS NULL OR merchant.baseId = ?) GROUP BY merchant.id)
     WHERE fen < ? OR (fen = ? AND id > ?) ORDER BY fen DESC, id LIMIT ?`,
  )
    .raw()
    .all(input.fromDay, input.toDay, input.baseId, input.baseId, fen, fen, id, input.limit + 1)
  return pageOf(
    [
      { key: 'merchant', kind: 'text' },
      { key: 'sizeClass', kind: 'text' },
      { key: 'orders', kind: 'count' },
      { key: 'paidFen', kind: 'fen' },
    ],
    rows,
    input.limit,
  )
}

function promiseRows(ctx: QueryContext, input: RowsInput): RowsPage {
  const [day, id] = afterOf(input.cursor, '')
  const rows = prepared<Cell[], Cell[]>(
    ctx.db,
    `SELECT r.day, r.merchantId || ':' || r.promiseHours AS id, r.day, coalesce(merchant.shortName, ''), r.promiseHours, sum(r.orders),
       sum(r.kept), sum(r.openOrders), sum(r.exposureFen)
     FROM kpiDayPromise AS r LEFT JOIN merchant ON merchant.id = r.merchantId
     WHERE r.day BETWEEN ? AND ? AND (? IS NULL OR r.baseId = ?) AND (r.day, r.merchantId || ':' || r.promiseHours) > (?, ?)
     GROUP BY r.day, r.merchantId, r.promiseHours ORDER BY r.day, id LIMIT ?`,
  )
    .raw()
    .all(input.fromDay, input.toDay, input.baseId, input.baseId, day, id, input.limit + 1)
  return pageOf(
    [
      { key: 'dueDay', kind: 'day' },
      { key: 'merchant', kind: 'text' },
      { key: 'promiseHours', kind: 'count' },
      { key: 'orders', kind: 'count' },
      { key: 'kept', kind: 'count' },
      { key: 'openOrders', kind: 'count' },
      { key: 'exposureFen', kind: 'fen' },
    ],
    rows,
    input.limit,
  )
}

function returnRows(ctx: QueryContext, input: RowsInput): RowsPage {
  const [day, id] = afterOf(input.cursor, '')
  const rows = prepared<Cell[], Cell[]>(
    ctx.db,
    `SELECT r.day, r.merchantId, r.day, coalesce(merchant.shortName, ''), sum(r.signed), sum(r.returned), sum(r.qualityReturned)
     FROM kpiDayReturn AS r LEFT JOIN merchant ON merchant.id = r.merchantId
     WHERE r.day BETWEEN ? AND ? AND (? IS NULL OR r.baseId = ?) AND (r.day, r.merchantId) > (?, ?)
     GROUP BY r.day, r.merchantId ORDER BY r.day, r.merchantId LIMIT ?`,
  )
    .raw()
    .all(input.fromDay, input.toDay, input.baseId, input.baseId, day, id, input.limit + 1)
  return pageOf(
    [
      { key: 'signedDay', kind: 'day' },
      { key: 'merchant', kind: 'text' },
      { key: 'signed', kind: 'count' },
      { key: 'returned', kind: 'count' },
      { key: 'quality', kind: 'count' },
    ],
    rows,
    input.limit,
  )
}

function lineRows(ctx: QueryContext, input: RowsInput): RowsPage {
  const [day, id] = afterOf(input.cursor, '')
  const rows = prepared<Cell[], Cell[]>(
    ctx.db,
    `SELECT r.day, r.lineId || ':' || r.kind AS id, r.day, coalesce(productionLine.name, ''), r.kind, sum(r.spanMs) / 60000,
       sum(r.goodUnits), sum(r.scrapUnits)
     FROM kpiLineDay AS r LEFT JOIN productionLine ON productionLine.id = r.lineId
     WHERE r.day BETWEEN ? AND ? AND (? IS NULL OR r.baseId = ?) AND (r.day, r.lineId || ':' || r.kind) > (?, ?)
     GROUP BY r.day, r.lineId, r.kind ORDER BY r.day, id LIMIT ?`,
  )
    .raw()
    .all(input.fromDay, input.toDay, input.baseId, input.baseId, day, id, input.limit + 1)
  return pageOf(
    [
      { key: 'day', kind: 'day' },
      { key: 'line', kind: 'text' },
      { key: 'kind', kind: 'text' },
      { key: 'minutes', kind: 'minutes' },
      { key: 'goodUnits', kind: 'count' },
      { key: 'scrapUnits', kind: 'count' },
    ],
    rows,
    input.limit,
  )
}

function sessionRows(ctx: QueryContext, input: RowsInput): RowsPage {
  const { fromMs, toMs } = spanOf(ctx, input)
  const [atMs, id] = afterOf(input.cursor, 0)
  const policy = slotPolicy(ctx.db)
  const rows = plannedSessions(ctx.db, Math.max(fromMs, Number(atMs)), toMs, input.baseId)
    .filter((session) => session.startMs > Number(atMs) || session.id > id)
    .map((session): Cell[] => [
      session.startMs,
      session.id,
      session.title,
      session.merchant,
      session.studio,
      session.startMs,
      session.actualStartMs,
      session.actualStartMs === null || session.actualEndMs === null
        ? null
        : Math.round((session.actualEndMs - session.actualStartMs) / 60_000),
      session.status === 'ended' || session.endMs <= ctx.nowMs ? (isHit(session, policy) ? 1 : 0) : null,
    ])
  return pageOf(
    [
      { key: 'session', kind: 'text' },
      { key: 'merchant', kind: 'text' },
      { key: 'studio', kind: 'text' },
      { key: 'plannedStart', kind: 'instant' },
      { key: 'actualStart', kind: 'instant' },
      { key: 'airMinutes', kind: 'minutes' },
      { key: 'hit', kind: 'bool' },
    ],
    rows.slice(0, input.limit + 1),
    input.limit,
  )
}

type Reader = (ctx: QueryContext, input: RowsInput) => RowsPage

/** Single orders are for those who work with them; an official reads sums. */
const ordersOrSums: Reader = (ctx, input) =>
  ctx.actor.role === 'official' ? salesByDay(ctx, input) : orderRows(ctx, input)

const READERS: Readonly<Record<string, Reader>> = {
  gmvOrder: ordersOrSums,
  gmvPaid: ordersOrSums,
  gmvNet: ordersOrSums,
  gmvSettled: ordersOrSums,
  averageOrder: ordersOrSums,
  onTimeRate: promiseRows,
  returnRate: returnRows,
  lineUtilisation: lineRows,
  oee: lineRows,
  studioUtilisation: sessionRows,
  slotHitRate: sessionRows,
  longTailShare: merchantSums,
  gini: merchantSums,
  cr4: merchantSums,
  hhi: merchantSums,
  carbonPerOrder: salesByDay,
}

/** The rows a figure is made of, one page. @throws Refusal `bad-input` for a KPI without rows */
export function rowsBehind(ctx: QueryContext, input: RowsInput): RowsPage {
  const reader = KPIS.has(input.kpi) ? READERS[input.kpi] : undefined
  if (!reader) throw new Refusal('bad-input', { field: 'kpi', problem: 'no-rows' })
  return reader(ctx, input)
}
