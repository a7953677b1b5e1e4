import { z } from 'zod'
import { MANAGERS, PLANNERS, SIGNED_IN, WRITERS, action, command, query } from './define.ts'
import type { PlanEventKind } from '../domain/plan-events.ts'
import type { Sentence } from './planning.ts'

/**
 * - `open`: recorded, nothing worked out on this device yet
 * - `working`: being worked out
 * - `fits`: the plan that stands still holds
 * - `proposed`: a proposal waits for a person
 * - `applied`: mended and published by policy; can be undone while it stands
 * - `answered`: a plan published later has taken it in
 * - `failed`: no answer could be found
 */
export type PlanEventState =
  'open' | 'working' | 'fits' | 'proposed' | 'applied' | 'answered' | 'undone' | 'failed'

export interface PlanEventView {
  readonly id: string
  readonly kind: PlanEventKind
  readonly atMs: number
  readonly what: Sentence
  readonly state: PlanEventState
  readonly proposalId: string | null
  /** Tasks the answer moves. */
  readonly moved: number
  /** Why it was not applied though the policy allows applying; null otherwise. */
  readonly held: Sentence | null
  /** From the change to the answer, ms. */
  readonly elapsedMs: number | null
  readonly undoable: boolean
}

/** Importance of a tier against its default: each step doubles or halves it. */
export const WEIGHT_STEP_MIN = -2
export const WEIGHT_STEP_MAX = 2
export const WEIGHTED_TIERS = ['tardiness', 'stability', 'setup', 'fairness', 'makespan'] as const
export type WeightedTier = (typeof WEIGHTED_TIERS)[number]
const step = z.number().int().min(WEIGHT_STEP_MIN).max(WEIGHT_STEP_MAX)
export const weightStepsSchema = z.object({
  tardiness: step,
  stability: step,
  setup: step,
  fairness: step,
  makespan: step,
})
export type WeightSteps = z.output<typeof weightStepsSchema>

export interface PlanningPolicy {
  readonly replanMode: 'suggest' | 'apply'
  /** Most tasks a change may move and still be applied without a person. */
  readonly autoMaxMoved: number
  /** Whether broadcasts may be moved without a person. */
  readonly autoBroadcasts: boolean
  /** Published work that starts within this many minutes is not moved. */
  readonly frozenMin: number
  /** Broadcasts are planned this many days ahead, today counted; what they sell may be made some days longer. */
  readonly horizonDays: number
  /** Null: each tier counts before everything below it. */
  readonly weights: WeightSteps | null
}

export const DEFAULT_PLANNING_POLICY: PlanningPolicy = {
  replanMode: 'suggest',
  autoMaxMoved: 20,
  autoBroadcasts: false,
  frozenMin: 120,
  horizonDays: 14,
  weights: null,
}

const instant = z.number().int().positive()
const reason = z.string().trim().max(200).default('')

/** What people report. Times are instants; an open end is null. */
export const reportSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('line-down'),
    lineId: z.string(),
    fromMs: instant,
    untilMs: instant.nullable(),
    reason,
  }),
  z.object({
    kind: z.literal('streamer-ill'),
    streamerId: z.string(),
    fromMs: instant,
    untilMs: instant.nullable(),
    reason,
  }),
  z.object({
    kind: z.literal('studio-closed'),
    studioId: z.string(),
    fromMs: instant,
    untilMs: instant.nullable(),
    reason,
  }),
  /** A broadcast that ended early; what is left of it may be made up for within three days. */
  z.object({
    kind: z.literal('dropout'),
    sessionId: z.string(),
    atMs: instant,
    makeUpMin: z.number().int().min(0).max(960),
    reason,
  }),
  z.object({
    kind: z.literal('session-moved'),
    sessionId: z.string(),
    earliestMs: instant,
    latestMs: instant,
    reason,
  }),
  z.object({
    kind: z.literal('demand-spike'),
    orderId: z.string(),
    quantity: z.number().int().min(1).max(1_000_000),
    reason,
  }),
  /** A sample or a batch that did not pass: it is made again. */
  z.object({ kind: z.literal('gate-failed'), orderId: z.string(), reason }),
  z.object({
    kind: z.literal('urgent-order'),
    skuId: z.string(),
    quantity: z.number().int().min(1).max(1_000_000),
    dueMs: instant,
    reason,
  }),
])
export type PlanReport = z.output<typeof reportSchema>

export const replanningContract = {
  /** Records what happened; the plan is worked out anew within a second. */
  'plan/report': command(reportSchema, WRITERS).returns<{ eventId: string; rowId: string }>(),
  /** Takes a report back: the line runs, the person comes, the room opens again. */
  'plan/reopen': command(
    z.object({ table: z.enum(['productionLine', 'studio', 'streamer']), id: z.string() }),
    WRITERS,
  ).returns<null>(),
  /** Events of the last day and those still unanswered, newest first. */
  'plan/events': query(z.object({}), SIGNED_IN).returns<PlanEventView[]>(),
  /** Works out an answer to everything that is unanswered, now. */
  'plan/repair': action(z.object({}), PLANNERS).returns<{ proposalId: string | null }>(),
  /** Puts the plan back that stood before an event was answered by itself. */
  'plan/undo': command(z.object({ eventId: z.string() }), PLANNERS).returns<{ planId: string | null }>(),
  'plan/policy': query(z.object({}), SIGNED_IN).returns<PlanningPolicy>(),
  'plan/savePolicy': command(
    z.object({
      replanMode: z.enum(['suggest', 'apply']),
      autoMaxMoved: z.number().int().min(0).max(200),
      autoBroadcasts: z.boolean(),
      frozenMin: z.number().int().min(0).max(2880),
      horizonDays: z.number().int().min(1).max(31),
      weights: weightStepsSchema.nullable(),
    }),
    MANAGERS,
  ).returns<null>(),
}
