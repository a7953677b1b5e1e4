import type { Call } from '../../../shared/contract/index.ts'
import type { SessionDetail } from '../../../shared/contract/session.ts'
import {
  MINUTE_MS,
  MINUTES_PER_DAY,
  addDays,
  atMinute,
  dayKeyOf,
  isDayKey,
  minuteOfDay,
} from '../../../shared/domain/time.ts'

export interface DraftSku {
  skuId: string
  name: string
  code: string
  family: string
  stock: number
  lowUnits: number
  likelyUnits: number
  highUnits: number
}

/** What the person has entered; days and minutes are those of the belt's zone. */
export interface SessionDraft {
  merchantId: string | null
  title: string
  platform: string
  channel: 'store' | 'influencer'
  durationMin: number
  fromDay: string | null
  fromMin: number
  untilDay: string | null
  untilMin: number
  primeTime: boolean
  shippingPromiseHours: number
  skus: DraftSku[]
  studioIds: string[]
  streamerIds: string[]
}

export type DraftField = 'merchantId' | 'title' | 'window' | 'studioIds' | 'skus'
/** Field → what is wrong with it, with the figures of the sentence. */
export type DraftProblems = Partial<
  Record<DraftField, { readonly key: string; readonly values: Readonly<Record<string, number | string>> }>
>

export const PLATFORMS = ['douyin', 'kuaishou', 'wechat', 'taobao', 'xiaohongshu'] as const
export const DURATIONS = [60, 90, 120, 150, 180, 210, 240, 300, 360, 480, 960] as const
export const PROMISES = [24, 48, 72, 120, 168, 240, 360] as const
export const STEP_MIN = 30

/** Share of the likely units that a forecast starts with at its ends. */
const LOW_SHARE = 0.6
const HIGH_SHARE = 1.5

interface Hours {
  readonly openMin: number
  readonly closeMin: number
}

/** A new session may start tomorrow and has a week, within the base's hours. */
export function emptyDraft(nowMs: number, timeZone: string, hours: Hours | null): SessionDraft {
  const { openMin, closeMin } = hours ?? { openMin: 480, closeMin: MINUTES_PER_DAY }
  const tomorrow = addDays(dayKeyOf(nowMs, timeZone), 1)
  return {
    merchantId: null,
    title: '',
    platform: 'douyin',
    channel: 'store',
    durationMin: 180,
    fromDay: tomorrow,
    fromMin: openMin,
    untilDay: addDays(tomorrow, 6 + Math.floor(closeMin / MINUTES_PER_DAY)),
    untilMin: closeMin % MINUTES_PER_DAY,
    primeTime: false,
    shippingPromiseHours: 48,
    skus: [],
    studioIds: [],
    streamerIds: [],
  }
}

export function draftOf(session: SessionDetail, timeZone: string): SessionDraft {
  return {
    merchantId: session.merchantId,
    title: session.title,
    platform: session.platform,
    channel: session.channel,
    durationMin: session.durationMin,
    fromDay: dayKeyOf(session.earliestMs, timeZone),
    fromMin: minuteOfDay(session.earliestMs, timeZone),
    untilDay: dayKeyOf(session.latestMs, timeZone),
    untilMin: minuteOfDay(session.latestMs, timeZone),
    primeTime: session.primeTime,
    shippingPromiseHours: session.shippingPromiseHours,
    skus: session.skus.map(
      ({ skuId, name, code, family, stock, lowUnits, likelyUnits, highUnits }): DraftSku => ({
        skuId,
        name,
        code,
        family,
        stock,
        lowUnits,
        likelyUnits,
        highUnits,
      }),
    ),
    studioIds: [...session.wishStudioIds],
    streamerIds: [...session.wishStreamerIds],
  }
}

/** The forecast's ends follow the likely figure, until they were set apart from it. */
export function withLikely(sku: DraftSku, likelyUnits: number): DraftSku {
  const follows =
    sku.lowUnits === Math.round(sku.likelyUnits * LOW_SHARE) &&
    sku.highUnits === Math.round(sku.likelyUnits * HIGH_SHARE)
  return follows
    ? {
        ...sku,
        likelyUnits,
        lowUnits: Math.round(likelyUnits * LOW_SHARE),
        highUnits: Math.round(likelyUnits * HIGH_SHARE),
      }
    : { ...sku, likelyUnits }
}

