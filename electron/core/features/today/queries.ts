import type { Matter, TodayBlock, TodayView, todayContract } from '../../../../shared/contract/today.ts'
import type { Sentence } from '../../../../shared/contract/planning.ts'
import { blocking } from '../../../../shared/domain/rules/evaluate.ts'
import { SHIPPING_RULE } from '../../../../shared/domain/promise.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, atMinute, dayKeyOf, dayStartMs } from '../../../../shared/domain/time.ts'
import type { QueryContext, QueryHandlers } from '../../context.ts'
import { primeBands } from '../../planning/problem.ts'
import { readPolicy } from '../../planning/snapshot.ts'
import { handledToday } from './handled.ts'
import { mattersOf } from './matters.ts'
import { dueBetween, foreignBookings, nearSessions, pickedUpSince, studiosOf } from './repo.ts'
import { searchAll } from './search.ts'
import { streamerNamesOf } from './names.ts'
import { viewSession, type SessionView } from './session-view.ts'

/** Sessions that should have started are still shown this long. */
const OVERDUE_MS = 3 * HOUR_MS
/** The next start is said aloud when it is this near. */
const SOON_MS = 3 * HOUR_MS

const minutesUntil = (ms: number, nowMs: number) => Math.round((ms - nowMs) / MINUTE_MS)

/** What a colleague would say first on entering the room. */
function openingOf(
  view: Pick<TodayView, 'sessions' | 'matters'>,
  views: readonly SessionView[],
  nowMs: number,
): Sentence {
  const next = views.find(
    (session) => !session.live && session.record !== 'tentative' && session.startMs >= nowMs - OVERDUE_MS,
  )
  if (next && next.startMs - nowMs <= SOON_MS) {
    const minutes = minutesUntil(next.startMs, nowMs)
    const base = { minutes: Math.abs(minutes), merchant: next.merchantName }
    const block = blocking(next.findings)[0]
    const tense = minutes < 0 ? 'overdue' : 'soon'
    if (block)
      return {
        key: `say.opening.${tense}Blocked`,
        params: { ...base, rule: block.ruleId, count: next.blocks },
      }
    return { key: `say.opening.${tense}Ready`, params: base }
  }
  const late = view.matters.find((matter) => matter.kind === 'late')
  if (late)
    return {
      key: 'say.opening.late',
      params: { count: view.matters.filter((matter) => matter.kind === 'late').length },
    }
  if (view.matters.length > 0) return { key: 'say.opening.matters', params: { count: view.matters.length } }
  if (next) return { key: 'say.opening.next', params: { merchant: next.merchantName, startMs: next.startMs } }
  return { key: view.sessions.length > 0 ? 'say.opening.calm' : 'say.opening.empty', params: {} }
}

function todayView(baseId: string | null, ctx: QueryContext): TodayView {
  const { db, belt, nowMs } = ctx
  const day = dayKeyOf(nowMs, belt.timeZone)
  const midnight = dayStartMs(day, belt.timeZone)
  const fromMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS - HOUR_MS
  const toMs = fromMs + DAY_MS
  const scope = baseId === null ? null : `base:${baseId}`
  const names = streamerNamesOf(db)
  const all = nearSessions(db, nowMs - OVERDUE_MS, nowMs + DAY_MS).map((session) =>
    viewSession(db, session, names, nowMs),
  )
  const here = all.filter((session) => baseId === null || session.baseId === baseId)
  const matters = mattersOf(ctx, all, baseId)
  const cutOffMs = atMinute(day, SHIPPING_RULE.sameDayCutOffMin, belt.timeZone)
  const due = dueBetween(db, toMs, scope)
  const late = mostOrders(matters.filter((matter) => matter.kind === 'late'))
  return {
    nowMs,
    dayKey: day,
    opening: openingOf({ sessions: here, matters }, here, nowMs),
    counts: {
      live: here.filter((session) => session.live).length,
      atRisk: here.filter((session) => session.plan === 'at-risk').length,
      late: matters.filter((matter) => matter.kind === 'late').length,
      tentative: here.filter((session) => session.record === 'tentative').length,
    },
    fromMs,
    toMs,
    primeBands: primeBands(readPolicy(db), fromMs, toMs, belt.timeZone),
    studios: lanesOf(ctx, all, fromMs, toMs),
    pickUp: {
      cutOffMs: cutOffMs > nowMs ? cutOffMs : cutOffMs + DAY_MS,
      pickedUp: pickedUpSince(db, midnight, scope),
      due: due.n,
      nextDueMs: due.nextDueMs,
      late: late
        ? {
            sessionId: null,
            merchant: String(late.title.params['merchant'] ?? ''),
            orders: ordersOf(late),
            dueMs: late.dueMs,
          }
        : null,
    },
    sessions: here.map(
      ({ baseId: _, studioId: _studio, findings: _findings, sampleOpen: _sample, ...session }) => session,
    ),
    matters,
    handled: handledToday(ctx, midnight, baseId),
    asOfMs: nowMs,
  }
}

const ordersOf = ({ title }: Matter): number => Number(title.params['orders'] ?? title.params['units'] ?? 0)

const mostOrders = (matters: readonly Matter[]): Matter | undefined =>
  [...matters].sort((a, b) => ordersOf(b) - ordersOf(a))[0]

/** Studios are shared: their lanes show every base's broadcasts. */
function lanesOf(
  ctx: QueryContext,
  sessions: readonly SessionView[],
  fromMs: number,
  toMs: number,
): TodayView['studios'] {
  const foreign = foreignBookings(ctx.db, fromMs, toMs)
  return studiosOf(ctx.db).map((studio) => {
    const own = sessions
      .filter((session) => session.studioId === studio.id && session.endMs > fromMs && session.startMs < toMs)
      .map((session): TodayBlock => ({
        sessionId: session.id,
        label: session.merchantShortName,
        startMs: session.startMs,
        endMs: session.endMs,
        live: session.live,
        plan: session.plan,
        record: session.record,
      }))
    const others = foreign
      .filter((booking) => booking.studioId === studio.id)
      .map((booking): TodayBlock => ({
        sessionId: '',
        label: booking.label,
        startMs: booking.startMs,
        endMs: booking.endMs,
        live: false,
        plan: 'on-time',
        record: booking.outcome === 'granted' ? 'confirmed' : 'tentative',
      }))
    return { ...studio, blocks: [...own, ...others].sort((a, b) => a.startMs - b.startMs) }
  })
}

export const todayQueries: QueryHandlers<typeof todayContract> = {
  'today/view': ({ baseId }, ctx) => todayView(baseId, ctx),
  'search/all': ({ text, limit }, ctx) => searchAll(ctx, text, limit),
}
