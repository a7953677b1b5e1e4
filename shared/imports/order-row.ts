import type { AfterSale, OrderStanding, OrderStatus } from '../domain/orders.ts'
import { parseCount, parseExportTime, parseFen, parseOrderNo, plainText } from './cells.ts'
import type { RowReader } from './row-reader.ts'
import { readAfterSale, readStatus } from './statuses.ts'

/** One sub-order as read from an export. Money in fen, instants in epoch ms. */
export interface OrderDraft {
  readonly source: string
  readonly orderNo: string
  readonly subOrderNo: string
  readonly productName: string
  /** The merchant's own code; `<product id>|<specification>` where the merchant gave none. */
  readonly skuCode: string
  readonly quantity: number
  /** A zero-yuan sub-order: it has to be made and shipped like any other. */
  readonly isGift: boolean
  readonly unitPriceFen: number | null
  readonly orderedMs: number
  readonly paidMs: number | null
  readonly payableFen: number
  readonly paidFen: number
  readonly promisedMs: number | null
  readonly provinceName: string
  readonly standing: OrderStanding
  /** Refunds are told in fen, not only as "refunded". */
  readonly refundIsExact: boolean
  /** The latest instant the row speaks of: the file cannot be older. */
  readonly latestMs: number
}

export type OrderRow =
  | { readonly kind: 'order'; readonly draft: OrderDraft }
  /** Nobody has paid (yet): no demand and no turnover. A later export brings it when it is paid. */
  | { readonly kind: 'unpaid'; readonly subOrderNo: string; readonly latestMs: number }
  | { readonly kind: 'problem' }

/** Reads one row of an order export; what is wrong with it goes to the reader's problem list. */
export function readOrderRow(row: RowReader, defaultSource: string): OrderRow {
  const source = row.has('source') ? plainText(row.text('source')).slice(0, 40) : defaultSource
  const orderNo = row.required('orderNo', parseOrderNo, 'id-unreadable')
  const subOrderNo = row.required('subOrderNo', parseOrderNo, 'id-unreadable')
  const quantity = row.required('quantity', parseCount, 'quantity-unreadable')
  const orderedMs = row.required('orderedAt', parseExportTime, 'time-unreadable')
  const paidMs = row.optional('paidAt', parseExportTime, 'time-unreadable')
  const shippedMs = row.optional('shippedAt', parseExportTime, 'time-unreadable')
  const completedMs = row.optional('completedAt', parseExportTime, 'time-unreadable')
  const money = readMoney(row)
  if (quantity === 0) row.problem('error', 'quantity', 'quantity-unreadable', 'correct-cell')
  const times = { paidMs, shippedMs, completedMs }
  const status = readOrderStatus(row, times)
  if (row.failed || orderNo === null || subOrderNo === null || quantity === null) return { kind: 'problem' }
  if (orderedMs === null || money === null) return { kind: 'problem' }
  const latestMs = Math.max(orderedMs, paidMs ?? 0, shippedMs ?? 0, completedMs ?? 0)
  if (status === 'unpaid' || (status === 'closed' && paidMs === null))
    return { kind: 'unpaid', subOrderNo, latestMs }
  const afterSale = readAfterSale(row.text('afterSale'))
  row.checkText('productName')
  return {
    kind: 'order',
    draft: {
      source,
      orderNo,
      subOrderNo,
      productName: plainText(row.text('productName')),
      skuCode: skuCodeOf(row),
      quantity,
      isGift: money.isGift,
      unitPriceFen: row.optional('unitPrice', parseFen, 'amount-unreadable'),
      orderedMs,
      paidMs,
      payableFen: money.payableFen,
      paidFen: money.paidFen,
      promisedMs: readPromise(row),
      provinceName: plainText(row.text('province')).slice(0, 20),
      standing: standingOf(row, status, afterSale, times, money),
      refundIsExact: row.has('refund'),
      latestMs,
    },
  }
}

interface Money {
  readonly payableFen: number
  readonly paidFen: number
  readonly isGift: boolean
}

/**
 * Order amount and what the user really paid. Where the file has only one of the two, the discount of the payment channel
 * (支付优惠) is the difference.
 */
function readMoney(row: RowReader): Money | null {
  const discountFen = row.optional('payDiscount', parseFen, 'amount-unreadable') ?? 0
  const payable = row.has('payable') ? row.required('payable', parseFen, 'amount-unreadable') : null
  const paid = row.has('paid') ? row.required('paid', parseFen, 'amount-unreadable') : null
  const payableFen = payable ?? (paid === null ? null : paid + discountFen)
  const paidFen = paid ?? (payable === null ? null : Math.max(0, payable - discountFen))
  if (payableFen === null || paidFen === null) return null
  if (payableFen < 0 || paidFen < 0) {
    row.problem('error', row.has('payable') ? 'payable' : 'paid', 'amount-negative', 'correct-cell')
    return null
  }
  return { payableFen, paidFen, isGift: payableFen === 0 }
}

interface Times {
  readonly paidMs: number | null
  readonly shippedMs: number | null
  readonly completedMs: number | null
}

function readOrderStatus(row: RowReader, times: Times): OrderStatus | 'unpaid' {
  const told = readStatus(row.text('status'))
  if (told !== null) return told
  row.problem('warning', 'status', 'status-unknown', 'inferred-from-times')
  if (times.completedMs !== null) return 'completed'
  if (times.shippedMs !== null) return 'shipped'
  return times.paidMs === null ? 'unpaid' : 'to-ship'
}

function standingOf(
  row: RowReader,
  status: OrderStatus,
  afterSale: AfterSale,
  times: Times,
  money: Money,
): OrderStanding {
  const told = row.has('refund') ? row.optional('refund', parseFen, 'amount-unreadable') : null
  return {
    status,
    afterSale,
    pickedUpMs: null,
    clickedShipMs: times.shippedMs,
    completedMs: times.completedMs,
    refundFen: told ?? (afterSale === 'refunded' ? money.paidFen : 0),
    cancelReason: plainText(row.text('cancelReason')).slice(0, 80),
  }
}

/** 承诺发货时间: an instant; other words in it are no promise that could be kept. */
function readPromise(row: RowReader): number | null {
  const cell = row.text('promisedAt')
  return cell === '' ? null : parseExportTime(cell)
}

function skuCodeOf(row: RowReader): string {
  const code = plainText(row.text('skuCode'))
  if (code !== '') return code.slice(0, 80)
  return [row.text('productId'), row.text('spec')].map(plainText).filter(Boolean).join('|').slice(0, 80)
}
