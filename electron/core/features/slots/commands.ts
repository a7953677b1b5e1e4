import { Refusal } from '../../../../shared/contract/result.ts'
import type { slotContract } from '../../../../shared/contract/planning.ts'
import { WAITABLE } from '../../../../shared/ops/arbiter.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandHandlers } from '../../context.ts'
import { leaseCommands } from './leases.ts'
import { openStudio } from './open-studio.ts'
import { readAlternatives, sayWait, WAITS } from '../../bookings.ts'

export const slotCommands: CommandHandlers<typeof slotContract> = {
  ...leaseCommands,
  'slot/claim': (input, { db, write, actor, belt, nowMs }) => {
    const studio = openStudio(input, { db, belt, nowMs })
    const baseId =
      actor.baseId ??
      prepared<[string], { baseId: string }>(db, 'SELECT baseId FROM studio WHERE id = ?').get(
        input.studioId,
      )!.baseId
    if (input.merchantId !== null) {
      const merchant = prepared<[string], { listStatus: string; shortName: string; creditReason: string }>(
        db,
        'SELECT listStatus, shortName, creditReason FROM merchant WHERE id = ?',
      ).get(input.merchantId)
      if (merchant?.listStatus === 'black')
        throw new Refusal('merchant-blocked', { merchant: merchant.shortName, reason: merchant.creditReason })
    }
    const bookingId = write.claim('booking', {
      baseId,
      sessionId: input.sessionId,
      merchantId: input.merchantId,
      label: input.label,
      studioId: input.studioId,
      streamerIds: input.streamerIds,
      kit: input.kit,
      startMs: input.startMs,
      endMs: input.endMs,
      beforeMin: studio.makeUpMin,
      afterMin: studio.resetMin,
      expiresMs: null,
    })
    const state = prepared<[string], { outcome: string; reason: string; alternatives: string }>(
      db,
      'SELECT outcome, reason, alternatives FROM bookingState WHERE bookingId = ?',
    ).get(bookingId)
    return {
      bookingId,
      record: state === undefined ? 'tentative' : state.outcome === 'granted' ? 'confirmed' : 'refused',
      reason: state?.reason ?? '',
      alternatives: readAlternatives(db, state?.alternatives ?? '[]'),
    }
  },
  'slot/release': ({ bookingId, reason }, { db, write, nowMs }) => {
    const booking = prepared<[string], { outcome: string | null }>(
      db,
      'SELECT bookingState.outcome FROM booking LEFT JOIN bookingState ON bookingState.bookingId = booking.id WHERE booking.id = ?',
    ).get(bookingId)
    if (!booking) throw new Refusal('not-found', { table: 'booking', id: bookingId })
    if (booking.outcome !== null && booking.outcome !== 'granted') return null
    write.fact('bookingRelease', { bookingId, reason, atMs: nowMs })
    return null
  },
  'slot/wait': ({ bookingId, waits }, ctx) => {
    const booking = prepared<
      [string],
      { startMs: number; outcome: string | null; reason: string | null; waits: number | null }
    >(
      ctx.db,
      `SELECT booking.startMs, bookingState.outcome, bookingState.reason, ${WAITS} AS waits
       FROM booking LEFT JOIN bookingState ON bookingState.bookingId = booking.id WHERE booking.id = ?`,
    ).get(bookingId)
    if (!booking) throw new Refusal('not-found', { table: 'booking', id: bookingId })
    // Answered otherwise meanwhile, or said before.
    if (booking.outcome !== 'refused' || (booking.waits === 1) === waits) return null
    if (waits && booking.startMs <= ctx.nowMs)
      throw new Refusal('bad-input', { field: 'startMs', problem: 'past' })
    if (waits && !WAITABLE.has(booking.reason ?? '')) return null
    sayWait(ctx, bookingId, waits)
    return null
  },
}
