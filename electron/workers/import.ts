import { parentPort, workerData } from 'node:worker_threads'
import { asAppError } from '../core/dispatch.ts'
import { finishBackup, type FinishInput } from '../core/features/backup/finish.ts'
import { stageFile, type StageInput, type StageProgress } from '../core/features/imports/stage.ts'
import { RUN, type WorkerMessage, type WorkerStart } from '../core/workers.ts'

/** Thread entry for long reading: one file into its staging store, or a fresh backup to check. */
const { payload, flags } = workerData as WorkerStart
const post = (message: WorkerMessage) => parentPort!.postMessage(message)
const PROGRESS_EVERY_MS = 100

const isFinish = (task: unknown): task is FinishInput =>
  typeof task === 'object' && task !== null && 'task' in task && task.task === 'finishBackup'

let lastMs = Number.NEGATIVE_INFINITY
function onProgress(progress: StageProgress): void {
  const nowMs = performance.now()
  if (nowMs - lastMs < PROGRESS_EVERY_MS && progress.done < progress.total) return
  lastMs = nowMs
  post({ kind: 'progress', value: progress })
}

try {
  const value = isFinish(payload)
    ? finishBackup(payload)
    : await stageFile(payload as StageInput, {
        isCancelled: () => Atomics.load(flags, 0) !== RUN,
        onProgress,
      })
  post({ kind: 'done', value })
} catch (error) {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  post({ kind: 'failed', message, refusal: asAppError(error) ?? undefined })
}
