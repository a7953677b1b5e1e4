import type { SlotLease, slotContract } from '../../../../shared/contract/planning.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { LEASE_GUARD_MS } from '../../../../shared/ops/lease.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandHandlers } from '../../context.ts'
import { hubNow, readHubClock } from '../../sync/lease.ts'
import { openStudio } from './open-studio.ts'

type Handlers = CommandHandlers<Pick<typeof slotContract, 'slot/lease' | 'slot/endLease'>>

export const leaseCommands: Handlers = {
  'slot/lease': (input, { db, write, belt, nowMs }) => {
    // The founding device of a belt without a hub answers every claim itself, and nobody else could hear of a lease.
    if (!readHubClock(db)) throw new Refusal('lease-needs-hub')
    const studio = openStudio(input, { db, belt, nowMs })
    const untilMs = input.untilMs ?? input.endMs
    if (untilMs <= nowMs) throw new Refusal('bad-input', { field: 'untilMs', problem: 'past' })
    if (untilMs > input.endMs) throw new Refusal('bad-input', { field: 'untilMs', problem: 'after-end' })
    const device = readHolders(db).find(({ author }) => author === input.holder)
    if (!device) throw new Refusal('not-found', { table: 'device', id: input.holder })
    return {
      leaseId: write.claim('slotLease', {
        baseId: device.baseId,
        holder: input.holder,
        studioId: input.studioId,
        streamerIds: input.streamerIds,
        kit: [],
        startMs: input.startMs,
        endMs: input.endMs,
        beforeMin: studio.makeUpMin,
        afterMin: studio.resetMin,
        untilMs,
      }),
    }
  },
  'slot/endLease': ({ leaseId }, { db, write, actor, nowMs }) => {
    const lease = prepared<[string], { baseId: string; outcome: string | null }>(
      db,
      `SELECT slotLease.baseId, bookingState.outcome FROM slotLease
       LEFT JOIN bookingState ON bookingState.bookingId = slotLease.id WHERE slotLease.id = ?`,
    ).get(leaseId)
    if (!lease) throw new Refusal('not-found', { table: 'slotLease', id: leaseId })
    if (actor.role === 'planner' && actor.baseId !== null && actor.baseId !== lease.baseId)
      throw new Refusal('not-allowed', { role: actor.role })
    if (lease.outcome !== null && lease.outcome !== 'granted') return null
    write.fact('bookingRelease', { bookingId: leaseId, reason: '', atMs: nowMs })
    return null
  },
}

export interface Holder {
  author: string
  name: string
  baseId: string
  baseName: string
}

/** Devices that serve one base. */
export const readHolders = (db: Db): Holder[] =>
  prepared<[], Holder>(
    db,
    `SELECT device.author, device.name, device.baseId, liveBase.name AS baseName
     FROM device JOIN liveBase ON liveBase.id = device.baseId WHERE device.deleted = 0 ORDER BY liveBase.name, device.name, device.author`,
  ).all()

interface LeaseRow {
  id: string
  studioId: string
  holder: string
  baseName: string | null
  holderName: string | null
  startMs: number
  endMs: number
  untilMs: number
  outcome: string | null
  reason: string | null
}

/** Leases that touch a stretch of time and have not ended. */
export function readLeases(db: Db, fromMs: number, toMs: number, nowMs: number): SlotLease[] {
  const own = readHubClock(db)?.author
  const reckonedMs = hubNow(db, nowMs)
  return prepared<[number, number], LeaseRow>(
    db,
    `SELECT slotLease.*, liveBase.name AS baseName, device.name AS holderName, bookingState.outcome, bookingState.reason
     FROM slotLease LEFT JOIN bookingState ON bookingState.bookingId = slotLease.id
       LEFT JOIN liveBase ON liveBase.id = slotLease.baseId LEFT JOIN device ON device.author = slotLease.holder
     WHERE slotLease.endMs > ? AND slotLease.startMs < ?
       AND coalesce(bookingState.outcome, '') NOT IN ('released', 'expired', 'revoked')
       AND NOT EXISTS (SELECT 1 FROM bookingRelease WHERE bookingRelease.bookingId = slotLease.id)
     ORDER BY slotLease.startMs, slotLease.id`,
  )
    .all(fromMs, toMs)
    .map((row) => ({
      id: row.id,
      studioId: row.studioId,
      baseName: row.baseName ?? '',
      holderName: row.holderName ?? row.holder,
      own: row.holder === own,
      startMs: row.startMs,
      endMs: row.endMs,
      untilMs: row.untilMs,
      record: row.outcome === null ? 'tentative' : row.outcome === 'granted' ? 'confirmed' : 'refused',
      reason: row.reason ?? '',
      usable: row.outcome === 'granted' && row.holder === own && reckonedMs <= row.untilMs - LEASE_GUARD_MS,
    }))
}
