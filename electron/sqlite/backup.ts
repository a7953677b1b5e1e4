import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { openDb, type Db } from './open.ts'

export interface BackupFile {
  /** File name inside the backup folder: `<store>-<epoch ms>.db`. */
  readonly id: string
  readonly path: string
  readonly atMs: number
  readonly sizeBytes: number
}

const nameOf = (store: string, atMs: number) => `${store}-${atMs}.db`

/** Backups of a store, newest first. */
export function listBackups(folder: string, store: string): BackupFile[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .flatMap((id) => {
      if (!id.startsWith(`${store}-`) || !id.endsWith('.db')) return []
      const atMs = Number(id.slice(store.length + 1, -3))
      if (!Number.isSafeInteger(atMs)) return []
      const path = join(folder, id)
      return [{ id, path, atMs, sizeBytes: statSync(path).size }]
    })
    .sort((a, b) => b.atMs - a.atMs)
}

/** True when the file opens, passes SQLite's integrity check and holds a migrated store. */
export function verifyBackup(path: string): boolean {
  try {
    const db = openDb(path, { readOnly: true })
    try {
      const healthy = db.pragma('integrity_check(1)', { simple: true }) === 'ok'
      const rows = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM migration').get()
      return healthy && (rows?.n ?? 0) > 0
    } finally {
      db.close()
    }
  } catch {
    return false
  }
}

/**
 * Copies a live store while it stays in use, checks the copy by opening it, then drops generations beyond `keep`.
 * @throws Error when the copy does not verify; older backups are untouched then
 */
export async function makeBackup(
  db: Db,
  folder: string,
  store: string,
  atMs: number,
  keep = 7,
): Promise<BackupFile> {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, nameOf(store, atMs))
  const partial = `${path}.partial`
  rmSync(partial, { force: true })
  try {
    await db.backup(partial)
    if (!verifyBackup(partial)) throw new Error('the backup did not verify')
    syncFile(partial)
    renameSync(partial, path)
  } catch (error) {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(partial + suffix, { force: true })
    throw error
  }
  for (const old of listBackups(folder, store).slice(keep)) rmSync(old.path, { force: true })
  return { id: nameOf(store, atMs), path, atMs, sizeBytes: statSync(path).size }
}

/**
 * Puts a verified backup in a store's place. The store must be closed. What was there is kept as `<path>.replaced-<ms>`.
 * @throws Error when the backup does not verify; nothing is changed then
 */
export function restoreBackup(backupPath: string, storePath: string, nowMs: number): void {
  if (!verifyBackup(backupPath)) throw new Error('the backup did not verify')
  const incoming = `${storePath}.restoring`
  copyFileSync(backupPath, incoming)
  syncFile(incoming)
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(storePath + suffix))
      renameSync(storePath + suffix, `${storePath}.replaced-${nowMs}${suffix}`)
  }
  renameSync(incoming, storePath)
}

function syncFile(path: string): void {
  const handle = openSync(path, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
