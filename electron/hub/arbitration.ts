import { sql } from 'kysely'
import {
  answerFacts,
  claimOf,
  decide,
  decideAgain,
  endingFact,
  FROM_WAITLIST,
  MOVED,
  type ClaimRequest,
  type Decision,
  type GrantedUnit,
} from '../../shared/ops/arbiter.ts'
import { FROM_LEASE } from '../../shared/ops/lease.ts'
import type { Fields, Op } from '../../shared/ops/types.ts'
import { adoptGrant, dropGrants } from './adopt.ts'
import type { Bench } from './bench.ts'
import { cutFromLease, lapsedLeases, leaseOf, noteLease, returnedToLease } from './leases.ts'
import type { BookingRow, LiveGrantRow } from './schema.ts'
import { readStock, readWorld, type Stock } from './stock.ts'
import { numberOf, textOf } from './values.ts'

/** Notes an accepted op that concerns exclusive use: a claim, a release, or what the founding device decided earlier. */
export async function noteArbitrated(bench: Bench, op: Op, hubSeq: number): Promise<void> {
  const { belt } = bench.counters.row
  const { fields } = op
  switch (op.table) {
    case 'slotLease':
      await noteLease(bench, op)
      return noteArbitrated(
        bench,
        { ...op, table: 'booking', fields: { ...fields, expiresMs: fields.untilMs ?? 0 } },
        hubSeq,
      )
    case 'booking': {
      const expiresMs = typeof fields.expiresMs === 'number' ? fields.expiresMs : null
      const row: BookingRow = {
        belt,
        bookingId: op.row,
        hubSeq,
        fields: JSON.stringify(fields),
        outcome: 'waiting',
        sinceMs: bench.nowMs,
        expiresMs,
        answerMs: 0,
      }
      await bench.tx
        .insertInto('booking')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['belt', 'bookingId']).doUpdateSet({ fields: row.fields, hubSeq, expiresMs }),
        )
        .execute()
      return
    }
    case 'bookingRelease':
      return release(bench, textOf(fields.bookingId), textOf(fields.reason))
    case 'claimWait':
      return noteWait(bench, op, hubSeq)
    case 'resourceGrant':
      return adoptGrant(bench, op)
    case 'claimAnswer':
      return settle(
        bench,
        textOf(fields.bookingId),
        textOf(fields.outcome) as BookingRow['outcome'],
        numberOf(fields.atMs),
      )
  }
}

/** A claim may overtake the rows it names; it is not refused for that before this time has passed. */
const STRANGER_WAIT_MS = 3_600_000

/** The latest word counts, whatever order they arrive in. */
async function noteWait(bench: Bench, op: Op, hubSeq: number): Promise<void> {
  const { belt } = bench.counters.row
  const bookingId = textOf(op.fields.bookingId)
  const atMs = numberOf(op.fields.atMs)
  const word = { hubSeq, waits: op.fields.waits === true ? 1 : 0, atMs }
  const said = await bench.tx
    .selectFrom('claimWait')
    .select('atMs')
    .where('belt', '=', belt)
    .where('bookingId', '=', bookingId)
    .executeTakeFirst()
  if (said && said.atMs > atMs) return
  await bench.tx
    .insertInto('claimWait')
    .values({ belt, bookingId, ...word })
    .onConflict((conflict) => conflict.columns(['belt', 'bookingId']).doUpdateSet(word))
    .execute()
  // The place may have become free before anybody waited for it.
  if (word.waits === 1) bench.freed ??= 'moved'
}

/**
 * Answers every waiting claim of the belt in order of arrival, refused ones that wait for their place among them when something
 * has been given back. Claims wait while a restored or new hub is still being filled.
 */
export async function answerWaiting(bench: Bench): Promise<void> {
  const { row } = bench.counters
  if (row.recoveringUntilMs !== null) return
  const waiting = await bench.tx
    .selectFrom('booking')
    .selectAll()
    .where('belt', '=', row.belt)
    .where('outcome', '=', 'waiting')
    .orderBy('hubSeq')
    .execute()
  const refused = bench.freed === null ? [] : await readRefusedWaiting(bench)
  const claims: { at: number; booking: BookingRow; again: boolean }[] = [
    ...waiting.map((booking) => ({ at: booking.hubSeq, booking, again: false })),
    ...refused.map(({ waitSeq, ...booking }) => ({ at: waitSeq, booking, again: true })),
  ]
  if (claims.length === 0) return
  if (bench.freed === 'left') claims.sort((a, b) => a.at - b.at)
  const stock = await readStock(bench)
  for (const { booking, again } of claims)
    await (again ? answerAgain(bench, booking, stock) : answer(bench, booking, stock))
  bench.freed = null
}

