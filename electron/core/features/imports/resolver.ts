import type { Db } from '../../../sqlite/open.ts'

export interface SkuTarget {
  readonly skuId: string
  readonly merchantId: string | null
  /** `base:<id>` of the SKU's row. */
  readonly scope: string
}

/** Orders count for a session until this long after it ended. */
const GRACE_MS = 15 * 60_000

interface SessionSpan {
  readonly sessionId: string
  readonly startMs: number
  readonly endMs: number
  readonly promiseHours: number
}

/**
 * SKU codes as platforms write them: a SKU's own code, its external id, or an alias for that source. A code that several SKUs
 * carry belongs to none of them.
 */
export function loadSkuCodes(db: Db, source: string): Map<string, SkuTarget> {
  const targets = new Map<string, SkuTarget>()
  const owners = new Map<string, Set<string>>()
  const own = db
    .prepare<
      [],
      { skuId: string; code: string; externalId: string | null; merchantId: string | null; scope: string }
    >(
      `SELECT s.id AS skuId, s.code, s.externalId, p.merchantId, s.scope
       FROM sku s LEFT JOIN product p ON p.id = s.productId WHERE s.deleted = 0`,
    )
    .all()
  const bySku = new Map(own.map((row) => [row.skuId, row]))
  for (const row of own) {
    for (const code of [row.code, row.externalId ?? '']) {
      if (code === '') continue
      const set = owners.get(code) ?? new Set()
      owners.set(code, set.add(row.skuId))
      targets.set(code, { skuId: row.skuId, merchantId: row.merchantId, scope: row.scope })
    }
  }
  for (const [code, set] of owners) if (set.size > 1) targets.delete(code)
  const aliases = db
    .prepare<[string], { code: string; skuId: string }>(
      'SELECT code, skuId FROM skuAlias WHERE source = ? AND deleted = 0 ORDER BY id DESC',
    )
    .all(source)
  for (const alias of aliases) {
    const row = bySku.get(alias.skuId)
    if (row) targets.set(alias.code, { skuId: row.skuId, merchantId: row.merchantId, scope: row.scope })
  }
  return targets
}

/** Says which broadcast sold a SKU at an instant: the latest one that was on air (or just over) with it. */
export function loadSessionFinder(db: Db): (skuId: string, atMs: number) => SessionSpan | null {
  const spans = new Map<string, SessionSpan[]>()
  const rows = db
    .prepare<[], SessionSpan & { skuId: string }>(
      `SELECT k.skuId, s.id AS sessionId, s.shippingPromiseHours AS promiseHours,
         COALESCE(s.actualStartMs, s.startMs) AS startMs, COALESCE(s.actualEndMs, s.endMs) AS endMs
       FROM sessionSku k JOIN liveSession s ON s.id = k.sessionId
       WHERE k.deleted = 0 AND s.deleted = 0 AND s.status IN ('live', 'ended', 'announced')
         AND COALESCE(s.actualStartMs, s.startMs) IS NOT NULL AND COALESCE(s.actualEndMs, s.endMs) IS NOT NULL
       ORDER BY startMs DESC`,
    )
    .all()
  for (const row of rows) {
    const list = spans.get(row.skuId)
    if (list) list.push(row)
    else spans.set(row.skuId, [row])
  }
  return (skuId, atMs) =>
    spans.get(skuId)?.find((span) => atMs >= span.startMs && atMs < span.endMs + GRACE_MS) ?? null
}
