import type { BoardLayout, BoardRow, PlacedBar } from './layout.ts'

export type Direction = 'left' | 'right' | 'up' | 'down'

function middle(bar: PlacedBar): number {
  return (bar.startMs + bar.endMs) / 2
}

function nearestInTime(bars: readonly PlacedBar[], atMs: number): PlacedBar | undefined {
  let best: PlacedBar | undefined
  for (const bar of bars)
    if (!best || Math.abs(middle(bar) - atMs) < Math.abs(middle(best) - atMs)) best = bar
  return best
}

/** The bar an arrow key reaches; the same bar when there is none further that way. */
export function stepSelection(layout: BoardLayout, from: PlacedBar, direction: Direction): PlacedBar {
  const row = layout.rows[from.row]
  if (!row) return from
  if (direction === 'left' || direction === 'right') {
    const at = row.bars.findIndex((bar) => bar.id === from.id)
    return row.bars[at + (direction === 'left' ? -1 : 1)] ?? from
  }
  const step = direction === 'up' ? -1 : 1
  for (let index = from.row + step; index >= 0 && index < layout.rows.length; index += step) {
    const bar = nearestInTime((layout.rows[index] as BoardRow).bars, middle(from))
    if (bar) return bar
  }
  return from
}

/** Where arrows start when nothing is selected: the first row's bar nearest to the given instant. */
export function firstSelection(layout: BoardLayout, atMs: number): PlacedBar | undefined {
  for (const row of layout.rows) {
    const bar = nearestInTime(row.bars, atMs)
    if (bar) return bar
  }
  return undefined
}

/** The next lane of the same group that could take the bar, for moving by keyboard. */
export function neighbourLane(layout: BoardLayout, rowIndex: number, step: 1 | -1): BoardRow | undefined {
  const from = layout.rows[rowIndex]
  const next = layout.rows[rowIndex + step]
  return from && next && next.lane.group === from.lane.group ? next : undefined
}
