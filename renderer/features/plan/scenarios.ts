import type { Scenario } from '../../../shared/contract/scenario.ts'

export const SCENARIO_KINDS: readonly Scenario['kind'][] = [
  'as-is',
  'extra-shift',
  'studio-closed',
  'forecast',
  'later-due',
]

const HOUR_MS = 3_600_000
const nextHour = (ms: number) => Math.ceil(ms / HOUR_MS) * HOUR_MS

/** A case of a kind with likely figures; what must be chosen is empty. */
export function blankScenario(kind: Scenario['kind'], nowMs: number): Scenario {
  const fromMs = nextHour(nowMs + 6 * HOUR_MS)
  switch (kind) {
    case 'as-is':
      return { kind }
    case 'extra-shift':
      return { kind, lineId: '', fromMs, untilMs: fromMs + 8 * HOUR_MS }
    case 'studio-closed':
      return { kind, studioId: '', fromMs, untilMs: fromMs + 24 * HOUR_MS }
    case 'forecast':
      return { kind, sessionId: null, percent: 200 }
    case 'later-due':
      return { kind, orderId: null, days: 1 }
  }
}

export function isComplete(scenario: Scenario): boolean {
  if (scenario.kind === 'extra-shift') return scenario.lineId !== '' && scenario.untilMs > scenario.fromMs
  if (scenario.kind === 'studio-closed') return scenario.studioId !== '' && scenario.untilMs > scenario.fromMs
  return true
}
