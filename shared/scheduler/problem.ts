/**
 * The planning problem and its answer (`chanbo.plan/1`). All numbers are integers; every instant is a number
 * of minutes since `epoch`, which is a local midnight, so that day k is [1440k, 1440(k+1)).
 *
 * Two layers share one timeline:
 * - *line tasks* have `modes` (which resources, how long) and are sequenced on lines, benches and pooled kit;
 * - *air tasks* (broadcasts) have a `session`: they take one fixed start out of the candidate slots, or out of
 *   a start grid inside studio opening hours, plus one studio, some streamers and pooled kit. The placements
 *   (start x studio x streamers) are never listed one by one: they are a product of three short lists, and a
 *   search state holds one choice from each. A task has either modes or a session, never both; a pool is used
 *   by one of the two layers only. Precedence joins the layers.
 */

export const PLAN_SCHEMA = 'chanbo.plan/1'
export const MINUTES_PER_DAY = 1440

export type Interval = readonly [startMin: number, endMin: number]

export type ResourceKind = 'line' | 'bench' | 'pool' | 'studio' | 'streamer'

export interface Resource {
  id: string
  kind: ResourceKind
  site?: string
  /** How many tasks (units) fit at once; 1 unless it is a pool. */
  capacity?: number
  /** Calendar id; absent means always open. */
  calendar?: string | null
  /** Set-up table id (capacity 1 only). */
  setup?: string | null
  /** Family the resource is set up for at `availableFrom`. */
  initialState?: string | null
  /** A set-up under way: the first task of this family counts its set-up from `since`, which may be past. */
  settingUp?: { family: string; since: number } | null
  availableFrom?: number
  /** Minutes the resource stays taken before (make-up) and after (reset) each broadcast. */
  leadMin?: number
  turnaroundMin?: number
  /** Streamers: certificates held. */
  skills?: readonly string[]
  /** Streamers: minutes on air per start day. */
  maxMinPerDay?: number | null
  /** Streamers: least gap between the last broadcast of one day and the first of a later day. */
  minRestMin?: number | null
  /** Streamers: longest stretch; broadcasts belong to one stretch while gaps are shorter than `breakMin`. */
  maxConsecutiveMin?: number | null
  breakMin?: number
  /** Streamers: minutes on air wanted in each fairness period. */
  quotaMin?: { min: number; target: number; max: number } | null
}

export interface Calendar {
  id: string
  /** Ascending, disjoint open windows. */
  open: readonly Interval[]
  /** Parts of the open time that are paid as overtime. */
  overtime?: readonly Interval[]
}

export interface SetupTable {
  id: string
  by?: 'family'
  families: readonly string[]
  /** matrix[from][to] minutes of open time, worked right before the task; pauses over closed time. */
  matrix: readonly (readonly number[])[]
}

export interface Job {
  id: string
  order?: string
  merchant?: string | null
  qty?: number
  release?: number
  due?: number | null
  hardDue?: number | null
  /** Price of one minute of lateness; default 1. */
  weight?: number
  family?: string | null
  tasks: readonly string[]
}

export interface Need {
  res: string
  /** Units of a pool; default 1. */
  qty?: number
}

export interface Mode {
  needs: readonly Need[]
  dur: number
  /** Minutes when the session's high forecast comes true (used when `forecast` is 'high'). */
  durHigh?: number | null
}

export interface Session {
  /** Candidate slots; absent and no `float` means every slot that lists the task's job. */
  slots?: readonly string[] | null
  /** Free start: from + k*stepMin, the broadcast ending no later than `to`. */
  float?: { from: number; to: number; stepMin: number } | null
  /** Minutes on air; default the slot's length (required for floating sessions). */
  dur?: number | null
  /** Allowed studios; default every studio (a slot may narrow it further). */
  studios?: readonly string[] | null
  /** Allowed streamers; default every streamer holding `skills`. */
  streamers?: readonly string[] | null
  /** Default the slot's figure, else 1. */
  needStreamers?: number | null
  skills?: readonly string[]
  kit?: readonly Need[]
  /** Lost in full when the session is left out, in part when it airs in a slot of lower value. */
  value?: number
  products?: number
}

export type TaskStatus = 'open' | 'running' | 'done'

export interface Lock {
  /** Mode index for line tasks; ignored for air tasks. */
  mode?: number | null
  /** Start in minutes; null pins resources only. */
  start?: number | null
  /** Air tasks: studio and streamers wanted (or fixed when hard). */
  studio?: string | null
  streamers?: readonly string[] | null
  strength: 'hard' | 'soft'
}

export interface Task {
  id: string
  job: string
  type?: string
  family?: string | null
  modes?: readonly Mode[]
  session?: Session | null
  /** 'none' (default): fits one open window; 'pause': stops at closing time and resumes. */
  split?: 'none' | 'pause'
  /** Earliest start and latest end (hard). */
  window?: Interval | null
  lock?: Lock | null
  status?: TaskStatus
  /** Running or done: what really happened. A running task ends `dur - elapsed` open minutes after `now`. */
  actual?: { mode: number; start: number; end?: number | null; studio?: string; streamers?: string[] } | null
  elapsed?: number
  /** May be left out at the price of its session value only. */
  optional?: boolean
}

