/** Prints the DDL of tables as the registry describes them, for a new migration: node tests/helpers/table-sql.ts TABLE… */
import { fileURLToPath } from 'node:url'
import { fieldsOf, type Field, type Table } from '../../shared/domain/table.ts'
import { tableNamed } from '../../shared/domain/tables.ts'

const SQL_TYPE = {
  text: 'TEXT',
  ref: 'TEXT',
  json: 'TEXT',
  int: 'INTEGER',
  bool: 'INTEGER',
  real: 'REAL',
} as const
const DEFAULT = { text: "''", ref: "''", json: "'null'", int: '0', bool: '0', real: '0' } as const

function column(name: string, field: Field): string {
  const type = SQL_TYPE[field.type]
  return field.nullable ? `${name} ${type}` : `${name} ${type} NOT NULL DEFAULT ${DEFAULT[field.type]}`
}

/** DDL of one replicated table. Values are checked by commands and at receipt; a newer device's values must still fit here. */
export function tableSql(table: Table): string {
  const columns = [
    'id TEXT PRIMARY KEY',
    'scope TEXT NOT NULL',
    'createdMs INTEGER NOT NULL DEFAULT 0',
    // 0 live, 1 deleted, 2 edited here before its creation arrived
    ...(table.kind === 'register' ? ['deleted INTEGER NOT NULL DEFAULT 0'] : []),
    ...fieldsOf(table).map(({ name, field }) => column(name, field)),
  ]
  const lines = [`CREATE TABLE ${table.name} (\n  ${columns.join(',\n  ')}\n) STRICT;`]
  if (table.naturalKey)
    lines.push(`CREATE UNIQUE INDEX ${table.name}_natural ON ${table.name} (${table.naturalKey.join(', ')});`)
  for (const index of table.indexes)
    lines.push(`CREATE INDEX ${table.name}_${index.join('_')} ON ${table.name} (${index.join(', ')});`)
  return lines.join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(
    process.argv
      .slice(2)
      .map((name) => tableSql(tableNamed(name)))
      .join('\n\n'),
  )
