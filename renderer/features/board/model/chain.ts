import type { ChainStep, TaskKind } from '../../../../shared/contract/planning.ts'
import type { BoardLayout, PlacedBar } from './layout.ts'

export const CHAIN_KINDS: readonly TaskKind[] = ['sample', 'qc', 'broadcast', 'production', 'ship']

/** One numbered bead of the chain: which bar it sits on, and where in time it begins and ends. */
export interface ChainStop {
  readonly no: number
  readonly kind: TaskKind
  readonly bar: PlacedBar
  readonly startMs: number
  readonly endMs: number
  readonly late: boolean
}

/** The line between two beads; `slackMin` is null until the core has explained the chain. */
export interface ChainLeg {
  readonly from: ChainStop
  readonly to: ChainStop
  readonly slackMin: number | null
  readonly late: boolean
}

export interface Chain {
  readonly stops: readonly ChainStop[]
  readonly legs: readonly ChainLeg[]
  /** The broadcast's bars on other lanes (streamers), joined by a dotted line. */
  readonly together: readonly PlacedBar[]
}

function pickBar(bars: readonly PlacedBar[], preferProposal: boolean): PlacedBar | undefined {
  const wanted = bars.filter((bar) => (preferProposal ? bar.proposed : !bar.proposed))
  return (wanted.length > 0 ? wanted : bars).reduce<PlacedBar | undefined>(
    (last, bar) => (!last || bar.endMs > last.endMs ? bar : last),
    undefined,
  )
}

const GROUP_OF_KIND: Partial<Record<TaskKind, string>> = { broadcast: 'studio' }

function stopOf(
  layout: BoardLayout,
  bars: readonly PlacedBar[],
  kind: TaskKind,
  preferProposal: boolean,
): ChainStop | undefined {
  const ofKind = bars.filter((bar) => bar.form === 'bar' && bar.item.kind === kind)
  const group = GROUP_OF_KIND[kind]
  const inGroup = group ? ofKind.filter((bar) => layout.rows[bar.row]?.lane.group === group) : ofKind
  const bar = pickBar(inGroup.length > 0 ? inGroup : ofKind, preferProposal)
  if (bar) {
    const late = bar.item.plan === 'late'
    return { no: CHAIN_KINDS.indexOf(kind) + 1, kind, bar, startMs: bar.startMs, endMs: bar.endMs, late }
  }
  const span = kind === 'ship' ? bars.find((candidate) => candidate.form === 'span') : undefined
  if (!span) return undefined
  const promise = layout.rows[span.row]?.lane.promiseMs ?? null
  const late = promise !== null && span.endMs > promise
  return { no: 5, kind, bar: span, startMs: span.endMs, endMs: span.endMs, late }
}

/** The five steps of a session as they stand on the board, in order; steps outside the view are left out. */
export function traceChain(
  layout: BoardLayout,
  sessionId: string,
  preferProposal: boolean,
  explained: readonly ChainStep[] = [],
): Chain {
  const bars = layout.bars.filter((bar) => bar.item.sessionId === sessionId)
  const stops = CHAIN_KINDS.map((kind) => stopOf(layout, bars, kind, preferProposal)).filter(
    (stop): stop is ChainStop => stop !== undefined,
  )
  const legs = stops.slice(1).map((to, index) => {
    const from = stops[index] as ChainStop
    const slackMin = explained.find((step) => step.step === from.kind)?.slackMin ?? null
    const late = to.kind === 'ship' ? to.late : slackMin !== null && slackMin < 0
    return { from, to, slackMin, late }
  })
  const broadcast = stops.find((stop) => stop.kind === 'broadcast')
  const together = broadcast
    ? bars.filter(
        (bar) =>
          bar.form === 'bar' &&
          bar.item.kind === 'broadcast' &&
          bar.id !== broadcast.bar.id &&
          bar.startMs === broadcast.bar.startMs,
      )
    : []
  return { stops, legs, together }
}
