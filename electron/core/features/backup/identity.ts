import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { homedir, platform } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { NewIdentity } from '../../../../shared/contract/backup.ts'
import type { Db } from '../../../sqlite/open.ts'
import { writeJson } from '../../files.ts'
import type { KeyFiles } from '../../key-files.ts'
import { makeKeys, type DeviceKeys } from '../../keys.ts'
import { metaOf } from '../../store/meta.ts'

/**
 * A store knows where it lives. Beside it, outside the copied file, lies a lease: the machine and folder it was last used in, and a
 * word that changes at every start and is also written into the store. A store whose folder is another one was copied; one
 * whose word is another one was put there from an older copy. Either way somebody else may go on writing under its name, so
 * it gets a new one before it writes anything.
 */
const leaseSchema = z.object({ place: z.string(), word: z.string(), before: z.string().nullable() })
type Lease = z.output<typeof leaseSchema>

const leasePath = (dataDir: string, store: string): string => join(dataDir, 'keys', `${store}.lease.json`)

function readLease(dataDir: string, store: string): Lease | null {
  try {
    return leaseSchema.parse(JSON.parse(readFileSync(leasePath(dataDir, store), 'utf8')))
  } catch {
    return null
  }
}

const putMeta = (db: Db, key: string, value: string): void => {
  db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(key, value)
}

/**
 * Recognises a copied or restored store and gives it new keys, then renews its lease.
 * @returns the keys to go on with
 */
export function settleIdentity(
  db: Db,
  keys: DeviceKeys,
  about: { dataDir: string; keyFiles: KeyFiles; store: string; nowMs: number },
): DeviceKeys {
  const { dataDir, keyFiles, store, nowMs } = about
  const lease = readLease(dataDir, store)
  const word = metaOf(db, 'lease')
  const place = placeOf(dataDir)
  const why = lease === null && word === null && isUnused(db) ? null : strangeness(lease, word, place)
  let current = keys
  if (why !== null) {
    current = nextIncarnation(keys, metaOf(db, 'hub') !== null)
    db.transaction(() => {
      const former = z.array(z.string()).parse(JSON.parse(metaOf(db, 'formerAuthors') ?? '[]'))
      putMeta(db, 'formerAuthors', JSON.stringify([...new Set([...former, keys.author])]))
      // What the hub took in under the old name was never sent here: everything is read again.
      db.prepare(`DELETE FROM meta WHERE key LIKE 'cursor:%'`).run()
      const notice: NewIdentity = { why, atMs: nowMs }
      putMeta(db, 'identityChanged', JSON.stringify(notice))
    }).immediate()
    keyFiles.save(store, current)
  }
  renewLease(db, { dataDir, store, place, word: why === null ? word : null })
  return current
}

function strangeness(lease: Lease | null, word: string | null, place: string): NewIdentity['why'] | null {
  if (lease === null) return 'copied'
  if (lease.place !== place) return 'copied'
  return word !== null && (word === lease.word || word === lease.before) ? null : 'restored'
}

/** The rights of the old key pass to the new one at the hub, as soon as it can be reached. */
function nextIncarnation(keys: DeviceKeys, hasHub: boolean): DeviceKeys {
  return {
    ...makeKeys({ founder: false, beltSecret: keys.beltSecret, incarnation: keys.incarnation + 1 }),
    rootSeed: keys.rootSeed,
    ...(hasHub ? { renewing: keys.renewing ?? { author: keys.author, privateSeed: keys.privateSeed } } : {}),
  }
}

/** A new word, first outside, then inside: a crash between the two leaves one of the two words outside right. */
function renewLease(
  db: Db,
  { dataDir, store, place, word }: { dataDir: string; store: string; place: string; word: string | null },
): void {
  const next = randomBytes(12).toString('base64url')
  writeJson(leasePath(dataDir, store), { place, word: next, before: word } satisfies Lease)
  putMeta(db, 'lease', next)
}

const isUnused = (db: Db): boolean => db.prepare('SELECT 1 FROM op LIMIT 1').get() === undefined

/** Whether a store was last used on another machine or in another folder than this. */
export const isElsewhere = (dataDir: string, store: string): boolean =>
  readLease(dataDir, store)?.place !== placeOf(dataDir)

/** This machine and this folder: a copy of the folder is another place, also on the same machine. */
export function placeOf(dataDir: string): string {
  const { ino } = statSync(dataDir, { bigint: true })
  return createHash('sha256').update(`${machineId()}\n${ino}`).digest('base64url').slice(0, 22)
}

let machine: string | null = null
function machineId(): string {
  machine ??= systemMachineId() ?? ownMachineId()
  return machine
}

function systemMachineId(): string | null {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || null
  } catch {
    return null
  }
}

/** Where the system has no number of its own: a random one in the person's settings folder, never in a data folder. */
function ownMachineId(): string {
  const home = homedir()
  const folder =
    platform() === 'win32'
      ? join(process.env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Chanbo')
      : platform() === 'darwin'
        ? join(home, 'Library', 'Application Support', 'Chanbo')
        : join(process.env.XDG_STATE_HOME ?? join(home, '.local', 'state'), 'chanbo')
  const path = join(folder, 'machine')
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    const id = randomBytes(16).toString('hex')
    try {
      mkdirSync(folder, { recursive: true })
      writeFileSync(path, `${id}\n`, { flag: 'wx' })
      return id
    } catch {
      return ''
    }
  }
}
