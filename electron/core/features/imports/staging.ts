import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Problem } from '../../../../shared/imports/problems.ts'
import { openDb, type Db } from '../../../sqlite/open.ts'

/**
 * A file's rows between reading and commit live in a small store of their own, so that reading 200 MB neither holds the belt's
 * write lock nor leaves anything behind in it. Whatever happens, the file can be thrown away.
 */
const STAGING_SQL = `
CREATE TABLE stagedRow (
  rowNo INTEGER PRIMARY KEY,
  -- What identifies the row outside: sub-order or after-sale number; null for rows that are not taken
  "key" TEXT UNIQUE,
  -- The sub-order that an after-sale case belongs to
  line TEXT,
  verdict TEXT NOT NULL,
  warned INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE stagedProblem (
  rowNo INTEGER NOT NULL,
  n INTEGER NOT NULL,
  severity TEXT NOT NULL,
  columnName TEXT NOT NULL,
  excerpt TEXT NOT NULL,
  reason TEXT NOT NULL,
  suggestion TEXT NOT NULL,
  PRIMARY KEY (rowNo, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE stagedSku (
  code TEXT PRIMARY KEY,
  productName TEXT NOT NULL,
  "rows" INTEGER NOT NULL,
  units INTEGER NOT NULL,
  unitPriceFen INTEGER
) STRICT, WITHOUT ROWID;
`

/** Where an import of the belt stored at `beltPath` keeps its rows. */
export function stagingPathOf(beltPath: string, importId: string): string {
  return join(stagingFolderOf(beltPath), `${storeOf(beltPath)}-${importId}.db`)
}

const storeOf = (beltPath: string) => basename(beltPath, '.db')
const stagingFolderOf = (beltPath: string) => join(dirname(dirname(beltPath)), 'imports')

/** A new, empty staging store; fast rather than durable until `settleStaging`. */
export function createStaging(path: string): Db {
  mkdirSync(dirname(path), { recursive: true })
  removeStaging(path)
  const db = openDb(path)
  db.pragma('journal_mode = DELETE')
  db.pragma('synchronous = OFF')
  db.pragma('cache_size = -16384')
  db.exec(STAGING_SQL)
  return db
}

/** Makes a finished staging store durable: what a person saw in the preview is what gets committed. */
export function settleStaging(db: Db): void {
  db.exec('CREATE INDEX stagedRow_verdict ON stagedRow (verdict, rowNo)')
  db.exec('CREATE INDEX stagedRow_warned ON stagedRow (rowNo) WHERE warned = 1')
  db.pragma('synchronous = FULL')
  db.pragma('user_version = 1')
}

/** Null when the store is not there or was never finished. */
export function openStaging(path: string): Db | null {
  if (!existsSync(path)) return null
  const db = openDb(path, { readOnly: true })
  if (db.pragma('user_version', { simple: true }) === 1) return db
  db.close()
  return null
}

export function removeStaging(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}

/** Removes what imports of this belt left behind, except the named ones. */
export function sweepStaging(beltPath: string, keep: ReadonlySet<string>): void {
  const folder = stagingFolderOf(beltPath)
  if (!existsSync(folder)) return
  const prefix = `${storeOf(beltPath)}-`
  for (const file of readdirSync(folder)) {
    const importId = file.startsWith(prefix) ? /^([^.]+)\.db/.exec(file.slice(prefix.length))?.[1] : undefined
    if (importId !== undefined && !keep.has(importId)) rmSync(join(folder, file), { force: true })
  }
}

export const prepareProblem = (staging: Db) =>
  staging.prepare<[number, number, string, string, string, string, string]>(
    'INSERT INTO stagedProblem (rowNo, n, severity, columnName, excerpt, reason, suggestion) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )

export function putProblem(
  insert: ReturnType<typeof prepareProblem>,
  rowNo: number,
  n: number,
  problem: Problem,
): void {
  insert.run(rowNo, n, problem.severity, problem.column, problem.excerpt, problem.reason, problem.suggestion)
}
