import { z } from 'zod'
import { MANAGERS, PLANNERS, SIGNED_IN, action, command, query } from './define.ts'

export type TaskKind = 'sample' | 'qc' | 'broadcast' | 'production' | 'ship'
export type PlanState = 'on-time' | 'at-risk' | 'late'
export type RecordState = 'local' | 'pending' | 'tentative' | 'confirmed' | 'refused'
/** Whether a booking was given out of a lease by the device that holds it; `untold` until the hub has heard of it. */
export type LeaseWord = 'none' | 'untold' | 'told'
export type BeadState = 'done' | 'half' | 'ring' | 'tentative' | 'risk' | 'late'

/** A sentence as data: a message key and what fills it. Names in `params` are text from outside, never markup. */
export interface Sentence {
  readonly key: string
  readonly params: Readonly<Record<string, string | number>>
}

export interface BoardLane {
  readonly id: string
  readonly group: 'line' | 'studio' | 'streamer' | 'session'
  readonly name: string
  readonly shortName: string
  readonly baseId: string | null
  /** Load in percent of open time over the view (lines, studios) or minutes on air today (streamers). */
  readonly loadPct: number | null
  readonly loadMin: number | null
  readonly limitMin: number | null
  readonly areaM2: number | null
  /** Open windows inside the view, epoch ms pairs; closed time is shaded, nights nobody works are folded. */
  readonly open: readonly (readonly [number, number])[]
  /** Lanes of group `session`: the promise flag and the five beads. */
  readonly promiseMs: number | null
  readonly beads: readonly BeadState[] | null
}

export interface BoardItem {
  /** Stable within a version: `<task key>@<lane>`. */
  readonly id: string
  readonly taskKey: string
  readonly laneId: string
  readonly kind: TaskKind
  readonly startMs: number
  readonly endMs: number
  /** Set-up time directly before `startMs`, minutes. */
  readonly setupMin: number
  readonly beforeMin: number
  readonly afterMin: number
  readonly label: string
  readonly shortLabel: string
  readonly quantity: number | null
  readonly sessionId: string | null
  readonly orderId: string | null
  readonly skuName: string | null
  readonly progress: 'open' | 'running' | 'done'
  readonly live: boolean
  readonly plan: PlanState
  readonly lateMin: number
  readonly record: RecordState
  readonly lease: LeaseWord
  readonly pinned: boolean
  readonly frozen: boolean
  /** In a comparison: which version the bar belongs to; `both` when the proposal leaves it alone. */
  readonly version: 'published' | 'proposal' | 'both'
  readonly movable: boolean
}

export interface BoardView {
  readonly fromMs: number
  readonly toMs: number
  readonly nowMs: number
  readonly frozenUntilMs: number
  readonly lanes: readonly BoardLane[]
  readonly items: readonly BoardItem[]
  readonly primeBands: readonly (readonly [number, number])[]
  readonly published: PlanHead | null
  /** Number the next published version gets. */
  readonly nextNo: number
  readonly proposal: ProposalHead | null
  readonly counts: {
    readonly late: number
    readonly atRisk: number
    readonly tentative: number
    readonly pinned: number
  }
  readonly asOfMs: number
}

export interface ScoreTier {
  readonly tier: 'hard' | 'tardiness' | 'stability' | 'setup' | 'fairness' | 'makespan'
  readonly value: number
}

export interface PlanHead {
  readonly id: string
  readonly no: number
  readonly publishedMs: number
  readonly author: string
  readonly reason: string
  readonly score: readonly ScoreTier[]
  readonly superseded: boolean
  /** Why it was made when no person's words alone say it. */
  readonly cause: Sentence | null
  readonly items: number
  readonly late: number
}

/** How a proposal came about: solved, built by simple rules, mended after an event, brought back, or tried out. */
export type ProposalKind = 'solve' | 'simple' | 'repair' | 'restore' | 'what-if'

export interface ProposalHead {
  readonly id: string
  readonly kind: ProposalKind
  readonly cause: Sentence | null
  /** What the optimiser found beside a simple plan; null when there is nothing to compare. */
  readonly better: {
    readonly proposalId: string
    readonly score: readonly ScoreTier[]
    readonly late: number
    readonly unplanned: number
  } | null
  readonly createdMs: number
  readonly reason: string
  readonly score: readonly ScoreTier[]
  readonly baseScore: readonly ScoreTier[] | null
  readonly tasks: number
  readonly moved: number
  readonly added: number
  readonly late: number
  readonly unplanned: number
  /** True when rows it was solved from have changed since. */
  readonly outdated: boolean
}

