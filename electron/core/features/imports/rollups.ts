import { isOpenDemand, type AfterSale, type OrderStatus } from '../../../../shared/domain/orders.ts'
import { pickUpDueMs } from '../../../../shared/domain/promise.ts'
import { EXPORT_ZONE } from '../../../../shared/imports/cells.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { RollupHooks } from '../../store/rollups.ts'

/** The platform's default promise, where neither the order nor its session carries one. */
const DEFAULT_PROMISE_HOURS = 48

interface LineRow {
  id: string
  scope: string
  source: string
  skuId: string | null
  skuCode: string
  quantity: number
  isGift: number
  orderedMs: number
  paidMs: number | null
  promisedMs: number | null
}

interface StateRow {
  id: string
  asOfMs: number
  status: string
  afterSale: string
  refundFen: number
  pickedUpMs: number | null
  clickedShipMs: number | null
  completedMs: number | null
  cancelReason: string
}

/**
 * Recomputes the newest word on one order line from its facts, so that any order of arrival ends the same.
 * @param withoutState id of an orderState that is being withdrawn
 */
function refreshLine(db: Db, lineId: string, withoutState = ''): void {
  const line = prepared<[string], LineRow>(
    db,
    `SELECT id, scope, source, skuId, skuCode, quantity, isGift, orderedMs, paidMs, promisedMs
     FROM orderLine WHERE id = ?`,
  ).get(lineId)
  if (!line) return
  const state = prepared<[string, string], StateRow>(
    db,
    `SELECT id, asOfMs, status, afterSale, refundFen, pickedUpMs, clickedShipMs, completedMs, cancelReason
     FROM orderState WHERE orderLineId = ? AND id <> ? ORDER BY asOfMs DESC, id DESC LIMIT 1`,
  ).get(lineId, withoutState)
  const status = (state?.status ?? 'to-ship') as OrderStatus
  const afterSale = (state?.afterSale ?? '') as AfterSale
  const paidMs = line.paidMs ?? line.orderedMs
  prepared(
    db,
    `INSERT OR REPLACE INTO orderNow (orderLineId, stateId, asOfMs, status, afterSale, refundFen, pickedUpMs,
       clickedShipMs, completedMs, cancelReason, isOpen, skuId, skuCode, source, scope, quantity, isGift, orderedMs,
       paidMs, dueMs)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    lineId,
    state?.id ?? null,
    state?.asOfMs ?? 0,
    status,
    afterSale,
    state?.refundFen ?? 0,
    state?.pickedUpMs ?? null,
    state?.clickedShipMs ?? null,
    state?.completedMs ?? null,
    state?.cancelReason ?? '',
    isOpenDemand({ status, afterSale }) ? 1 : 0,
    line.skuId ?? aliasedSku(db, line.source, line.skuCode),
    line.skuCode,
    line.source,
    line.scope,
    line.quantity,
    line.isGift,
    line.orderedMs,
    paidMs,
    line.promisedMs ?? pickUpDueMs(paidMs, DEFAULT_PROMISE_HOURS, EXPORT_ZONE),
  )
}

function aliasedSku(db: Db, source: string, code: string): string | null {
  const alias = prepared<[string, string], { skuId: string }>(
    db,
    'SELECT skuId FROM skuAlias WHERE source = ? AND code = ? AND deleted = 0 ORDER BY id LIMIT 1',
  ).get(source, code)
  return alias?.skuId || null
}

/** A code got a meaning, lost it or changed it: the lines that carry no SKU of their own follow. */
function followAlias(db: Db, aliasId: string): void {
  const alias = prepared<[string], { source: string; code: string }>(
    db,
    'SELECT source, code FROM skuAlias WHERE id = ?',
  ).get(aliasId)
  if (!alias) return
  prepared(
    db,
    `UPDATE orderNow SET skuId = ? WHERE source = ? AND skuCode = ?
       AND orderLineId IN (SELECT id FROM orderLine WHERE source = ? AND skuId IS NULL AND skuCode = ?)`,
  ).run(aliasedSku(db, alias.source, alias.code), alias.source, alias.code, alias.source, alias.code)
}

export const importsRollups: RollupHooks = {
  facts: {
    orderLine(db, row, sign) {
      if (sign === 1) refreshLine(db, String(row['id']))
      else prepared(db, 'DELETE FROM orderNow WHERE orderLineId = ?').run(row['id'])
    },
    orderState(db, row, sign) {
      refreshLine(db, String(row['orderLineId']), sign === -1 ? String(row['id']) : '')
    },
  },
  registers: { skuAlias: followAlias },
}
