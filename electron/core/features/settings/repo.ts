import type { BeltSettings, FairSlotPolicy } from '../../../../shared/contract/settings.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

export function beltSettings(db: Db): BeltSettings | null {
  const row = prepared<[], Omit<BeltSettings, 'isDemo'> & { isDemo: number }>(
    db,
    `SELECT id, name, shortName, trade, countyCode, province, tier, timeZone, isDemo
     FROM belt WHERE deleted = 0 ORDER BY createdMs, id LIMIT 1`,
  ).get()
  return row ? { ...row, isDemo: row.isDemo === 1 } : null
}

export function fairSlotPolicy(db: Db): FairSlotPolicy | null {
  return (
    prepared<[], FairSlotPolicy>(
      db,
      `SELECT id, longTailQuotaPct, headCapPct, longTailTopPct, primeStartMin, primeEndMin, slotToleranceMin, slotDurationPct
       FROM fairSlotPolicy WHERE deleted = 0 ORDER BY createdMs, id LIMIT 1`,
    ).get() ?? null
  )
}
