import { NEVER } from './calendar.ts'
import { guideCost, guideWeights } from './cost.ts'
import { eachGap, insertLine, precedenceBound } from './insert.ts'
import type { Gap } from './insert.ts'
import { settle } from './timing.ts'
import type { State } from './state.ts'

const MOST_GAPS = 24

/**
 * Re-places each of the given line tasks in the best of its promising gaps by exact evaluation, once through.
 * Stops early when told to; the state is always settled and never worse.
 */
export function exactDescent(state: State, tasks: readonly number[], stop: () => boolean): void {
  const { model } = state
  const weights = guideWeights(model)
  const saved = state.clone()
  let cost = guideCost(state, weights)
  const movable = tasks.filter((v) => model.isAir[v] === 0 && model.fixedStart[v]! < 0)
  movable.sort((a, b) => state.start[a]! - state.start[b]! || a - b)
  for (const v of movable) {
    if (stop()) return
    if (state.placed[v] === 0) continue
    const bound = precedenceBound(state, v)
    if (bound >= NEVER) continue
    state.unlink(v)
    settle(state)
    const gaps: Gap[] = []
    eachGap(state, v, bound, (gap) => {
      if (gap.end < NEVER && !(gap.after >= 0 && gap.push > 0 && model.fixedStart[gap.after]! >= 0))
        gaps.push(gap)
    })
    const rank = (gap: Gap): number => gap.end + 2 * gap.setup + gap.push
    gaps.sort((a, b) => rank(a) - rank(b))
    let best: Gap | null = null
    for (const gap of gaps.slice(0, MOST_GAPS)) {
      state.copyFrom(saved)
      state.unlink(v)
      if (!insertLine(state, v, gap.mode, gap.machine, gap.before, gap.after)) continue
      settle(state)
      const now = guideCost(state, weights)
      if (now < cost - 1e-9) {
        cost = now
        best = gap
      }
    }
    state.copyFrom(saved)
    if (!best) continue
    state.unlink(v)
    insertLine(state, v, best.mode, best.machine, best.before, best.after)
    settle(state)
    saved.copyFrom(state)
  }
}
