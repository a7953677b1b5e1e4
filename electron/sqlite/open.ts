import Database from 'better-sqlite3'
import { codeOf } from './error-code.ts'

export type Db = Database.Database

export interface OpenOptions {
  /** A second connection that can never write. The file must exist. */
  readonly readOnly?: boolean
}

/**
 * Opens a store. Writers use WAL with `synchronous = FULL`: what was answered as saved survives a power cut.
 * @throws SqliteError — classify it with `storeProblemOf`
 */
export function openDb(path: string, options: OpenOptions = {}): Db {
  const db = new Database(path, {
    readonly: options.readOnly ?? false,
    fileMustExist: options.readOnly ?? false,
    timeout: 5000,
  })
  try {
    if (!options.readOnly) {
      db.pragma('journal_mode = WAL')
      db.pragma('synchronous = FULL')
      db.pragma('wal_autocheckpoint = 2000')
    }
    db.pragma('foreign_keys = ON')
    db.pragma('trusted_schema = OFF')
    db.pragma('temp_store = MEMORY')
    db.pragma('cache_size = -32768')
    // Reads page 1, so that a damaged or foreign file is refused here and not in the middle of work.
    db.pragma('schema_version')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

export type StoreProblem = 'read-only' | 'full' | 'corrupt' | 'locked' | 'other'

/** What kind of trouble an error from SQLite or the file system is; `other` when it is neither. */
export function storeProblemOf(error: unknown): StoreProblem {
  const code = codeOf(error)
  if (/^SQLITE_FULL|^ENOSPC|^EDQUOT/.test(code)) return 'full'
  if (/^SQLITE_READONLY|^SQLITE_CANTOPEN|^SQLITE_PERM|^EROFS|^EACCES|^EPERM|^ENOTDIR|^EEXIST/.test(code))
    return 'read-only'
  if (/^SQLITE_CORRUPT|^SQLITE_NOTADB/.test(code)) return 'corrupt'
  if (/^SQLITE_BUSY|^SQLITE_LOCKED/.test(code)) return 'locked'
  return 'other'
}
