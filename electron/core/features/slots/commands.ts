import { Refusal } from '../../../../shared/contract/result.ts'
import type { slotContract } from '../../../../shared/contract/planning.ts'
import { everyDay, expandWindows, NO_HOLIDAYS } from '../../../../shared/domain/calendar.ts'
import { DAY_MS } from '../../../../shared/domain/time.ts'
import { WAITABLE } from '../../../../shared/ops/arbiter.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandHandlers } from '../../context.ts'
import { readAlternatives, sayWait, WAITS } from '../../bookings.ts'

interface StudioHours {
  openMin: number
  closeMin: number
  makeUpMin: number
  resetMin: number
}

export const slotCommands: CommandHandlers<typeof slotContract> = {
  'slot/claim': (input, { db, write, actor, belt, nowMs }) => {
    const studio = prepared<[string], StudioHours>(
      db,
      'SELECT openMin, closeMin, makeUpMin, resetMin FROM studio WHERE id = ? AND deleted = 0',
    ).get(input.studioId)
    if (!studio) throw new Refusal('not-found', { table: 'studio', id: input.studioId })
    if (input.endMs <= input.startMs)
      throw new Refusal('bad-input', { field: 'endMs', problem: 'before-start' })
    if (input.startMs < nowMs) throw new Refusal('bad-input', { field: 'startMs', problem: 'past' })
    const open = expandWindows({
      patterns: everyDay(studio.openMin, studio.closeMin),
      fromMs: input.startMs - DAY_MS,
      toMs: input.endMs + DAY_MS,
      timeZone: belt.timeZone,
      calendar: NO_HOLIDAYS,
      keepsHolidays: false,
    }).windows
    if (!open.some(([from, to]) => from <= input.startMs && to >= input.endMs))
      throw new Refusal('slot-closed', { openMin: studio.openMin, closeMin: studio.closeMin })
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