/** Refused claims that wait, the earliest wait first. */
const readRefusedWaiting = (bench: Bench): Promise<(BookingRow & { waitSeq: number })[]> =>
  bench.tx
    .selectFrom('claimWait')
    .innerJoin('booking', (join) =>
      join
        .onRef('booking.belt', '=', 'claimWait.belt')
        .onRef('booking.bookingId', '=', 'claimWait.bookingId'),
    )
    .selectAll('booking')
    .select('claimWait.hubSeq as waitSeq')
    .where('claimWait.belt', '=', bench.counters.row.belt)
    .where('claimWait.waits', '=', 1)
    .where('booking.outcome', '=', 'refused')
    .orderBy('claimWait.hubSeq')
    .execute()

/** Gives a refused claim that waits its place, if that is free now. */
async function answerAgain(bench: Bench, booking: BookingRow, stock: Stock): Promise<void> {
  const claim = claimOf(booking.bookingId, JSON.parse(booking.fields) as Fields)
  if (!Number.isFinite(claim.startMs)) return
  const decision = decideAgain(claim, await readWorld(bench, claim, stock))
  if (!decision) return
  const firstFence = bench.counters.fences(decision.units.length)
  if (!(await holdUnits(bench, claim.bookingId, decision.units, firstFence))) return
  // Devices go by the later answer.
  const nowMs = Math.max(bench.nowMs, booking.answerMs + 1)
  await write(bench, claim, decision, { firstFence, nowMs, grantReason: FROM_WAITLIST })
  await settle(bench, claim.bookingId, 'granted', nowMs)
}

async function answer(bench: Bench, booking: BookingRow, stock: Stock): Promise<void> {
  const fields = JSON.parse(booking.fields) as Fields
  const claim = claimOf(booking.bookingId, fields)
  const world = await readWorld(bench, claim, stock)
  const lease = await leaseOf(bench, booking.bookingId, fields)
  if (lease) {
    const given = decide(claim, { ...world, held: [], within: lease.within })
    if (given.outcome === 'granted') return confirmLeased(bench, claim, given, lease.leaseId)
  }
  let decision = decide(claim, world)
  if (decision.outcome === 'refused' && decision.reason === 'unknown-resource') {
    const isEarly = bench.nowMs < booking.sinceMs + STRANGER_WAIT_MS
    if (isEarly && (await namesUnseenRows(bench, claim))) return
  }
  let firstFence = 0
  if (decision.outcome === 'granted') {
    firstFence = bench.counters.fences(decision.units.length)
    if (!(await holdUnits(bench, claim.bookingId, decision.units, firstFence)))
      decision = { outcome: 'refused', reason: 'studio-taken', heldBy: null, alternatives: [] }
  }
  await write(bench, claim, decision, { firstFence, nowMs: bench.nowMs })
  await settle(bench, claim.bookingId, decision.outcome)
}

/** Gives what a device has given away out of its lease, cut from what the lease holds. */
async function confirmLeased(
  bench: Bench,
  claim: ClaimRequest,
  decision: Decision & { outcome: 'granted' },
  leaseId: string,
): Promise<void> {
  const { bookingId } = claim
  await cutFromLease(bench, leaseId, decision.units)
  const firstFence = bench.counters.fences(decision.units.length)
  await bench.database.insertMany(
    bench.tx,
    'liveGrant',
    grantRows(bench, bookingId, decision.units, { firstFence, leaseId }),
  )
  await write(bench, claim, decision, { firstFence, nowMs: bench.nowMs, grantReason: FROM_LEASE, leaseId })
  await settle(bench, bookingId, 'granted')
}

/** True when the claim names a row of which the hub has never heard, not even that it was deleted. */
async function namesUnseenRows(bench: Bench, claim: ClaimRequest): Promise<boolean> {
  const named = [claim.studioId, ...claim.streamerIds, ...claim.kit.map(({ equipmentId }) => equipmentId)]
  const seen = await bench.tx
    .selectFrom('cell')
    .select('row')
    .distinct()
    .where('belt', '=', bench.counters.row.belt)
    .where('tbl', 'in', ['studio', 'streamer', 'equipment'])
    .where('row', 'in', named)
    .execute()
  return seen.length < new Set(named).size
}

/** Puts the units behind the database's exclusion constraint. False when the constraint knows better than the decision. */
async function holdUnits(
  bench: Bench,
  bookingId: string,
  units: (Decision & { outcome: 'granted' })['units'],
  firstFence: number,
): Promise<boolean> {
  await sql`SAVEPOINT hold_units`.execute(bench.tx)
  try {
    const rows = grantRows(bench, bookingId, units, { firstFence, leaseId: null })
    await bench.database.insertMany(bench.tx, 'liveGrant', rows)
    await sql`RELEASE SAVEPOINT hold_units`.execute(bench.tx)
    return true
  } catch (error) {
    await sql`ROLLBACK TO SAVEPOINT hold_units`.execute(bench.tx)
    await sql`RELEASE SAVEPOINT hold_units`.execute(bench.tx)
    if (bench.database.isOverlap(error)) return false
    throw error
  }
}

