import type { ExplanationKey } from '../keys.ts'
import type { Explanation, ExplanationParam, Tier } from '../problem.ts'
import type { PlanView } from './view.ts'

/** One place where a plan pays for a constraint: how much, and why in words. */
export interface Finding {
  penalty: number
  explanation: Explanation
}

export interface Constraint {
  name: string
  tier: Tier
  /** Every positive penalty of a plan; hard ones are in minutes, at least 1. */
  evaluate(view: PlanView): Finding[]
}

export function finding(
  penalty: number,
  key: ExplanationKey,
  params: Record<string, ExplanationParam>,
): Finding {
  return { penalty, explanation: { key, params } }
}

/** Keeps positive penalties only. */
export function positive(findings: readonly Finding[]): Finding[] {
  return findings.filter((item) => item.penalty > 0)
}
