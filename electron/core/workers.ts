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

const startOf = (payload: unknown): WorkerStart => ({
  payload,
  flags: new Int32Array(new SharedArrayBuffer(4)),
})

/** Starts a thread for one piece of long work. A thread that ignores a cancel for 2 s is ended. */
export function startWorker(url: URL, payload: unknown, onProgress: (value: unknown) => void): WorkerRun {
  const start = startOf(payload)
  const worker = new Worker(url, { workerData: start })
  return follow(worker, start.flags, onProgress, () => void worker.terminate())
}

/**
 * Work whose thread stays for the next of its kind: it starts at once, with everything compiled. One thread waits
 * at most; more work at the same time gets threads of its own. The entry takes a `WorkerStart` by message.
 */
export class StandingWorker {
  private readonly url: URL
  private waiting: Worker | null = null
  private closed = false

  constructor(url: URL) {
    this.url = url
  }

  start(payload: unknown, onProgress: (value: unknown) => void): WorkerRun {
    const start = startOf(payload)
    const worker = this.waiting ?? this.create()
    this.waiting = null
    worker.ref()
    const run = follow(worker, start.flags, onProgress, (answered) => {
      if (!answered || this.waiting !== null || this.closed) return void worker.terminate()
      worker.unref()
      this.waiting = worker
    })
    worker.postMessage(start)
    return run
  }

  close(): void {
    this.closed = true
    void this.waiting?.terminate()
    this.waiting = null
  }

  private create(): Worker {
    const worker = new Worker(this.url)
    // Heard while nothing runs in it; a thread that ends is not used again.
    worker.on('error', () => undefined)
    worker.on('exit', () => {
      if (this.waiting === worker) this.waiting = null
    })
    return worker
  }
}

/** @param onEnd called once, with whether the thread gave an answer and can take more work */
function follow(
  worker: Worker,
  flags: Int32Array,
  onProgress: (value: unknown) => void,
  onEnd: (answered: boolean) => void,
): WorkerRun {
  let timer: NodeJS.Timeout | null = null
  let answered = false
  let forget = (): void => undefined
  const result = new Promise<unknown>((resolve, reject) => {
    const onMessage = (message: WorkerMessage) => {
      if (message.kind === 'progress') return onProgress(message.value)
      answered = true
      if (message.kind === 'done') resolve(message.value)
      else reject(new WorkerFailure(message.message, message.refusal))
    }
    const onExit = () => reject(new WorkerFailure('the thread ended before its work'))
    worker.on('message', onMessage).on('error', reject).on('exit', onExit)
    forget = () => void worker.off('message', onMessage).off('error', reject).off('exit', onExit)
  }).finally(() => {
    if (timer) clearTimeout(timer)
    forget()
    onEnd(answered)
  })
  return {
    result,
    stop: () => {
      if (Atomics.load(flags, 0) === RUN) Atomics.store(flags, 0, STOP)
    },
    cancel: () => {
      Atomics.store(flags, 0, CANCEL)
      if (!answered) timer ??= setTimeout(() => void worker.terminate(), 2000)
    },
  }
}
