import { availableParallelism } from 'node:os'
import {
  MessageChannel,
  Worker,
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from 'node:worker_threads'
import { Refusal } from '../../shared/contract/result.ts'
import type { Elite } from '../../shared/scheduler/index.ts'
import { runRepair, type RepairRequest } from '../core/planning/run-repair.ts'
import {
  runPartner,
  runSolve,
  type Partner,
  type SolveControl,
  type SimplePlan,
  type SolveProgress,
  type SolveRequest,
} from '../core/planning/run-solve.ts'
import { CANCEL, RUN, type WorkerMessage, type WorkerStart } from '../core/workers.ts'

/** Thread entry of planning: plans, or mends a plan, until its time is up, it is told that this is good enough, or it is cancelled. */
interface Start extends WorkerStart {
  /** Set in the second thread of a portfolio: the line to the first. */
  readonly partnerPort?: MessagePort
}

/** Shorter solves end before a second thread would have started. */
const WORTH_TWO_THREADS_MS = 1500

const { payload, flags, partnerPort } = workerData as Start
const request = payload as SolveRequest | RepairRequest
const post = (message: WorkerMessage) => parentPort?.postMessage(message)

const partnerOn = (port: MessagePort): Partner => ({
  send: (elite) =>
    port.postMessage(elite, [elite.block.buffer as ArrayBuffer, elite.sums.buffer as ArrayBuffer]),
  receive: () => (receiveMessageOnPort(port)?.message as Elite | undefined) ?? null,
})

const control: SolveControl = {
  now: () => performance.now(),
  shouldStop: () => Atomics.load(flags, 0) !== RUN,
  onProgress: (progress: SolveProgress) => post({ kind: 'progress', value: progress }),
  onSimple: (simple: SimplePlan) => post({ kind: 'progress', value: { simple } }),
}

function startPartner(): { partner: Partner; end: () => void } | null {
  if (request.kind !== 'solve' || request.timeLimitMs < WORTH_TWO_THREADS_MS || availableParallelism() < 2)
    return null
  const { port1, port2 } = new MessageChannel()
  const start: Start = { payload, flags, partnerPort: port2 }
  const worker = new Worker(new URL(import.meta.url), { workerData: start, transferList: [port2] })
  // Without its partner a solve is only slower.
  worker.on('error', () => undefined)
  worker.unref()
  return { partner: partnerOn(port1), end: () => void worker.terminate() }
}

if (partnerPort && request.kind === 'solve') {
  runPartner(request, { ...control, onProgress: () => undefined, partner: partnerOn(partnerPort) })
} else {
  const helper = startPartner()
  try {
    const answer =
      request.kind === 'repair'
        ? runRepair(request, control)
        : runSolve(request, { ...control, partner: helper?.partner })
    if (Atomics.load(flags, 0) === CANCEL)
      post({ kind: 'failed', message: 'cancelled', refusal: { code: 'cancelled', details: {} } })
    else post({ kind: 'done', value: answer })
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    post({ kind: 'failed', message, refusal: error instanceof Refusal ? error.error : undefined })
  } finally {
    helper?.end()
  }
}
