import { closeSync, fsyncSync, openSync } from 'node:fs'
import type { BackupReason } from '../../../../shared/contract/backup.ts'
import { openDb } from '../../../sqlite/open.ts'

/** What a backup says of itself, in its `meta` under `backup`. */
export interface BackupMark {
  readonly atMs: number
  readonly reason: BackupReason
  readonly ops: number
}

export interface FinishInput {
  readonly task: 'finishBackup'
  readonly path: string
  readonly atMs: number
  readonly reason: BackupReason
}

/** Tables and keys that belong to this machine alone. */
const MACHINE_META = `key IN ('lease', 'identityChanged') OR key LIKE 'job:%'`

/**
 * Makes a fresh copy of a store a backup: takes out what must not leave the machine (PIN verifiers above all), writes what
 * it is, checks every page and index, and leaves one file that opens on read-only media.
 * @returns ops in its log
 * @throws Error when the copy is not sound
 */
export function finishBackup({ path, atMs, reason }: Omit<FinishInput, 'task'>): { ops: number } {
  const db = openDb(path)
  try {
    db.pragma('secure_delete = ON')
    const ops = db.transaction(() => {
      db.prepare('DELETE FROM pinVerifier').run()
      db.prepare(`DELETE FROM meta WHERE ${MACHINE_META}`).run()
      const { n } = db.prepare('SELECT count(*) AS n FROM op').get() as { n: number }
      const mark: BackupMark = { atMs, reason, ops: n }
      db.prepare(`INSERT OR REPLACE INTO meta (key, value) VALUES ('backup', ?)`).run(JSON.stringify(mark))
      return n
    })()
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.pragma('journal_mode = DELETE')
    if (db.pragma('integrity_check(1)', { simple: true }) !== 'ok')
      throw new Error('the copy did not pass its check')
    return { ops }
  } finally {
    db.close()
    const handle = openSync(path, 'r+')
    fsyncSync(handle)
    closeSync(handle)
  }
}
