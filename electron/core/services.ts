import type { AppEvent } from '../../shared/contract/event.ts'
import type { BeltInfo, Actor, CommandContext, QueryContext } from './context.ts'
import type { Store } from './store/store.ts'
import type { SyncService } from './sync/service.ts'
import type { KeyFiles } from './key-files.ts'
import type { DeviceKeys } from './keys.ts'
import type { BeltFiles, KnownBelt } from './belts.ts'
import type { WorkerKind, WorkerRun } from './workers.ts'
import type { AppError } from '../../shared/contract/result.ts'
import type { BackupInfo } from '../../shared/contract/backup.ts'

export interface Log {
  info(message: string, details?: Record<string, unknown>): void
  warn(message: string, details?: Record<string, unknown>): void
  error(message: string, details?: Record<string, unknown>): void
}

/** A file handed over by the shell; the core never sees a path that a screen made up. */
export interface HandedFile {
  readonly path: string
  readonly name: string
  readonly sizeBytes: number
  /** True when the file was uploaded and may be deleted once read. */
  readonly ephemeral: boolean
}

/** The belt whose store is open. */
export interface OpenBelt {
  readonly known: KnownBelt
  readonly info: BeltInfo
  readonly store: Store
  readonly keys: DeviceKeys
  readonly path: string
  readonly nowMs: () => number
}

export interface Trouble {
  readonly error: AppError
  readonly backups: readonly BackupInfo[]
}

export interface RunningJob {
  readonly id: string
  readonly kind: string
  stop(): void
  cancel(): void
}

/** What actions may use beyond one transaction. */
export interface Services {
  /** Wall clock, epoch ms. */
  clock(): number
  readonly log: Log
  readonly dataDir: string
  readonly resourcesDir: string
  readonly version: string
  readonly files: BeltFiles
  readonly keyFiles: KeyFiles
  /** @throws Refusal `no-belt` */
  belt(): OpenBelt
  openBelt(): OpenBelt | null
  trouble(): Trouble | null
  transact<T>(actor: Actor, work: (ctx: CommandContext) => T): T
  read<T>(actor: Actor, work: (ctx: QueryContext) => T): T
  /** To one connection, or to everyone. */
  emit(event: AppEvent, connectionId?: string): void
  startWorker(kind: WorkerKind, payload: unknown, onProgress: (value: unknown) => void): WorkerRun
  /** Keeps a job where `plan/stop`, `import/cancel` and shutdown find it, until `work` settles. */
  track(kind: string, job: Omit<RunningJob, 'id' | 'kind'>, work: Promise<unknown>): RunningJob
  job(id: string): RunningJob | null
  jobs(kind: string): RunningJob[]
  /** Takes a handed file; null when the handle was used before or never existed. */
  takeFile(handle: string): HandedFile | null
  /** Offers a file that the core wrote for download. @returns its one-time handle */
  offerFile(path: string, name: string): string
  /** Opens a store as the current belt, closing another one first. */
  switchTo(store: string): void
  closeBelt(): void
  readonly sync: SyncService
  /** True for a connection from another machine. */
  isRemote(connectionId: string): boolean
  /** Signs a person in on the caller's connection, or out with null. */
  setPerson(connectionId: string, personId: string | null): void
}
