import type { AfterSale, OrderStatus } from '../../../../shared/domain/orders.ts'
import type { KnownLine } from '../../../../shared/imports/compare.ts'
import type { Db } from '../../../sqlite/open.ts'

interface KnownRow {
  lineId: string
  quantity: number
  payableFen: number
  skuCode: string
  stateId: string | null
  asOfMs: number | null
  status: string
  afterSale: string
  refundFen: number
  pickedUpMs: number | null
  clickedShipMs: number | null
  completedMs: number | null
  cancelReason: string
}

export interface KnownLineState extends KnownLine {
  readonly stateId: string | null
}

/** Looks up what the belt knows of sub-orders; prepared once, used for every row of a file. */
export function knownLines(db: Db): (source: string, subOrderNo: string) => KnownLineState | null {
  const find = db.prepare<[string, string], KnownRow>(
    `SELECT l.id AS lineId, l.quantity, l.payableFen, l.skuCode, n.stateId, n.asOfMs, n.status, n.afterSale, n.refundFen,
       n.pickedUpMs, n.clickedShipMs, n.completedMs, n.cancelReason
     FROM orderLine l LEFT JOIN orderNow n ON n.orderLineId = l.id
     WHERE l.source = ? AND l.subOrderNo = ?`,
  )
  return (source, subOrderNo) => {
    const row = find.get(source, subOrderNo)
    if (!row) return null
    const { lineId, quantity, payableFen, skuCode, stateId } = row
    if (stateId === null) return { lineId, quantity, payableFen, skuCode, stateId, standing: null }
    return {
      lineId,
      quantity,
      payableFen,
      skuCode,
      stateId,
      standing: {
        asOfMs: row.asOfMs ?? 0,
        status: row.status as OrderStatus,
        afterSale: row.afterSale as AfterSale,
        refundFen: row.refundFen,
        pickedUpMs: row.pickedUpMs,
        clickedShipMs: row.clickedShipMs,
        completedMs: row.completedMs,
        cancelReason: row.cancelReason,
      },
    }
  }
}
