import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  CompiledQuery,
  Kysely,
  PostgresDialect,
  SqliteDialect,
  SqliteDriver,
  type Compilable,
  type DatabaseConnection,
  type Transaction,
} from 'kysely'
import pg from 'pg'
import { migrate, MigrationError, readMigrations } from '../sqlite/migrate.ts'
import { openDb, type Db } from '../sqlite/open.ts'
import { prepared } from '../sqlite/prepared.ts'
import { Place } from './place.ts'
import type { HubSchema } from './schema.ts'

export type Queries = Kysely<HubSchema> | Transaction<HubSchema>
export type Tx = Transaction<HubSchema>

/** The hub's database: the same tables and queries whichever of the two engines is behind it. */
export interface HubDatabase {
  readonly kind: 'sqlite' | 'postgres'
  readonly db: Kysely<HubSchema>
  /** Only for SQLite: the file's own connection, for backups and checks. */
  readonly file: Db | null
  /** Only for PostgreSQL: whether it still is the database that this process knows. */
  readonly place: Place | null
  /** Inserts many rows of equal columns inside `tx`. */
  insertMany<T extends keyof HubSchema>(tx: Tx, table: T, rows: readonly HubSchema[T][]): Promise<void>
  /** Runs one statement outside any transaction that a power cut may undo. @returns how many rows it changed */
  runLightly(statement: Compilable): Promise<number>
  /** True for the error that the exclusion constraint on grants raises. */
  isOverlap(error: unknown): boolean
  close(): Promise<void>
}

export function openSqlite(dataDir: string, migrationsDir: string, nowMs: number): HubDatabase {
  mkdirSync(dataDir, { recursive: true })
  const file = openDb(join(dataDir, 'hub.db'))
  try {
    migrate(file, readMigrations(migrationsDir), nowMs)
  } catch (error) {
    file.close()
    throw error
  }
  return sqliteDatabase(file)
}

/**
 * Transactions that hold the file's write lock from their beginning. One that reads first and writes later is refused at
 * once where another process has written in between (SQLITE_BUSY_SNAPSHOT); waiting for the lock never fails it.
 */
class WriterDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

class WriterDialect extends SqliteDialect {
  readonly #file: Db

  constructor(file: Db) {
    super({ database: file })
    this.#file = file
  }

  override createDriver(): SqliteDriver {
    return new WriterDriver({ database: this.#file })
  }
}

/** Over an open file whose tables are there. */
export function sqliteDatabase(file: Db): HubDatabase {
  const db = new Kysely<HubSchema>({ dialect: new WriterDialect(file) })
  return {
    kind: 'sqlite',
    db,
    file,
    place: null,
    // Kysely holds the file's only connection during the transaction, so that these statements are part of it.
    async insertMany(_tx, table, rows) {
      const first = rows[0]
      if (!first) return
      const names = Object.keys(first)
      const statement = prepared(
        file,
        `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      )
      for (const row of rows) statement.run(...Object.values(row))
    },
    runLightly: (statement) =>
      // While Kysely's only connection is held here, nobody has a transaction open on it.
      db.connection().execute(() => {
        const { sql, parameters } = statement.compile()
        file.pragma('synchronous = NORMAL')
        try {
          return Promise.resolve(prepared(file, sql).run(...parameters).changes)
        } finally {
          file.pragma('synchronous = FULL')
        }
      }),
    isOverlap: (error) => error instanceof Error && error.message.includes('grant overlaps'),
    close: () => db.destroy(),
  }
}

const INT8_OID = 20
const NUMERIC_OID = 1700
/** bigint columns hold safe integers only. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID || oid === NUMERIC_OID
      ? Number
      : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
}

const MAX_PARAMETERS = 60_000

export async function openPostgres(url: string, migrationsDir: string, nowMs: number): Promise<HubDatabase> {
  const pool = new pg.Pool({ connectionString: url, max: 8, types })
  const lost = (): void => {
    // The server has closed the connection. Its query says so too, and the next one opens another.
  }
  pool.on('error', lost)
  // The pool listens only while a connection is idle.
  pool.on('connect', (client) => client.on('error', lost))
  try {
    await migratePostgres(pool, migrationsDir, nowMs)
  } catch (error) {
    await pool.end()
    throw error
  }
  const db = new Kysely<HubSchema>({ dialect: new PostgresDialect({ pool }) })
  return {
    kind: 'postgres',
    db,
    file: null,
    place: new Place(),
    async insertMany(tx, table, rows) {
      const first = rows[0]
      if (!first) return
      const perStatement = Math.floor(MAX_PARAMETERS / Object.keys(first).length)
      for (let at = 0; at < rows.length; at += perStatement)
        await tx
          .insertInto(table)
          .values(rows.slice(at, at + perStatement) as never)
          .execute()
    },
    runLightly: async (statement) =>
      Number((await db.executeQuery(statement.compile())).numAffectedRows ?? 0),
    isOverlap: (error) => error instanceof Error && 'code' in error && error.code === '23P01',
    close: () => db.destroy(),
  }
}

/** One lock for the database, so that hub processes starting together do not migrate at once. */
const MIGRATION_LOCK = 4_836_201

async function migratePostgres(pool: pg.Pool, folder: string, nowMs: number): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    await client.query(
      `CREATE TABLE IF NOT EXISTS migration (
         number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "appliedMs" BIGINT NOT NULL)`,
    )
    const migrations = readMigrations(folder)
    const known = new Map(migrations.map((migration) => [migration.number, migration]))
    const done = await client.query<{ number: number; name: string; checksum: string }>(
      'SELECT number, name, checksum FROM migration',
    )
    for (const row of done.rows) {
      const migration = known.get(row.number)
      if (!migration) throw new MigrationError('newer', row.name)
      if (migration.checksum !== row.checksum) throw new MigrationError('diverged', row.name)
      known.delete(row.number)
    }
    for (const migration of known.values()) {
      await client.query('BEGIN')
      try {
        await client.query(migration.sql)
        await client.query('INSERT INTO migration VALUES ($1, $2, $3, $4)', [
          migration.number,
          migration.name,
          migration.checksum,
          nowMs,
        ])
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      }
    }
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined)
    client.release()
  }
}
