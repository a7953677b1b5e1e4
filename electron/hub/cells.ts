import { TABLES } from '../../shared/domain/tables.ts'
import type { Role } from '../../shared/contract/define.ts'
import { compareOpIds, opId } from '../../shared/ops/id.ts'
import { LIFE, writesOf } from '../../shared/ops/merge.ts'
import type { PersonRights } from '../../shared/ops/rights.ts'
import type { Fields, Op, Stamp } from '../../shared/ops/types.ts'
import type { Queries, Tx } from './database.ts'

/** Registers that grants and rights depend on; the hub keeps the standing value of each of their field groups. */
const DECISION_TABLES = new Set(['belt', 'studio', 'equipment', 'streamer', 'merchant', 'person', 'liveBase'])

export const isDecisionTable = (table: string): boolean => DECISION_TABLES.has(table)

/** Applies an accepted register op: the later stamp of each group stands. */
export async function writeCells(tx: Tx, belt: string, op: Op, given: Stamp): Promise<void> {
  const by = opId(op)
  // A creation only fills what nobody has written, as on every device.
  const stamp = op.kind === 'create' ? { ms: -1, ctr: 0 } : given
  for (const [grp, fields] of writesOf(op, TABLES.get(op.table))) {
    const key = { belt, tbl: op.table, row: op.row, grp }
    const standing = await tx
      .selectFrom('cell')
      .select(['stampMs', 'stampCtr', 'stampBy'])
      .where((eb) => eb.and(key))
      .executeTakeFirst()
    const order = standing
      ? stamp.ms - standing.stampMs || stamp.ctr - standing.stampCtr || compareOpIds(by, standing.stampBy)
      : 1
    if (order <= 0) continue
    const values = { stampMs: stamp.ms, stampCtr: stamp.ctr, stampBy: by, fields: JSON.stringify(fields) }
    await tx
      .insertInto('cell')
      .values({ ...key, ...values })
      .onConflict((conflict) => conflict.columns(['belt', 'tbl', 'row', 'grp']).doUpdateSet(values))
      .execute()
  }
}

/** Rows of a table that are not deleted, each with all its known fields. */
export async function readRows(
  db: Queries,
  belt: string,
  table: string,
  row?: string,
): Promise<Map<string, Fields>> {
  let query = db
    .selectFrom('cell')
    .select(['row', 'grp', 'fields'])
    .where('belt', '=', belt)
    .where('tbl', '=', table)
  if (row !== undefined) query = query.where('row', '=', row)
  const rows = new Map<string, Fields>()
  const deleted = new Set<string>()
  for (const cell of await query.execute()) {
    const fields = JSON.parse(cell.fields) as Fields
    if (cell.grp !== LIFE) rows.set(cell.row, { ...rows.get(cell.row), ...fields })
    else if (fields.deleted === true) deleted.add(cell.row)
  }
  for (const id of deleted) rows.delete(id)
  return rows
}

/** What a person may do; null while the hub has not heard of them. */
export async function personRights(db: Queries, belt: string, person: string): Promise<PersonRights | null> {
  const fields = (await readRows(db, belt, 'person', person)).get(person)
  if (!fields || typeof fields.role !== 'string') return null
  return {
    role: fields.role as Role,
    baseId: typeof fields.baseId === 'string' ? fields.baseId : null,
    active: fields.active !== false,
  }
}
