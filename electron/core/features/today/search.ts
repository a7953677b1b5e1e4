import type { SearchHit } from '../../../../shared/contract/today.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { QueryContext } from '../../context.ts'

/** `%` and `_` typed by a person are themselves. */
const pattern = (text: string) => `%${text.replace(/[\\%_]/g, (character) => `\\${character}`)}%`

/** Rows whose name, code or number contains the text: merchants, sessions, SKUs, then orders by the start of their number. */
export function searchAll({ db, actor, nowMs }: QueryContext, text: string, limit: number): SearchHit[] {
  if (text === '') return []
  const like = pattern(text)
  const merchants = prepared<[string, string, number], { id: string; title: string; note: string }>(
    db,
    `SELECT merchant.id, merchant.name AS title, coalesce(liveBase.name, '') AS note FROM merchant
     LEFT JOIN liveBase ON liveBase.id = merchant.baseId
     WHERE merchant.deleted = 0 AND (merchant.name LIKE ? ESCAPE '\\' OR merchant.shortName LIKE ? ESCAPE '\\')
     ORDER BY length(merchant.name), merchant.name LIMIT ?`,
  ).all(like, like, limit)
  const hits: SearchHit[] = merchants.map((row) => ({ kind: 'merchant', ...row, atMs: null }))
  // Officials read sums, not single sessions, SKUs or orders.
  if (actor.role === 'official') return hits
  const sessions = prepared<(string | number)[], { id: string; title: string; note: string; atMs: number }>(
    db,
    `SELECT liveSession.id, liveSession.title, coalesce(studio.name, '') AS note, coalesce(liveSession.startMs, liveSession.earliestMs) AS atMs
     FROM liveSession LEFT JOIN studio ON studio.id = liveSession.studioId LEFT JOIN merchant ON merchant.id = liveSession.merchantId
     WHERE liveSession.deleted = 0 AND liveSession.status <> 'cancelled'
       AND (liveSession.title LIKE ? ESCAPE '\\' OR merchant.name LIKE ? ESCAPE '\\')
     ORDER BY abs(coalesce(liveSession.startMs, liveSession.earliestMs) - ?), liveSession.id LIMIT ?`,
  ).all(like, like, nowMs, limit)
  const skus = prepared<(string | number)[], { id: string; title: string; note: string }>(
    db,
    `SELECT sku.id, sku.name AS title, sku.code || ' · ' || coalesce(merchant.shortName, '') AS note FROM sku
     LEFT JOIN product ON product.id = sku.productId LEFT JOIN merchant ON merchant.id = product.merchantId
     WHERE sku.deleted = 0 AND (sku.name LIKE ? ESCAPE '\\' OR sku.code LIKE ? ESCAPE '\\' OR sku.externalId LIKE ? ESCAPE '\\')
     ORDER BY length(sku.name), sku.name, sku.id LIMIT ?`,
  ).all(like, like, like, limit)
  const orders = /^\d{6,}$/.test(text)
    ? prepared<(string | number)[], { id: string; title: string; note: string; atMs: number }>(
        db,
        `SELECT id, orderNo AS title, productName AS note, orderedMs AS atMs FROM orderLine
         WHERE orderNo >= ? AND orderNo < ? ORDER BY orderNo LIMIT ?`,
      ).all(text, `${text}:`, limit)
    : []
  hits.push(
    ...sessions.map((row) => ({ kind: 'session' as const, ...row })),
    ...skus.map((row) => ({ kind: 'sku' as const, ...row, atMs: null })),
    ...orders.map((row) => ({ kind: 'order' as const, ...row })),
  )
  return interleave(hits, limit)
}

/** The best of each kind first, so that one kind never hides the others. */
function interleave(hits: readonly SearchHit[], limit: number): SearchHit[] {
  const kinds = ['merchant', 'session', 'sku', 'order'] as const
  const rows = kinds.map((kind) => hits.filter((hit) => hit.kind === kind))
  const taken = rows.map(() => 0)
  for (let count = 0, more = true; count < limit && more;) {
    more = false
    rows.forEach((list, index) => {
      if (count < limit && taken[index]! < list.length) {
        taken[index]!++
        count++
        more = true
      }
    })
  }
  return rows.flatMap((list, index) => list.slice(0, taken[index]))
}
