import type { Output } from '../../../shared/contract/index.ts'

export type Week = Output<'slot/week'>
export type Booking = Week['bookings'][number]
export type Lease = Week['leases'][number]
export type Studio = Week['studios'][number]

const MINUTE_MS = 60_000
const DAY_MIN = 1440
/** Claims begin on these minutes. */
export const STEP_MIN = 30

/** A claim being made: where it would go. Minutes count from local midnight of its day and may pass 1440. */
export interface Draft {
  readonly studioId: string
  readonly day: number
  readonly startMin: number
  readonly durationMin: number
}

export interface PlacedBooking {
  readonly booking: Booking
  readonly day: number
  readonly studio: number
  readonly startMin: number
  readonly endMin: number
}

/** One or two characters over a narrow column: the room's number, else the first letter of its name. */
export function studioMark(name: string): string {
  return /\d+/.exec(name)?.[0] ?? [...name][0] ?? ''
}

const byName = new Intl.Collator('zh-CN', { numeric: true })
/** Rooms in the order of their names, on every day the same. */
export function sortStudios(week: Week): Week {
  return { ...week, studios: [...week.studios].sort((a, b) => byName.compare(a.name, b.name)) }
}

/** The hours the grid shows: from the earliest opening to the latest closing, whole hours. */
export function gridHours(studios: readonly Studio[]): { fromMin: number; toMin: number } {
  if (studios.length === 0) return { fromMin: 480, toMin: 1440 }
  const from = Math.min(...studios.map(({ openMin }) => openMin))
  const to = Math.max(...studios.map(({ closeMin }) => closeMin))
  return { fromMin: Math.floor(from / 60) * 60, toMin: Math.ceil(to / 60) * 60 }
}

/**
 * Puts bookings into day and studio columns. What begins after midnight, while the studio is still open from the day before,
 * stands under that day. `midnights` are the local midnights of the days shown.
 */
export function placeBookings(week: Week, midnights: readonly number[]): PlacedBooking[] {
  const { fromMin } = gridHours(week.studios)
  return week.bookings.flatMap((booking) => {
    const studio = week.studios.findIndex(({ id }) => id === booking.studioId)
    const closeMin = week.studios[studio]?.closeMin ?? DAY_MIN
    let day = midnights.findLastIndex((midnight) => midnight <= booking.startMs)
    if (studio < 0) return []
    let startMin = (booking.startMs - (midnights[Math.max(0, day)] ?? 0)) / MINUTE_MS
    if (startMin < fromMin && startMin + DAY_MIN < closeMin) {
      day -= 1
      startMin += DAY_MIN
    }
    if (day < 0 || day >= midnights.length) return []
    return [
      { booking, day, studio, startMin, endMin: startMin + (booking.endMs - booking.startMs) / MINUTE_MS },
    ]
  })
}

export function draftTimes(draft: Draft, midnights: readonly number[]): { startMs: number; endMs: number } {
  const startMs = (midnights[draft.day] ?? 0) + draft.startMin * MINUTE_MS
  return { startMs, endMs: startMs + draft.durationMin * MINUTE_MS }
}

/** The granted booking that stands in the way of a draft, buffers included; the core has the last word. */
export function findObstacle(week: Week, draft: Draft, midnights: readonly number[]): Booking | null {
  const { startMs, endMs } = draftTimes(draft, midnights)
  return (
    week.bookings.find(
      (booking) =>
        booking.studioId === draft.studioId &&
        booking.record === 'confirmed' &&
        startMs < booking.endMs + booking.afterMin * MINUTE_MS &&
        endMs > booking.startMs - booking.beforeMin * MINUTE_MS,
    ) ?? null
  )
}

/** Keeps a draft on half hours inside its studio's opening hours. */
export function fitDraft(draft: Draft, studios: readonly Studio[], days: number): Draft {
  const studio = studios.find(({ id }) => id === draft.studioId) ?? studios[0]
  if (!studio) return draft
  const last = studio.closeMin - draft.durationMin
  const startMin = Math.round(draft.startMin / STEP_MIN) * STEP_MIN
  return {
    ...draft,
    studioId: studio.id,
    day: Math.max(0, Math.min(days - 1, draft.day)),
    startMin: Math.max(studio.openMin, Math.min(last, startMin)),
  }
}

/** Moves a draft by arrow keys: half hours down the day, studios and then days across. */
export function stepDraft(
  draft: Draft,
  key: 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight',
  studios: readonly Studio[],
  days: number,
): Draft {
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    const startMin = draft.startMin + (key === 'ArrowUp' ? -STEP_MIN : STEP_MIN)
    return fitDraft({ ...draft, startMin }, studios, days)
  }
  const at = draft.day * studios.length + studios.findIndex(({ id }) => id === draft.studioId)
  const to = Math.max(0, Math.min(days * studios.length - 1, at + (key === 'ArrowLeft' ? -1 : 1)))
  const studio = studios[to % studios.length]
  return fitDraft(
    { ...draft, studioId: studio?.id ?? draft.studioId, day: Math.floor(to / studios.length) },
    studios,
    days,
  )
}

/** Parts of the prime minutes in percent of the scale, which ends at half of all prime time or above the target. */
export function gaugeOf(longTail: Week['longTail']) {
  const share = (minutes: number) => (longTail.primeMin > 0 ? (minutes / longTail.primeMin) * 100 : 0)
  const granted = share(longTail.grantedMin)
  const tentative = share(longTail.tentativeMin)
  const scale = Math.min(
    100,
    Math.max(50, Math.ceil((granted + tentative) / 10) * 10, longTail.quotaPct + 10),
  )
  const onScale = (percent: number) => (percent / scale) * 100
  return {
    granted,
    tentative,
    scale,
    grantedWidth: onScale(granted),
    tentativeWidth: onScale(tentative),
    targetLeft: onScale(longTail.quotaPct),
    leftMin: Math.max(0, Math.round((longTail.primeMin * longTail.quotaPct) / 100 - longTail.grantedMin)),
  }
}
