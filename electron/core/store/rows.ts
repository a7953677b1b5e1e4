import { fieldsOf, type Field, type Table } from '../../../shared/domain/table.ts'
import type { Fields, Value } from '../../../shared/ops/types.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type Database from 'better-sqlite3'

export type SqlValue = string | number | null
export type SqlRow = Record<string, SqlValue>

const EMPTY: Record<Field['type'], SqlValue> = { text: '', ref: '', json: 'null', int: 0, bool: 0, real: 0 }

export function toSql(field: Field, value: Value | undefined): SqlValue {
  if (value === undefined || value === null) return field.nullable ? null : EMPTY[field.type]
  if (field.type === 'json') return JSON.stringify(value)
  if (field.type === 'bool') return value === true || value === 1 ? 1 : 0
  if (typeof value === 'number' || typeof value === 'string') return value
  return JSON.stringify(value)
}

export function fromSql(field: Field, value: SqlValue | undefined): Value {
  if (value === undefined || value === null) return null
  if (field.type === 'json') return typeof value === 'string' ? (JSON.parse(value) as Value) : value
  if (field.type === 'bool') return value === 1
  return value
}

interface GroupStatements {
  readonly names: readonly string[]
  readonly fields: readonly Field[]
  readonly update: Database.Statement<SqlValue[]>
}

/** Prepared statements of one replicated table. */
export interface TableStatements {
  readonly table: Table
  readonly columns: readonly { name: string; group: string; field: Field }[]
  readonly byName: ReadonlyMap<string, { group: string; field: Field }>
  readonly insert: Database.Statement<SqlValue[]>
  readonly get: Database.Statement<[string], SqlRow>
  readonly remove: Database.Statement<[string]>
  readonly groups: ReadonlyMap<string, GroupStatements>
  readonly byNaturalKey: Database.Statement<SqlValue[], SqlRow> | null
}

export function prepareTable(db: Db, table: Table): TableStatements {
  const columns = fieldsOf(table)
  const names = [
    'id',
    'scope',
    'createdMs',
    ...(table.kind === 'register' ? ['deleted'] : []),
    ...columns.map((column) => column.name),
  ]
  const groups = new Map<string, GroupStatements>()
  for (const [group, fields] of Object.entries(table.groups)) {
    const fieldNames = Object.keys(fields)
    groups.set(group, {
      names: fieldNames,
      fields: Object.values(fields),
      update: prepared<SqlValue[], unknown>(
        db,
        `UPDATE ${table.name} SET ${fieldNames.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`,
      ),
    })
  }
  return {
    table,
    columns,
    byName: new Map(columns.map(({ name, group, field }) => [name, { group, field }])),
    insert: prepared<SqlValue[], unknown>(
      db,
      `INSERT INTO ${table.name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    ),
    get: prepared<[string], SqlRow>(db, `SELECT * FROM ${table.name} WHERE id = ?`),
    remove: prepared<[string], unknown>(db, `DELETE FROM ${table.name} WHERE id = ?`),
    groups,
    byNaturalKey: table.naturalKey
      ? prepared<SqlValue[], SqlRow>(
          db,
          `SELECT * FROM ${table.name} WHERE ${table.naturalKey.map((name) => `${name} = ?`).join(' AND ')}`,
        )
      : null,
  }
}

/** The groups that a `set` touches, each complete; fields this version does not know are left to the log. */
export function touchedGroups(statements: TableStatements, fields: Fields): Map<string, SqlValue[]> {
  const touched = new Set<string>()
  for (const name of Object.keys(fields)) {
    const column = statements.byName.get(name)
    if (column) touched.add(column.group)
  }
  const out = new Map<string, SqlValue[]>()
  for (const group of touched) {
    const { names, fields: defs } = statements.groups.get(group)!
    out.set(
      group,
      names.map((name, index) => toSql(defs[index]!, fields[name])),
    )
  }
  return out
}
