import { MANAGERS } from '../../../../shared/contract/define.ts'
import type { RecordState, slotContract } from '../../../../shared/contract/planning.ts'
import { overlapMs } from '../../../../shared/domain/calendar.ts'
import { MINUTE_MS } from '../../../../shared/domain/time.ts'
import { FROM_WAITLIST, WAITABLE } from '../../../../shared/ops/arbiter.ts'
import { readHolders, readLeases } from './leases.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { QueryHandlers } from '../../context.ts'
import { primeBands } from '../../planning/problem.ts'
import { readPolicy } from '../../planning/snapshot.ts'
import { leaseWord, readAlternatives, WAITS } from '../../bookings.ts'

interface Row {
  id: string
  sessionId: string | null
  studioId: string
  label: string
  merchantId: string | null
  sizeClass: string | null
  streamerIds: string
  startMs: number
  endMs: number
  beforeMin: number
  afterMin: number
  outcome: string | null
  reason: string | null
  waits: number
  alternatives: string | null
  baseId: string
  leaseId: string | null
  term: number | null
}

const recordOf = (outcome: string | null): RecordState =>
  outcome === null ? 'tentative' : outcome === 'granted' ? 'confirmed' : 'refused'

export const slotQueries: QueryHandlers<typeof slotContract> = {
  'slot/week': ({ fromMs, toMs, baseId }, { db, actor, belt, nowMs }) => {
    const policy = readPolicy(db)
    const studios = prepared<
      [string | null, string | null],
      { id: string; name: string; shortName: string; openMin: number; closeMin: number }
    >(
      db,
      'SELECT id, name, shortName, openMin, closeMin FROM studio WHERE deleted = 0 AND (? IS NULL OR baseId = ?) ORDER BY baseId, createdMs, id',
    ).all(baseId, baseId)
    const names = new Map(
      prepared<[], { id: string; shortName: string }>(db, 'SELECT id, shortName FROM streamer')
        .all()
        .map((row) => [row.id, row.shortName]),
    )
    const rows = prepared<[number, number], Row>(
      db,
      `SELECT booking.*, merchant.sizeClass, bookingState.outcome, bookingState.reason, bookingState.term, bookingState.alternatives, ${WAITS} AS waits
       FROM booking LEFT JOIN bookingState ON bookingState.bookingId = booking.id LEFT JOIN merchant ON merchant.id = booking.merchantId
       WHERE booking.endMs > ? AND booking.startMs < ? AND coalesce(bookingState.outcome, '') NOT IN ('released', 'expired', 'revoked')
         AND (booking.leaseId IS NULL OR NOT EXISTS (SELECT 1 FROM bookingRelease WHERE bookingRelease.bookingId = booking.id))
       ORDER BY booking.startMs, booking.id`,
    ).all(fromMs, toMs)
    const shown = new Set(studios.map((studio) => studio.id))
    const bands = primeBands(policy, fromMs, toMs, belt.timeZone)
    const prime = (row: Row) => overlapMs(bands, row.startMs, row.endMs) / MINUTE_MS
    const longTail = rows.filter((row) => row.sizeClass === 'long-tail')
    const minutes = (outcome: 'granted' | null) =>
      longTail.filter((row) => row.outcome === outcome).reduce((total, row) => total + prime(row), 0)
    return {
      studios,
      bookings: rows
        .filter((row) => shown.has(row.studioId))
        .map((row) => ({
          id: row.id,
          sessionId: row.sessionId,
          studioId: row.studioId,
          label: row.label,
          merchantId: row.merchantId,
          longTail: row.sizeClass === 'long-tail',
          streamers: (JSON.parse(row.streamerIds) as string[]).map((id) => names.get(id) ?? id),
          startMs: row.startMs,
          endMs: row.endMs,
          beforeMin: row.beforeMin,
          afterMin: row.afterMin,
          record: recordOf(row.outcome),
          reason: row.reason ?? '',
          waits: row.waits === 1,
          canWait: row.outcome === 'refused' && WAITABLE.has(row.reason ?? '') && row.startMs > nowMs,
          arrived: row.outcome === 'granted' && row.reason === FROM_WAITLIST,
          lease: leaseWord(row),
          alternatives: readAlternatives(db, row.alternatives ?? '[]'),
          baseId: row.baseId,
        })),
      leases: readLeases(db, fromMs, toMs, nowMs).filter((lease) => shown.has(lease.studioId)),
      holders: actor.role !== null && MANAGERS.includes(actor.role) ? readHolders(db) : [],
      primeBands: bands,
      longTail: {
        primeMin: studios.length * bands.reduce((total, [from, to]) => total + (to - from) / MINUTE_MS, 0),
        grantedMin: minutes('granted'),
        tentativeMin: minutes(null),
        quotaPct: policy.longTailQuotaPct,
      },
      nowMs,
    }
  },
}
