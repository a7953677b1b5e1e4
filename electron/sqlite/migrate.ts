import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Db } from './open.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  /** SHA-256 of the text, hex. */
  readonly checksum: string
}

/** The store was made by a newer version of the program, or its history differs from this program's. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly reason: 'newer' | 'diverged'
  readonly migration: string

  constructor(reason: 'newer' | 'diverged', migration: string) {
    super(`store history is ${reason} at ${migration}`)
    this.reason = reason
    this.migration = migration
  }
}

/** Reads `NNNN_name.sql` files of a folder in order. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}_[a-z0-9-]+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n')
      return {
        number: Number(file.slice(0, 4)),
        name: file.slice(0, -4),
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      }
    })
}

/**
 * Brings a store up to date, each migration in its own transaction.
 * @returns the migrations applied now
 * @throws MigrationError when the store is newer than this program or its history differs; nothing is changed then
 */
export function migrate(db: Db, migrations: readonly Migration[], nowMs: number): Migration[] {
  db.exec(
    `CREATE TABLE IF NOT EXISTS migration (
       number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, appliedMs INTEGER NOT NULL
     ) STRICT`,
  )
  const done = db
    .prepare<[], { number: number; name: string; checksum: string }>(
      'SELECT number, name, checksum FROM migration ORDER BY number',
    )
    .all()
  const known = new Map(migrations.map((migration) => [migration.number, migration]))
  for (const row of done) {
    const migration = known.get(row.number)
    if (!migration) throw new MigrationError('newer', row.name)
    if (migration.checksum !== row.checksum) throw new MigrationError('diverged', row.name)
  }
  const applied = new Set(done.map((row) => row.number))
  const todo = migrations.filter((migration) => !applied.has(migration.number))
  const record = db.prepare('INSERT INTO migration (number, name, checksum, appliedMs) VALUES (?, ?, ?, ?)')
  const isDone = db.prepare<[number]>('SELECT 1 FROM migration WHERE number = ?')
  // Another process may bring the same file up to date at this moment: whoever has the write lock looks again.
  const apply = db.transaction((migration: Migration): boolean => {
    if (isDone.get(migration.number) !== undefined) return false
    db.exec(migration.sql)
    record.run(migration.number, migration.name, migration.checksum, nowMs)
    return true
  })
  return todo.filter((migration) => apply.immediate(migration))
}
