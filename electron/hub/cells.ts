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
  const key = { belt, tbl: op.table, row: op.row }
  const writes = [...writesOf(op, TABLES.get(op.table))]
  if (writes.length === 0) return
  const rows = await tx
    .selectFrom('cell')
    .select(['grp', 'stampMs', 'stampCtr', 'stampBy'])
    .where((eb) => eb.and(key))
    .execute()
  const standing = new Map(rows.map((row) => [row.grp, row]))
  const later = writes.filter(([grp]) => {
    const cell = standing.get(grp)
    if (!cell) return true
    return (stamp.ms - cell.stampMs || stamp.ctr - cell.stampCtr || compareOpIds(by, cell.stampBy)) > 0
  })
  if (later.length === 0) return
  await tx
    .insertInto('cell')
    .values(
      later.map(([grp, fields]) => ({
        ...key,
        grp,
        stampMs: stamp.ms,
        stampCtr: stamp.ctr,
        stampBy: by,
        fields: JSON.stringify(fields),
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['belt', 'tbl', 'row', 'grp']).doUpdateSet((eb) => ({
        stampMs: eb.ref('excluded.stampMs'),
        stampCtr: eb.ref('excluded.stampCtr'),
        stampBy: eb.ref('excluded.stampBy'),
        fields: eb.ref('excluded.fields'),
      })),
    )
    .execute()
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
