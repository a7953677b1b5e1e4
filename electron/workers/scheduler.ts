import { parentPort, workerData } from 'node:worker_threads'
import { CANCEL, RUN, type WorkerMessage, type WorkerStart } from '../core/workers.ts'
import { Refusal } from '../../shared/contract/result.ts'
import {
  runSolve,
  type SolveAnswer,
  type SolveProgress,
  type SolveRequest,
} from '../core/planning/run-solve.ts'

/** Thread entry of one solve: plans until its time is up, it is told that this is good enough, or it is cancelled. */
const { payload, flags } = workerData as WorkerStart
const port = parentPort!
const post = (message: WorkerMessage) => port.postMessage(message)

try {
  const answer: SolveAnswer = runSolve(payload as SolveRequest, {
    now: () => performance.now(),
    shouldStop: () => Atomics.load(flags, 0) !== RUN,
    onProgress: (progress: SolveProgress) => post({ kind: 'progress', value: progress }),
  })
  if (Atomics.load(flags, 0) === CANCEL)
    post({ kind: 'failed', message: 'cancelled', refusal: { code: 'cancelled', details: {} } })
  else post({ kind: 'done', value: answer })
} catch (error) {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  post({ kind: 'failed', message, refusal: error instanceof Refusal ? error.error : undefined })
}
