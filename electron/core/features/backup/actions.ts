import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { BACKUP_JOB, type backupContract, type NewIdentity } from '../../../../shared/contract/backup.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { Actor, ActionHandlers, QueryHandlers } from '../../context.ts'
import type { Services } from '../../services.ts'
import { verifyBackup } from '../../../sqlite/backup.ts'
import { openDb } from '../../../sqlite/open.ts'
import { findBackups, infoOf } from './list.ts'
import { isBackingUp, lastFailure, makeBackup } from './make.ts'
import { backupPlaces, ownFolder, readPlan, writePlan } from './plan.ts'
import { restore } from './restore.ts'
import { nextDueMs } from './schedule.ts'
import { metaOf } from '../../store/meta.ts'

interface CoreContext {
  readonly actor: Actor
  readonly services: Services
}
type CoreQueries = {
  [N in keyof QueryHandlers<typeof backupContract>]: (
    input: Parameters<QueryHandlers<typeof backupContract>[N]>[0],
    ctx: CoreContext,
  ) => ReturnType<QueryHandlers<typeof backupContract>[N]>
}

export const backupCoreQueries: CoreQueries = {
  'backup/list': (_, { services }) =>
    findBackups(services.dataDir, services.files.current?.store ?? null).map(infoOf),
  'backup/plan': (_, { services }) => {
    const { daily, beforeUpgrade, keepDaily, keepWeekly } = readPlan(services.dataDir)
    const belt = services.belt()
    return {
      daily,
      beforeUpgrade,
      keepDaily,
      keepWeekly,
      places: backupPlaces(services.dataDir),
      lastMs: findBackups(services.dataDir, belt.known.store)[0]?.atMs ?? null,
      nextMs: nextDueMs(services),
      lastError: lastFailure(belt),
      running: isBackingUp(services),
    }
  },
  'backup/identity': (_, { services }) => {
    const text = services.openBelt()?.store.meta('identityChanged') ?? null
    return text === null ? null : (JSON.parse(text) as NewIdentity)
  },
}

export const backupActions: ActionHandlers<typeof backupContract> = {
  'backup/setPlan': ({ placeId, ...changes }, { services }) => {
    const plan = { ...readPlan(services.dataDir), ...changes }
    if (placeId !== undefined) {
      const place = backupPlaces(services.dataDir).find(({ id }) => id === placeId)
      if (!place) throw new Refusal('not-found', { table: 'folder', id: placeId })
      plan.folder = place.path === ownFolder(services.dataDir) ? null : place.path
    }
    writePlan(services.dataDir, plan)
    services.emit({ kind: 'changed', topics: ['backup'] })
    return Promise.resolve(null)
  },
  'backup/make': (_, { services }) => makeBackup(services, 'manual'),
  'backup/cancel': (_, { services }) => {
    for (const job of services.jobs(BACKUP_JOB)) job.cancel()
    return Promise.resolve(null)
  },
  'backup/restore': ({ backupId, recoveryCode }, { actor, services }) => {
    const backup = findBackups(services.dataDir, services.files.current?.store ?? null).find(
      ({ id }) => id === backupId,
    )
    if (!backup) throw new Refusal('backup-not-usable', { id: backupId })
    restore(services, actor, { path: backup.path, store: backup.store, recoveryCode })
    return Promise.resolve(null)
  },
  'backup/restoreFile': ({ fileHandle, recoveryCode }, { actor, services }) => {
    const file = services.takeFile(fileHandle)
    if (!file) throw new Refusal('file-gone')
    try {
      if (!verifyBackup(file.path)) throw new Refusal('backup-not-usable', { id: file.name })
      restore(services, actor, { path: file.path, store: storeFor(services, file.path), recoveryCode })
    } finally {
      if (file.ephemeral) rmSync(file.path, { force: true })
    }
    return Promise.resolve(null)
  },
  'backup/identitySeen': (_, { services }) => {
    const { store } = services.belt()
    store.transact(() => store.dropMeta('identityChanged'))
    services.emit({ kind: 'changed', topics: ['backup'] })
    return Promise.resolve(null)
  },
}

/** The store of the same belt on this machine, or a new one. */
function storeFor(services: Services, path: string): string {
  const db = openDb(path, { readOnly: true })
  let beltId: string
  try {
    beltId = metaOf(db, 'beltId') ?? ''
  } finally {
    db.close()
  }
  const known = services.files.list().find(({ id }) => id !== '' && id === beltId)
  const word = createHash('sha256').update(beltId).digest('hex').slice(0, 8)
  return known?.store ?? `belt-r${word}`
}
