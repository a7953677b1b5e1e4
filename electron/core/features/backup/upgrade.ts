import { copyFileSync, constants, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { offsetMin } from '../../../../shared/domain/time.ts'
import type { Migration } from '../../../sqlite/migrate.ts'
import { openDb, type Db } from '../../../sqlite/open.ts'
import type { Log } from '../../services.ts'
import { finishBackup } from './finish.ts'
import { dropOutdated, removeStore } from './make.ts'
import { ownFolder, readPlan } from './plan.ts'

/**
 * A backup of a store that is about to be migrated, before anything in it changes. Goes to the data folder when the chosen
 * folder is not there.
 * @throws the file system's or SQLite's error when no copy can be made: the upgrade then waits
 */
export function backUpBeforeUpgrade(
  db: Db,
  about: {
    path: string
    store: string
    dataDir: string
    migrations: readonly Migration[]
    nowMs: number
    log: Log
  },
): void {
  const { dataDir, log } = about
  const plan = readPlan(dataDir)
  if (!plan.beforeUpgrade || !isUpgrade(db, about.migrations)) return
  db.pragma('wal_checkpoint(TRUNCATE)')
  if (plan.folder !== null) {
    try {
      copyTo(plan.folder, about)
      return
    } catch (error) {
      log.warn('no backup in the chosen folder', { folder: plan.folder, error: String(error) })
    }
  }
  copyTo(ownFolder(dataDir), about)
}

function isUpgrade(db: Db, migrations: readonly Migration[]): boolean {
  const table = db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'`).get()
  if (!table) return false
  const { last } = db.prepare('SELECT max(number) AS last FROM migration').get() as { last: number | null }
  return last !== null && migrations.some(({ number }) => number > last)
}

function copyTo(
  folder: string,
  { path, store, dataDir, nowMs }: { path: string; store: string; dataDir: string; nowMs: number },
): void {
  mkdirSync(folder, { recursive: true })
  const target = join(folder, `${store}-${nowMs}.db`)
  const partial = `${target}.partial`
  try {
    copyFileSync(path, partial, constants.COPYFILE_FICLONE)
    finishBackup({ path: partial, atMs: nowMs, reason: 'upgrade' })
    renameSync(partial, target)
  } finally {
    removeStore(partial)
  }
  dropOutdated(dataDir, folder, store, zoneOf(target))
}

function zoneOf(backup: string): number {
  const db = openDb(backup, { readOnly: true })
  try {
    const row = db.prepare('SELECT timeZone FROM belt LIMIT 1').get() as { timeZone: string } | undefined
    return offsetMin(row?.timeZone ?? 'Asia/Shanghai')
  } finally {
    db.close()
  }
}
