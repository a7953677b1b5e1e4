import { addDays, dayKeyOf, dayStartMs } from '../../../shared/domain/time.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { readPlanningPolicy } from './policy.ts'

const MOST_DAYS = 31

/**
 * The local midnight until which broadcasts are planned, ms: as many days ahead as the belt wants, and longer where one
 * further ahead has its hour already, so that no plan leaves that one out.
 */
export function horizonOf(db: Db, timeZone: string, nowMs: number): number {
  const today = dayKeyOf(nowMs, timeZone)
  const midnightIn = (days: number) => dayStartMs(addDays(today, days), timeZone)
  const { lastMs } = prepared<[number], { lastMs: number | null }>(
    db,
    `SELECT max(endMs) AS lastMs FROM liveSession
     WHERE deleted = 0 AND status IN ('planned', 'announced') AND startMs IS NOT NULL AND endMs <= ?`,
  ).get(midnightIn(MOST_DAYS))!
  const wantedMs = midnightIn(readPlanningPolicy(db).horizonDays)
  if (lastMs === null || lastMs <= wantedMs) return wantedMs
  return dayStartMs(addDays(dayKeyOf(lastMs, timeZone), 1), timeZone)
}
