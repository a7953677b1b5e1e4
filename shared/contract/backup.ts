import { z } from 'zod'
import { ADMINISTRATORS, SIGNED_IN, action, query } from './define.ts'
import type { AppError } from './result.ts'

export const BACKUP_REASONS = ['manual', 'daily', 'upgrade', 'other'] as const
export type BackupReason = (typeof BACKUP_REASONS)[number]

/** Long work on backups reports its progress under this job id; there is one at a time. */
export const BACKUP_JOB = 'backup'

export interface BackupInfo {
  /** Names the file without its path. */
  readonly id: string
  readonly atMs: number
  readonly sizeBytes: number
  /** Text from the file; empty when the belt had no name yet. */
  readonly beltName: string
  /** Steps in its log. */
  readonly ops: number
  readonly reason: BackupReason
  /** Folder it lies in, to be shown. */
  readonly folder: string
}

/** A folder of this machine that backups can go to. The core finds them; a screen only names one. */
export interface BackupPlace {
  readonly id: string
  readonly path: string
  readonly freeBytes: number | null
  /** On another disk than the data: it survives the disk. */
  readonly otherDisk: boolean
  readonly chosen: boolean
}

export interface BackupPlan {
  readonly daily: boolean
  readonly beforeUpgrade: boolean
  /** Generations kept: the newest of each of the last days and weeks. */
  readonly keepDaily: number
  readonly keepWeekly: number
  readonly places: readonly BackupPlace[]
  readonly lastMs: number | null
  readonly nextMs: number | null
  /** Why the last one was not made; null when it was. */
  readonly lastError: AppError | null
  readonly running: boolean
}

/** This store was recognised as a copy, or as older than what was here: it goes on under a new identity. */
export interface NewIdentity {
  readonly why: 'copied' | 'restored'
  readonly atMs: number
}

/** As printed; empty when there is none at hand. */
export const recoveryCode = z.string().trim().max(120).default('')

export const backupContract = {
  /** Of the open or unusable belt; on the start screen, of every belt that has backups here. */
  'backup/list': query(z.object({}), 'anyone').returns<BackupInfo[]>(),
  'backup/plan': query(z.object({}), SIGNED_IN).returns<BackupPlan>(),
  'backup/setPlan': action(
    z.object({
      placeId: z.string().max(40).optional(),
      daily: z.boolean().optional(),
      beforeUpgrade: z.boolean().optional(),
      keepDaily: z.number().int().min(1).max(60).optional(),
      keepWeekly: z.number().int().min(0).max(52).optional(),
    }),
    ADMINISTRATORS,
  ).returns<null>(),
  /** Makes one now. Progress and cancelling go by `BACKUP_JOB`. */
  'backup/make': action(z.object({}), SIGNED_IN).returns<BackupInfo>(),
  'backup/cancel': action(z.object({}), SIGNED_IN).returns<null>(),
  /** Puts a verified backup in the belt's place; the file that was there is kept beside it. */
  'backup/restore': action(
    z.object({ backupId: z.string().max(200), recoveryCode }),
    'anyone',
  ).returns<null>(),
  /** The same from a file that a person picked. */
  'backup/restoreFile': action(
    z.object({ fileHandle: z.string().max(200), recoveryCode }),
    'anyone',
  ).returns<null>(),
  'backup/identity': query(z.object({}), 'anyone').returns<NewIdentity | null>(),
  'backup/identitySeen': action(z.object({}), SIGNED_IN).returns<null>(),
}
