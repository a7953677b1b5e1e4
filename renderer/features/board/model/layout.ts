import type { BoardItem, BoardLane } from '../../../../shared/contract/planning.ts'
import { occupiedSpan } from './folds.ts'

export type LaneGroup = BoardLane['group']
export const LANE_GROUPS: readonly LaneGroup[] = ['line', 'studio', 'streamer', 'session']

export const GROUP_HEAD_PX = 20
/** Row height and bar height of an ordinary lane, px. */
export const LANE_PX: Record<LaneGroup, { row: number; bar: number }> = {
  line: { row: 34, bar: 28 },
  studio: { row: 32, bar: 24 },
  streamer: { row: 30, bar: 23 },
  session: { row: 30, bar: 20 },
}

export interface BoardRow {
  readonly index: number
  readonly lane: BoardLane
  readonly top: number
  readonly height: number
  /** The lane shows the published plan above and the proposal below. */
  readonly split: boolean
  readonly bars: readonly PlacedBar[]
}

export interface GroupHead {
  readonly group: LaneGroup
  readonly top: number
  readonly laneCount: number
  readonly collapsed: boolean
}

/** A bar on its row. A `span` stands for a whole session, from its first step to its pick-up. */
export interface PlacedBar {
  readonly id: string
  readonly form: 'bar' | 'span'
  readonly item: BoardItem
  readonly row: number
  readonly top: number
  readonly height: number
  readonly startMs: number
  readonly endMs: number
  /** Drawn in the lower, accent-outlined track. */
  readonly proposed: boolean
}

export interface BoardLayout {
  readonly groups: readonly GroupHead[]
  readonly rows: readonly BoardRow[]
  readonly bars: readonly PlacedBar[]
  readonly barById: ReadonlyMap<string, PlacedBar>
  readonly heightPx: number
}

/** Bars that overlap in time share a row on separate tracks; returns the track of each and how many there are. */
export function assignTracks(items: readonly BoardItem[]): { trackOf: Map<string, number>; tracks: number } {
  const trackOf = new Map<string, number>()
  const freeFrom: number[] = []
  for (const item of [...items].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)) {
    let track = freeFrom.findIndex((free) => free <= item.startMs)
    if (track < 0) track = freeFrom.push(0) - 1
    freeFrom[track] = item.endMs
    trackOf.set(item.id, track)
  }
  return { trackOf, tracks: Math.max(1, freeFrom.length) }
}

function groupBy<T>(values: readonly T[], key: (value: T) => string | null): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const name = key(value)
    if (name === null) continue
    const group = groups.get(name)
    if (group) group.push(value)
    else groups.set(name, [value])
  }
  return groups
}

/** The step that stands for its session when the whole session is picked: the broadcast, else the first step. */
export function anchorOf(items: readonly BoardItem[]): BoardItem | undefined {
  return (
    items.find((item) => item.kind === 'broadcast') ?? [...items].sort((a, b) => a.startMs - b.startMs)[0]
  )
}

function placeSession(lane: BoardLane, items: readonly BoardItem[], row: number, top: number): PlacedBar[] {
  const published = items.filter((item) => item.version !== 'proposal')
  const shown = published.length > 0 ? published : items
  const anchor = anchorOf(shown)
  if (!anchor) return []
  const { row: height, bar } = LANE_PX.session
  return [
    {
      id: `${anchor.taskKey}@${lane.id}`,
      form: 'span',
      item: anchor,
      row,
      top: top + (height - bar) / 2,
      height: bar,
      startMs: Math.min(...shown.map((item) => item.startMs)),
      endMs: Math.max(...shown.map((item) => item.endMs)),
      proposed: published.length === 0,
    },
  ]
}

function placeLane(lane: BoardLane, items: readonly BoardItem[], row: number, top: number) {
  const size = LANE_PX[lane.group]
  const gap = size.row - size.bar
  const upper = items.filter((item) => item.version !== 'proposal')
  const lower = items.filter((item) => item.version === 'proposal')
  const leaves = upper.some((item) => item.version === 'published')
  const split = leaves || (lower.length > 0 && upper.length > 0)
  const upperTracks = assignTracks(upper)
  const lowerTracks = assignTracks(lower)
  const upperPx = split || lower.length === 0 ? upperTracks.tracks * size.bar : 0
  const lowerPx = split || upper.length === 0 ? lowerTracks.tracks * size.bar : 0
  const middle = split ? gap / 2 : 0
  const place = (item: BoardItem, offset: number, proposed: boolean): PlacedBar => ({
    id: item.id,
    form: 'bar',
    item,
    row,
    top: top + gap / 2 + offset,
    height: size.bar,
    startMs: item.startMs,
    endMs: item.endMs,
    proposed,
  })
  const bars = [
    ...upper.map((item) => place(item, (upperTracks.trackOf.get(item.id) ?? 0) * size.bar, false)),
    ...lower.map((item) =>
      place(item, upperPx + middle + (lowerTracks.trackOf.get(item.id) ?? 0) * size.bar, true),
    ),
  ].sort((a, b) => a.startMs - b.startMs || a.top - b.top)
  const contents = lower.length === 0 && !split ? upperPx : upperPx + middle + lowerPx
  return { bars, height: Math.max(size.bar, contents) + gap, split }
}

/** Places every lane and bar, in world pixels; time is left to the scale. */
export function layoutBoard(
  lanes: readonly BoardLane[],
  items: readonly BoardItem[],
  collapsed: ReadonlySet<LaneGroup> = new Set(),
): BoardLayout {
  const byLane = groupBy(items, (item) => item.laneId)
  const bySession = groupBy(items, (item) => item.sessionId)
  const groups: GroupHead[] = []
  const rows: BoardRow[] = []
  let top = 0
  for (const group of LANE_GROUPS) {
    const members = lanes.filter((lane) => lane.group === group)
    if (members.length === 0) continue
    const isCollapsed = collapsed.has(group)
    groups.push({ group, top, laneCount: members.length, collapsed: isCollapsed })
    top += GROUP_HEAD_PX
    if (isCollapsed) continue
    for (const lane of members) {
      const index = rows.length
      const placed =
        group === 'session'
          ? {
              bars: placeSession(lane, bySession.get(lane.id) ?? byLane.get(lane.id) ?? [], index, top),
              height: LANE_PX.session.row,
              split: false,
            }
          : placeLane(lane, byLane.get(lane.id) ?? [], index, top)
      rows.push({ index, lane, top, ...placed })
      top += placed.height
    }
  }
  const bars = rows.flatMap((row) => row.bars)
  return { groups, rows, bars, barById: new Map(bars.map((bar) => [bar.id, bar])), heightPx: top }
}

/** The row at a world y, or undefined on a group head or below the last row. */
export function rowAt(layout: BoardLayout, y: number): BoardRow | undefined {
  return layout.rows.find((row) => y >= row.top && y < row.top + row.height)
}

/** The whole stretch of a bar, with set-up and buffers for bars and the bare line for sessions. */
export function barSpan(bar: PlacedBar): readonly [number, number] {
  return bar.form === 'span' ? [bar.startMs, bar.endMs] : occupiedSpan(bar.item)
}
