import type { DemandRow, DemandView } from '../../../../shared/contract/imports.ts'
import type { OpenLine } from '../../../../shared/domain/demand.ts'
import type { Db } from '../../../sqlite/open.ts'

/** Work that is ordered but not made yet. Orders made from demand that nobody has started are not counted: they follow demand. */
export const ADJUSTABLE = `(sourceKey GLOB 'demand:*' AND status = 'open' AND doneQuantity = 0)`
const LIVE_ORDER = `deleted = 0 AND status IN ('open', 'running')`

interface DemandSqlRow {
  skuId: string
  orderedUnits: number
  giftUnits: number
  openUnits: number
  earliestDueMs: number | null
}

/** Demand of every SKU that sold in the period or has something open. Most pressing first. */
export function demandView(
  db: Db,
  range: { fromMs: number; toMs: number; baseId: string | null },
): DemandView {
  const scope = range.baseId === null ? null : `base:${range.baseId}`
  const sold = db
    .prepare<unknown[], DemandSqlRow>(
      `SELECT skuId, sum(orderedUnits) AS orderedUnits, sum(giftUnits) AS giftUnits, sum(openUnits) AS openUnits,
         min(earliestDueMs) AS earliestDueMs
       FROM (
         SELECT skuId, sum(quantity) AS orderedUnits, sum(quantity * isGift) AS giftUnits, 0 AS openUnits,
           NULL AS earliestDueMs
         FROM orderNow WHERE paidMs >= ? AND paidMs < ? AND status <> 'withdrawn' AND skuId IS NOT NULL
           AND (? IS NULL OR scope = ?) GROUP BY skuId
         UNION ALL
         SELECT skuId, 0, 0, sum(quantity), min(dueMs) FROM orderNow
         WHERE isOpen = 1 AND skuId IS NOT NULL AND (? IS NULL OR scope = ?) GROUP BY skuId
       ) GROUP BY skuId`,
    )
    .all(range.fromMs, range.toMs, scope, scope, scope, scope)
  const stock = unitsBySku(db, 'SELECT skuId, sum(quantity) AS units FROM stockMove GROUP BY skuId')
  const making = unitsBySku(
    db,
    `SELECT skuId, sum(max(0, quantity - doneQuantity)) AS units FROM productionOrder WHERE ${LIVE_ORDER} GROUP BY skuId`,
  )
  const names = db.prepare<
    [string],
    { code: string; name: string; productName: string; merchantId: string; merchantName: string }
  >(
    `SELECT s.code, s.name, coalesce(p.name, '') AS productName, coalesce(m.id, '') AS merchantId,
       coalesce(m.name, '') AS merchantName
     FROM sku s LEFT JOIN product p ON p.id = s.productId LEFT JOIN merchant m ON m.id = p.merchantId WHERE s.id = ?`,
  )
  const rows = sold.map((row): DemandRow => {
    const stockUnits = stock.get(row.skuId) ?? 0
    const productionUnits = making.get(row.skuId) ?? 0
    const name = names.get(row.skuId)
    return {
      skuId: row.skuId,
      code: name?.code ?? '',
      name: name?.name ?? '',
      productName: name?.productName ?? '',
      merchantId: name?.merchantId ?? '',
      merchantName: name?.merchantName ?? '',
      orderedUnits: row.orderedUnits,
      giftUnits: row.giftUnits,
      openUnits: row.openUnits,
      stockUnits,
      productionUnits,
      shortUnits: Math.max(0, row.openUnits - Math.max(0, stockUnits) - productionUnits),
      earliestDueMs: row.earliestDueMs,
    }
  })
  rows.sort((a, b) => b.shortUnits - a.shortUnits || b.openUnits - a.openUnits || (a.code < b.code ? -1 : 1))
  const sum = (pick: (row: DemandRow) => number) => rows.reduce((total, row) => total + pick(row), 0)
  return {
    rows: rows.slice(0, 2000),
    unknown: unknownDemand(db, scope),
    totals: {
      orderedUnits: sum((row) => row.orderedUnits),
      openUnits: sum((row) => row.openUnits),
      shortUnits: sum((row) => row.shortUnits),
    },
    asOfMs:
      db.prepare<[], { atMs: number | null }>('SELECT max(asOfMs) AS atMs FROM importBatch').get()?.atMs ??
      null,
  }
}

function unknownDemand(db: Db, scope: string | null): DemandView['unknown'] {
  return db
    .prepare<unknown[], DemandView['unknown'][number]>(
      `SELECT n.source, n.skuCode AS code, max(l.productName) AS productName, sum(n.quantity) AS openUnits
       FROM orderNow n JOIN orderLine l ON l.id = n.orderLineId
       WHERE n.isOpen = 1 AND n.skuId IS NULL AND (? IS NULL OR n.scope = ?)
       GROUP BY n.source, n.skuCode ORDER BY openUnits DESC LIMIT 200`,
    )
    .all(scope, scope)
}

function unitsBySku(db: Db, sql: string): Map<string, number> {
  const rows = db.prepare<[], { skuId: string; units: number }>(sql).all()
  return new Map(rows.map((row) => [row.skuId, row.units]))
}

/** Open lines of one SKU, in no particular order. */
export const openLinesOf = (db: Db, skuId: string): OpenLine[] =>
  db
    .prepare<[string], OpenLine>('SELECT quantity, dueMs FROM orderNow WHERE isOpen = 1 AND skuId = ?')
    .all(skuId)

export const skusWithDemand = (db: Db): string[] =>
  db
    .prepare<[], { skuId: string }>(
      `SELECT DISTINCT skuId FROM orderNow WHERE isOpen = 1 AND skuId IS NOT NULL
       UNION SELECT skuId FROM productionOrder WHERE deleted = 0 AND ${ADJUSTABLE}`,
    )
    .all()
    .map((row) => row.skuId)

/** Units that serve demand without a new order: stock, and what unstarted demand orders do not already stand for. */
export function coveredUnitsOf(db: Db, skuId: string): number {
  const stock = db
    .prepare<[string], { units: number | null }>(
      'SELECT sum(quantity) AS units FROM stockMove WHERE skuId = ?',
    )
    .get(skuId)
  const making = db
    .prepare<[string], { units: number | null }>(
      `SELECT sum(max(0, quantity - doneQuantity)) AS units FROM productionOrder
       WHERE skuId = ? AND kind <> 'sample' AND ${LIVE_ORDER} AND NOT coalesce(${ADJUSTABLE}, 0)`,
    )
    .get(skuId)
  return Math.max(0, stock?.units ?? 0) + (making?.units ?? 0)
}

export interface DemandOrder {
  id: string
  sourceKey: string
  quantity: number
  dueMs: number
  status: string
  doneQuantity: number
}

/** Production orders that were made from demand of one SKU, whatever has become of them. */
export const demandOrdersOf = (db: Db, skuId: string): DemandOrder[] =>
  db
    .prepare<[string], DemandOrder>(
      `SELECT id, sourceKey, quantity, dueMs, status, doneQuantity FROM productionOrder
       WHERE skuId = ? AND sourceKey GLOB 'demand:*' AND deleted = 0 ORDER BY sourceKey`,
    )
    .all(skuId)
