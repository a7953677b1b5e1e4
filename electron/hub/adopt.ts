import { AUTHOR_LENGTH } from '../../shared/ops/id.ts'
import { withoutStretches } from '../../shared/ops/lease.ts'
import type { Op } from '../../shared/ops/types.ts'
import type { Bench } from './bench.ts'
import { cutFromLease, renumbered } from './leases.ts'
import type { LiveGrantRow } from './schema.ts'
import { numberOf, textOf } from './values.ts'

const ENDED: readonly string[] = ['refused', 'released', 'expired', 'revoked']

/**
 * A grant from before a handover or a restore: it stands. Where the hub has meanwhile given the same to somebody else, because
 * nobody told it in time, the earlier promise stands and the later one is taken back.
 */
export async function adoptGrant(bench: Bench, op: Op): Promise<void> {
  const { belt } = bench.counters.row
  const { bookingId, resourceKey, unit, startMs, endMs, fence, leaseId } = op.fields
  const row = {
    belt,
    grantId: op.row,
    bookingId: textOf(bookingId),
    resourceKey: textOf(resourceKey),
    unit: numberOf(unit),
    startMs: numberOf(startMs),
    endMs: numberOf(endMs),
    fence: numberOf(fence),
    leaseId: textOf(leaseId) || null,
  }
  bench.counters.fenceSeen(row.fence)
  const booking = await bench.tx
    .selectFrom('booking')
    .select(['outcome', 'answerMs'])
    .where('belt', '=', belt)
    .where('bookingId', '=', row.bookingId)
    .executeTakeFirst()
  if (booking && ENDED.includes(booking.outcome) && booking.answerMs >= op.at.ms) return
  if (await givesWayToOwn(bench, row)) return
  if (row.leaseId !== null) await cutFromLease(bench, row.leaseId, [row])
  const overlapping = await bench.tx
    .selectFrom('liveGrant')
    .selectAll()
    .where('belt', '=', belt)
    .where('resourceKey', '=', row.resourceKey)
    .where('unit', '=', row.unit)
    .where('startMs', '<', row.endMs)
    .where('endMs', '>', row.startMs)
    .execute()
  // What was given out of a lease is no rival of the lease.
  const rivals = overlapping.filter((rival) => rival.leaseId !== row.bookingId)
  if (rivals.some((rival) => rival.bookingId === row.bookingId || rival.fence < row.fence)) {
    if (!rivals.some((rival) => rival.bookingId === row.bookingId)) bench.losers.add(row.bookingId)
    return
  }
  const later = [...new Set(rivals.map((rival) => rival.bookingId))]
  if (later.length > 0) await dropGrants(bench, later)
  for (const loser of later) bench.losers.add(loser)
  const given = overlapping.filter((other) => other.leaseId === row.bookingId)
  await bench.database.insertMany(bench.tx, 'liveGrant', renumbered(bench, withoutStretches(row, given)))
}

/** Of two awards to one booking, by this hub before and after a restore, the one with the higher fences stands. */
async function givesWayToOwn(bench: Bench, row: LiveGrantRow): Promise<boolean> {
  const awarder = (grantId: string): string => grantId.slice(0, AUTHOR_LENGTH)
  const held = await bench.tx
    .selectFrom('liveGrant')
    .select(['grantId', 'fence'])
    .where('belt', '=', row.belt)
    .where('bookingId', '=', row.bookingId)
    .execute()
  // What is left of a lease after hours were given out of it has its own fences.
  const others = held.filter(
    ({ grantId }) => !grantId.includes('/') && awarder(grantId) !== awarder(row.grantId),
  )
  if (others.some(({ fence }) => fence > row.fence)) return true
  const ids = others.map(({ grantId }) => grantId)
  if (ids.length > 0)
    await bench.tx.deleteFrom('liveGrant').where('belt', '=', row.belt).where('grantId', 'in', ids).execute()
  return false
}

export async function dropGrants(bench: Bench, bookingIds: readonly string[]): Promise<void> {
  await bench.tx
    .deleteFrom('liveGrant')
    .where('belt', '=', bench.counters.row.belt)
    .where('bookingId', 'in', bookingIds)
    .execute()
}
