import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { AppEvent } from '../../shared/contract/event.ts'
import { fail, Refusal, type Result } from '../../shared/contract/result.ts'
import type { FromCore, CoreStart, FromReader, ToCore, ToReader } from '../workers/protocol.ts'
import type { Actor } from './context.ts'
import { isCoreQuery, specOf } from './specs.ts'
import type { ConnectionInfo, ReaderState } from './index.ts'
import type { Log } from './services.ts'
import type { CorePort } from './shell/port.ts'
import type { WorkerUrls } from './workers.ts'

export interface HostOptions {
  readonly dataDir: string
  readonly resourcesDir: string
  readonly workerUrls: WorkerUrls
  readonly log: Log
  readonly native: { readonly deviceName: string; readonly version: string }
  /** Reader threads; all but the first begin a moment after the start. */
  readonly readers?: number
  /** Told when the core's thread has died and is back, or is left stopped because it keeps dying. */
  readonly onCrash?: (outcome: 'restarted' | 'stopped') => void
}

/** Requests that replace or delete the store's file: readers let go of it first. */
const NEEDS_THE_FILE = new Set(['backup/restore', 'backup/restoreFile', 'app/removeDemo'])
const CLOSE_LIMIT_MS = 5000
const RESTARTS_PER_MINUTE = 3
const SECOND_READER_AFTER_MS = 3000

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

/**
 * Runs the core and its readers in threads and relays to them. Lives in a shell's thread and never touches the store, so
 * that nothing the core does can freeze a window.
 * @throws Refusal when the core cannot start at all (data directory locked or not writable)
 */
export async function startCoreHost(options: HostOptions): Promise<CorePort> {
  const { log, workerUrls } = options
  const listeners = new Set<(connectionId: string | null, event: AppEvent) => void>()
  const connections = new Map<string, ConnectionInfo>()
  const actors = new Map<string, Actor>()
  const waiting = new Map<number, Waiting>()
  const offers = new Map<string, { path: string; name: string }>()
  const readers = [new Reader(workerUrls.reader, log)]
  let readerState: ReaderState | null = null
  const restarts: number[] = []
  let n = 0
  let closing = false
  /** The core keeps dying and was given up: every further call is answered at once. */
  let stopped = false
  let closed: (() => void) | null = null
  let worker: Worker

  const tell = (message: ToCore) => worker.postMessage(message)
  const emit = (connectionId: string | null, event: AppEvent) => {
    for (const listener of listeners) listener(connectionId, event)
  }

  function start(): Promise<void> {
    const workerData: CoreStart = {
      dataDir: options.dataDir,
      resourcesDir: options.resourcesDir,
      ...options.native,
      schedulerUrl: workerUrls.scheduler.href,
      importUrl: workerUrls.import.href,
    }
    worker = new Worker(workerUrls.core, { workerData })
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromCore) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'fatal') {
          log.error('the core could not start', { message: message.message })
          reject(
            message.error
              ? new Refusal(message.error.code, message.error.details)
              : new Error(message.message),
          )
        } else onMessage(message)
      })
      worker.on('error', (error) => {
        log.error('the core thread failed', {
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        })
        reject(error instanceof Error ? error : new Error(String(error)))
      })
      worker.on('exit', onExit)
    })
  }

  function onMessage(message: Exclude<FromCore, { kind: 'ready' | 'fatal' }>): void {
    switch (message.kind) {
      case 'answer':
        waiting.get(message.n)?.resolve(message.result)
        waiting.delete(message.n)
        break
      case 'event':
        emit(message.connectionId, message.event)
        break
      case 'offer':
        offers.set(message.handle, message.file)
        break
      case 'actor':
        actors.set(message.actor.connectionId, message.actor)
        break
      case 'store':
        readerState = message.state
        for (const reader of readers) void reader.use(message.state)
        break
      case 'log':
        log[message.level](message.message, message.details)
        break
      case 'closed':
        closed?.()
        break
    }
  }

  function giveUp(): void {
    stopped = true
    options.onCrash?.('stopped')
  }

  /** Everything answered before is committed; open calls are told, and the core starts again from its store. */
  function onExit(): void {
    for (const { resolve } of waiting.values()) resolve(fail('internal', { request: '' }))
    waiting.clear()
    if (closing) return
    const nowMs = performance.now()
    restarts.push(nowMs)
    if (restarts.filter((at) => nowMs - at < 60_000).length > RESTARTS_PER_MINUTE) {
      log.error('the core keeps failing and is left stopped')
      giveUp()
      return
    }
    start().then(
      () => {
        for (const [id, info] of connections) tell({ kind: 'connect', id, info })
        emit(null, { kind: 'changed', topics: ['app', 'store'] })
        options.onCrash?.('restarted')
      },
      (error: unknown) => {
        log.error('the core did not come back', { error: String(error) })
        giveUp()
      },
    )
  }

  const ask = (connectionId: string, name: string, input: unknown): Promise<Result<unknown>> =>
    new Promise((resolve) => {
      waiting.set(++n, { resolve })
      tell({ kind: 'request', n, connectionId, name, input })
    })

  async function request(connectionId: string, name: string, input: unknown): Promise<Result<unknown>> {
    if (closing || !connections.has(connectionId)) return fail('connection-lost')
    if (stopped) return fail('internal', { request: name })
    const spec = specOf(name)
    if (!spec) return fail('unknown-request', { request: name })
    const actor = actors.get(connectionId)
    if (spec.kind === 'query' && !isCoreQuery(name) && actor) {
      const reader = readers.reduce((least, candidate) => (candidate.load < least.load ? candidate : least))
      return reader.query(name, input, actor)
    }
    if (NEEDS_THE_FILE.has(name)) {
      readerState = null
      await Promise.all(readers.map((reader) => reader.use(null)))
    }
    return ask(connectionId, name, input)
  }

  /** The others come once the first screen had the machine to itself: loading them would only delay it. */
  const moreReaders = setTimeout(() => {
    while (readers.length < (options.readers ?? 2)) {
      const reader = new Reader(workerUrls.reader, log)
      void reader.use(readerState)
      readers.push(reader)
    }
  }, SECOND_READER_AFTER_MS)
  moreReaders.unref()

  try {
    await start()
  } catch (error) {
    clearTimeout(moreReaders)
    closing = true
    await Promise.all([...readers.map((reader) => reader.end()), worker!.terminate()])
    throw error
  }

  return {
    openConnection(info) {
      const id = randomUUID()
      connections.set(id, info)
      tell({ kind: 'connect', id, info })
      return id
    },
    closeConnection(id) {
      connections.delete(id)
      actors.delete(id)
      tell({ kind: 'disconnect', id })
    },
    request,
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    registerFile(file) {
      const handle = randomUUID()
      tell({ kind: 'file', handle, file })
      return handle
    },
    takeFile(handle) {
      const file = offers.get(handle) ?? null
      offers.delete(handle)
      return file
    },
    async close() {
      if (closing) return
      closing = true
      clearTimeout(moreReaders)
      const done = new Promise<void>((resolve) => {
        closed = resolve
        setTimeout(resolve, CLOSE_LIMIT_MS).unref()
      })
      if (!stopped) {
        tell({ kind: 'close' })
        await done
      }
      await Promise.all([worker.terminate(), ...readers.map((reader) => reader.end())])
    },
  }
}
