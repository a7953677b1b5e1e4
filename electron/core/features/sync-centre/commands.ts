import { Refusal } from '../../../../shared/contract/result.ts'
import type { syncCentreContract } from '../../../../shared/contract/sync-centre.ts'
import type { Fields } from '../../../../shared/ops/types.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandContext, CommandHandlers } from '../../context.ts'
import { sayWait, WAITS } from '../../bookings.ts'
import { arrivedBookings, sourceOp, type ConflictRow } from '../../news.ts'
import { ARRIVED_BOOKING, REFUSED_BOOKING } from './repo.ts'

const conflictOf = (db: Db, id: string): ConflictRow | undefined =>
  prepared<[string], ConflictRow>(
    db,
    'SELECT id, kind, tbl, row, opId, details, atMs FROM conflict WHERE id = ? AND settledMs IS NULL',
  ).get(id)

/** Writes the person's own version once more, as a new step, on a row that is brought back first. */
function doAgain(row: ConflictRow, { db, write }: CommandContext): void {
  const op = sourceOp(db, row)
  if (!op) throw new Refusal('not-found', { table: row.tbl, id: row.row })
  const fields = JSON.parse(op.fields) as Fields
  switch (op.kind) {
    case 'create':
      write.create(row.tbl, fields)
      return
    case 'fact':
      write.fact(row.tbl, fields)
      return
    case 'claim':
      write.claim(row.tbl, fields)
      return
    case 'delete':
      write.remove(row.tbl, row.row)
      return
    case 'set':
    case 'restore':
      write.restore(row.tbl, row.row)
      if (op.kind === 'set') write.set(row.tbl, row.row, fields)
  }
}

/** A person has seen what became of a booking. */
function rememberSettled(
  { db, nowMs }: CommandContext,
  kind: string,
  { bookingId, opId }: { bookingId: string; opId: string },
): void {
  prepared(
    db,
    `INSERT INTO conflict (kind, tbl, row, opId, details, atMs, settledMs, settledHow) VALUES (?, 'booking', ?, ?, '{}', ?, ?, 'theirs')
     ON CONFLICT (opId) DO UPDATE SET settledMs = excluded.settledMs, settledHow = excluded.settledHow`,
  ).run(kind, bookingId, opId, nowMs, nowMs)
}

export const syncCentreCommands: CommandHandlers<typeof syncCentreContract> = {
  'sync/settle': ({ id, choice }, ctx) => {
    const { db, nowMs } = ctx
    const conflict = conflictOf(db, id)
    if (conflict) {
      if (choice === 'mine') doAgain(conflict, ctx)
      prepared(db, 'UPDATE conflict SET settledMs = ?, settledHow = ? WHERE id = ?').run(
        nowMs,
        choice,
        conflict.id,
      )
      return null
    }
    const arrived = arrivedBookings(db, nowMs).find((booking) => booking.id === id)
    if (arrived && choice === 'theirs') {
      rememberSettled(ctx, ARRIVED_BOOKING, { bookingId: arrived.bookingId, opId: id })
      return null
    }
    const refused = prepared<[string], { bookingId: string }>(
      db,
      `SELECT bookingId FROM bookingState WHERE bookingId = ? AND outcome = 'refused'`,
    ).get(id)
    if (!refused || choice === 'mine') throw new Refusal('not-found', { table: 'conflict', id })
    if (prepared(db, `SELECT 1 FROM bookingState WHERE bookingId = ? AND ${WAITS}`).get(id))
      sayWait(ctx, id, false)
    rememberSettled(ctx, REFUSED_BOOKING, { bookingId: id, opId: id })
    return null
  },
}
