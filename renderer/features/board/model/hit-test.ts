import { rowAt, type BoardLayout, type PlacedBar } from './layout.ts'
import type { TimeScale } from './time-scale.ts'

/** A bar narrower than this is still as wide as this to the pointer, px. */
const MIN_TARGET_PX = 10

/** The bar under a world point; where bars touch, the one whose middle is nearer. */
export function barAt(layout: BoardLayout, scale: TimeScale, x: number, y: number): PlacedBar | undefined {
  let best: PlacedBar | undefined
  let bestDistance = Infinity
  for (const bar of rowAt(layout, y)?.bars ?? []) {
    if (y < bar.top || y > bar.top + bar.height) continue
    const left = scale.xAt(bar.startMs)
    const right = Math.max(scale.xAt(bar.endMs), left)
    const slack = Math.max(0, (MIN_TARGET_PX - (right - left)) / 2)
    if (x < left - slack || x > right + slack) continue
    const distance = Math.abs(x - (left + right) / 2)
    if (distance < bestDistance) {
      best = bar
      bestDistance = distance
    }
  }
  return best
}