export interface MovedTask {
  readonly taskKey: string
  readonly kind: TaskKind
  readonly label: string
  readonly fromLane: string | null
  readonly toLane: string
  readonly fromStartMs: number | null
  readonly toStartMs: number
}

export interface LateOrder {
  readonly taskKey: string
  readonly label: string
  readonly dueMs: number
  readonly endMs: number
  readonly lateMin: number
  /** Stock-out compensation at stake, fen. */
  readonly exposureFen: number
  readonly why: readonly Sentence[]
}

export interface ProposalDetail extends ProposalHead {
  readonly movedTasks: readonly MovedTask[]
  readonly lateOrders: readonly LateOrder[]
  readonly unplannedTasks: readonly {
    readonly taskKey: string
    readonly label: string
    readonly why: readonly Sentence[]
  }[]
  /** What is odd about the data: a line that never opens, a year without known holidays. */
  readonly notices: readonly Sentence[]
}

export interface ChainStep {
  readonly step: TaskKind
  readonly taskKey: string | null
  readonly laneId: string | null
  readonly laneName: string
  readonly startMs: number | null
  readonly endMs: number | null
  readonly bead: BeadState
  /** Minutes of slack before the next step (negative: late by). */
  readonly slackMin: number | null
  readonly status: Sentence
}

/** What the right-hand panel says of one selected item. */
export interface Explanation {
  readonly taskKey: string
  readonly title: string
  readonly plan: PlanState
  readonly record: RecordState
  readonly opening: readonly Sentence[]
  readonly chain: readonly ChainStep[]
  readonly causes: readonly { readonly cause: Sentence; readonly minutes: number }[]
  readonly alternatives: readonly {
    readonly no: number
    readonly title: Sentence
    readonly effect: Sentence
    readonly laneId: string
    readonly startMs: number
    readonly deltas: readonly ScoreTier[]
    readonly movedOrders: number
  }[]
  /** Of a broadcast: for other starts, nearest first, what keeps it from there or what it would cost. */
  readonly whyNotThere: readonly Sentence[]
  readonly doNothingFen: number
  readonly pinned: boolean
}

const version = z.enum(['published', 'proposal'])

export const planningContract = {
  /** Everything the board draws between two instants (at most 31 days), published and, when asked, compared with a proposal. */
  'board/view': query(
    z.object({
      fromMs: z.number().int(),
      toMs: z.number().int(),
      baseId: z.string().nullable().default(null),
      proposalId: z.string().nullable().default(null),
    }),
    SIGNED_IN,
  ).returns<BoardView>(),
  'plan/explain': action(
    z.object({
      taskKey: z.string(),
      version: version.default('published'),
      proposalId: z.string().nullable().default(null),
    }),
    SIGNED_IN,
  ).returns<Explanation>(),
  'plan/history': query(z.object({ limit: z.number().int().min(1).max(100).default(20) }), SIGNED_IN).returns<
    PlanHead[]
  >(),
  'plan/proposals': query(z.object({}), SIGNED_IN).returns<ProposalHead[]>(),
  'plan/proposal': query(z.object({ proposalId: z.string() }), SIGNED_IN).returns<ProposalDetail>(),
  /** Solves the belt's open work; progress events carry the best score so far; ends with a stored proposal. */
  'plan/start': action(
    z.object({
      reason: z.string().trim().max(200).default(''),
      timeLimitMs: z.number().int().min(200).max(600_000).default(4000),
      seed: z.number().int().min(0).max(2_147_483_647).default(1),
    }),
    PLANNERS,
  ).returns<{ jobId: string }>(),
  'plan/running': query(z.object({}), SIGNED_IN).returns<{ jobId: string | null }>(),
  /** `keep`: good enough, store the best so far; otherwise nothing is stored. */
  'plan/stop': action(z.object({ jobId: z.string(), keep: z.boolean() }), PLANNERS).returns<null>(),
  'plan/publish': command(
    z.object({ proposalId: z.string(), reason: z.string().trim().max(200).default('') }),
    PLANNERS,
  ).returns<{
    planId: string
    no: number
    claims: number
    granted: number
    refused: number
  }>(),
  'plan/discard': command(z.object({ proposalId: z.string() }), PLANNERS).returns<null>(),
  /** What a manual move would cost, before it is dropped: score difference by tier and what it would break. */
  'plan/tryMove': action(
    z.object({
      proposalId: z.string().nullable(),
      taskKey: z.string(),
      laneId: z.string(),
      startMs: z.number().int(),
    }),
    PLANNERS,
  ).returns<{
    feasible: boolean
    deltas: ScoreTier[]
    broken: Sentence[]
    alternatives: { laneId: string; laneName: string; startMs: number }[]
  }>(),
  /** Pins the task there and solves around it with everything else held as still as possible; a new proposal. */
  'plan/move': action(
    z.object({
      proposalId: z.string().nullable(),
      taskKey: z.string(),
      laneId: z.string(),
      startMs: z.number().int(),
      reason: z.string().trim().max(200).default(''),
    }),
    PLANNERS,
  ).returns<{ proposalId: string }>(),
  'plan/pin': command(
    z.object({ taskKey: z.string(), pinned: z.boolean(), reason: z.string().trim().max(200).default('') }),
    PLANNERS,
  ).returns<null>(),
}

