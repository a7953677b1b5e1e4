import { availableParallelism } from 'node:os'
import {
  MessageChannel,
  Worker,
  parentPort,
  receiveMessageOnPort,
  type MessagePort,
} from 'node:worker_threads'
import { Refusal } from '../../shared/contract/result.ts'
import type { Elite, RepairResult } from '../../shared/scheduler/index.ts'
import { mend, runRepair, type RepairRequest } from '../core/planning/run-repair.ts'
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

/**
 * Thread entry of planning: plans, or mends a plan, until its time is up, it is told that this is good enough, or it
 * is cancelled; then waits for the next request. Longer work is done by two threads, each from a seed of its own.
 */
interface Start extends WorkerStart {
  readonly payload: SolveRequest | RepairRequest
  /** Set in the second thread: the line to the first, and what they share. */
  readonly partnerPort?: MessagePort
  readonly shared?: Int32Array
}

/** What two threads share: whether the first has ended, and whether the second has mended the plan. */
const OVER = 0
const MENDED = 1
/** Shorter work ends before a second thread would have helped. */
const WORTH_TWO_THREADS_MS = 500
/** How long the first thread waits for what the second has mended. */
const GRACE_MS = 60

const post = (message: WorkerMessage) => parentPort?.postMessage(message)
let partnerThread: Worker | null = null

const partnerOn = (port: MessagePort): Partner => ({
  send: (elite) =>
    port.postMessage(elite, [elite.block.buffer as ArrayBuffer, elite.sums.buffer as ArrayBuffer]),
  receive: () => (receiveMessageOnPort(port)?.message as Elite | undefined) ?? null,
})

const controlOf = ({ flags, shared }: Start): SolveControl => ({
  now: () => performance.now(),
  shouldStop: () =>
    Atomics.load(flags, 0) !== RUN || (shared !== undefined && Atomics.load(shared, OVER) !== 0),
  onProgress: (progress: SolveProgress) => post({ kind: 'progress', value: progress }),
  onSimple: (simple: SimplePlan) => post({ kind: 'progress', value: { simple } }),
})

/** Gives a second thread the same work. Without it the answer is only not as good. */
function startPartner(start: Start): { port: MessagePort; shared: Int32Array } | null {
  if (start.payload.timeLimitMs < WORTH_TWO_THREADS_MS || availableParallelism() < 2) return null
  const { port1, port2 } = new MessageChannel()
  const shared = new Int32Array(new SharedArrayBuffer(8))
  if (!partnerThread) {
    const thread = new Worker(new URL(import.meta.url))
    thread.on('error', () => undefined)
    thread.on('exit', () => (partnerThread = null))
    thread.unref()
    partnerThread = thread
  }
  const request: Start = { ...start, partnerPort: port2, shared }
  partnerThread.postMessage(request, [port2])
  return { port: port1, shared }
}

function lead(start: Start): void {
  const { payload } = start
  const other = startPartner(start)
  try {
    const control = controlOf(start)
    const answer =
      payload.kind === 'repair'
        ? runRepair(payload, control, () => {
            if (!other) return null
            Atomics.wait(other.shared, MENDED, 0, GRACE_MS)
            return (receiveMessageOnPort(other.port)?.message as RepairResult | undefined) ?? null
          })
        : runSolve(payload, { ...control, partner: other ? partnerOn(other.port) : undefined })
    if (Atomics.load(start.flags, 0) === CANCEL)
      post({ kind: 'failed', message: 'cancelled', refusal: { code: 'cancelled', details: {} } })
    else post({ kind: 'done', value: answer })
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    post({ kind: 'failed', message, refusal: error instanceof Refusal ? error.error : undefined })
  } finally {
    if (other) {
      Atomics.store(other.shared, OVER, 1)
      other.port.close()
    }
  }
}

function follow(start: Start, port: MessagePort, shared: Int32Array): void {
  const { payload } = start
  const control = controlOf(start)
  try {
    if (payload.kind === 'solve')
      runPartner(payload, { ...control, onProgress: () => undefined, partner: partnerOn(port) })
    else {
      port.postMessage(mend({ ...payload, seed: payload.seed + 1 }, control))
      Atomics.store(shared, MENDED, 1)
      Atomics.notify(shared, MENDED)
    }
  } finally {
    port.close()
  }
}

parentPort?.on('message', (start: Start) =>
  start.partnerPort && start.shared ? follow(start, start.partnerPort, start.shared) : lead(start),
)
