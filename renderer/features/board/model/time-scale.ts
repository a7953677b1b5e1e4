/** Width of a folded stretch of time on screen, px. */
export const FOLD_PX = 18
const HOUR_MS = 3_600_000

export interface Fold {
  readonly fromMs: number
  readonly toMs: number
}

interface Segment {
  readonly fromMs: number
  readonly toMs: number
  readonly x: number
  readonly width: number
  readonly folded: boolean
}

/** Maps instants to horizontal world pixels (0 at `fromMs`), folding quiet nights to a fixed width. */
export interface TimeScale {
  readonly fromMs: number
  readonly toMs: number
  readonly pxPerHour: number
  readonly widthPx: number
  readonly folds: readonly (Fold & { readonly x: number })[]
  xAt(ms: number): number
  msAt(x: number): number
  isFolded(ms: number): boolean
}

function cutSegments(fromMs: number, toMs: number, pxPerHour: number, folds: readonly Fold[]): Segment[] {
  const segments: Segment[] = []
  let at = fromMs
  let x = 0
  const push = (endMs: number, folded: boolean) => {
    if (endMs <= at) return
    const width = folded ? FOLD_PX : ((endMs - at) / HOUR_MS) * pxPerHour
    segments.push({ fromMs: at, toMs: endMs, x, width, folded })
    x += width
    at = endMs
  }
  for (const fold of folds) {
    const start = Math.max(fold.fromMs, at)
    const end = Math.min(fold.toMs, toMs)
    if (end <= start) continue
    push(start, false)
    push(end, true)
  }
  push(toMs, false)
  return segments
}

/** The last segment whose `key` is not above `value`; the first one for anything before it. */
function findSegment(segments: readonly Segment[], value: number, key: 'fromMs' | 'x'): Segment | undefined {
  let low = 0
  let high = segments.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((segments[middle] as Segment)[key] <= value) low = middle
    else high = middle - 1
  }
  return segments[low]
}

/** `folds` must be sorted and must not overlap; parts outside the range are ignored. */
export function createTimeScale(
  fromMs: number,
  toMs: number,
  pxPerHour: number,
  folds: readonly Fold[],
): TimeScale {
  const segments = cutSegments(fromMs, toMs, pxPerHour, folds)
  const last = segments[segments.length - 1]
  const widthPx = last ? last.x + last.width : 0
  const perMs = pxPerHour / HOUR_MS

  return {
    fromMs,
    toMs,
    pxPerHour,
    widthPx,
    folds: segments.filter((s) => s.folded).map((s) => ({ fromMs: s.fromMs, toMs: s.toMs, x: s.x })),
    xAt(ms) {
      if (ms <= fromMs) return (ms - fromMs) * perMs
      if (ms >= toMs) return widthPx + (ms - toMs) * perMs
      const segment = findSegment(segments, ms, 'fromMs')
      if (!segment) return 0
      return segment.x + ((ms - segment.fromMs) / (segment.toMs - segment.fromMs)) * segment.width
    },
    msAt(x) {
      if (x <= 0) return fromMs + x / perMs
      if (x >= widthPx) return toMs + (x - widthPx) / perMs
      const segment = findSegment(segments, x, 'x')
      if (!segment) return fromMs
      return segment.fromMs + ((x - segment.x) / segment.width) * (segment.toMs - segment.fromMs)
    },
    isFolded(ms) {
      const segment = findSegment(segments, ms, 'fromMs')
      return segment?.folded === true && ms > segment.fromMs && ms < segment.toMs
    },
  }
}

/** Scroll offset that keeps the instant under `pointerX` (px from the left edge of the view) where it is. */
export function scrollAround(before: TimeScale, after: TimeScale, scrollX: number, pointerX: number): number {
  return after.xAt(before.msAt(scrollX + pointerX)) - pointerX
}

/** Keeps the view inside the world; a world narrower than the view stays at its left edge. */
export function clampScroll(scroll: number, worldPx: number, viewPx: number): number {
  return Math.max(0, Math.min(scroll, Math.max(0, worldPx - viewPx)))
}
