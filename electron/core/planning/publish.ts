import { Refusal } from '../../../shared/contract/result.ts'
import { MOVED } from '../../../shared/ops/arbiter.ts'
import type { Value } from '../../../shared/ops/types.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { endWaits } from '../bookings.ts'
import type { CommandContext } from '../context.ts'
import { isOutdated } from './basis.ts'
import { parseTaskKey, type PlanItem } from './items.ts'
import { liftedPins, readPins } from './pins.ts'
import { currentPlanId, readProposal } from './repo.ts'
import { readCurrentItems } from './snapshot.ts'

export interface Published {
  planId: string
  no: number
  claims: number
  granted: number
  refused: number
}

interface SessionPlace {
  id: string
  title: string
  merchantId: string
  merchantShort: string
  baseId: string
  status: string
  studioId: string | null
  streamerIdsPlanned: string
  startMs: number | null
  endMs: number | null
}

interface StandingBooking {
  id: string
  studioId: string
  streamerIds: string
  startMs: number
  endMs: number
}

/** Base devices publish for their base, everyone else for the belt. */
export const planScopeOf = (ctx: Pick<CommandContext, 'actor' | 'db'>): string => {
  const cluster = prepared<[string], { kind: string }>(ctx.db, 'SELECT kind FROM liveBase WHERE id = ?').get(
    ctx.actor.baseId ?? '',
  )
  return ctx.actor.baseId !== null && cluster?.kind === 'rural' ? `base:${ctx.actor.baseId}` : 'belt'
}

/**
 * Makes a proposal the plan that stands: an immutable version, the pointer to it, each session's schedule, and a claim for
 * every studio and streamer it takes; pins it could not keep end. Nothing is written when another plan for the same work stands
 * since it was made.
 */
export function publishProposal(ctx: CommandContext, proposalId: string, reason: string): Published {
  const { db, write, nowMs } = ctx
  const proposal = readProposal(db, proposalId)
  if (proposal.publishedAs !== null) throw new Refusal('plan-not-proposal', { id: proposalId })
  const planScope = planScopeOf(ctx)
  const { basis } = proposal
  if (basis === null || isOutdated(db, basis, planScope)) throw new Refusal('plan-outdated')
  const standing = currentPlanId(db, planScope)
  const no =
    (prepared<[], { no: number | null }>(db, 'SELECT max(planNo) AS no FROM planVersion').get()?.no ?? 0) + 1
  const planId = write.fact('planVersion', {
    planNo: no,
    basePlanId: standing,
    reason: reason || proposal.reason,
    problemHash: proposal.problemHash,
    score: proposal.score as unknown as Value,
    horizonFromMs: proposal.horizonFromMs,
    horizonToMs: proposal.horizonToMs,
    items: proposal.items as unknown as Value,
    cause: proposal.cause as unknown as Value,
    late: proposal.late.map(({ taskKey, lateMin, exposureFen }) => ({
      taskKey,
      lateMin,
      exposureFen,
    })),
    publishedMs: nowMs,
    seed: proposal.seed,
    asOfMs: basis.asOfMs,
    seen: [...basis.seen],
    covers: [...basis.covers],
  })!
  const pointer = prepared<[string], { id: string }>(
    db,
    'SELECT id FROM currentPlan WHERE deleted = 0 AND planScope = ?',
  ).get(planScope)
  if (pointer) write.set('currentPlan', pointer.id, { planScope, planId })
  else write.create('currentPlan', { planScope, planId })
  prepared(db, 'UPDATE proposal SET publishedAs = ? WHERE id = ?').run(planId, proposalId)
  // Of a simple plan and the optimiser's, one is chosen: the other has had its use.
  prepared(
    db,
    `DELETE FROM proposal WHERE publishedAs IS NULL AND (better ->> 'proposalId' = ? OR id = ?)`,
  ).run(proposalId, proposal.better?.proposalId ?? '')
  for (const { orderId, quantity } of proposal.effects) write.set('productionOrder', orderId, { quantity })
  for (const { id } of liftedPins(readPins(db), proposal.problem)) write.remove('pin', id)
  prepared(
    db,
    `UPDATE replan SET state = 'answered', planId = ?, previousPlanId = ? WHERE proposalId = ? AND state = 'proposed'`,
  ).run(planId, standing, proposalId)

  return { planId, no, ...settleSessions(ctx, proposal.items) }
}

