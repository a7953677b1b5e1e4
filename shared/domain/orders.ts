/** Words for what has become of an order, the same for every platform. */

/**
 * - `to-ship`: paid and not (wholly) shipped: this is demand
 * - `shipped`: the merchant clicked "shipped"; courier pick-up is a separate instant
 * - `closed`: cancelled or refunded before completion
 * - `withdrawn`: its import was undone here; no platform says this
 */
export const ORDER_STATUSES = ['to-ship', 'shipped', 'completed', 'closed', 'withdrawn'] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]

/** Empty text: none. `closed`: ended without a refund. */
export const AFTER_SALES = ['', 'open', 'refunded', 'closed'] as const
export type AfterSale = (typeof AFTER_SALES)[number]

/** What is known of one order line at one time. Instants are epoch ms. */
export interface OrderStanding {
  readonly status: OrderStatus
  readonly afterSale: AfterSale
  readonly pickedUpMs: number | null
  readonly clickedShipMs: number | null
  readonly completedMs: number | null
  readonly refundFen: number
  readonly cancelReason: string
}

/** Still has to be made or picked: counts as demand. */
export const isOpenDemand = (standing: Pick<OrderStanding, 'status' | 'afterSale'>): boolean =>
  standing.status === 'to-ship' && standing.afterSale !== 'refunded'

/** How far along its life an order is; it only ever moves forward. The two ends are equal. */
const PROGRESS: Readonly<Record<OrderStatus, number>> = {
  'to-ship': 0,
  shipped: 1,
  completed: 2,
  closed: 2,
  withdrawn: 3,
}

/**
 * Joins what a file says with what is known already. The later word wins, except that an order never moves backwards, a refund is
 * not taken back and an instant once known is not forgotten; an older file can only fill gaps. A withdrawn line comes back as
 * the file says.
 *
 * @param refundIsExact false where the file does not carry refund amounts (they are assumed from the payment)
 */
export function joinStandings(
  known: OrderStanding & { readonly asOfMs: number },
  told: OrderStanding & { readonly asOfMs: number },
  refundIsExact: boolean,
): OrderStanding {
  if (known.status === 'withdrawn') return plain(told)
  const isNewer = told.asOfMs >= known.asOfMs
  const [first, second] = isNewer ? [told, known] : [known, told]
  const wasRefunded = known.afterSale === 'refunded'
  const tellsAfterSale = isNewer && told.afterSale !== '' && (!wasRefunded || told.afterSale === 'refunded')
  const tellsRefund = tellsAfterSale && (refundIsExact || !wasRefunded)
  return {
    status: PROGRESS[first.status] >= PROGRESS[second.status] ? first.status : second.status,
    afterSale: tellsAfterSale ? told.afterSale : known.afterSale,
    pickedUpMs: first.pickedUpMs ?? second.pickedUpMs,
    clickedShipMs: first.clickedShipMs ?? second.clickedShipMs,
    completedMs: first.completedMs ?? second.completedMs,
    refundFen: tellsRefund ? told.refundFen : known.refundFen,
    cancelReason: first.cancelReason || second.cancelReason,
  }
}

const plain = (standing: OrderStanding): OrderStanding => ({
  status: standing.status,
  afterSale: standing.afterSale,
  pickedUpMs: standing.pickedUpMs,
  clickedShipMs: standing.clickedShipMs,
  completedMs: standing.completedMs,
  refundFen: standing.refundFen,
  cancelReason: standing.cancelReason,
})

export const standingsEqual = (a: OrderStanding, b: OrderStanding): boolean =>
  a.status === b.status &&
  a.afterSale === b.afterSale &&
  a.pickedUpMs === b.pickedUpMs &&
  a.clickedShipMs === b.clickedShipMs &&
  a.completedMs === b.completedMs &&
  a.refundFen === b.refundFen &&
  a.cancelReason === b.cancelReason
