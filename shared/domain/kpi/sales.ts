/** Sums first, rates last: a rate of several rows is never an average of their rates. */

/** a / b, or null when there is nothing to divide by. */
export const ratio = (numerator: number, denominator: number): number | null =>
  denominator === 0 ? null : numerator / denominator

/** Net sales of the platform: order amount less what was refunded within one hour of ordering. */
export const netFen = (orderFen: number, refundedWithinHourFen: number): number =>
  orderFen - refundedWithinHourFen

export const conversionByPeople = (buyers: number, viewers: number): number | null => ratio(buyers, viewers)
export const conversionByViews = (orders: number, views: number): number | null => ratio(orders, views)

/** Amount per thousand views, fen. */
export const gpmFen = (amountFen: number, views: number): number | null =>
  views === 0 ? null : (amountFen / views) * 1000

/** User-paid amount per buyer, fen. */
export const averageOrderFen = (paidFen: number, buyers: number): number | null => ratio(paidFen, buyers)

export interface ReturnCohortOrder {
  readonly signedMs: number | null
  readonly returned: boolean
}

/**
 * Same-cohort return rate: of the orders signed for at least `matureMs` before `asOfMs`, the share returned. Younger orders
 * are neither kept nor returned yet; they are counted in `waiting`.
 */
export function returnRate(orders: readonly ReturnCohortOrder[], asOfMs: number, matureMs: number) {
  const mature = orders.filter((order) => order.signedMs !== null && order.signedMs <= asOfMs - matureMs)
  const returned = mature.filter((order) => order.returned).length
  return {
    returned,
    mature: mature.length,
    waiting: orders.length - mature.length,
    rate: ratio(returned, mature.length),
  }
}

export interface PromiseOrder {
  readonly dueMs: number
  readonly pickedUpMs: number | null
}

/** On-time pick-up: picked up no later than promised ÷ orders already due (open ones that are not yet due wait). */
export function onTimeRate(orders: readonly PromiseOrder[], asOfMs: number) {
  const due = orders.filter((order) => order.dueMs <= asOfMs)
  const kept = due.filter((order) => order.pickedUpMs !== null && order.pickedUpMs <= order.dueMs).length
  return { kept, due: due.length, waiting: orders.length - due.length, rate: ratio(kept, due.length) }
}
