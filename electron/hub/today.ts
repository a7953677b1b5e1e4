import { zoneOffsetMin } from './arbitration.ts'
import { readRows } from './cells.ts'
import type { Queries } from './database.ts'

const DAY_MS = 86_400_000

/** The running day in the belt's zone. */
export async function todayOf(
  db: Queries,
  belt: string,
  nowMs: number,
): Promise<{ day: string; startMs: number; endMs: number }> {
  const rows = [...(await readRows(db, belt, 'belt')).values()]
  const zone = typeof rows[0]?.timeZone === 'string' ? rows[0].timeZone : ''
  const offsetMs = zoneOffsetMin(zone || 'Asia/Shanghai', nowMs) * 60_000
  const local = Math.floor((nowMs + offsetMs) / DAY_MS) * DAY_MS
  const startMs = local - offsetMs
  return { day: new Date(local).toISOString().slice(0, 10), startMs, endMs: startMs + DAY_MS }
}
