import { DAY_MS, dayKeyOf, dayStartMs, isSupportedZone } from '../../shared/domain/time.ts'
import { readRows } from './cells.ts'
import type { Queries } from './database.ts'
import { textOf } from './values.ts'

/** The belt's time zone; China's where it has none, or one that no device would accept. */
export async function beltZone(db: Queries, belt: string): Promise<string> {
  const [row] = (await readRows(db, belt, 'belt')).values()
  const zone = textOf(row?.timeZone)
  return isSupportedZone(zone) ? zone : 'Asia/Shanghai'
}

/** The running day in the belt's zone. */
export async function todayOf(
  db: Queries,
  belt: string,
  nowMs: number,
): Promise<{ day: string; startMs: number; endMs: number }> {
  const zone = await beltZone(db, belt)
  const day = dayKeyOf(nowMs, zone)
  const startMs = dayStartMs(day, zone)
  return { day, startMs, endMs: startMs + DAY_MS }
}
