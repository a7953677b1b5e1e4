import { fieldsOf } from '../../../../shared/domain/table.ts'
import { TABLES, TABLE_LIST } from '../../../../shared/domain/tables.ts'
import { compareOpIds, opId } from '../../../../shared/ops/id.ts'
import { LIFE, writesOf } from '../../../../shared/ops/merge.ts'
import type { Fields, Value } from '../../../../shared/ops/types.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import { opOf, type OpRow } from '../../store/store.ts'

/** One op of a row with what its fields held before, in the order in which the writes stand. */
export interface Step {
  readonly id: string
  readonly op: OpRow
  readonly fields: Fields
  /** Values before it; a field that is missing was not known here. Empty for a step that made the row. */
  readonly before: Fields
  /** Field groups it wrote, `$life` for creation, deletion and restoring. */
  readonly groups: readonly string[]
  /** The latest standing step after it that wrote one of its groups. */
  readonly overtakenBy: Step | null
}

const COUNTS = new Set(['local', 'pending', 'canonical'])

/** A row's own ops in the order of their canonical stamps, this device's unsettled ones last. */
function opsOf(db: Db, table: string, row: string): OpRow[] {
  const rows = prepared<[string, string], OpRow>(
    db,
    'SELECT * FROM op WHERE tbl = ? AND row = ? ORDER BY n',
  ).all(table, row)
  const settled = rows.filter(({ state }) => state === 'canonical')
  const open = rows.filter(({ state }) => state !== 'canonical')
  settled.sort(
    (a, b) =>
      (a.stampMs ?? a.atMs) - (b.stampMs ?? b.atMs) ||
      (a.stampCtr ?? a.atCtr) - (b.stampCtr ?? b.atCtr) ||
      compareOpIds(opId(a), opId(b)),
  )
  return [...settled, ...open]
}

/** Replays a row's ops. @returns its steps, oldest first */
export function stepsOf(db: Db, tableName: string, row: string): Step[] {
  const table = TABLES.get(tableName)
  const state: Record<string, Value> = {}
  const steps: { -readonly [K in keyof Step]: Step[K] }[] = []
  for (const op of opsOf(db, tableName, row)) {
    const { fields, kind } = opOf(op)
    const groups = [...writesOf({ kind, fields }, table).keys()]
    const before: Record<string, Value> = {}
    for (const name of Object.keys(fields)) if (name in state) before[name] = state[name]!
    const step = { id: opId(op), op, fields, before, groups, overtakenBy: null }
    steps.push(step)
    if (!COUNTS.has(op.state)) continue
    for (const earlier of steps)
      if (earlier !== step && overtakes(op.kind, groups, earlier)) earlier.overtakenBy = step
    Object.assign(state, fields)
  }
  return steps
}

/** A creation is overtaken by any later change of the row, a change by a later one of the same fields. */
function overtakes(kind: string, groups: readonly string[], earlier: Pick<Step, 'op' | 'groups'>): boolean {
  if (!COUNTS.has(earlier.op.state)) return false
  if (earlier.op.kind === 'create') return kind !== 'create'
  if (kind === 'create') return false
  return earlier.groups.some((group) => groups.includes(group))
}

/** Facts that people recorded about rows of a table: the table's name and the field that names the row. */
const RECORDS: ReadonlyMap<string, readonly { table: string; field: string }[]> = new Map(
  TABLE_LIST.map((about) => [
    about.name,
    TABLE_LIST.flatMap((table) =>
      table.kind === 'fact' &&
      (table.lane === 'urgent' || table.name === 'orderState') &&
      table.name !== 'resourceGrant'
        ? fieldsOf(table)
            .filter(({ name, field }) => field.ref === about.name && name !== 'heldBy')
            .map(({ name }) => ({ table: table.name, field: name }))
        : [],
    ),
  ]),
)
const MAX_RECORDS = 200

/** What was recorded about a row. */
export function recordsOf(db: Db, table: string, row: string): Step[] {
  return (RECORDS.get(table) ?? []).flatMap(({ table: about, field }) =>
    prepared<[string, number], { id: string }>(
      db,
      `SELECT id FROM ${about} WHERE ${field} = ? ORDER BY createdMs DESC LIMIT ?`,
    )
      .all(row, MAX_RECORDS)
      .flatMap(({ id }) => stepsOf(db, about, id)),
  )
}

export const isLife = (group: string): boolean => group === LIFE
