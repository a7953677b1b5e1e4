import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { TABLE_LIST } from '../../shared/domain/tables.ts'
import type { MigrationError } from '../../electron/sqlite/migrate.ts'
import { migrate, readMigrations } from '../../electron/sqlite/migrate.ts'
import { openDb, type Db } from '../../electron/sqlite/open.ts'
import { RESOURCES_DIR, tempDir } from '../helpers/core.ts'
import { tableSql } from '../helpers/table-sql.ts'

const FOLDER = join(RESOURCES_DIR, 'migrations', 'local')
const migrations = readMigrations(FOLDER)
const opened: { db: Db; dir: string }[] = []

function freshDb(): Db {
  const dir = tempDir()
  const db = openDb(join(dir, 'store.db'))
  opened.push({ db, dir })
  return db
}

afterEach(() => {
  for (const { db, dir } of opened.splice(0)) {
    db.close()
    rmSync(dir, { recursive: true, force: true })
  }
})

const FROZEN = JSON.parse(
  readFileSync(new URL('../fixtures/migrations.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, string>>

/** Columns whatever their order, and indexes. */
function shapeOf(db: Db, table: string): { columns: unknown[]; indexes: unknown[] } {
  const columns = db
    .prepare('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?) ORDER BY name')
    .all(table)
  const indexes = db
    .prepare(
      `SELECT list.name, list."unique", list.partial, info.seqno, info.name AS column
       FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS info
       WHERE list.origin = 'c' ORDER BY list.name, info.seqno`,
    )
    .all(table)
  return { columns, indexes }
}

const schemaOf = (db: Db) =>
  db
    .prepare(
      `SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name <> 'migration' ORDER BY type, name`,
    )
    .all()

describe('local migrations', () => {
  it('are numbered without gaps', () => {
    expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1))
  })

  it('give the same schema step by step, with rows in between, as in one go', () => {
    const whole = freshDb()
    migrate(whole, migrations, 1)
    const stepwise = freshDb()
    for (let upTo = 1; upTo <= migrations.length; upTo++) {
      migrate(stepwise, migrations.slice(0, upTo), upTo)
      if (upTo === 1)
        stepwise
          .prepare(
            `INSERT INTO person (id, scope, name, role, active) VALUES ('p1', 'belt', '于敏', 'administrator', 1)`,
          )
          .run()
    }
    expect(schemaOf(stepwise)).toEqual(schemaOf(whole))
    expect(stepwise.prepare('SELECT id, name, role FROM person').all()).toEqual([
      { id: 'p1', name: '于敏', role: 'administrator' },
    ])
    expect(migrate(stepwise, migrations, 99)).toEqual([])
  })

  it('hold every table of the registry as it describes it, strictly typed', () => {
    const db = freshDb()
    migrate(db, migrations, 1)
    const fresh = freshDb()
    for (const table of TABLE_LIST) {
      fresh.exec(tableSql(table))
      const [made, described] = [shapeOf(db, table.name), shapeOf(fresh, table.name)]
      expect(made.columns, table.name).toEqual(described.columns)
      // Features add indexes of their own.
      expect(made.indexes, table.name).toEqual(expect.arrayContaining(described.indexes))
    }
    const loose = (
      db.pragma('table_list') as { name: string; type: string; strict: number; schema: string }[]
    ).filter(
      ({ name, type, strict, schema }) =>
        schema === 'main' && type === 'table' && strict === 0 && !name.startsWith('sqlite_'),
    )
    expect(loose.map(({ name }) => name)).toEqual([])
  })

  it.each(Object.keys(FROZEN))('of %s stay as they are once people have stores made by them', (kind) => {
    const there = readMigrations(join(RESOURCES_DIR, 'migrations', kind))
    const sums = Object.fromEntries(there.map(({ name, checksum }) => [name, checksum]))
    // A change is a new file, and a new line in tests/fixtures/migrations.json.
    expect(sums).toEqual(FROZEN[kind])
  })

  it('refuse a store of a newer version and one whose history differs, and change nothing', () => {
    const db = freshDb()
    migrate(db, migrations, 1)
    const before = schemaOf(db)
    db.prepare('INSERT INTO migration (number, name, checksum, appliedMs) VALUES (9999, ?, ?, 1)').run(
      '9999_future',
      'x',
    )
    expect(() => migrate(db, migrations, 2)).toThrow(
      expect.objectContaining({ reason: 'newer' }) as MigrationError,
    )
    db.prepare('DELETE FROM migration WHERE number = 9999').run()
    db.prepare(`UPDATE migration SET checksum = 'other' WHERE number = 1`).run()
    expect(() => migrate(db, migrations, 2)).toThrow(
      expect.objectContaining({ reason: 'diverged' }) as MigrationError,
    )
    expect(schemaOf(db)).toEqual(before)
  })

  it('leave no half-applied step behind', () => {
    const db = freshDb()
    const broken = {
      number: 2,
      name: '0002_broken',
      sql: 'CREATE TABLE half (id INTEGER) STRICT; CREATE TABLE nonsense (',
      checksum: 'c',
    }
    expect(() => migrate(db, [migrations[0]!, broken], 1)).toThrow()
    expect(db.prepare(`SELECT count(*) AS n FROM sqlite_schema WHERE name = 'half'`).get()).toEqual({ n: 0 })
    expect(db.prepare('SELECT max(number) AS n FROM migration').get()).toEqual({ n: 1 })
  })
})
