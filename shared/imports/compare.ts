import { joinStandings, standingsEqual, type AfterSale, type OrderStanding } from '../domain/orders.ts'
import type { OrderDraft } from './order-row.ts'

/** What the belt knows of an order line. */
export interface KnownLine {
  readonly lineId: string
  readonly quantity: number
  readonly payableFen: number
  readonly paidFen: number
  readonly skuCode: string
  /** Null when only the line has arrived, without any word on what became of it. */
  readonly standing: (OrderStanding & { readonly asOfMs: number }) | null
}

export interface Decision {
  readonly verdict: 'new' | 'changed' | 'unchanged' | 'older'
  /** To be recorded, with its `asOfMs`; null when nothing is to be said. */
  readonly standing: (OrderStanding & { readonly asOfMs: number }) | null
  /** The line was imported before with another quantity, amount or code; the first stays. */
  readonly lineDiffers: boolean
}

/** What a row of an order file means, given what is known of its line. */
export function decideOrder(known: KnownLine | null, draft: OrderDraft, fileAsOfMs: number): Decision {
  const told = { ...draft.standing, asOfMs: fileAsOfMs }
  if (!known) return { verdict: 'new', standing: told, lineDiffers: false }
  const lineDiffers =
    known.quantity !== draft.quantity ||
    known.payableFen !== draft.payableFen ||
    known.skuCode !== draft.skuCode
  return { ...decideStanding(known, told, draft.refundIsExact), lineDiffers }
}

/** All after-sale cases that a file has for one line, as one. */
export interface AfterSaleWord {
  readonly afterSale: AfterSale
  /** Of all cases together, fen. */
  readonly refundFen: number
  readonly reason: string
}

const AFTER_SALE_PROGRESS: Readonly<Record<AfterSale, number>> = { '': 0, open: 1, closed: 2, refunded: 3 }

/** Several cases of one line: the furthest one speaks, refunds add up. Null for none. */
export function mergeCases(cases: readonly AfterSaleWord[]): AfterSaleWord | null {
  let furthest: AfterSaleWord | null = null
  for (const word of cases)
    if (!furthest || AFTER_SALE_PROGRESS[word.afterSale] > AFTER_SALE_PROGRESS[furthest.afterSale])
      furthest = word
  return furthest && { ...furthest, refundFen: cases.reduce((sum, word) => sum + word.refundFen, 0) }
}

/**
 * What an after-sale file means for a line; everything else about the line stays. Such a file is often "older" than the order
 * export of the same hour, so a case that has come further, or an exact refund in place of an assumed one, counts all the same.
 */
export function decideAfterSale(known: KnownLine, word: AfterSaleWord, fileAsOfMs: number): Decision {
  const before = known.standing ?? { ...UNTOLD, asOfMs: 0 }
  const step = AFTER_SALE_PROGRESS[word.afterSale] - AFTER_SALE_PROGRESS[before.afterSale]
  const isExacter = step === 0 && before.refundFen === known.paidFen
  const counts = before.afterSale === 'refunded' ? step === 0 : step > 0 || fileAsOfMs >= before.asOfMs
  const isNews = counts && (step > 0 || isExacter || fileAsOfMs >= before.asOfMs)
  const joined: OrderStanding = {
    ...before,
    afterSale: word.afterSale,
    refundFen: word.refundFen,
    cancelReason: before.cancelReason || (word.afterSale === 'refunded' ? word.reason.slice(0, 80) : ''),
  }
  if (!isNews || standingsEqual(joined, before)) {
    const isStale = word.afterSale !== before.afterSale || word.refundFen !== before.refundFen
    return { verdict: isStale ? 'older' : 'unchanged', standing: null, lineDiffers: false }
  }
  const standing = { ...joined, asOfMs: Math.max(fileAsOfMs, before.asOfMs + 1) }
  return { verdict: 'changed', standing, lineDiffers: false }
}

const UNTOLD: OrderStanding = {
  status: 'shipped',
  afterSale: '',
  pickedUpMs: null,
  clickedShipMs: null,
  completedMs: null,
  refundFen: 0,
  cancelReason: '',
}

function decideStanding(
  known: KnownLine,
  told: OrderStanding & { readonly asOfMs: number },
  refundIsExact: boolean,
): Omit<Decision, 'lineDiffers'> {
  const before = known.standing
  if (!before) return { verdict: 'changed', standing: told }
  const joined = joinStandings(before, told, refundIsExact)
  if (standingsEqual(joined, before)) {
    const isStale = told.status !== before.status || told.afterSale !== before.afterSale
    return { verdict: isStale ? 'older' : 'unchanged', standing: null }
  }
  // Later than what it was made from, so that it wins wherever both are read.
  const asOfMs = told.asOfMs > before.asOfMs ? told.asOfMs : before.asOfMs + 1
  return { verdict: 'changed', standing: { ...joined, asOfMs } }
}
