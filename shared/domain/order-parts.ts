import { isOpenDemand, type AfterSale, type OrderStatus } from './orders.ts'
import { compensationFen, pickUpDueMs, promiseHoursOf } from './promise.ts'
import { HOUR_MS, dayKeyOf } from './time.ts'

/** The platform's promise where an order carries none. */
const DEFAULT_PROMISE_HOURS = 48

export interface LineFact {
  readonly id: string
  readonly scope: string
  readonly source: string
  readonly merchantId: string | null
  readonly skuId: string | null
  readonly skuCode: string
  readonly quantity: number
  readonly isGift: number
  readonly orderedMs: number
  readonly paidMs: number | null
  readonly payableFen: number
  readonly paidFen: number
  readonly promisedMs: number | null
}

export interface StateFact {
  readonly status: OrderStatus
  readonly afterSale: AfterSale
  readonly pickedUpMs: number | null
  readonly clickedShipMs: number | null
  readonly completedMs: number | null
  readonly refundFen: number
}

export interface ReturnFact {
  readonly requestedMs: number
  readonly refundFen: number
  readonly isQuality: number
}

/** What one order line adds to one row of a roll-up. */
export interface Part {
  readonly table: 'kpiDaySales' | 'kpiDayPromise' | 'kpiDayReturn' | 'kpiDemand'
  readonly key: readonly (string | number)[]
  readonly sums: readonly number[]
}

/** Key and sum columns of each roll-up, in the order in which parts carry them. */
export const PART_COLUMNS: Readonly<
  Record<Part['table'], { keys: readonly string[]; sums: readonly string[] }>
> = {
  kpiDaySales: {
    keys: ['day', 'baseId', 'merchantId', 'skuId', 'source', 'skuCode'],
    sums: [
      'lines',
      'units',
      'orderFen',
      'paidFen',
      'refundFen',
      'refundHourFen',
      'settledFen',
      'settledLines',
      'closedLines',
      'shippedLines',
    ],
  },
  kpiDayPromise: {
    keys: ['day', 'baseId', 'merchantId', 'skuId', 'source', 'skuCode', 'promiseHours'],
    sums: ['orders', 'kept', 'keptByClick', 'openOrders', 'openUnits', 'exposureFen'],
  },
  kpiDayReturn: {
    keys: ['day', 'baseId', 'merchantId', 'skuId', 'source', 'skuCode'],
    sums: ['signed', 'returned', 'qualityReturned'],
  },
  kpiDemand: { keys: ['baseId', 'skuId', 'source', 'skuCode', 'day'], sums: ['orders', 'units'] },
}

const isOne = (condition: boolean) => (condition ? 1 : 0)

/**
 * Everything an order line adds to the roll-ups, given the newest word on it and its returns. Pure: the difference between
 * two results is the change to make. Gifts and withdrawn lines add to demand only, or to nothing.
 */
export function orderParts(
  line: LineFact,
  state: StateFact | null,
  returns: readonly ReturnFact[],
  timeZone: string,
): Part[] {
  const status = state?.status ?? 'to-ship'
  const afterSale = state?.afterSale ?? ''
  if (status === 'withdrawn') return []
  const baseId = line.scope.startsWith('base:') ? line.scope.slice(5) : ''
  const merchantId = line.merchantId ?? ''
  const code = line.skuId === null ? [line.source, line.skuCode] : ['', '']
  const skuId = line.skuId ?? ''
  const paidMs = line.paidMs ?? line.orderedMs
  const dueMs = line.promisedMs ?? pickUpDueMs(paidMs, DEFAULT_PROMISE_HOURS, timeZone)
  const dueDay = dayKeyOf(dueMs, timeZone)
  const isOpen = isOpenDemand({ status, afterSale })
  const parts: Part[] = []
  if (isOpen)
    parts.push({ table: 'kpiDemand', key: [baseId, skuId, ...code, dueDay], sums: [1, line.quantity] })
  if (line.isGift === 1) return parts

  const pickedMs = state?.pickedUpMs ?? state?.clickedShipMs ?? null
  const isSettled = status === 'completed'
  const refundFen = state?.refundFen ?? 0
  const refundHourFen = returns
    .filter((item) => item.requestedMs - line.orderedMs <= HOUR_MS)
    .reduce((sum, item) => sum + item.refundFen, 0)
  parts.push({
    table: 'kpiDaySales',
    key: [dayKeyOf(paidMs, timeZone), baseId, merchantId, skuId, ...code],
    sums: [
      1,
      line.quantity,
      line.payableFen,
      line.paidFen,
      refundFen,
      refundHourFen,
      isSettled ? line.paidFen - refundFen : 0,
      isOne(isSettled),
      isOne(status === 'closed'),
      isOne(pickedMs !== null),
    ],
  })
  // An order cancelled before anything was shipped was never due.
  if (pickedMs !== null || isOpen) {
    const hours = promiseHoursOf(paidMs, dueMs, timeZone)
    const isKept = pickedMs !== null && pickedMs <= dueMs
    parts.push({
      table: 'kpiDayPromise',
      key: [dueDay, baseId, merchantId, skuId, ...code, hours],
      sums: [
        1,
        isOne(isKept),
        isOne(isKept && state?.pickedUpMs == null),
        isOne(isOpen),
        isOpen ? line.quantity : 0,
        isOpen ? compensationFen(line.paidFen, hours) : 0,
      ],
    })
  }
  if (state?.completedMs != null)
    parts.push({
      table: 'kpiDayReturn',
      key: [dayKeyOf(state.completedMs, timeZone), baseId, merchantId, skuId, ...code],
      sums: [1, isOne(returns.length > 0), isOne(returns.some((item) => item.isQuality === 1))],
    })
  return parts
}
