import type { TimeScale } from './time-scale.ts'

const HOUR_MS = 3_600_000
const HOUR_STEPS = [1, 2, 3, 4, 6, 12, 24]
const MIN_LABEL_GAP_PX = 46
/** Room a label needs clear of a fold, px. */
const FOLD_CLEARANCE_PX = 20

export interface AxisTick {
  readonly ms: number
  readonly x: number
  readonly hour: number
  /** False for a line without a figure, next to a fold. */
  readonly labelled: boolean
}

export interface DayMark {
  readonly ms: number
  /** Left end of the label, moved so that the first day's label stays in view. */
  readonly x: number
  readonly startX: number
}

export function chooseHourStep(pxPerHour: number): number {
  return HOUR_STEPS.find((step) => step * pxPerHour >= MIN_LABEL_GAP_PX) ?? 24
}

/** Hour lines inside the view; `midnights` are the local midnights around it. */
export function findTicks(
  scale: TimeScale,
  midnights: readonly number[],
  scrollX: number,
  widthPx: number,
): AxisTick[] {
  const step = chooseHourStep(scale.pxPerHour)
  const ticks: AxisTick[] = []
  midnights.forEach((midnight, index) => {
    const next = midnights[index + 1] ?? midnight + 24 * HOUR_MS
    for (let hour = 0; midnight + hour * HOUR_MS < next; hour += step) {
      const ms = midnight + hour * HOUR_MS
      const x = scale.xAt(ms) - scrollX
      if (x < -40 || x > widthPx + 40 || scale.isFolded(ms)) continue
      const clear = scale.folds.every((fold) => {
        const left = fold.x - scrollX
        return x + FOLD_CLEARANCE_PX < left || x - FOLD_CLEARANCE_PX > left + 18
      })
      ticks.push({ ms, x, hour, labelled: clear && x > 4 })
    }
  })
  return ticks
}

/** The days of the view with the place of their names; a name sticks to the left edge while its day is in view. */
export function findDays(
  scale: TimeScale,
  midnights: readonly number[],
  scrollX: number,
  widthPx: number,
  labelPx: number,
): DayMark[] {
  const starts = midnights.map((ms) => {
    const fold = scale.folds.find((f) => ms >= f.fromMs && ms < f.toMs)
    return { ms, startX: (fold ? fold.x + 18 : scale.xAt(ms)) - scrollX }
  })
  return starts.flatMap(({ ms, startX }, index) => {
    const endX = starts[index + 1]?.startX ?? scale.widthPx - scrollX
    if (endX < 0 || startX > widthPx) return []
    return [{ ms, startX, x: Math.min(Math.max(startX + 6, 6), endX - labelPx) }]
  })
}
