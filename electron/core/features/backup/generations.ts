import type { BackupReason } from '../../../../shared/contract/backup.ts'

interface Generation {
  readonly atMs: number
  readonly reason: BackupReason
}

export interface Keeping {
  readonly keepDaily: number
  readonly keepWeekly: number
}

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
/** The epoch began on a Thursday; weeks begin on Monday. */
const MONDAY_MS = 4 * DAY_MS
const KEPT_UPGRADES = 2

/**
 * Which backups may go: all but the newest of each of the last days and weeks that have one, and the last two made before
 * an upgrade. The newest of all always stays.
 * @param zoneOffsetMin minutes by which local midnight is ahead of UTC's
 */
export function outdated<G extends Generation>(
  backups: readonly G[],
  { keepDaily, keepWeekly }: Keeping,
  zoneOffsetMin: number,
): G[] {
  const newestFirst = [...backups].sort((a, b) => b.atMs - a.atMs)
  const kept = new Set<G>(newestFirst.slice(0, 1))
  const local = (backup: G): number => backup.atMs + zoneOffsetMin * 60_000
  const keepNewestPer = (slot: (backup: G) => number, slots: number): void => {
    const seen = new Set<number>()
    for (const backup of newestFirst) {
      const at = slot(backup)
      if (seen.has(at) || seen.size >= slots) continue
      seen.add(at)
      kept.add(backup)
    }
  }
  keepNewestPer((backup) => Math.floor(local(backup) / DAY_MS), keepDaily)
  keepNewestPer((backup) => Math.floor((local(backup) - MONDAY_MS) / WEEK_MS), keepWeekly)
  for (const backup of newestFirst.filter(({ reason }) => reason === 'upgrade').slice(0, KEPT_UPGRADES))
    kept.add(backup)
  return newestFirst.filter((backup) => !kept.has(backup))
}
