import { claimOf, decide, type GrantedUnit } from '../../../shared/ops/arbiter.ts'
import { LEASE_GUARD_MS } from '../../../shared/ops/lease.ts'
import type { Fields } from '../../../shared/ops/types.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { readWorld, type LocalArbiterContext } from './local-arbiter.ts'
import { metaOf } from '../store/meta.ts'
import type { Store } from '../store/store.ts'

/** The name under which this device last heard of the hub's clock, and how far that is ahead of its own. */
const CLOCK = 'hubClock'
/** The latest reckoning of the hub's time by which a lease was used: it never goes back. */
const RECKONED = 'leaseNowMs'
const NOTEWORTHY_MS = 1000

export interface HubClock {
  readonly author: string
  /** How far the hub's clock is ahead of this device's, ms; below zero when it is behind. */
  readonly aheadMs: number
}

/** Null while no hub has told its time. */
export function readHubClock(db: Db): HubClock | null {
  const text = metaOf(db, CLOCK)
  return text === null ? null : (JSON.parse(text) as HubClock)
}

/** Notes the hub's clock as an answer of its told it. */
export function noteHubTime(store: Store, hubTimeMs: number, nowMs: number): void {
  const clock: HubClock = { author: store.author, aheadMs: hubTimeMs - nowMs }
  const known = readHubClock(store.db)
  if (known?.author === clock.author && Math.abs(known.aheadMs - clock.aheadMs) <= NOTEWORTHY_MS) return
  store.transact(() => store.setMeta(CLOCK, JSON.stringify(clock)))
}

/** This device's best reckoning of the hub's time, without a network: never before any stamp that the hub has given. */
export function hubNow(db: Db, nowMs: number): number {
  const seen = metaOf(db, 'hlcSeen')
  return Math.max(
    nowMs + (readHubClock(db)?.aheadMs ?? 0),
    Number(metaOf(db, RECKONED) ?? '0'),
    seen === null ? 0 : (JSON.parse(seen) as { ms: number }).ms,
  )
}

/** Names in the order in which ops are encoded, so that the row reads the same here as on every other device. */
const inOrder = ({ endMs, resourceKey, startMs, unit }: GrantedUnit): Fields => ({
  endMs,
  resourceKey,
  startMs,
  unit,
})

/**
 * Confirms a booking at once where this device holds a lease of all that it asks for. The units that it takes travel with the
 * claim; the hub cuts them from the lease. Otherwise the claim stays as it is and waits for the hub.
 * @param fields those of a `booking`
 */
export function confirmByLease(store: Store, fields: Fields, context: LocalArbiterContext): Fields {
  if (store.isArbiter || !store.hasHub) return fields
  const claim = claimOf('', fields)
  const leases = prepared<[string, string, string, number, number], { id: string; untilMs: number }>(
    store.db,
    `SELECT slotLease.id, slotLease.untilMs FROM slotLease
       JOIN bookingState ON bookingState.bookingId = slotLease.id AND bookingState.outcome = 'granted'
     WHERE holder = ? AND baseId = ? AND studioId = ? AND startMs <= ? AND endMs >= ?
       AND NOT EXISTS (SELECT 1 FROM bookingRelease WHERE bookingRelease.bookingId = slotLease.id)
     ORDER BY slotLease.untilMs DESC, slotLease.id`,
  ).all(store.author, claim.baseId, claim.studioId, claim.startMs, claim.endMs)
  if (leases.length === 0) return fields
  const nowMs = hubNow(store.db, context.nowMs)
  store.setMeta(RECKONED, String(nowMs))
  const world = readWorld(store.db, claim, { ...context, nowMs })
  for (const { id, untilMs } of leases) {
    if (nowMs > untilMs - LEASE_GUARD_MS) continue
    const within = prepared<[string], GrantedUnit>(
      store.db,
      'SELECT resourceKey, unit, startMs, endMs FROM liveGrant WHERE bookingId = ? ORDER BY grantId',
    ).all(id)
    const held = world.held.filter(({ bookingId }) => bookingId !== id)
    const decision = decide(claim, { ...world, held, within })
    if (decision.outcome === 'granted')
      return { ...fields, leaseId: id, leaseUnits: decision.units.map(inOrder) }
  }
  return fields
}
