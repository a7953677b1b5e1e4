import type { Db } from '../sqlite/open.ts'
import { prepared } from '../sqlite/prepared.ts'

/** Condition on `bookingState`: asked for from this device, refused, and not settled by a person yet. */
export const OWN_REFUSED = `bookingState.outcome = 'refused'
       AND EXISTS (SELECT 1 FROM op WHERE op.tbl = 'booking' AND op.row = bookingState.bookingId AND op.author IN (SELECT author FROM stream))
       AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.opId = bookingState.bookingId AND settledMs IS NOT NULL)`

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
