import { rmSync } from 'node:fs'
import type { ImportStatus, ImportSummary } from '../../../../shared/contract/imports.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { Actor } from '../../context.ts'
import { asAppError } from '../../dispatch.ts'
import type { HandedFile, OpenBelt, Services } from '../../services.ts'
import { rowApplier } from './apply.ts'
import { findImport, saveStaged, setImportStatus, summaryOf, firstBase, type ImportFileRow } from './repo.ts'
import type { StageInput, StageProgress, StageResult } from './stage.ts'
import { openStaging, removeStaging, stagingPathOf } from './staging.ts'
import { undoSlice, undoStock } from './undo.ts'

/** How long one write transaction of an import may hold the core's thread, with room for its commit. */
const SLICE_MS = 20
const PROGRESS_EVERY_MS = 100

export const jobKindOf = (importId: string): string => `import:${importId}`

/** @throws Refusal `not-found` */
export function requireImport(belt: OpenBelt, importId: string): ImportFileRow {
  const row = findImport(belt.store.db, importId)
  if (!row) throw new Refusal('not-found', { table: 'importFile', id: importId })
  return row
}

/** Starts reading a file in its thread. @returns the job's id */
export function startReading(services: Services, actor: Actor, importId: string, file: HandedFile): string {
  const belt = services.belt()
  const payload: StageInput = {
    path: file.path,
    stagingPath: stagingPathOf(belt.path, importId),
    beltPath: belt.path,
  }
  const early: StageProgress[] = []
  let jobId: string | null = null
  let stopped = false
  const tell = ({ phase, done, total, rows }: StageProgress) => {
    if (jobId !== null) services.emit({ kind: 'progress', jobId, phase, done, total, note: { rows } })
  }
  const run = services.startWorker('import', payload, (value) => {
    if (jobId === null) early.push(value as StageProgress)
    else tell(value as StageProgress)
  })
  const work = run.result
    .then(
      (result) => finishReading(services, belt, importId, result as StageResult),
      (error: unknown) => failReading(services, belt, importId, stopped ? new Refusal('cancelled') : error),
    )
    .then((outcome) => {
      if (file.ephemeral) rmSync(file.path, { force: true })
      services.emit({ kind: 'finished', jobId: jobId ?? '', outcome })
    })
  const cancel = () => {
    stopped = true
    run.cancel()
  }
  const job = services.track(jobKindOf(importId), { stop: cancel, cancel }, work)
  jobId = job.id
  early.forEach(tell)
  return job.id
}

function finishReading(
  services: Services,
  belt: OpenBelt,
  importId: string,
  result: StageResult,
): 'done' | 'failed' {
  if (services.openBelt() !== belt) return 'failed'
  belt.store.transact(() => saveStaged(belt.store.db, importId, result))
  services.emit({ kind: 'changed', topics: ['imports'] })
  return 'done'
}

function failReading(
  services: Services,
  belt: OpenBelt,
  importId: string,
  error: unknown,
): 'cancelled' | 'failed' {
  const known = asAppError(error)
  const cancelled = known?.code === 'cancelled'
  if (!known)
    services.log.error('an import failed', { error: error instanceof Error ? error.stack : String(error) })
  try {
    removeStaging(stagingPathOf(belt.path, importId))
    if (services.openBelt() === belt)
      setImportStatus(
        belt.store.db,
        importId,
        cancelled ? 'cancelled' : 'failed',
        known ?? { code: 'internal', details: { request: 'import/start' } },
      )
  } catch (second) {
    services.log.warn('a failed import could not be tidied up', { error: String(second) })
  }
  services.emit({ kind: 'changed', topics: ['imports'] })
  return cancelled ? 'cancelled' : 'failed'
}

/**
 * Writes a preview's rows as facts, a slice per transaction, each noting how far it came. Other requests are answered in
 * between; after a crash `resumeImports` goes on at the next row.
 */
export async function commitRows(
  services: Services,
  actor: Actor,
  importId: string,
  isStopped: () => boolean,
): Promise<ImportSummary> {
  const belt = services.belt()
  const file = requireImport(belt, importId)
  const staging = openStaging(stagingPathOf(belt.path, importId))
  if (!staging) {
    // The waiting rows are gone: what was written so far is taken back, so that nothing stays half-applied.
    setImportStatus(belt.store.db, importId, 'undoing')
    return undoRows(services, actor, importId, isStopped)
  }
  try {
    const applier = rowApplier(belt.store.db, staging, file)
    await inSlices(services, belt, actor, file, 'committing', isStopped, (ctx, after) =>
      applier.slice(ctx, after, SLICE_MS),
    )
  } finally {
    staging.close()
  }
  services.transact(actor, (ctx) => {
    const counts = JSON.parse(file.counts) as Record<string, number>
    const baseId = file.baseId ?? firstBase(ctx.db)
    if (baseId)
      ctx.write.withScope(`base:${baseId}`).fact('importBatch', {
        source: file.source || 'chanbo',
        fileName: file.fileName,
        fileHash: file.fileHash,
        asOfMs: file.asOfMs ?? 0,
        rows: file.rows,
        newRows: counts['new'] ?? 0,
        changedRows: counts['changed'] ?? 0,
        unchangedRows: counts['unchanged'] ?? 0,
        problemRows: counts['problem'] ?? 0,
        atMs: ctx.nowMs,
      })
    setImportStatus(ctx.db, importId, 'committed')
  })
  return finished(services, belt, importId)
}

/** Takes a committed import back, in slices like a commit. */
export async function undoRows(
  services: Services,
  actor: Actor,
  importId: string,
  isStopped: () => boolean,
): Promise<ImportSummary> {
  const belt = services.belt()
  const file = requireImport(belt, importId)
  await inSlices(services, belt, actor, file, 'undoing', isStopped, (ctx, after) =>
    undoSlice(ctx, file, after, SLICE_MS),
  )
  services.transact(actor, (ctx) => {
    undoStock(ctx, file)
    setImportStatus(ctx.db, importId, 'undone')
  })
  return finished(services, belt, importId)
}

function finished(services: Services, belt: OpenBelt, importId: string): ImportSummary {
  services.emit({ kind: 'changed', topics: ['imports', 'demand'] })
  services.emit({ kind: 'finished', jobId: importId, outcome: 'done' })
  return summaryOf(belt.store.db, requireImport(belt, importId))
}

type Slice = (ctx: Parameters<Parameters<Services['transact']>[1]>[0], after: number) => number | null

async function inSlices(
  services: Services,
  belt: OpenBelt,
  actor: Actor,
  file: ImportFileRow,
  phase: ImportStatus,
  isStopped: () => boolean,
  slice: Slice,
): Promise<void> {
  let lastMs = Number.NEGATIVE_INFINITY
  let after = file.doneThrough
  for (;;) {
    if (isStopped() || services.openBelt() !== belt) throw new Refusal('cancelled')
    const done = services.transact(actor, (ctx) => slice(ctx, after))
    if (done === null) return
    after = done
    const nowMs = performance.now()
    if (nowMs - lastMs > PROGRESS_EVERY_MS) {
      lastMs = nowMs
      services.emit({ kind: 'progress', jobId: file.id, phase, done: after, total: file.rows + 1 })
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Lets shutdown stop the work after its present slice; it goes on when the belt is opened again. */
export function trackWork<T>(
  services: Services,
  importId: string,
  start: (isStopped: () => boolean) => Promise<T>,
): Promise<T> {
  let stopped = false
  const stop = () => {
    stopped = true
  }
  const work = start(() => stopped)
  services.track(jobKindOf(importId), { stop, cancel: stop }, work)
  return work
}
