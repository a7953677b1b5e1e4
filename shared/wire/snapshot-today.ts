import type { CanonicalOp, Value } from '../ops/types.ts'

const DAY_MS = 86_400_000
/** Ops that a device gets before it is called usable. */
const MAX_OPS = 3000
/** Tables without which no screen of today works. */
const GROUNDWORK = new Set([
  'belt',
  'liveBase',
  'person',
  'device',
  'fairSlotPolicy',
  'holidayYear',
  'studio',
  'equipment',
  'streamer',
  'streamerCertificate',
  'currentPlan',
  'factory',
  'productionLine',
  'pin',
])
/** Facts that are small and belong to what happens now. */
const CURRENT_FACTS = new Set(['planEvent', 'dropout', 'correction', 'ruleOverride'])
const OPEN_ORDERS = new Set(['open', 'running'])
const OPEN_SESSIONS = new Set(['wanted', 'planned', 'announced', 'live'])
/** Filled up with these, newest first. */
const USEFUL = new Set(['merchant', 'product', 'sku', 'sellingPointCard', 'factor'])

/** A row, or a fact or claim that stands alone, as the choice sees it. */
export interface Candidate {
  readonly table: string
  readonly row: string
  readonly values: Readonly<Record<string, Value>>
  readonly ops: readonly CanonicalOp[]
}

/** The day's bounds in the belt's zone, epoch milliseconds. */
export interface Today {
  readonly startMs: number
  readonly endMs: number
}

/** Which of a scope's rows make today's sessions, plan and bookings usable; what they name comes with them. */
export function forToday(candidates: readonly Candidate[], today: Today): Set<Candidate> {
  const byRow = new Map(candidates.map((candidate) => [candidate.row, candidate]))
  const chosen = new Set<Candidate>()
  let ops = 0
  const take = (candidate: Candidate | undefined): void => {
    if (!candidate || chosen.has(candidate) || ops >= MAX_OPS) return
    chosen.add(candidate)
    ops += candidate.ops.length
    for (const value of Object.values(candidate.values)) if (typeof value === 'string') follow(value)
  }
  const follow = (id: string): void => {
    const named = byRow.get(id)
    if (named && named.table !== 'booking') take(named)
  }
  for (const candidate of candidates) if (isGroundwork(candidate, today)) take(candidate)
  for (const candidate of candidates) {
    const { values } = candidate
    const subjects = [values.sessionId, values.bookingId, values.subjectId]
    const belongs = subjects.some((id) => {
      const subject = typeof id === 'string' ? byRow.get(id) : undefined
      return subject !== undefined && chosen.has(subject) && isEvent(subject)
    })
    if (belongs) take(candidate)
  }
  const newest = candidates.filter(({ table }) => USEFUL.has(table)).reverse()
  for (const candidate of newest) take(candidate)
  return chosen
}

const isOneOf = (value: Value | undefined, words: ReadonlySet<string>): boolean =>
  typeof value === 'string' && words.has(value)

const isEvent = ({ table }: Candidate): boolean => table === 'liveSession' || table === 'booking'

function isGroundwork({ table, values }: Candidate, today: Today): boolean {
  if (GROUNDWORK.has(table)) return true
  if (table === 'booking') return overlaps(values.startMs, values.endMs, today, DAY_MS)
  if (table === 'liveSession') {
    if (!isOneOf(values.status, OPEN_SESSIONS))
      return overlaps(values.actualStartMs ?? values.startMs, values.actualEndMs ?? values.endMs, today, 0)
    return overlaps(values.startMs ?? values.earliestMs, values.endMs ?? values.latestMs, today, DAY_MS)
  }
  if (table === 'productionOrder') return isOneOf(values.status, OPEN_ORDERS)
  return CURRENT_FACTS.has(table) && overlaps(values.atMs, values.atMs, today, DAY_MS)
}

/** Whether a span meets the day or the `marginMs` around it. */
function overlaps(from: Value | undefined, to: Value | undefined, today: Today, marginMs: number): boolean {
  if (typeof from !== 'number') return false
  const until = typeof to === 'number' ? to : from
  return from < today.endMs + marginMs && until >= today.startMs - marginMs
}
