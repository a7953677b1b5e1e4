import { reviewTexts } from '../domain/review.ts'
import { MINUTE_MS } from '../domain/time.ts'
import { scriptOfSku } from './trade.ts'
import type { DemoMerchant, DemoSku, DemoWorld } from './world.ts'

export type Sha256Hex = (text: string) => string

export interface SessionDraft {
  readonly key: string
  readonly merchant: DemoMerchant
  /** First one is the hero of the session. */
  readonly skus: readonly DemoSku[]
  readonly likely: readonly number[]
  readonly status: 'wanted' | 'planned' | 'announced' | 'live' | 'ended' | 'cancelled'
  readonly title?: string
  readonly earliestMs: number
  readonly latestMs: number
  readonly durationMin: number
  readonly wishStudios?: readonly string[]
  readonly wishStreamers?: readonly string[]
  readonly primeTime?: boolean
  readonly studio?: string
  readonly streamers?: readonly string[]
  readonly startMs?: number
  readonly actualStartMs?: number
  readonly actualEndMs?: number
}

/** Writes a session with its SKUs and forecast. @returns its reference */
export function addSession(world: DemoWorld, draft: SessionDraft): string {
  const { drafts } = world
  const { merchant, skus, startMs } = draft
  const ref = drafts.add('liveSession', `session/${draft.key}`, {
    title: draft.title ?? `${merchant.shortName} ${skus[0]!.productName}`,
    merchantId: merchant.ref,
    baseId: merchant.base,
    platform: 'douyin',
    channel: merchant.sizeClass === 'head' && skus.length > 4 ? 'influencer' : 'store',
    earliestMs: draft.earliestMs,
    latestMs: draft.latestMs,
    durationMin: draft.durationMin,
    studioIds: [...(draft.wishStudios ?? [])],
    streamerIds: [...(draft.wishStreamers ?? [])],
    primeTime: draft.primeTime ?? false,
    studioId: draft.studio ?? null,
    streamerIdsPlanned: [...(draft.streamers ?? [])],
    startMs: startMs ?? null,
    endMs: startMs === undefined ? null : startMs + draft.durationMin * MINUTE_MS,
    shippingPromiseHours: merchant.promiseHours,
    status: draft.status,
    actualStartMs: draft.actualStartMs ?? null,
    actualEndMs: draft.actualEndMs ?? null,
  })
  skus.forEach((sku, index) => {
    const likely = draft.likely[index] ?? 10
    drafts.put('sessionSku', {
      sessionId: ref,
      skuId: sku.ref,
      position: index + 1,
      lowUnits: Math.round(likely * 0.6),
      likelyUnits: likely,
      highUnits: Math.round(likely * 1.5),
      cardId: `@card/${sku.key}`,
    })
  })
  return ref
}

/** A signed content review of exactly these SKUs and scripts. */
export function addReview(
  world: DemoWorld,
  hash: Sha256Hex,
  sessionRef: string,
  merchant: DemoMerchant,
  skus: readonly DemoSku[],
  atMs: number,
): void {
  const texts = reviewTexts(
    skus.map((sku, index) => ({
      code: sku.code,
      position: index + 1,
      script: scriptOfSku(sku, merchant.promiseHours),
    })),
  )
  world.drafts.put('contentReview', {
    sessionId: sessionRef,
    skuListHash: hash(texts.skuList),
    scriptHash: hash(texts.scripts),
    verdict: 'passed',
    note: '',
    atMs,
  })
}

/** Ticks items of the session's checklist. */
export function addMarks(world: DemoWorld, sessionRef: string, items: readonly string[], atMs: number): void {
  for (const item of items)
    world.drafts.put('checklistMark', { sessionId: sessionRef, item, done: true, note: '', atMs })
}
