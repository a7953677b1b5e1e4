import { createHash } from 'node:crypto'
import { reviewTexts } from '../../../../shared/domain/review.ts'
import type { PreLiveFacts } from '../../../../shared/domain/rules/evaluate.ts'
import { MINUTE_MS } from '../../../../shared/domain/time.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

interface SessionRow {
  id: string
  merchantId: string
  earliestMs: number
  durationMin: number
  startMs: number | null
  endMs: number | null
  streamerIdsPlanned: string
  shippingPromiseHours: number
}

interface SkuRow {
  id: string
  name: string
  code: string
  position: number
  categoryKey: string
  script: string | null
  promiseHours: number | null
}

interface StreamerRow {
  id: string
  name: string
  identityVerified: number
  birthDate: string | null
  guardianConsent: number
  firstTrainedMs: number | null
  lastTrainedMs: number | null
}

const skusOf = (db: Db, sessionId: string) =>
  prepared<[string], SkuRow>(
    db,
    `SELECT sku.id, sku.name, sku.code, sessionSku.position, product.categoryKey, sellingPointCard.script, sellingPointCard.promiseHours
     FROM sessionSku JOIN sku ON sku.id = sessionSku.skuId LEFT JOIN product ON product.id = sku.productId
     LEFT JOIN sellingPointCard ON sellingPointCard.id = sessionSku.cardId AND sellingPointCard.deleted = 0
     WHERE sessionSku.sessionId = ? AND sessionSku.deleted = 0 ORDER BY sessionSku.position, sku.code`,
  ).all(sessionId)

/** Hashes of what a content review of the session would sign now. */
export function reviewHashes(db: Db, sessionId: string): { skuListHash: string; scriptHash: string } {
  const texts = reviewTexts(skusOf(db, sessionId))
  return { skuListHash: sha256Hex(texts.skuList), scriptHash: sha256Hex(texts.scripts) }
}

/** Ticks as they stand: the last mark of each item. */
export function checklistOf(db: Db, sessionId: string): Map<string, { done: boolean; atMs: number }> {
  const marks = prepared<[string], { item: string; done: number; atMs: number }>(
    db,
    'SELECT item, done, atMs FROM checklistMark WHERE sessionId = ? ORDER BY atMs, id',
  ).all(sessionId)
  return new Map(marks.map((mark) => [mark.item, { done: mark.done === 1, atMs: mark.atMs }]))
}

function streamerFacts(db: Db, id: string): PreLiveFacts['streamers'][number] | null {
  const row = prepared<[string], StreamerRow>(
    db,
    `SELECT id, name, identityVerified, birthDate, guardianConsent, firstTrainedMs, lastTrainedMs
     FROM streamer WHERE id = ?`,
  ).get(id)
  if (!row) return null
  return {
    ...row,
    identityVerified: row.identityVerified === 1,
    guardianConsent: row.guardianConsent === 1,
    certificates: prepared<[string], { category: string; expiresMs: number }>(
      db,
      'SELECT category, expiresMs FROM streamerCertificate WHERE streamerId = ? AND deleted = 0',
    ).all(id),
    violationsMs: prepared<[string], { atMs: number }>(db, 'SELECT atMs FROM violation WHERE streamerId = ?')
      .all(id)
      .map((violation) => violation.atMs),
  }
}

/** Everything the pre-live rules look at; null for a session that does not exist. */
export function readPreLiveFacts(db: Db, sessionId: string): PreLiveFacts | null {
  const session = prepared<[string], SessionRow>(
    db,
    `SELECT id, merchantId, earliestMs, durationMin, startMs, endMs, streamerIdsPlanned, shippingPromiseHours
     FROM liveSession WHERE id = ? AND deleted = 0`,
  ).get(sessionId)
  if (!session) return null
  const merchant = prepared<
    [string],
    { id: string; name: string; listStatus: PreLiveFacts['merchant']['listStatus'] }
  >(db, 'SELECT id, name, listStatus FROM merchant WHERE id = ?').get(session.merchantId)
  const documents = prepared<[string], { skuId: string | null; kind: string; expiresMs: number | null }>(
    db,
    'SELECT skuId, kind, expiresMs FROM merchantDocument WHERE merchantId = ? AND deleted = 0',
  ).all(session.merchantId)
  const startMs = session.startMs ?? session.earliestMs
  const overrides = prepared<[string], { ruleId: string }>(
    db,
    `SELECT DISTINCT ruleId FROM ruleOverride WHERE subjectTable = 'liveSession' AND subjectId = ?`,
  ).all(sessionId)
  return {
    sessionId,
    startMs,
    endMs: session.endMs ?? startMs + session.durationMin * MINUTE_MS,
    shippingPromiseHours: session.shippingPromiseHours,
    usesAiPerson: false,
    ...reviewHashes(db, sessionId),
    reviews: prepared<[string], PreLiveFacts['reviews'][number]>(
      db,
      'SELECT skuListHash, scriptHash, verdict, atMs FROM contentReview WHERE sessionId = ? ORDER BY atMs, id',
    ).all(sessionId),
    skus: skusOf(db, sessionId).map((sku) => ({
      id: sku.id,
      name: sku.name,
      categoryKey: sku.categoryKey,
      documents: documents.filter((document) => document.skuId === sku.id),
      spokenPromiseHours: sku.promiseHours,
    })),
    merchant: {
      id: session.merchantId,
      name: merchant?.name ?? '',
      listStatus: merchant?.listStatus ?? 'none',
      documents: documents.filter((document) => document.skuId === null),
    },
    streamers: ((JSON.parse(session.streamerIdsPlanned) as string[] | null) ?? []).flatMap(
      (id) => streamerFacts(db, id) ?? [],
    ),
    checklist: Object.fromEntries([...checklistOf(db, sessionId)].map(([item, mark]) => [item, mark.done])),
    overriddenRuleIds: overrides.map((row) => row.ruleId),
  }
}
