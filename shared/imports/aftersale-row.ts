import type { AfterSale } from '../domain/orders.ts'
import { parseExportTime, parseFen, parseOrderNo, plainText } from './cells.ts'
import type { RowReader } from './row-reader.ts'
import { isQualityReason, readAfterSale } from './statuses.ts'

/** One after-sale case of an order line. Money in fen, instants in epoch ms. */
export interface AfterSaleDraft {
  readonly source: string
  readonly afterSaleNo: string
  readonly orderNo: string
  readonly subOrderNo: string
  readonly afterSale: AfterSale
  readonly requestedMs: number
  readonly refundFen: number
  readonly reason: string
  readonly isQuality: boolean
  /** Refunded after it was shipped: counts as a return. */
  readonly isReturn: boolean
  readonly latestMs: number
}

/** Reads one row of an after-sale export; null when it cannot be used (see the reader's problems). */
export function readAfterSaleRow(row: RowReader, source: string): AfterSaleDraft | null {
  const afterSaleNo = row.required('afterSaleNo', parseOrderNo, 'id-unreadable')
  const orderNo = row.required('orderNo', parseOrderNo, 'id-unreadable')
  const subOrderNo = row.required('subOrderNo', parseOrderNo, 'id-unreadable')
  const requestedMs = row.required('requestedAt', parseExportTime, 'time-unreadable')
  const goodsFen = row.optional('refundGoods', parseFen, 'amount-unreadable') ?? 0
  const freightFen = row.optional('refundFreight', parseFen, 'amount-unreadable') ?? 0
  const ends = ['refundedAt', 'arrivedAt', 'closedAt', 'finishedAt'].map(
    (field) => row.optional(field, parseExportTime, 'time-unreadable') ?? 0,
  )
  if (goodsFen < 0 || freightFen < 0) row.problem('error', 'refundGoods', 'amount-negative', 'correct-cell')
  if (row.failed || !afterSaleNo || !orderNo || !subOrderNo || requestedMs === null) return null
  const words = [row.text('reason'), row.text('reasonTag')].map(plainText).filter(Boolean)
  const reason = words.join(' · ').slice(0, 120)
  const afterSale = readAfterSale(row.text('state')) || 'open'
  return {
    source,
    afterSaleNo,
    orderNo,
    subOrderNo,
    afterSale,
    requestedMs,
    refundFen: afterSale === 'refunded' ? goodsFen + freightFen : 0,
    reason,
    isQuality: isQualityReason(reason),
    isReturn: afterSale === 'refunded' && !/未发货/.test(row.text('kind') + row.text('shipState')),
    latestMs: Math.max(requestedMs, ...ends),
  }
}
