import { existsSync, mkdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BACKUP_JOB, type BackupInfo, type BackupReason } from '../../../../shared/contract/backup.ts'
import { Refusal, type AppError } from '../../../../shared/contract/result.ts'
import { offsetMin } from '../../../../shared/domain/time.ts'
import { asAppError } from '../../dispatch.ts'
import type { OpenBelt, Services } from '../../services.ts'
import type { FinishInput } from './finish.ts'
import { outdated } from './generations.ts'
import { backupsIn, infoOf } from './list.ts'
import { folderOf, readPlan } from './plan.ts'

const PAGES_PER_STEP = 250
/** Room that a copy needs beyond the store's size: its own journal while it is finished. */
const ROOM = 1.2

const failures = new WeakMap<OpenBelt, AppError>()

/** Why the last backup of this belt was not made; null when it was. */
export const lastFailure = (belt: OpenBelt): AppError | null => failures.get(belt) ?? null

export const isBackingUp = (services: Services): boolean => services.jobs(BACKUP_JOB).length > 0

/**
 * Copies the open belt while it stays in use, finishes and checks the copy in a thread, then drops what no generation keeps.
 * @throws Refusal `backup-running`, `backup-failed`, `cancelled`, `store-full` or `store-read-only`; older backups are
 *   untouched then
 */
export async function makeBackup(services: Services, reason: BackupReason): Promise<BackupInfo> {
  if (isBackingUp(services)) throw new Refusal('backup-running')
  const belt = services.belt()
  const stopper = new AbortController()
  const work = copy(services, belt, reason, stopper.signal)
  const cancel = () => stopper.abort()
  services.track(BACKUP_JOB, { stop: cancel, cancel }, work)
  try {
    const info = await work
    failures.delete(belt)
    services.emit({ kind: 'finished', jobId: BACKUP_JOB, outcome: 'done' })
    return info
  } catch (error) {
    const known = asAppError(error) ?? { code: 'backup-failed', details: {} }
    if (known.code === 'backup-failed') services.log.error('backup failed', { error: String(error) })
    const cancelled = known.code === 'cancelled'
    if (!cancelled) failures.set(belt, known)
    services.emit({ kind: 'finished', jobId: BACKUP_JOB, outcome: cancelled ? 'cancelled' : 'failed' })
    throw new Refusal(known.code, known.details)
  } finally {
    services.emit({ kind: 'changed', topics: ['backup'] })
  }
}

async function copy(
  services: Services,
  belt: OpenBelt,
  reason: BackupReason,
  signal: AbortSignal,
): Promise<BackupInfo> {
  const atMs = services.clock()
  const folder = folderOf(services.dataDir)
  const { store } = belt.known
  mkdirSync(folder, { recursive: true })
  needRoom(folder, belt.path)
  const id = `${store}-${atMs}.db`
  const path = join(folder, id)
  const partial = `${path}.partial`
  removeStore(partial)
  const tell = (phase: string, done: number, total: number | null) =>
    services.emit({ kind: 'progress', jobId: BACKUP_JOB, phase, done, total })
  try {
    await belt.store.db.backup(partial, {
      progress: ({ totalPages, remainingPages }) => {
        if (signal.aborted) throw new Refusal('cancelled')
        tell('copy', totalPages - remainingPages, totalPages)
        return PAGES_PER_STEP
      },
    })
    if (signal.aborted) throw new Refusal('cancelled')
    tell('check', 0, null)
    const input: FinishInput = { task: 'finishBackup', path: partial, atMs, reason }
    const run = services.startWorker('import', input, () => undefined)
    signal.addEventListener('abort', () => run.cancel(), { once: true })
    await run.result.catch((error: unknown) => {
      throw signal.aborted ? new Refusal('cancelled') : error
    })
    renameSync(partial, path)
  } finally {
    removeStore(partial)
  }
  dropOutdated(services.dataDir, folder, store, offsetMin(belt.info.timeZone))
  const made = backupsIn(folder, store).find((backup) => backup.id === id)
  if (!made) throw new Error('the backup cannot be read back')
  return infoOf(made)
}

/** @throws Refusal `store-full` before anything is written */
function needRoom(folder: string, storePath: string): void {
  const { bavail, bsize } = statfsSync(folder)
  const wal = `${storePath}-wal`
  const needed = (statSync(storePath).size + (existsSync(wal) ? statSync(wal).size : 0)) * ROOM
  if (bavail * bsize < needed) throw new Refusal('store-full')
}

export function removeStore(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
}

export function dropOutdated(dataDir: string, folder: string, store: string, zoneOffsetMin: number): void {
  for (const old of outdated(backupsIn(folder, store), readPlan(dataDir), zoneOffsetMin))
    rmSync(old.path, { force: true })
}
