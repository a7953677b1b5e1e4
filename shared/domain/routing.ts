import type { RoutingStep, UnitsPerHour } from './shapes.ts'

export const ROUTING_STEPS = ['sample', 'qc', 'production'] as const
export type RoutingOp = (typeof ROUTING_STEPS)[number]

/** Minutes a sample and its inspection take until somebody says otherwise. */
export const USUAL_STEP_MIN: Readonly<Partial<Record<RoutingOp, number>>> = { sample: 240, qc: 60 }

export interface AbleLine {
  readonly id: string
  readonly kind: 'line' | 'qc'
  readonly unitsPerHour: UnitsPerHour
}

/** Lines that may do a step: benches inspect, lines with a rate for the family do the rest. */
export const linesFor = <L extends AbleLine>(op: RoutingOp, family: string, lines: readonly L[]): L[] =>
  lines.filter((line) =>
    op === 'qc' ? line.kind === 'qc' : line.kind === 'line' && line.unitsPerHour[family] !== undefined,
  )

/** The whole way of a family through every line that can do it; a step nobody can do is left out. */
export function suggestRouting(family: string, lines: readonly AbleLine[]): RoutingStep[] {
  return ROUTING_STEPS.flatMap((op): RoutingStep[] => {
    const lineIds = linesFor(op, family, lines).map(({ id }) => id)
    if (lineIds.length === 0) return []
    const durMin = USUAL_STEP_MIN[op]
    return [durMin === undefined ? { op, lineIds } : { op, lineIds, durMin }]
  })
}
