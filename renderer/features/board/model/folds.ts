import type { BoardItem, BoardLane } from '../../../../shared/contract/planning.ts'
import type { Fold } from './time-scale.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Shorter quiet stretches stay as they are: folding them would hide nothing. */
const MIN_FOLD_MS = 2.5 * HOUR_MS
const MARGIN_MS = 30 * MINUTE_MS
/** Nights are looked for between 21:00 and 09:00. */
const NIGHT_BEFORE_MS = 3 * HOUR_MS
const NIGHT_AFTER_MS = 9 * HOUR_MS

type Span = readonly [number, number]

export function mergeSpans(spans: readonly Span[]): [number, number][] {
  const merged: [number, number][] = []
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged[merged.length - 1]
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

/** Everything an item occupies: set-up and buffers included. */
export function occupiedSpan(item: BoardItem): Span {
  const before = Math.max(item.setupMin, item.beforeMin) * MINUTE_MS
  return [item.startMs - before, item.endMs + item.afterMin * MINUTE_MS]
}

/** When the item is really worked on: a job on a line pauses while its line is closed. */
function workedSpans(item: BoardItem, shifts: readonly Span[]): Span[] {
  const [from, to] = occupiedSpan(item)
  if (shifts.length === 0) return [[from - MARGIN_MS, to + MARGIN_MS]]
  return shifts
    .map(([open, close]): Span => [Math.max(open, from), Math.min(close, to)])
    .filter(([start, end]) => end > start)
}

/**
 * The nights nobody works: between 21:00 and 09:00, no work on any lane, no production line open, not now.
 * `midnights` are the local midnights in the view, epoch ms.
 */
export function findQuietNights(
  lanes: readonly BoardLane[],
  items: readonly BoardItem[],
  midnights: readonly number[],
  nowMs: number,
): Fold[] {
  const shifts = new Map(lanes.map((lane) => [lane.id, lane.group === 'line' ? lane.open : []]))
  const work: Span[] = items.flatMap((item) => workedSpans(item, shifts.get(item.laneId) ?? []))
  for (const lane of lanes) if (lane.group === 'line') work.push(...lane.open)
  work.push([nowMs - HOUR_MS, nowMs + HOUR_MS])
  const busy = mergeSpans(work)
  return midnights.flatMap((midnight) =>
    subtractSpans([midnight - NIGHT_BEFORE_MS, midnight + NIGHT_AFTER_MS], busy)
      .filter(([from, to]) => to - from >= MIN_FOLD_MS)
      .map(([fromMs, toMs]) => ({ fromMs, toMs })),
  )
}

/** What is left of `span` after taking away `busy` (sorted, merged). */
export function subtractSpans(span: Span, busy: readonly Span[]): [number, number][] {
  const rest: [number, number][] = []
  let at = span[0]
  for (const [from, to] of busy) {
    if (to <= at) continue
    if (from >= span[1]) break
    if (from > at) rest.push([at, from])
    at = Math.max(at, to)
  }
  if (at < span[1]) rest.push([at, span[1]])
  return rest
}