export interface SlotLease {
  readonly id: string
  readonly studioId: string
  readonly baseName: string
  /** The device that may give the hours away. */
  readonly holderName: string
  /** This device is the holder. */
  readonly own: boolean
  readonly startMs: number
  readonly endMs: number
  readonly untilMs: number
  readonly record: RecordState
  readonly reason: string
  /** The device may still confirm out of it, by what is known here of the hub's time. */
  readonly usable: boolean
}

export const slotContract = {
  'slot/week': query(
    z.object({
      fromMs: z.number().int(),
      toMs: z.number().int(),
      baseId: z.string().nullable().default(null),
    }),
    SIGNED_IN,
  ).returns<{
    studios: { id: string; name: string; shortName: string; openMin: number; closeMin: number }[]
    bookings: {
      id: string
      /** The session it is for; null for a claim without one. */
      sessionId: string | null
      studioId: string
      label: string
      merchantId: string | null
      longTail: boolean
      streamers: string[]
      startMs: number
      endMs: number
      beforeMin: number
      afterMin: number
      record: RecordState
      reason: string
      /** Refused, and waiting for the place to become free. */
      waits: boolean
      /** Refused, and somebody else's leaving could undo that. */
      canWait: boolean
      /** Granted after it had waited. */
      arrived: boolean
      lease: LeaseWord
      alternatives: { studioId: string; studioName: string; startMs: number; endMs: number }[]
      baseId: string
    }[]
    leases: SlotLease[]
    /** Devices that hours can be leased to; empty for whoever may not lease. */
    holders: { author: string; name: string; baseId: string; baseName: string }[]
    primeBands: (readonly [number, number])[]
    longTail: { primeMin: number; grantedMin: number; tentativeMin: number; quotaPct: number }
    nowMs: number
  }>(),
  /**
   * Asks for hours of a studio that one device of a base may give away by itself, also without a network, until `untilMs` by the
   * hub's clock. What has not reached the hub by then counts as a claim like any other.
   */
  'slot/lease': command(
    z.object({
      holder: z.string(),
      studioId: z.string(),
      startMs: z.number().int(),
      endMs: z.number().int(),
      streamerIds: z.array(z.string()).max(6).default([]),
      /** Null: until the hours are over. */
      untilMs: z.number().int().nullable().default(null),
    }),
    MANAGERS,
  ).returns<{ leaseId: string }>(),
  /** Ends a lease: the holder gives it back, or a manager takes it back. Bookings that the hub knows of stay. */
  'slot/endLease': command(z.object({ leaseId: z.string() }), PLANNERS).returns<null>(),
  /** Asks for studio + streamers + kit together. Granted at once where this device is the arbiter, tentative until the hub answers otherwise. */
  'slot/claim': command(
    z.object({
      studioId: z.string(),
      startMs: z.number().int(),
      endMs: z.number().int(),
      sessionId: z.string().nullable().default(null),
      merchantId: z.string().nullable().default(null),
      label: z.string().trim().min(1).max(60),
      streamerIds: z.array(z.string()).max(6).default([]),
      kit: z
        .array(z.object({ equipmentId: z.string(), quantity: z.number().int().min(1).max(99) }))
        .max(20)
        .default([]),
    }),
    PLANNERS,
  ).returns<{
    bookingId: string
    record: RecordState
    reason: string
    alternatives: { studioId: string; studioName: string; startMs: number; endMs: number }[]
  }>(),
  'slot/release': command(
    z.object({ bookingId: z.string(), reason: z.string().trim().max(200).default('') }),
    PLANNERS,
  ).returns<null>(),
  /** A refused booking waits for its place, or no longer does. It gets the place when who holds it gives it back. */
  'slot/wait': command(z.object({ bookingId: z.string(), waits: z.boolean() }), PLANNERS).returns<null>(),
}
