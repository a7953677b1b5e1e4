import { openBetween } from '../calendar.ts'
import type { PlanView } from './view.ts'

export interface PrimeShare {
  period: number
  total: number
  tail: number
  /** Prime minutes by merchant outside the long tail. */
  heads: Map<string, number>
}

/** Studio minutes in prime time per fairness period. */
export function listPrimeShares(view: PlanView): PrimeShare[] {
  const rules = view.problem.fairness
  if (!rules) return []
  const small = new Set(rules.longTail?.merchants ?? [])
  const count = Math.max(1, Math.ceil(view.problem.horizonMin / rules.periodMin))
  const shares = Array.from({ length: count }, (_, period): PrimeShare => ({
    period,
    total: 0,
    tail: 0,
    heads: new Map(),
  }))
  for (const use of view.plan.slots) {
    const item = view.items.get(use.task)
    const share = item && shares[Math.floor(item.start / rules.periodMin)]
    if (!item || !share) continue
    const minutes = openBetween(view.prime, item.start, item.end)
    const merchant = view.jobs.get(view.tasks.get(use.task)!.job)?.merchant ?? null
    share.total += minutes
    if (merchant !== null && small.has(merchant)) share.tail += minutes
    else if (merchant !== null) share.heads.set(merchant, (share.heads.get(merchant) ?? 0) + minutes)
  }
  return shares
}
