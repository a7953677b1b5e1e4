import { isOpenDemand, type AfterSale, type OrderStatus } from '../../../../shared/domain/orders.ts'
import { pickUpDueMs } from '../../../../shared/domain/promise.ts'
import { EXPORT_ZONE } from '../../../../shared/imports/cells.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { RollupHooks } from '../../store/rollups.ts'
import type { SqlRow } from '../../store/rows.ts'

/** The platform's default promise, where neither the order nor its session carries one. */
const DEFAULT_PROMISE_HOURS = 48

/** A line came (again): it gets the newest word that is here already, in whatever order the two arrived. */
function addLine(db: Db, line: SqlRow): void {
  const lineId = String(line['id'])
  const paidMs = Number(line['paidMs'] ?? line['orderedMs'])
  const source = String(line['source'])
  const skuCode = String(line['skuCode'])
  prepared(
    db,
    `INSERT OR REPLACE INTO orderNow (orderLineId, stateId, asOfMs, status, afterSale, refundFen, pickedUpMs,
       clickedShipMs, completedMs, cancelReason, isOpen, skuId, skuCode, source, scope, quantity, isGift, orderedMs,
       paidMs, dueMs)
     VALUES (?, NULL, 0, 'to-ship', '', 0, NULL, NULL, NULL, '', 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    lineId,
    line['skuId'] ?? aliasedSku(db, source, skuCode),
    skuCode,
    source,
    line['scope'],
    line['quantity'],
    line['isGift'],
    line['orderedMs'],
    paidMs,
    line['promisedMs'] ?? pickUpDueMs(paidMs, DEFAULT_PROMISE_HOURS, EXPORT_ZONE),
  )
  tellNewest(db, lineId, '')
}

/** Newest: highest `asOfMs`, then highest id. A word about a line that is not here yet waits in its own table. */
function tell(db: Db, lineId: string, state: SqlRow): void {
  const isOpen = isOpenDemand({
    status: state['status'] as OrderStatus,
    afterSale: state['afterSale'] as AfterSale,
  })
  prepared(
    db,
    `UPDATE orderNow SET stateId = ?, asOfMs = ?, status = ?, afterSale = ?, refundFen = ?, pickedUpMs = ?,
       clickedShipMs = ?, completedMs = ?, cancelReason = ?, isOpen = ?
     WHERE orderLineId = ? AND (stateId IS NULL OR (asOfMs, stateId) < (?, ?))`,
  ).run(
    state['id'],
    state['asOfMs'],
    state['status'],
    state['afterSale'],
    state['refundFen'],
    state['pickedUpMs'],
    state['clickedShipMs'],
    state['completedMs'],
    state['cancelReason'],
    isOpen ? 1 : 0,
    lineId,
    state['asOfMs'],
    state['id'],
  )
}

/** Says every word there is again; `tell` keeps the newest. A line has a handful at most. */
function tellNewest(db: Db, lineId: string, except: string): void {
  const states = prepared<[string], SqlRow>(db, 'SELECT * FROM orderState WHERE orderLineId = ?').all(lineId)
  for (const state of states) if (state['id'] !== except) tell(db, lineId, state)
}

/** A word is taken back: the line stands as it did before it was said. */
function withdrawState(db: Db, state: SqlRow): void {
  const lineId = String(state['orderLineId'])
  const reset = prepared(
    db,
    `UPDATE orderNow SET stateId = NULL, asOfMs = 0, status = 'to-ship', afterSale = '', refundFen = 0,
       pickedUpMs = NULL, clickedShipMs = NULL, completedMs = NULL, cancelReason = '', isOpen = 1
     WHERE orderLineId = ? AND stateId = ?`,
  ).run(lineId, state['id'])
  if (reset.changes > 0) tellNewest(db, lineId, String(state['id']))
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

/** Keeps `orderNow`: what is known last of every order line. */
export const importsRollups: RollupHooks = {
  facts: {
    orderLine(db, row, sign) {
      if (sign === 1) addLine(db, row)
      else prepared(db, 'DELETE FROM orderNow WHERE orderLineId = ?').run(row['id'])
    },
    orderState(db, row, sign) {
      if (sign === 1) tell(db, String(row['orderLineId']), row)
      else withdrawState(db, row)
    },
  },
  registers: { skuAlias: followAlias },
}
