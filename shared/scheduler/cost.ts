import { NEVER } from './calendar.ts'
import { FAIR, HARD, LOST, OVERTIME, SETUP, STABLE, TARDY } from './figures.ts'
import type { Model } from './model.ts'
import type { Score } from './problem.ts'
import type { State } from './state.ts'

/** Completion of the last planned task. */
export function lastEndOf(state: State): number {
  const { model, end, placed } = state
  let latest = model.now
  for (let v = 0; v < model.n; v++)
    if (placed[v] === 1 && end[v]! < NEVER && end[v]! > latest) latest = end[v]!
  return latest
}

/** The same in minutes after now. */
export const makespanOf = (state: State): number => lastEndOf(state) - state.model.now

export function scoreOf(state: State): Score {
  const { sums } = state
  return [
    sums[HARD]!,
    sums[TARDY]! + sums[LOST]!,
    sums[STABLE]!,
    sums[SETUP]! + sums[OVERTIME]!,
    sums[FAIR]!,
    makespanOf(state),
  ]
}

/** Tier multipliers of the scalar that guides acceptance. The best plan is always kept by exact comparison. */
export function guideWeights(model: Model): Float64Array {
  if (model.weights)
    return Float64Array.of(1e7, ...Array.from({ length: 5 }, (_, k) => model.weights![k] ?? 0))
  return Float64Array.of(1e6, 1, 2e-3, 2e-3, 1e-6, 1e-4)
}

/** @param limit above it any figure will do: the cost is then at least what is returned. */
export function guideCost(state: State, weights: Float64Array, limit = Infinity): number {
  const { sums } = state
  const cost =
    weights[0]! * sums[HARD]! +
    weights[1]! * (sums[TARDY]! + sums[LOST]!) +
    weights[2]! * sums[STABLE]! +
    weights[3]! * (sums[SETUP]! + sums[OVERTIME]!) +
    weights[4]! * sums[FAIR]!
  return cost > limit ? cost : cost + weights[5]! * makespanOf(state)
}
