import { parseOpId } from '../../shared/ops/id.ts'
import { withoutStretches } from '../../shared/ops/lease.ts'
import type { GrantedUnit } from '../../shared/ops/arbiter.ts'
import type { Fields, Op } from '../../shared/ops/types.ts'
import type { Bench } from './bench.ts'
import type { LiveGrantRow } from './schema.ts'

/** Notes who may give away the hours that an op asks to lease, and until when. */
export async function noteLease(bench: Bench, op: Op): Promise<void> {
  const { holder, untilMs } = op.fields
  await bench.tx
    .insertInto('lease')
    .values({
      belt: bench.counters.row.belt,
      leaseId: op.row,
      holder: typeof holder === 'string' ? holder : '',
      untilMs: typeof untilMs === 'number' ? untilMs : 0,
    })
    .onConflict((conflict) => conflict.columns(['belt', 'leaseId']).doNothing())
    .execute()
}

/** Leases of the belt that were given and have not been ended; their time may be over. */
const standing = (bench: Bench) =>
  bench.tx
    .selectFrom('lease')
    .innerJoin('booking', (join) =>
      join.onRef('booking.belt', '=', 'lease.belt').onRef('booking.bookingId', '=', 'lease.leaseId'),
    )
    .where('lease.belt', '=', bench.counters.row.belt)
    .where('booking.outcome', '=', 'granted')

/** Whether a lease stands at this hub now; expiry counts by hub time also before anybody has noted it. */
async function isLive(bench: Bench, leaseId: string): Promise<{ holder: string } | null> {
  const lease = await standing(bench)
    .select(['lease.holder', 'lease.untilMs'])
    .where('lease.leaseId', '=', leaseId)
    .executeTakeFirst()
  return lease && lease.untilMs >= bench.nowMs ? { holder: lease.holder } : null
}

/**
 * What is left of the lease under which a booking was confirmed. Null when it was not, or not by the device that holds the lease,
 * or when the lease has ended: such a booking is a claim like any other.
 */
export async function leaseOf(
  bench: Bench,
  bookingId: string,
  fields: Fields,
): Promise<{ leaseId: string; within: GrantedUnit[] } | null> {
  const { leaseId } = fields
  if (typeof leaseId !== 'string') return null
  const lease = await isLive(bench, leaseId)
  if (!lease || lease.holder !== parseOpId(bookingId)?.author) return null
  const within = await holdsOf(bench, leaseId)
  return { leaseId, within }
}

const holdsOf = (bench: Bench, leaseId: string): Promise<LiveGrantRow[]> =>
  bench.tx
    .selectFrom('liveGrant')
    .selectAll()
    .where('belt', '=', bench.counters.row.belt)
    .where('bookingId', '=', leaseId)
    .orderBy('fence')
    .execute()

/** Cuts what is given out of a lease from what the lease holds, so that the same constraint guards both. */
export async function cutFromLease(
  bench: Bench,
  leaseId: string,
  taken: readonly GrantedUnit[],
): Promise<void> {
  for (const hold of await holdsOf(bench, leaseId)) {
    const left = withoutStretches(hold, taken)
    if (left.length === 1 && left[0] === hold) continue
    await bench.tx
      .deleteFrom('liveGrant')
      .where('belt', '=', hold.belt)
      .where('grantId', '=', hold.grantId)
      .execute()
    await bench.database.insertMany(bench.tx, 'liveGrant', renumbered(bench, left))
  }
}

/** The first part keeps the fence that was given; every other gets one of its own. */
export const renumbered = (bench: Bench, parts: readonly LiveGrantRow[]): LiveGrantRow[] =>
  parts.map((part, index) => {
    if (index === 0) return part
    const fence = bench.counters.fences(1)
    return { ...part, fence, grantId: `${part.bookingId}/${fence}` }
  })

/** What a booking held of a lease that still stands goes back to the lease, not to everybody. Call before it is dropped. */
export async function returnedToLease(bench: Bench, bookingId: string): Promise<LiveGrantRow[]> {
  const given = await bench.tx
    .selectFrom('liveGrant')
    .selectAll()
    .where('belt', '=', bench.counters.row.belt)
    .where('bookingId', '=', bookingId)
    .where('leaseId', 'is not', null)
    .orderBy('fence')
    .execute()
  const leaseId = given[0]?.leaseId
  if (!leaseId || !(await isLive(bench, leaseId))) return []
  return given.map((row) => {
    const fence = bench.counters.fences(1)
    return { ...row, grantId: `${leaseId}/${fence}`, bookingId: leaseId, fence, leaseId: null }
  })
}

/** Leases whose time is over by the hub's clock. */
export async function lapsedLeases(bench: Bench): Promise<string[]> {
  const rows = await standing(bench)
    .select('lease.leaseId')
    .where('lease.untilMs', '<', bench.nowMs)
    .orderBy('lease.leaseId')
    .execute()
  return rows.map(({ leaseId }) => leaseId)
}
