import { register, text, type Table } from '../../../shared/domain/table.ts'
import { TABLES } from '../../../shared/domain/tables.ts'
import type { Db } from '../../../electron/sqlite/open.ts'

/** What the next version of the product will know: one more table, and one more group of fields on an old one. */
const merchant = TABLES.get('merchant')!
const NEWER: readonly Table[] = [
  { ...merchant, groups: { ...merchant.groups, look: { colour: text } } },
  register('futureNote', 'belt', { body: { note: text } }),
]

const registry = TABLES as Map<string, Table>

export type Version = 1 | 2

/** Everything that runs until the next call belongs to this version. */
export function actAs(version: Version): void {
  if ((version === 2) === registry.has('futureNote')) return
  for (const table of NEWER)
    if (version === 2) registry.set(table.name, table)
    else if (table.name === 'merchant') registry.set('merchant', merchant)
    else registry.delete(table.name)
}

/** The newer version's migration. */
export function migrateTo(version: Version, db: Db): void {
  if (version === 1 || db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'futureNote'`).get()) return
  db.exec(`ALTER TABLE merchant ADD COLUMN colour TEXT NOT NULL DEFAULT '';
    CREATE TABLE futureNote (id TEXT PRIMARY KEY, scope TEXT NOT NULL, createdMs INTEGER NOT NULL DEFAULT 0,
      deleted INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '') STRICT;`)
}
