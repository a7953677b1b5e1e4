import { Worker } from 'node:worker_threads'

export type WorkerKind = 'scheduler' | 'import'

/** Where the shells' builds put the thread entries. */
export interface WorkerUrls {
  readonly core: URL
  readonly reader: URL
  readonly scheduler: URL
  readonly import: URL
}

/** What a thread entry posts to its starter. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly value: unknown }
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly message: string; readonly refusal?: unknown }

/** `flags[0]`: 0 run, 1 stop and give what there is, 2 cancel. Shared memory, so that a busy thread sees it. */
export interface WorkerStart {
  readonly payload: unknown
  readonly flags: Int32Array
}

export const RUN = 0
export const STOP = 1
export const CANCEL = 2

export interface WorkerRun {
  readonly result: Promise<unknown>
  stop(): void
  cancel(): void
}

export class WorkerFailure extends Error {
  override readonly name = 'WorkerFailure'
  readonly refusal: unknown

  constructor(message: string, refusal?: unknown) {
    super(message)
    this.refusal = refusal
  }
}

/** Starts a thread for one piece of long work. A thread that ignores a cancel for 2 s is ended. */
export function startWorker(url: URL, payload: unknown, onProgress: (value: unknown) => void): WorkerRun {
  const flags = new Int32Array(new SharedArrayBuffer(4))
  const start: WorkerStart = { payload, flags }
  const worker = new Worker(url, { workerData: start })
  let timer: NodeJS.Timeout | null = null
  const result = new Promise<unknown>((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'progress') onProgress(message.value)
      else if (message.kind === 'done') resolve(message.value)
      else reject(new WorkerFailure(message.message, message.refusal))
    })
    worker.on('error', reject)
    worker.on('exit', () => reject(new WorkerFailure('the thread ended before its work')))
  }).finally(() => {
    if (timer) clearTimeout(timer)
    void worker.terminate()
  })
  return {
    result,
    stop: () => {
      if (Atomics.load(flags, 0) === RUN) Atomics.store(flags, 0, STOP)
    },
    cancel: () => {
      Atomics.store(flags, 0, CANCEL)
      timer ??= setTimeout(() => void worker.terminate(), 2000)
    },
  }
}
