import type { BoardItem } from '../../../../shared/contract/planning.ts'
import { rowAt, type BoardLayout, type BoardRow, type PlacedBar } from './layout.ts'
import { neighbourLane } from './navigate.ts'
import type { TimeScale } from './time-scale.ts'

export const STEP_MIN = 15
const STEP_MS = STEP_MIN * 60_000

/** A bar being carried: where it came from and where it would be dropped. */
export interface Carry {
  readonly bar: PlacedBar
  readonly how: 'mouse' | 'keyboard'
  readonly laneId: string
  readonly row: number
  readonly startMs: number
}

export function snapToStep(ms: number, originMs: number): number {
  return originMs + Math.round((ms - originMs) / STEP_MS) * STEP_MS
}

/** Why a bar cannot be picked up at all, or null. The core decides everything else. */
export function heldBecause(item: BoardItem): 'done' | 'live' | 'frozen' | 'fixed' | null {
  if (item.progress === 'done') return 'done'
  if (item.live || item.progress === 'running') return 'live'
  if (item.frozen) return 'frozen'
  return item.movable ? null : 'fixed'
}

export function pickUp(layout: BoardLayout, bar: PlacedBar, how: Carry['how']): Carry | null {
  const row = layout.rows[bar.row]
  if (!row || bar.form !== 'bar' || heldBecause(bar.item) !== null) return null
  return { bar, how, laneId: row.lane.id, row: bar.row, startMs: bar.startMs }
}

/** Carries by steps of 15 min or to the neighbouring lane of the same group. */
export function carryByKey(
  layout: BoardLayout,
  carry: Carry,
  direction: 'left' | 'right' | 'up' | 'down',
  midnightMs: number,
): Carry {
  if (direction === 'left' || direction === 'right') {
    const by = direction === 'left' ? -STEP_MS : STEP_MS
    return { ...carry, startMs: snapToStep(carry.startMs, midnightMs) + by }
  }
  const next = neighbourLane(layout, carry.row, direction === 'up' ? -1 : 1)
  return next ? { ...carry, laneId: next.lane.id, row: next.index } : carry
}

/** Carries under the pointer; lanes of other groups do not take the bar. `grabMs`: from bar start to the pointer. */
export function carryToPoint(
  layout: BoardLayout,
  scale: TimeScale,
  carry: Carry,
  point: { x: number; y: number },
  grabMs: number,
  midnightMs: number,
): Carry {
  const from = layout.rows[carry.bar.row] as BoardRow
  const over = rowAt(layout, point.y)
  const row = over && over.lane.group === from.lane.group ? over : layout.rows[carry.row]
  const startMs = snapToStep(scale.msAt(point.x) - grabMs, midnightMs)
  return { ...carry, startMs, laneId: row?.lane.id ?? carry.laneId, row: row?.index ?? carry.row }
}

export function hasMoved(carry: Carry): boolean {
  return carry.startMs !== carry.bar.startMs || carry.row !== carry.bar.row
}
