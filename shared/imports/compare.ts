import { joinStandings, standingsEqual, type OrderStanding } from '../domain/orders.ts'
import type { AfterSaleDraft } from './aftersale-row.ts'
import type { OrderDraft } from './order-row.ts'

/** What the belt knows of an order line. */
export interface KnownLine {
  readonly lineId: string
  readonly quantity: number
  readonly payableFen: number
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

/** What a row of an after-sale file means for its line: everything else about the line stays. */
export function decideAfterSale(known: KnownLine, draft: AfterSaleDraft, fileAsOfMs: number): Decision {
  const before = known.standing
  const told = {
    status: before?.status ?? 'shipped',
    afterSale: draft.afterSale,
    pickedUpMs: before?.pickedUpMs ?? null,
    clickedShipMs: before?.clickedShipMs ?? null,
    completedMs: before?.completedMs ?? null,
    refundFen: draft.refundFen,
    cancelReason: before?.cancelReason || (draft.afterSale === 'refunded' ? draft.reason.slice(0, 80) : ''),
    asOfMs: fileAsOfMs,
  } as const
  return { ...decideStanding(known, told, true), lineDiffers: false }
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
