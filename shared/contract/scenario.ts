import { z } from 'zod'
import { PLANNERS, SIGNED_IN, action, query } from './define.ts'
import type { ScoreTier, Sentence } from './planning.ts'

const instant = z.number().int().positive()

/** What is supposed for a trial; nothing of it is written anywhere. */
export const scenarioSchema = z.discriminatedUnion('kind', [
  /** Everything as it is, planned again: what the others are to be measured against. */
  z.object({ kind: z.literal('as-is') }),
  z.object({ kind: z.literal('extra-shift'), lineId: z.string(), fromMs: instant, untilMs: instant }),
  z.object({ kind: z.literal('studio-closed'), studioId: z.string(), fromMs: instant, untilMs: instant }),
  /** Forecasts of a session, or of all, at this percentage of what they are. */
  z.object({
    kind: z.literal('forecast'),
    sessionId: z.string().nullable(),
    percent: z.number().int().min(10).max(500),
  }),
  /** One order due later, or every order that is late in the plan that stands. */
  z.object({
    kind: z.literal('later-due'),
    orderId: z.string().nullable(),
    days: z.number().int().min(1).max(30),
  }),
])
export type Scenario = z.output<typeof scenarioSchema>

/** What a plan comes to, in figures people know. */
export interface PlanFigures {
  readonly score: readonly ScoreTier[]
  readonly lateOrders: number
  readonly lateMin: number
  readonly exposureFen: number
  readonly unplanned: number
  /** Work on all lines over the hours they are open, percent; null when none is open. */
  readonly linePct: number | null
  readonly studioPct: number | null
  /** Forecast sales at list price of the broadcasts that have a slot. */
  readonly slotValueFen: number
  readonly broadcasts: number
}

export interface ScenarioAnswer {
  readonly scenario: Scenario
  readonly what: Sentence
  readonly figures: PlanFigures
  /** Tasks placed differently from the plan that stands. */
  readonly moved: number
  readonly added: number
  /** Whether the plan also works in the world as it is; otherwise what would have to come true first. */
  readonly real: boolean
  readonly whyNot: Sentence | null
}

export interface ScenarioRun {
  readonly id: string
  readonly createdMs: number
  /** The plan that stood when it was tried; other figures are compared with these. */
  readonly present: PlanFigures
  readonly presentNo: number | null
  readonly answers: readonly ScenarioAnswer[]
  /** Another plan stands now. */
  readonly outdated: boolean
}

export const scenarioContract = {
  'plan/whatIf': action(
    z.object({
      scenarios: z.array(scenarioSchema).min(1).max(3),
      timeLimitMs: z.number().int().min(200).max(60_000).default(1500),
    }),
    PLANNERS,
  ).returns<{ jobId: string }>(),
  'plan/scenarios': query(z.object({}), SIGNED_IN).returns<ScenarioRun[]>(),
  /** Makes a tried plan a proposal, where what it supposes is true. */
  'plan/adoptScenario': action(
    z.object({
      runId: z.string(),
      index: z.number().int().min(0).max(2),
      reason: z.string().trim().max(200).default(''),
    }),
    PLANNERS,
  ).returns<{ proposalId: string }>(),
}
