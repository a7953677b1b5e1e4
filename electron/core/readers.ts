import { Worker } from 'node:worker_threads'
import { fail, type Result } from '../../shared/contract/result.ts'
import type { FromReader, ToReader } from '../workers/protocol.ts'
import type { Actor } from './context.ts'
import type { ReaderState } from './index.ts'
import type { Log } from './services.ts'
import { isCoreQuery, specOf } from './specs.ts'

const CLOSE_LIMIT_MS = 5000

interface Waiting {
  readonly resolve: (result: Result<unknown>) => void
}

/** A reader thread and the answers it owes. */
class Reader {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #n = 0

  constructor(url: URL, log: Log) {
    this.#worker = new Worker(url)
    this.#worker.on('message', (message: FromReader) => {
      if (message.kind === 'log') {
        log.error(message.message, message.details)
        return
      }
      this.#waiting.get(message.n)?.resolve(message.result)
      this.#waiting.delete(message.n)
    })
    this.#worker.on('error', (error) => log.error('a reader thread failed', { error: String(error) }))
    this.#worker.on('exit', () => {
      for (const { resolve } of this.#waiting.values()) resolve(fail('internal', { request: '' }))
      this.#waiting.clear()
    })
  }

  get load(): number {
    return this.#waiting.size
  }

  use(state: ReaderState | null): Promise<Result<unknown>> {
    return this.#send((n) => ({ kind: 'store', n, state }))
  }

  query(name: string, input: unknown, actor: Actor): Promise<Result<unknown>> {
    return this.#send((n) => ({ kind: 'query', n, name, input, actor }))
  }

  /** Lets go of the store first: a thread stopped while it loads the database's native code takes the process with it. */
  async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_LIMIT_MS)
    })
    await Promise.race([this.use(null), limit])
    clearTimeout(timer)
    await this.#worker.terminate()
  }

  #send(make: (n: number) => ToReader): Promise<Result<unknown>> {
    const n = ++this.#n
    return new Promise((resolve) => {
      this.#waiting.set(n, { resolve })
      this.#worker.postMessage(make(n))
    })
  }
}

/** The threads that answer queries on read-only connections of their own. */
export class ReaderPool {
  readonly #readers: readonly Reader[]

  constructor(url: URL, count: number, state: ReaderState | null, log: Log) {
    this.#readers = Array.from({ length: count }, () => new Reader(url, log))
    void this.use(state)
  }

  /** Whether a reader may answer; everything else is the core's. */
  answers(name: string): boolean {
    return specOf(name)?.kind === 'query' && !isCoreQuery(name)
  }

  /** The answer of the reader with the least to do. */
  query(name: string, input: unknown, actor: Actor): Promise<Result<unknown>> {
    const reader = this.#readers.reduce((least, next) => (next.load < least.load ? next : least))
    return reader.query(name, input, actor)
  }

  /** Resolves when every reader has let go of the former store's file. */
  async use(state: ReaderState | null): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.use(state)))
  }

  async end(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.end()))
  }
}
