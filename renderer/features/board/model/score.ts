import type { ScoreTier } from '../../../../shared/contract/planning.ts'

export interface ScoreRow {
  readonly tier: ScoreTier['tier']
  readonly before: number | null
  readonly after: number | null
  readonly change: number
  /** Null where there is nothing to compare with. */
  readonly effect: 'better' | 'worse' | 'same' | null
}

/** Pairs two scores tier by tier. Tiers hold penalties: less is better, and 0 means nothing to complain about. */
export function compareScores(
  published: readonly ScoreTier[],
  proposal: readonly ScoreTier[] | null,
): ScoreRow[] {
  const tiers = [...new Set([...published, ...(proposal ?? [])].map(({ tier }) => tier))]
  const valueIn = (score: readonly ScoreTier[], tier: ScoreTier['tier']) =>
    score.find((entry) => entry.tier === tier)?.value ?? null
  return tiers.map((tier) => {
    const before = valueIn(published, tier)
    const after = proposal && valueIn(proposal, tier)
    if (before === null || after === null) return { tier, before, after, change: 0, effect: null }
    const change = after - before
    return { tier, before, after, change, effect: change < 0 ? 'better' : change > 0 ? 'worse' : 'same' }
  })
}