export interface Precedence {
  from: string
  to: string
  /** FS end->start, SS start->start, FF end->end. */
  type?: 'FS' | 'SS' | 'FF'
  minLag?: number
  maxLag?: number | null
  /** FS only: `to` may start when this share (0..1, e.g. 0.5) of `from` is done, but cannot end before it. */
  ratio?: number
}

export interface Slot {
  id: string
  start: number
  end: number
  channel?: string
  studios?: readonly string[] | null
  needStreamers?: number
  value?: number
  jobs?: readonly string[] | null
  maxProducts?: number | null
}

export interface FairnessRules {
  periodMin: number
  /** What `quotaMin` counts. */
  measure?: 'minutes' | 'primeMinutes'
  prime?: readonly Interval[]
  /** Streamers whose quota counts; default all with a quota. */
  groups?: readonly string[] | null
  /** At least `sharePct` % of each period's prime studio minutes for these merchants. */
  longTail?: { merchants: readonly string[]; sharePct: number } | null
  /** At most `sharePct` % of them for any one other merchant. */
  headCap?: { sharePct: number } | null
}

export interface StabilityRules {
  baseline: { assign: readonly Assignment[] }
  /** Baseline items starting before this instant may not change at all. */
  freezeUntil?: number
  /** Tasks (ids) that may not change at all wherever they start, as if before `freezeUntil`. */
  frozen?: readonly string[]
  /** Air tasks (ids) or slots (ids) already announced: their start never moves. */
  announced?: readonly string[]
  /** Tasks that an event made impossible where they were: neither frozen nor held, but still compared. */
  released?: readonly string[]
  toleranceMin?: number
  wStart?: number
  wRes?: number
  wStreamer?: number
  wAnnounced?: number
}

/** How tiers after the first are compared: in order, or as one weighted sum (weights 0..1e6, tiers 2..6). */
export type Objective = { mode: 'lexicographic' } | { mode: 'weighted'; weights: readonly number[] }

export interface Problem {
  schema: typeof PLAN_SCHEMA
  epoch: string
  horizonMin: number
  /** Nothing open may start earlier; default 0. */
  now?: number
  forecast?: 'likely' | 'high'
  resources: readonly Resource[]
  calendars: readonly Calendar[]
  setups: readonly SetupTable[]
  jobs: readonly Job[]
  tasks: readonly Task[]
  prec: readonly Precedence[]
  slots: readonly Slot[]
  fairness?: FairnessRules | null
  stability?: StabilityRules | null
  objective?: Objective
  /** Tier-2 cost of one unit of lost session value; default 60. */
  lostValueWeight?: number
}

export interface Assignment {
  task: string
  /** Mode index; 0 for air tasks. */
  mode: number
  /** Line tasks: the mode's resources in order. Air tasks: studio first, then streamers, then kit. */
  res: readonly string[]
  start: number
  end: number
  /** Set-up minutes worked right before the task. */
  setupBefore: number
}

export interface SlotUse {
  /** Null for a floating broadcast. */
  slot: string | null
  task: string
  studio: string
  streamers: readonly string[]
}

export type ExplanationParam = string | number | readonly string[]

/** An explanation is data: a key of `EXPLANATION_KEYS` and its figures. */
export interface Explanation {
  key: string
  params: Record<string, ExplanationParam>
}

export interface Unplanned {
  task: string
  reason: Explanation
}

/** [hard, tardiness + lost value, stability, set-up + overtime, fairness, makespan]. */
export type Score = readonly [number, number, number, number, number, number]

export const TIERS = ['hard', 'tardy', 'stability', 'setup', 'fairness', 'makespan'] as const
export type Tier = (typeof TIERS)[number]

export interface Bound {
  tier: number
  value: number
  method: string
}

export interface Plan {
  schema: typeof PLAN_SCHEMA
  assign: Assignment[]
  slots: SlotUse[]
  unplanned: Unplanned[]
  score: Score
  bounds: Bound[]
  /** SHA-256 of the canonical JSON of assign, slots and unplanned task ids. */
  cert: string
}

export const DEFAULTS = {
  weight: 1,
  breakMin: 30,
  lostValueWeight: 60,
  toleranceMin: 15,
  wStart: 1,
  wRes: 20,
  wStreamer: 50,
  wAnnounced: 100_000,
} as const

/**
 * The completion time charged to a job with unplanned work: later than anything that can be planned, so that
 * planning always beats leaving out. Depends on the horizon and the due dates only.
 */
export function unplannedAtMin(problem: Pick<Problem, 'horizonMin' | 'jobs'>): number {
  let latest = problem.horizonMin
  for (const job of problem.jobs) if (job.due != null && job.due > latest) latest = job.due
  return 3 * latest
}

/** Negative when `a` is better. Hard always first; the rest by tier, or by the user's weights. */
export function compareScores(a: Score, b: Score, objective: Objective = { mode: 'lexicographic' }): number {
  if (a[0] !== b[0]) return a[0] - b[0]
  if (objective.mode === 'weighted') {
    let sum = 0
    for (let tier = 1; tier < 6; tier++) sum += (objective.weights[tier - 1] ?? 0) * (a[tier]! - b[tier]!)
    if (sum !== 0) return sum
  }
  for (let tier = 1; tier < 6; tier++) if (a[tier] !== b[tier]) return a[tier]! - b[tier]!
  return 0
}
