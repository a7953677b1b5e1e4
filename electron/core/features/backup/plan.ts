import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { homedir, platform, userInfo } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { BackupPlace } from '../../../../shared/contract/backup.ts'
import { writeJson } from '../../files.ts'

const planSchema = z.object({
  /** Null: inside the data folder. */
  folder: z.string().nullable().default(null),
  daily: z.boolean().default(true),
  beforeUpgrade: z.boolean().default(true),
  keepDaily: z.number().int().default(7),
  keepWeekly: z.number().int().default(4),
})
/** How this machine makes its backups; one for all its belts, in `backup.json`. */
export type PlanFile = z.output<typeof planSchema>

const pathOf = (dataDir: string): string => join(dataDir, 'backup.json')
export const ownFolder = (dataDir: string): string => join(dataDir, 'backups')

/** A damaged file counts as absent: backups go on by the defaults. */
export function readPlan(dataDir: string): PlanFile {
  try {
    return planSchema.parse(JSON.parse(readFileSync(pathOf(dataDir), 'utf8')))
  } catch {
    return planSchema.parse({})
  }
}

export function writePlan(dataDir: string, plan: PlanFile): void {
  writeJson(pathOf(dataDir), plan)
}

export const folderOf = (dataDir: string): string => readPlan(dataDir).folder ?? ownFolder(dataDir)

const FOLDER_NAME = 'Chanbo'

/** Folders that backups can go to: the data folder itself, the person's documents, and every other disk that is mounted. */
export function backupPlaces(dataDir: string): BackupPlace[] {
  const chosen = folderOf(dataDir)
  const device = deviceOf(dataDir)
  const found = [ownFolder(dataDir), ...documents(), ...otherDisks()]
  if (!found.includes(chosen)) found.push(chosen)
  return [...new Set(found)].map((path) => ({
    id: createHash('sha256').update(path).digest('hex').slice(0, 16),
    path,
    freeBytes: freeBytes(path),
    otherDisk: device !== null && deviceOf(path) !== null && deviceOf(path) !== device,
    chosen: path === chosen,
  }))
}

function documents(): string[] {
  const home = homedir()
  const folder = join(home, 'Documents')
  return existsSync(folder) ? [join(folder, FOLDER_NAME)] : existsSync(home) ? [join(home, FOLDER_NAME)] : []
}

function otherDisks(): string[] {
  if (platform() === 'win32')
    return [...'DEFGHIJKLMNOPQRSTUVWXYZ']
      .map((letter) => `${letter}:\\`)
      .filter(isWritableFolder)
      .map((root) => join(root, FOLDER_NAME))
  const roots =
    platform() === 'darwin'
      ? ['/Volumes']
      : ['/media', join('/media', userName()), join('/run/media', userName()), '/mnt']
  return roots
    .flatMap((root) => subfolders(root))
    .filter(isWritableFolder)
    .map((root) => join(root, FOLDER_NAME))
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}

function subfolders(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(root, entry.name))
  } catch {
    return []
  }
}

function isWritableFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory() && (freeBytes(path) ?? 0) > 0
  } catch {
    return false
  }
}

/** The nearest folder above that exists. */
function existing(path: string): string | null {
  for (let at = path; ; at = join(at, '..')) {
    if (existsSync(at)) return at
    if (join(at, '..') === at) return null
  }
}

function deviceOf(path: string): number | null {
  const folder = existing(path)
  return folder === null ? null : statSync(folder).dev
}

function freeBytes(path: string): number | null {
  const folder = existing(path)
  if (folder === null) return null
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return null
  }
}
