import { ROUTING_STEPS, USUAL_STEP_MIN, type RoutingOp } from '../../../shared/domain/routing.ts'
import type { RoutingStep } from '../../../shared/domain/shapes.ts'

/** Replaces, adds or (with no line) takes out one step, in the order of the chain. */
export function withStep(
  routing: readonly RoutingStep[],
  op: RoutingOp,
  lineIds: readonly string[],
  durMin: number | undefined,
): RoutingStep[] {
  const rest = routing.filter((step) => step.op !== op)
  if (lineIds.length === 0) return rest
  const time = op === 'production' ? undefined : (durMin ?? USUAL_STEP_MIN[op])
  const step: RoutingStep =
    time === undefined ? { op, lineIds: [...lineIds] } : { op, lineIds: [...lineIds], durMin: time }
  return [...rest, step].sort((a, b) => ROUTING_STEPS.indexOf(a.op) - ROUTING_STEPS.indexOf(b.op))
}
