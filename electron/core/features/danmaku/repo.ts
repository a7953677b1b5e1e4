import type { SessionDanmaku } from '../../../../shared/contract/danmaku.ts'
import { summariseDanmaku, type SessionGoods } from '../../../../shared/domain/danmaku.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

/** Beyond this many a reader would be busy for seconds; the answer says how many were counted. */
const MOST_COUNTED = 50_000

export interface DanmakuSession {
  readonly id: string
  readonly scope: string
  readonly startMs: number | null
  readonly endMs: number | null
  readonly durationMin: number
}

/** A session's real times where they are known, otherwise its planned ones. */
export const danmakuSession = (db: Db, id: string): DanmakuSession | undefined =>
  prepared<[string], DanmakuSession>(
    db,
    `SELECT id, scope, coalesce(actualStartMs, startMs) AS startMs, coalesce(actualEndMs, endMs) AS endMs, durationMin
     FROM liveSession WHERE id = ? AND deleted = 0`,
  ).get(id)

export const storedTimes = (
  db: Db,
  row: { sessionId: string; offsetMs: number; body: string; viewerHmac: string | null },
): number =>
  prepared<[string, number, string, string | null], { n: number }>(
    db,
    'SELECT count(*) AS n FROM danmaku WHERE sessionId = ? AND offsetMs = ? AND body = ? AND viewerHmac IS ?',
  ).get(row.sessionId, row.offsetMs, row.body, row.viewerHmac)!.n

interface GoodsRow {
  skuId: string
  name: string
  code: string
  product: string
  productShort: string
}

export function sessionDanmaku(db: Db, sessionId: string): SessionDanmaku {
  const rows = prepared<[string], GoodsRow>(
    db,
    `SELECT sku.id AS skuId, sku.name, sku.code, product.name AS product, product.shortName AS productShort
     FROM sessionSku JOIN sku ON sku.id = sessionSku.skuId JOIN product ON product.id = sku.productId
     WHERE sessionSku.sessionId = ? AND sessionSku.deleted = 0 ORDER BY sessionSku.position, sessionSku.id`,
  ).all(sessionId)
  const goods = rows.map(({ skuId, name, code, product, productShort }, index): SessionGoods => ({
    skuId,
    names: [name, code, product, productShort],
    position: index + 1,
  }))
  const { total } = prepared<[string], { total: number }>(
    db,
    'SELECT count(*) AS total FROM danmaku WHERE sessionId = ?',
  ).get(sessionId)!
  const comments = prepared<[string, number], { body: string; offsetMs: number }>(
    db,
    'SELECT body, offsetMs FROM danmaku WHERE sessionId = ? ORDER BY offsetMs, id LIMIT ?',
  ).iterate(sessionId, MOST_COUNTED)
  return {
    total,
    counted: Math.min(total, MOST_COUNTED),
    goodsNames: rows.map(({ skuId, name }) => ({ skuId, name })),
    ...summariseDanmaku(comments, goods),
  }
}
