import type { FairSlotPolicy } from '../../../shared/contract/settings.ts'
import { readHours } from '../first-run/wizard.ts'

/** The policy as it is typed: percent and minutes as numbers, times as `HH:MM`. */
export interface PolicyAnswers {
  longTailQuotaPct: number
  headCapPct: number
  longTailTopPct: number
  primeStart: string
  primeEnd: string
  slotToleranceMin: number
  slotDurationPct: number
}

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

export function fromPolicy(policy: Omit<FairSlotPolicy, 'id'>): PolicyAnswers {
  const {
    primeStartMin,
    primeEndMin,
    longTailQuotaPct,
    headCapPct,
    longTailTopPct,
    slotToleranceMin,
    slotDurationPct,
  } = policy
  return {
    longTailQuotaPct,
    headCapPct,
    longTailTopPct,
    slotToleranceMin,
    slotDurationPct,
    primeStart: clock(primeStartMin),
    primeEnd: clock(primeEndMin),
  }
}

/** Null when the prime-time hours cannot be read; an end not after the start is on the next day. */
export function toPolicy(answers: PolicyAnswers): Omit<FairSlotPolicy, 'id'> | null {
  const hours = readHours(answers.primeStart, answers.primeEnd)
  if (!hours) return null
  const { longTailQuotaPct, headCapPct, longTailTopPct, slotToleranceMin, slotDurationPct } = answers
  return {
    longTailQuotaPct,
    headCapPct,
    longTailTopPct,
    slotToleranceMin,
    slotDurationPct,
    primeStartMin: hours.openMin,
    primeEndMin: hours.closeMin,
  }
}