/** From when until when the broadcast may be, or null while a day is missing. */
export function windowOf(draft: SessionDraft, timeZone: string): { fromMs: number; untilMs: number } | null {
  const { fromDay, untilDay } = draft
  if (fromDay === null || untilDay === null || !isDayKey(fromDay) || !isDayKey(untilDay)) return null
  return {
    fromMs: atMinute(fromDay, draft.fromMin, timeZone),
    untilMs: atMinute(untilDay, draft.untilMin, timeZone),
  }
}

export interface CheckContext {
  readonly nowMs: number
  readonly timeZone: string
  /** All studios of the base; the allowed ones are named in the draft. */
  readonly studios: readonly ({ readonly id: string } & Hours)[]
}

/** What keeps the session from being saved. */
export function checkDraft(draft: SessionDraft, context: CheckContext): DraftProblems {
  const problems: DraftProblems = {}
  if (draft.merchantId === null) problems.merchantId = { key: 'session.wrong.merchant', values: {} }
  const span = windowOf(draft, context.timeZone)
  if (span === null) problems.window = { key: 'session.wrong.day', values: {} }
  else {
    const lengthMin = (span.untilMs - span.fromMs) / MINUTE_MS
    if (lengthMin <= 0) problems.window = { key: 'session.wrong.order', values: {} }
    else if (lengthMin < draft.durationMin)
      problems.window = {
        key: 'session.wrong.short',
        values: { window: lengthMin, duration: draft.durationMin },
      }
    else if (span.untilMs - draft.durationMin * MINUTE_MS < context.nowMs)
      problems.window = { key: 'session.wrong.past', values: {} }
  }
  const allowed = context.studios.filter(
    ({ id }) => draft.studioIds.length === 0 || draft.studioIds.includes(id),
  )
  const longestMin = Math.max(0, ...allowed.map(({ openMin, closeMin }) => closeMin - openMin))
  if (allowed.length > 0 && longestMin < draft.durationMin)
    problems.studioIds = {
      key: 'session.wrong.hours',
      values: { open: longestMin, duration: draft.durationMin },
    }
  const uneven = draft.skus.find(
    (sku) => !(sku.lowUnits <= sku.likelyUnits && sku.likelyUnits <= sku.highUnits),
  )
  if (uneven) problems.skus = { key: 'session.wrong.forecast', values: { sku: uneven.name } }
  return problems
}

/** Why the slot a session holds would no longer be the one it asks for. */
export type StaleReason = 'earlier' | 'later' | 'duration' | 'studio' | 'streamer'

export function staleReasons(
  session: Pick<SessionDetail, 'startMs' | 'endMs' | 'studioId' | 'streamerIds'>,
  draft: SessionDraft,
  timeZone: string,
): StaleReason[] {
  const { startMs, endMs, studioId, streamerIds } = session
  const span = windowOf(draft, timeZone)
  if (startMs === null || endMs === null || span === null) return []
  const found: StaleReason[] = []
  if (startMs < span.fromMs) found.push('earlier')
  if (endMs > span.untilMs) found.push('later')
  if (endMs - startMs !== draft.durationMin * MINUTE_MS) found.push('duration')
  if (studioId !== null && draft.studioIds.length > 0 && !draft.studioIds.includes(studioId))
    found.push('studio')
  if (draft.streamerIds.length > 0 && streamerIds.some((id) => !draft.streamerIds.includes(id)))
    found.push('streamer')
  return found
}

/** A signed content review is for one list of SKUs. */
export const listChanged = (session: SessionDetail, draft: SessionDraft): boolean =>
  session.skus.map(({ skuId }) => skuId).join() !== draft.skus.map(({ skuId }) => skuId).join()

/** The fields that both a new and a changed session take. @throws RangeError when the draft was not checked first */
export function toWish(
  draft: SessionDraft,
  timeZone: string,
  fallbackTitle: string,
): Omit<Call<'session/create'>, 'merchantId'> {
  const span = windowOf(draft, timeZone)
  if (span === null) throw new RangeError('the window was not checked')
  return {
    title: draft.title.trim() || fallbackTitle,
    platform: draft.platform,
    channel: draft.channel,
    earliestMs: span.fromMs,
    latestMs: span.untilMs,
    durationMin: draft.durationMin,
    studioIds: [...draft.studioIds],
    streamerIds: [...draft.streamerIds],
    primeTime: draft.primeTime,
    shippingPromiseHours: draft.shippingPromiseHours,
    skus: draft.skus.map(({ skuId, lowUnits, likelyUnits, highUnits }) => ({
      skuId,
      lowUnits,
      likelyUnits,
      highUnits,
    })),
  }
}
