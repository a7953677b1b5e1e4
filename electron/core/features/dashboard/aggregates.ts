import { columnOf } from '../../../../shared/domain/day-aggregates.ts'
import { PART_COLUMNS } from '../../../../shared/domain/order-parts.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { RollupHooks } from '../../store/rollups.ts'

interface DayAggregate {
  readonly baseId: string
  readonly merchantId: string | null
  readonly dayKey: string
  readonly metric: string
}

/** Whose orders this device has itself: every base's, its own base's, or nobody's. */
function holds(db: Db, baseId: string): boolean {
  const row = prepared<[], { role: string | null; baseId: string | null }>(
    db,
    `SELECT json_extract(value, '$.certificate.role') AS role, json_extract(value, '$.certificate.baseId') AS baseId
     FROM meta WHERE key = 'hub'`,
  ).get()
  if (!row) return true
  return row.role !== 'official' && (row.baseId === null || row.baseId === baseId)
}

/** Puts the latest word of the hub on one daily total into the roll-ups, for bases whose orders are not here. */
function tell(db: Db, { baseId, merchantId, dayKey, metric }: DayAggregate): void {
  const place = columnOf(metric)
  if (!place || merchantId !== null || holds(db, baseId)) return
  const { table, column, promiseHours } = place
  const latest = prepared<[string, string, string], { value: number }>(
    db,
    `SELECT value FROM dayAggregate WHERE dayKey = ? AND metric = ? AND baseId = ? AND merchantId IS NULL
     ORDER BY version DESC, id DESC LIMIT 1`,
  ).get(dayKey, metric, baseId)
  const key = { baseId, day: dayKey, merchantId: '', skuId: '', source: '', skuCode: '', promiseHours }
  const { keys } = PART_COLUMNS[table]
  prepared(
    db,
    `INSERT INTO ${table} (${keys.join(', ')}, ${column}) VALUES (${keys.map(() => '?').join(', ')}, ?)
     ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${column} = excluded.${column}`,
  ).run(...keys.map((name) => key[name as keyof typeof key]), Math.round(latest?.value ?? 0))
}

/** Daily totals of other bases again, after the roll-ups were emptied. */
export function retellAggregates(db: Db): void {
  const rows = db
    .prepare<[], DayAggregate>('SELECT DISTINCT baseId, merchantId, dayKey, metric FROM dayAggregate')
    .all()
  for (const row of rows) tell(db, row)
}

export const aggregateRollups: RollupHooks = {
  facts: { dayAggregate: (db, row) => tell(db, row as unknown as DayAggregate) },
}
