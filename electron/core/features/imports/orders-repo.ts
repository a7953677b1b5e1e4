import type { OrderFilter, OrderRow } from '../../../../shared/contract/imports.ts'
import type { AfterSale, OrderStatus } from '../../../../shared/domain/orders.ts'
import type { Db } from '../../../sqlite/open.ts'

interface OrderSqlRow extends Omit<OrderRow, 'isGift' | 'status' | 'afterSale'> {
  isGift: number
  status: string
  afterSale: string
  promisedMs: number | null
  provinceName: string
  completedMs: number | null
  cancelReason: string
}

/** An order row with what only an export needs. */
export interface FullOrderRow extends OrderRow {
  readonly promisedMs: number | null
  readonly provinceName: string
  readonly completedMs: number | null
  readonly cancelReason: string
}

export interface OrderPage {
  readonly rows: FullOrderRow[]
  readonly nextCursor: string | null
}

/** Order rows, newest first, after the cursor. */
export function listOrders(db: Db, filter: OrderFilter, cursor: string | null, limit: number): OrderPage {
  const where: string[] = [`n.status <> 'withdrawn'`]
  const values: (string | number)[] = []
  const add = (sql: string, ...more: (string | number)[]) => {
    where.push(sql)
    values.push(...more)
  }
  if (filter.fromMs !== null) add('n.orderedMs >= ?', filter.fromMs)
  if (filter.toMs !== null) add('n.orderedMs < ?', filter.toMs)
  if (filter.skuId !== null) add('n.skuId = ?', filter.skuId)
  if (filter.sessionId !== null) add('l.sessionId = ?', filter.sessionId)
  if (filter.onlyOpen) add('n.isOpen = 1')
  if (filter.text !== '') {
    const end = filter.text + '\u{10FFFF}'
    add(
      'l.id IN (SELECT id FROM orderLine WHERE orderNo >= ? AND orderNo < ? UNION SELECT id FROM orderLine WHERE subOrderNo = ?)',
      filter.text,
      end,
      filter.text,
    )
  }
  const at = parseCursor(cursor)
  if (at) add('(n.orderedMs, n.orderLineId) < (?, ?)', at.orderedMs, at.id)
  const rows = db
    .prepare<(string | number)[], OrderSqlRow>(
      `SELECT l.id, l.source, l.orderNo, l.subOrderNo, l.productName, n.skuId, l.skuCode, l.sessionId, l.merchantId,
         l.quantity, l.isGift, l.orderedMs, l.paidMs, l.payableFen, l.paidFen, l.promisedMs, l.provinceName, n.dueMs,
         n.status, n.afterSale, n.refundFen, n.clickedShipMs, n.pickedUpMs, n.completedMs, n.cancelReason, n.asOfMs
       FROM orderNow n JOIN orderLine l ON l.id = n.orderLineId
       WHERE ${where.join(' AND ')} ORDER BY n.orderedMs DESC, n.orderLineId DESC LIMIT ?`,
    )
    .all(...values, limit + 1)
  const page = rows.slice(0, limit).map((row) => ({
    ...row,
    isGift: row.isGift === 1,
    status: row.status as OrderStatus,
    afterSale: row.afterSale as AfterSale,
  }))
  const last = page.at(-1)
  return { rows: page, nextCursor: rows.length > limit && last ? `${last.orderedMs} ${last.id}` : null }
}

function parseCursor(cursor: string | null): { orderedMs: number; id: string } | null {
  const match = cursor === null ? null : /^(-?\d+) (\S+)$/.exec(cursor)
  return match ? { orderedMs: Number(match[1]), id: match[2]! } : null
}
