import type { TodayView } from '../../../../shared/contract/today.ts'
import { MINUTE_MS } from '../../../../shared/domain/time.ts'
import type { QueryContext } from '../../context.ts'
import { dropoutsSince, importsSince, plansSince, reviewsSince, verdictsSince } from './repo.ts'

const MOST = 20
const SPLIT_MS = 5 * MINUTE_MS

/** What has been dealt with since midnight, newest first. */
export function handledToday(
  ctx: QueryContext,
  midnight: number,
  baseId: string | null,
): TodayView['handled'] {
  const { db, nowMs } = ctx
  const isHere = (base: string) => baseId === null || base === baseId
  const scope = baseId === null ? null : `base:${baseId}`
  const handled: TodayView['handled'][number][] = [
    ...dropoutsSince(db, midnight)
      .filter((dropout) => isHere(dropout.baseId))
      .map((dropout) => ({
        id: dropout.id,
        atMs: dropout.endMs,
        what: {
          key:
            dropout.endMs - dropout.startMs > SPLIT_MS ? 'say.handled.dropoutSplit' : 'say.handled.dropout',
          params: {
            studio: dropout.studio ?? '',
            merchant: dropout.merchant,
            startMs: dropout.startMs,
            seconds: Math.round((dropout.endMs - dropout.startMs) / 1000),
          },
        },
      })),
    ...verdictsSince(db, midnight)
      .filter((verdict) => verdict.verdict !== 'failed' && isHere(verdict.baseId))
      .map((verdict) => ({
        id: verdict.id,
        atMs: verdict.atMs,
        what: {
          key: 'say.handled.gate',
          params: { merchant: verdict.merchant, sku: verdict.sku ?? '', evidence: verdict.evidence },
        },
      })),
    ...reviewsSince(db, midnight)
      .filter((review) => isHere(review.baseId))
      .map((review) => ({
        id: review.id,
        atMs: review.atMs,
        what: {
          key: review.verdict === 'passed' ? 'say.handled.review' : 'say.handled.reviewFailed',
          params: { merchant: review.merchant },
        },
      })),
    ...plansSince(db, midnight).map((plan) => ({
      id: plan.id,
      atMs: plan.publishedMs,
      what: { key: 'say.handled.plan', params: { no: plan.planNo } },
    })),
    ...importsSince(db, midnight, scope).map((batch) => ({
      id: batch.id,
      atMs: batch.atMs,
      what: { key: 'say.handled.import', params: { file: batch.fileName, rows: batch.newRows } },
    })),
  ]
  return handled
    .filter((item) => item.atMs <= nowMs)
    .sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? -1 : 1))
    .slice(0, MOST)
}
