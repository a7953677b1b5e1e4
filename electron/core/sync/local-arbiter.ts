import {
  answerFacts,
  claimOf,
  decide,
  decideAgain,
  endingFact,
  FROM_WAITLIST,
  MOVED,
  searchWindow,
  type ArbiterWorld,
  type ClaimRequest,
  type Decision,
  type HeldGrant,
  type StudioFacts,
} from '../../../shared/ops/arbiter.ts'
import type { Fields, Value } from '../../../shared/ops/types.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { LATEST_WAIT } from '../bookings.ts'
import type { Mutator } from '../store/mutator.ts'
import type { Store } from '../store/store.ts'

export interface LocalArbiterContext {
  readonly nowMs: number
  /** Local midnight = UTC midnight - this many minutes. */
  readonly zoneOffsetMin: number
}

interface BookingRow {
  [key: string]: string | number | null
}

/**
 * Answers a claim, a release or a wait on the device that is its belt's arbiter, inside the transaction that wrote it.
 * Does nothing on any other device.
 * @param table `booking`, `bookingRelease` or `claimWait`
 */
export function arbitrateLocally(
  store: Store,
  table: string,
  id: string,
  write: Mutator,
  context: LocalArbiterContext,
): void {
  if (!store.isArbiter) return
  if (table === 'booking') answerClaim(store, id, write, context)
  else if (table === 'bookingRelease') answerRelease(store, id, write, context)
  else if (table === 'claimWait') grantWaiting(store, write, context)
}

/** Gives refused bookings that wait what is free now, the earliest wait first. Does nothing where another device arbitrates. */
export function grantWaiting(store: Store, write: Mutator, context: LocalArbiterContext): void {
  if (!store.isArbiter) return
  const rows = prepared<[number], BookingRow>(
    store.db,
    `SELECT booking.*, bookingState.atMs AS answerMs FROM claimWait
     JOIN bookingState ON bookingState.bookingId = claimWait.bookingId AND bookingState.outcome = 'refused'
     JOIN booking ON booking.id = claimWait.bookingId
     WHERE ${LATEST_WAIT} AND claimWait.waits = 1 AND booking.startMs > ?
     ORDER BY (SELECT n FROM op WHERE op.tbl = 'claimWait' AND op.row = claimWait.id)`,
  ).all(context.nowMs)
  for (const row of rows) {
    const claim = claimOf(String(row.id), fieldsOfBooking(row))
    const decision = decideAgain(claim, readWorld(store.db, claim, context))
    if (!decision) continue
    const nowMs = Math.max(context.nowMs, Number(row.answerMs) + 1)
    answer(store, write, claim, decision, { nowMs, grantReason: FROM_WAITLIST })
  }
}

function answerClaim(store: Store, bookingId: string, write: Mutator, context: LocalArbiterContext): void {
  const row = prepared<[string], BookingRow>(store.db, 'SELECT * FROM booking WHERE id = ?').get(bookingId)
  if (!row) return
  const claim = claimOf(bookingId, fieldsOfBooking(row))
  answer(store, write, claim, decide(claim, readWorld(store.db, claim, context)), { nowMs: context.nowMs })
}

function answer(
  store: Store,
  write: Mutator,
  claim: ClaimRequest,
  decision: Decision,
  how: { nowMs: number; grantReason?: string },
): void {
  const firstFence = Number(store.meta('nextFence') ?? '1')
  const facts = answerFacts(claim, decision, { firstFence, term: termOf(store), ...how })
  for (const { table, fields } of facts) write.fact(table, fields)
  if (decision.outcome === 'granted') store.setMeta('nextFence', String(firstFence + decision.units.length))
}

function answerRelease(store: Store, releaseId: string, write: Mutator, context: LocalArbiterContext): void {
  const release = prepared<[string], { bookingId: string; reason: string }>(
    store.db,
    'SELECT bookingId, reason FROM bookingRelease WHERE id = ?',
  ).get(releaseId)
  if (!release) return
  const { table, fields } = endingFact(release.bookingId, 'released', {
    reason: release.reason,
    term: termOf(store),
    nowMs: context.nowMs,
  })
  write.fact(table, fields)
  // A plan claims the new places in the same transaction; those who wait come after that.
  if (release.reason !== MOVED) grantWaiting(store, write, context)
}

const termOf = (store: Store): number => Number(store.meta('term') ?? '1')

function fieldsOfBooking(row: BookingRow): Fields {
  const json = (value: string | number | null | undefined): Value =>
    typeof value === 'string' ? (JSON.parse(value) as Value) : null
  return { ...row, streamerIds: json(row.streamerIds), kit: json(row.kit) }
}

/** What a claim is decided by, as this device knows it. */
export function readWorld(db: Db, claim: ClaimRequest, context: LocalArbiterContext): ArbiterWorld {
  const { startMs, endMs } = searchWindow(claim)
  const held = prepared<[number, number], HeldGrant>(
    db,
    'SELECT bookingId, resourceKey, unit, startMs, endMs FROM liveGrant WHERE startMs < ? AND endMs > ? ORDER BY grantId',
  ).all(Number.isFinite(endMs) ? endMs : 0, Number.isFinite(startMs) ? startMs : 0)
  const studios = prepared<[], StudioFacts>(
    db,
    'SELECT id, openMin, closeMin FROM studio WHERE deleted = 0 ORDER BY id',
  ).all()
  const streamers = prepared<[], { id: string }>(db, 'SELECT id FROM streamer WHERE deleted = 0').all()
  const kit = prepared<[], { id: string; quantity: number }>(
    db,
    'SELECT id, quantity FROM equipment WHERE deleted = 0',
  ).all()
  const blocked = prepared<[], { id: string }>(
    db,
    "SELECT id FROM merchant WHERE listStatus = 'black' AND deleted = 0",
  ).all()
  return {
    nowMs: context.nowMs,
    held,
    studios,
    streamerIds: new Set(streamers.map(({ id }) => id)),
    quantities: new Map(kit.map(({ id, quantity }) => [id, quantity])),
    blockedMerchantIds: new Set(blocked.map(({ id }) => id)),
    zoneOffsetMin: context.zoneOffsetMin,
  }
}
