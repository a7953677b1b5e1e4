import Database from 'better-sqlite3'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from '../../shared/contract/result.ts'

/**
 * Keeps a second process out of a data directory for as long as this one lives; the kernel lets go when it is killed.
 * @returns the release
 * @throws Refusal `store-locked`, or the file system's error when the directory cannot be written
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true })
  const db = new Database(join(dataDir, 'lock.db'), { timeout: 1500 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY'))
      throw new Refusal('store-locked', { dataDir })
    throw error
  }
  return () => db.close()
}
