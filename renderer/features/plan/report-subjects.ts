import type { BoardItem, BoardView } from '../../../shared/contract/planning.ts'
import type { PlanReport } from '../../../shared/contract/replanning.ts'

export type ReportKind = PlanReport['kind']
export const REPORT_KINDS: readonly ReportKind[] = [
  'line-down',
  'streamer-ill',
  'studio-closed',
  'dropout',
  'session-moved',
  'demand-spike',
  'gate-failed',
  'urgent-order',
]

export interface Subject {
  readonly value: string
  readonly text: string
}

const LANES = { 'line-down': 'line', 'streamer-ill': 'streamer', 'studio-closed': 'studio' } as const

/** What can be meant by a kind of report, from what the board shows. */
export function subjectsOf(board: BoardView, kind: ReportKind, nameTime: (ms: number) => string): Subject[] {
  if (kind === 'line-down' || kind === 'streamer-ill' || kind === 'studio-closed')
    return board.lanes
      .filter((lane) => lane.group === LANES[kind])
      .map(({ id, name }) => ({ value: id, text: name }))
  const wanted = (item: BoardItem): string | null => {
    if (item.version === 'proposal') return null
    if (kind === 'dropout') return item.kind === 'broadcast' && item.live ? item.sessionId : null
    if (kind === 'session-moved')
      return item.kind === 'broadcast' && item.progress === 'open' && !item.frozen ? item.sessionId : null
    if (kind === 'demand-spike')
      return item.kind === 'production' && item.progress !== 'done' ? item.orderId : null
    if (kind === 'gate-failed') return item.kind === 'qc' || item.kind === 'production' ? item.orderId : null
    return null
  }
  const found = new Map<string, Subject>()
  for (const item of board.items) {
    const id = wanted(item)
    if (id !== null && !found.has(id))
      found.set(id, { value: id, text: `${item.label} · ${nameTime(item.startMs)}` })
  }
  return [...found.values()]
}

/** The kinds that make sense for a bar, the likeliest first. */
export function kindsFor(item: BoardItem, group: BoardView['lanes'][number]['group']): ReportKind[] {
  if (item.kind === 'broadcast') {
    if (item.live) return ['dropout', 'streamer-ill', 'studio-closed']
    if (group === 'streamer') return ['streamer-ill', 'session-moved']
    return ['studio-closed', 'session-moved', 'streamer-ill']
  }
  return item.kind === 'production'
    ? ['line-down', 'demand-spike', 'gate-failed']
    : ['line-down', 'gate-failed']
}

/** The row a report of that kind about a bar names. */
export function subjectFor(item: BoardItem, kind: ReportKind, board: BoardView): string | null {
  const lane = board.lanes.find(({ id }) => id === item.laneId)
  switch (kind) {
    case 'line-down':
      return lane?.group === 'line' ? lane.id : null
    case 'studio-closed':
    case 'streamer-ill': {
      const group = LANES[kind]
      if (lane?.group === group) return lane.id
      const other = board.items.find(
        (candidate) =>
          candidate.taskKey === item.taskKey &&
          board.lanes.some(({ id, group: of }) => id === candidate.laneId && of === group),
      )
      return other?.laneId ?? null
    }
    case 'dropout':
    case 'session-moved':
      return item.sessionId
    case 'demand-spike':
    case 'gate-failed':
      return item.orderId
    case 'urgent-order':
      return null
  }
}