/** Gives every session of a plan its place, and asks for the rooms and people it takes. */
function settleSessions(
  ctx: CommandContext,
  items: readonly PlanItem[],
): Pick<Published, 'claims' | 'granted' | 'refused'> {
  // Releases first: two sessions may swap rooms in one plan.
  const changes = items.flatMap((item) => changeOf(ctx, item))
  for (const { session, stale } of changes) {
    endWaits(ctx, session.id)
    for (const booking of stale)
      ctx.write.fact('bookingRelease', { bookingId: booking.id, reason: MOVED, atMs: ctx.nowMs })
  }
  const result = { claims: 0, granted: 0, refused: 0 }
  for (const change of changes) {
    applySession(ctx, change)
    if (!change.needsClaim) continue
    result.claims++
    const outcome = claimFor(ctx, change)
    if (outcome === 'granted') result.granted++
    if (outcome === 'refused') result.refused++
  }
  return result
}

/**
 * Puts an earlier plan back as the one that stands for the scope, or none, and every session where the plans that stand
 * then have it.
 */
export function standAgain(ctx: CommandContext, planId: string | null): void {
  const { db, write, nowMs } = ctx
  const planScope = planScopeOf(ctx)
  const pointer = prepared<[string], { id: string }>(
    db,
    'SELECT id FROM currentPlan WHERE deleted = 0 AND planScope = ?',
  ).get(planScope)
  if (!pointer) throw new Refusal('plan-outdated')
  const left = new Map(readCurrentItems(db).map((item) => [item.taskKey, item]))
  if (planId === null) write.remove('currentPlan', pointer.id)
  else write.set('currentPlan', pointer.id, { planScope, planId })
  const moved = readCurrentItems(db).filter((item) => {
    const other = left.get(item.taskKey)
    return (
      !other || other.startMs !== item.startMs || JSON.stringify(other.lanes) !== JSON.stringify(item.lanes)
    )
  })
  settleSessions(
    ctx,
    moved.filter((item) => item.startMs > nowMs),
  )
}

interface SessionChange {
  readonly item: PlanItem
  readonly session: SessionPlace
  readonly studioId: string
  readonly streamerIds: readonly string[]
  readonly stale: readonly StandingBooking[]
  readonly needsClaim: boolean
}

function changeOf({ db }: CommandContext, item: PlanItem): SessionChange[] {
  const name = parseTaskKey(item.taskKey)
  if (name?.subject !== 'session') return []
  const session = prepared<[string], SessionPlace>(
    db,
    `SELECT liveSession.*, merchant.shortName AS merchantShort FROM liveSession LEFT JOIN merchant ON merchant.id = liveSession.merchantId
     WHERE liveSession.id = ? AND liveSession.deleted = 0`,
  ).get(name.id)
  if (!session || session.status === 'live' || session.status === 'ended' || session.status === 'cancelled')
    return []
  const [studioId, ...rest] = item.lanes
  if (studioId === undefined) return []
  const streamerIds = rest.filter(
    (id) => prepared<[string]>(db, 'SELECT 1 FROM streamer WHERE id = ?').get(id) !== undefined,
  )
  const bookings = prepared<[string], StandingBooking>(
    db,
    `SELECT booking.id, booking.studioId, booking.streamerIds, booking.startMs, booking.endMs FROM booking
     LEFT JOIN bookingState ON bookingState.bookingId = booking.id
     WHERE booking.sessionId = ? AND coalesce(bookingState.outcome, 'granted') = 'granted'`,
  ).all(session.id)
  const fits = (booking: StandingBooking) =>
    booking.studioId === studioId &&
    booking.startMs === item.startMs &&
    booking.endMs === item.endMs &&
    booking.streamerIds === JSON.stringify(streamerIds)
  return [
    {
      item,
      session,
      studioId,
      streamerIds,
      stale: bookings.filter((booking) => !fits(booking)),
      needsClaim: !bookings.some(fits),
    },
  ]
}

function applySession(
  { write }: CommandContext,
  { item, session, studioId, streamerIds }: SessionChange,
): void {
  write.set('liveSession', session.id, {
    studioId,
    streamerIdsPlanned: [...streamerIds],
    startMs: item.startMs,
    endMs: item.endMs,
    ...(session.status === 'wanted' ? { status: 'planned' } : {}),
  })
}

function claimFor(
  { db, write }: CommandContext,
  { item, session, studioId, streamerIds }: SessionChange,
): string | null {
  const studio = prepared<[string], { makeUpMin: number; resetMin: number }>(
    db,
    'SELECT makeUpMin, resetMin FROM studio WHERE id = ?',
  ).get(studioId)
  const bookingId = write.claim('booking', {
    baseId: session.baseId,
    sessionId: session.id,
    merchantId: session.merchantId,
    label: session.merchantShort || session.title,
    studioId,
    streamerIds: [...streamerIds],
    kit: [],
    startMs: item.startMs,
    endMs: item.endMs,
    beforeMin: studio?.makeUpMin ?? 0,
    afterMin: studio?.resetMin ?? 0,
    expiresMs: null,
  })
  return (
    prepared<[string], { outcome: string }>(db, 'SELECT outcome FROM bookingState WHERE bookingId = ?').get(
      bookingId,
    )?.outcome ?? null
  )
}
