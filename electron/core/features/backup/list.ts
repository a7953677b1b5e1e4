import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { BACKUP_REASONS, type BackupInfo } from '../../../../shared/contract/backup.ts'
import { openDb } from '../../../sqlite/open.ts'
import { backupPlaces } from './plan.ts'
import { metaOf } from '../../store/meta.ts'

export interface FoundBackup extends BackupInfo {
  readonly path: string
  /** Store that it is a copy of. */
  readonly store: string
}

const NAME = /^(.+)-(\d{10,16})\.db$/
const markSchema = z.object({
  atMs: z.number(),
  reason: z.enum(BACKUP_REASONS).catch('other'),
  ops: z.number(),
})

interface Facts {
  readonly beltName: string
  readonly ops: number
  readonly reason: BackupInfo['reason']
}
/** What was read from a file, by path, size and time of change. */
const known = new Map<string, Facts | null>()

/** What a backup file says of itself; null when it is not a store that opens. */
export function factsOf(path: string): Facts | null {
  const { size, mtimeMs } = statSync(path)
  const key = `${path} ${size} ${mtimeMs}`
  if (!known.has(key)) known.set(key, read(path))
  return known.get(key) ?? null
}

function read(path: string): Facts | null {
  try {
    const db = openDb(path, { readOnly: true })
    try {
      const belt = db
        .prepare('SELECT name FROM belt WHERE deleted = 0 ORDER BY createdMs, id LIMIT 1')
        .get() as { name: string } | undefined
      const mark = metaOf(db, 'backup')
      const parsed = mark === null ? null : markSchema.safeParse(JSON.parse(mark))
      const { n } = db.prepare('SELECT sum(n) AS n FROM opTally').get() as { n: number }
      return {
        beltName: belt?.name ?? '',
        ops: parsed?.success ? parsed.data.ops : n,
        reason: parsed?.success ? parsed.data.reason : 'other',
      }
    } finally {
      db.close()
    }
  } catch {
    return null
  }
}

/** Backups in every folder that they may be in, newest first; only of `store` unless it is null. */
export function findBackups(dataDir: string, store: string | null): FoundBackup[] {
  const folders = backupPlaces(dataDir).map(({ path }) => path)
  return folders
    .flatMap((folder) => backupsIn(folder, store))
    .sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? -1 : 1))
}

export function backupsIn(folder: string, store: string | null): FoundBackup[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return []
  }
  return names.flatMap((id) => {
    const match = NAME.exec(id)
    if (!match || (store !== null && match[1] !== store)) return []
    const path = join(folder, id)
    const facts = factsOf(path)
    if (!facts) return []
    return [
      {
        id,
        path,
        store: match[1]!,
        atMs: Number(match[2]),
        sizeBytes: statSync(path).size,
        folder,
        ...facts,
      },
    ]
  })
}

export const infoOf = ({ id, atMs, sizeBytes, beltName, ops, reason, folder }: FoundBackup): BackupInfo => ({
  id,
  atMs,
  sizeBytes,
  beltName,
  ops,
  reason,
  folder,
})
