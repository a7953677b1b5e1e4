import type { LeaseWord } from '../../shared/contract/planning.ts'
import { FROM_LEASE } from '../../shared/ops/lease.ts'
import type { Db } from '../sqlite/open.ts'
import type { CommandContext } from './context.ts'
import { prepared } from '../sqlite/prepared.ts'
import { UNTOLD } from './store/grants.ts'

/** Condition on `bookingState`: asked for from this device, refused, and not settled by a person yet. */
export const OWN_REFUSED = `bookingState.outcome = 'refused'
       AND EXISTS (SELECT 1 FROM op WHERE op.tbl = 'booking' AND op.row = bookingState.bookingId AND op.author IN (SELECT author FROM stream))
       AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.opId = bookingState.bookingId AND settledMs IS NOT NULL)`

/** Condition on `claimWait`: the last word on whether its booking waits. */
export const LATEST_WAIT = `claimWait.id = (SELECT word.id FROM claimWait AS word WHERE word.bookingId = claimWait.bookingId ORDER BY word.atMs DESC, word.id DESC LIMIT 1)`

/** Whether a refused booking (a row of `bookingState`) goes on waiting for its place. */
export const WAITS = `(bookingState.outcome = 'refused' AND EXISTS (SELECT 1 FROM claimWait WHERE claimWait.bookingId = bookingState.bookingId AND ${LATEST_WAIT} AND claimWait.waits = 1))`

/** Ends every wait of a session's refused bookings: it goes on elsewhere, or not at all. */
export function endWaits(ctx: CommandContext, sessionId: string): void {
  const rows = prepared<[string], { id: string }>(
    ctx.db,
    `SELECT booking.id FROM booking JOIN bookingState ON bookingState.bookingId = booking.id WHERE booking.sessionId = ? AND ${WAITS}`,
  ).all(sessionId)
  for (const { id } of rows) sayWait(ctx, id, false)
}

/** Says whether a refused booking waits. A later word of this device is never older than one before it. */
export function sayWait({ db, write, nowMs }: CommandContext, bookingId: string, waits: boolean): void {
  const last = prepared<[string], { ms: number | null }>(
    db,
    'SELECT max(atMs) AS ms FROM claimWait WHERE bookingId = ?',
  ).get(bookingId)!.ms
  write.fact('claimWait', { bookingId, waits, atMs: last === null ? nowMs : Math.max(nowMs, last + 1) })
}

/** By whose word a booking stands, from the row of `bookingState`. */
export const leaseWord = (state: {
  readonly outcome: string | null
  readonly reason: string | null
  readonly term: number | null
}): LeaseWord =>
  state.outcome !== 'granted' || state.reason !== FROM_LEASE
    ? 'none'
    : state.term === UNTOLD
      ? 'untold'
      : 'told'

export interface Alternative {
  studioId: string
  studioName: string
  startMs: number
  endMs: number
}

/** An arbiter's alternatives with the studios' names. */
export function readAlternatives(db: Db, text: string): Alternative[] {
  const list = (JSON.parse(text) as { studioId: string; startMs: number; endMs: number }[] | null) ?? []
  return list.map(({ studioId, startMs, endMs }) => ({
    studioId,
    studioName:
      prepared<[string], { name: string }>(db, 'SELECT name FROM studio WHERE id = ?').get(studioId)?.name ??
      studioId,
    startMs,
    endMs,
  }))
}
