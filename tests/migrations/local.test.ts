import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { fieldsOf } from '../../shared/domain/table.ts'
import { TABLE_LIST } from '../../shared/domain/tables.ts'
import type { MigrationError } from '../../electron/sqlite/migrate.ts'
import { migrate, readMigrations } from '../../electron/sqlite/migrate.ts'
import { openDb, type Db } from '../../electron/sqlite/open.ts'
import { RESOURCES_DIR, tempDir } from '../helpers/core.ts'
import { initSql } from '../helpers/generate-schema.ts'

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

  it('hold every table and field of the registry, strictly typed', () => {
    const db = freshDb()
    migrate(db, migrations, 1)
    for (const table of TABLE_LIST) {
      const columns = (db.pragma(`table_info(${table.name})`) as { name: string }[]).map(({ name }) => name)
      expect(columns, table.name).toEqual(
        expect.arrayContaining(['id', 'scope', 'createdMs', ...fieldsOf(table).map(({ name }) => name)]),
      )
    }
    const loose = (
      db.pragma('table_list') as { name: string; type: string; strict: number; schema: string }[]
    ).filter(
      ({ name, type, strict, schema }) =>
        schema === 'main' && type === 'table' && strict === 0 && !name.startsWith('sqlite_'),
    )
    expect(loose.map(({ name }) => name)).toEqual([])
  })

  it('keep the first migration as the registry describes it until it is released', () => {
    expect(readFileSync(join(FOLDER, '0001_init.sql'), 'utf8')).toBe(initSql())
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
