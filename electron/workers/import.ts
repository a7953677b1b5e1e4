import { parentPort, workerData } from 'node:worker_threads'
import { asAppError } from '../core/dispatch.ts'
import { verifyLog, type VerifyInput } from '../core/features/audit/verify-log.ts'
import { finishBackup, type FinishInput } from '../core/features/backup/finish.ts'
import { stageFile, type StageInput, type StageProgress } from '../core/features/imports/stage.ts'
import { RUN, type WorkerMessage, type WorkerStart } from '../core/workers.ts'

/** Thread entry for long reading: one file into its staging store, a fresh backup to check, or the log. */
const { payload, flags } = workerData as WorkerStart
const post = (message: WorkerMessage) => parentPort!.postMessage(message)
const PROGRESS_EVERY_MS = 100

const isTask = <T extends { task: string }>(payload: unknown, task: T['task']): payload is T =>
  typeof payload === 'object' && payload !== null && 'task' in payload && payload.task === task
const tell = (value: unknown) => post({ kind: 'progress', value })

let lastMs = Number.NEGATIVE_INFINITY
function onProgress(progress: StageProgress): void {
  const nowMs = performance.now()
  if (nowMs - lastMs < PROGRESS_EVERY_MS && progress.done < progress.total) return
  lastMs = nowMs
  post({ kind: 'progress', value: progress })
}

try {
  const value = isTask<FinishInput>(payload, 'finishBackup')
    ? finishBackup(payload)
    : isTask<VerifyInput>(payload, 'verifyLog')
      ? verifyLog(payload.path, { isCancelled: () => Atomics.load(flags, 0) !== RUN, onProgress: tell })
      : await stageFile(payload as StageInput, {
          isCancelled: () => Atomics.load(flags, 0) !== RUN,
          onProgress,
        })
  post({ kind: 'done', value })
} catch (error) {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  post({ kind: 'failed', message, refusal: asAppError(error) ?? undefined })
}
