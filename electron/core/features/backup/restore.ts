import { existsSync } from 'node:fs'
import { restoreBackup } from '../../../sqlite/backup.ts'
import { openDb } from '../../../sqlite/open.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { Actor } from '../../context.ts'
import { makeKeys, readRecoveryCode } from '../../keys.ts'
import type { Services } from '../../services.ts'
import { isElsewhere } from './identity.ts'

interface PinRow {
  personId: string
  salt: Buffer
  hash: Buffer
  cost: number
  setMs: number
}

export interface RestoreSource {
  readonly path: string
  /** Store to put in its place. */
  readonly store: string
  readonly recoveryCode: string
}

/**
 * Puts a backup in a belt's place. PINs are this machine's, not the backup's: those that were set here stay.
 * @throws Refusal `not-allowed`, `belt-exists`, `recovery-code-wrong`, `keys-…` or `backup-not-usable`; nothing is changed then
 */
export function restore(services: Services, actor: Actor, source: RestoreSource): void {
  const { files } = services
  const current = files.current?.store === source.store
  const storePath = files.storePath(source.store)
  if (services.openBelt()) {
    if (!current) throw new Refusal('belt-exists')
    if (actor.role !== 'administrator') throw new Refusal('not-allowed', { role: actor.role ?? '' })
  } else if (services.isRemote(actor.connectionId)) {
    throw new Refusal('not-allowed', { role: '' })
  } else if (!services.trouble() && existsSync(storePath)) {
    // Whoever restores over a belt that works must be its administrator, and nobody is signed in here.
    throw new Refusal('belt-exists')
  }
  const rootSeed = readRecoveryCode(source.recoveryCode)
  // Keys that cannot be opened now would be lost if new ones took their place.
  const keys = services.keyFiles.load(source.store, isElsewhere(services.dataDir, source.store))
  const pins = pinsOf(storePath)
  const known = files.list().find(({ store }) => store === source.store)
  services.closeBelt()
  try {
    restoreBackup(source.path, storePath, services.clock())
    putPins(storePath, pins)
    if (rootSeed !== null)
      services.keyFiles.save(source.store, { ...(keys ?? makeKeys({ founder: false })), rootSeed })
    if (!known)
      files.open({ store: source.store, id: '', name: '', isDemo: false, openedMs: services.clock() })
  } catch (error) {
    services.log.error('restore failed', { error: String(error) })
    throw new Refusal('backup-not-usable')
  } finally {
    if (existsSync(storePath) && files.list().some(({ store }) => store === source.store))
      services.switchTo(source.store)
  }
  services.emit({ kind: 'changed', topics: ['app', 'backup'] })
}

/** PINs of a store that may be damaged or missing. */
function pinsOf(path: string): PinRow[] {
  if (!existsSync(path)) return []
  try {
    const db = openDb(path, { readOnly: true })
    try {
      return db.prepare('SELECT personId, salt, hash, cost, setMs FROM pinVerifier').all() as PinRow[]
    } finally {
      db.close()
    }
  } catch {
    return []
  }
}

function putPins(path: string, pins: readonly PinRow[]): void {
  const db = openDb(path)
  try {
    const put = db.prepare(
      'INSERT OR REPLACE INTO pinVerifier (personId, salt, hash, cost, failures, waitUntilMs, setMs) VALUES (?, ?, ?, ?, 0, 0, ?)',
    )
    db.transaction(() => {
      db.prepare('DELETE FROM pinVerifier').run()
      for (const { personId, salt, hash, cost, setMs } of pins) put.run(personId, salt, hash, cost, setMs)
    })()
  } finally {
    db.close()
  }
}