const grantRows = (
  bench: Bench,
  bookingId: string,
  units: readonly GrantedUnit[],
  { firstFence, leaseId }: { firstFence: number; leaseId: string | null },
): LiveGrantRow[] =>
  units.map((unit, index) => ({
    belt: bench.counters.row.belt,
    grantId: `${bookingId}/${index}`,
    bookingId,
    ...unit,
    fence: firstFence + index,
    leaseId,
  }))

async function write(
  bench: Bench,
  claim: ClaimRequest,
  decision: Decision,
  how: { firstFence: number; nowMs: number; grantReason?: string; leaseId?: string },
): Promise<void> {
  const { term } = bench.counters.row
  for (const { table, fields } of answerFacts(claim, decision, { term, ...how }))
    await bench.author.fact(table, fields)
}

async function release(bench: Bench, bookingId: string, reason: string): Promise<void> {
  const { belt, term } = bench.counters.row
  const booking = await bench.tx
    .selectFrom('booking')
    .select('outcome')
    .where('belt', '=', belt)
    .where('bookingId', '=', bookingId)
    .executeTakeFirst()
  if (!booking || (booking.outcome !== 'waiting' && booking.outcome !== 'granted')) return
  const { table, fields } = endingFact(bookingId, 'released', { reason, term, nowMs: bench.nowMs })
  await bench.author.fact(table, fields)
  await settle(bench, bookingId, 'released')
  if (reason === MOVED) bench.freed ??= 'moved'
  else bench.freed = 'left'
}

/**
 * Notes how a claim stands. The answer may be here before the claim, and an older one may come after a newer: when a restored hub
 * gets both back.
 */
async function settle(
  bench: Bench,
  bookingId: string,
  outcome: BookingRow['outcome'],
  answerMs = bench.nowMs,
): Promise<void> {
  const { belt } = bench.counters.row
  const standing = await bench.tx
    .selectFrom('booking')
    .select('answerMs')
    .where('belt', '=', belt)
    .where('bookingId', '=', bookingId)
    .executeTakeFirst()
  if (standing && standing.answerMs > answerMs) return
  await bench.tx
    .insertInto('booking')
    .values({
      belt,
      bookingId,
      hubSeq: 0,
      fields: '{}',
      outcome,
      sinceMs: bench.nowMs,
      expiresMs: null,
      answerMs,
    })
    .onConflict((conflict) => conflict.columns(['belt', 'bookingId']).doUpdateSet({ outcome, answerMs }))
    .execute()
  if (outcome === 'granted') return
  const returned = await returnedToLease(bench, bookingId)
  await dropGrants(bench, [bookingId])
  await bench.database.insertMany(bench.tx, 'liveGrant', returned)
}

/** Tells those whose grant had to give way. */
export async function revokeLosers(bench: Bench): Promise<void> {
  const { term } = bench.counters.row
  for (const bookingId of bench.losers) {
    const { table, fields } = endingFact(bookingId, 'revoked', {
      reason: 'earlier-promise',
      term,
      nowMs: bench.nowMs,
    })
    await bench.author.fact(table, fields)
    await settle(bench, bookingId, 'revoked')
    bench.freed = 'left'
  }
  bench.losers.clear()
}

/** Lapses claims that nobody answered in time, by hub time; not while an answer may still be given back. */
export async function expireClaims(bench: Bench): Promise<void> {
  const { belt, term, recoveringUntilMs } = bench.counters.row
  if (recoveringUntilMs !== null) return
  const lapsed = await bench.tx
    .selectFrom('booking')
    .select('bookingId')
    .where('belt', '=', belt)
    .where('outcome', '=', 'waiting')
    .where('expiresMs', '<', bench.nowMs)
    .orderBy('hubSeq')
    .execute()
  for (const { bookingId } of lapsed) {
    const { table, fields } = endingFact(bookingId, 'expired', { reason: '', term, nowMs: bench.nowMs })
    await bench.author.fact(table, fields)
    await settle(bench, bookingId, 'expired')
  }
  for (const leaseId of await lapsedLeases(bench)) {
    const { table, fields } = endingFact(leaseId, 'expired', { reason: '', term, nowMs: bench.nowMs })
    await bench.author.fact(table, fields)
    await settle(bench, leaseId, 'expired')
    bench.freed = 'left'
  }
}
