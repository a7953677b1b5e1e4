import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { AppEvent } from '../../shared/contract/event.ts'
import { fail, Refusal, type Result } from '../../shared/contract/result.ts'
import type { CoreStart, FromCore, ToCore } from '../workers/protocol.ts'
import type { Actor } from './context.ts'
import type { ConnectionInfo, ReaderState } from './index.ts'
import type { ReaderPool } from './readers.ts'
import type { Log } from './services.ts'
import type { CorePort } from './shell/port.ts'
import type { WorkerUrls } from './workers.ts'

export interface HostOptions {
  readonly dataDir: string
  readonly resourcesDir: string
  readonly workerUrls: WorkerUrls
  readonly log: Log
  readonly native: { readonly deviceName: string; readonly version: string }
  /** Reader threads. */
  readonly readers?: number
  /** Told when the core's thread has died and is back, or is left stopped because it keeps dying. */
  readonly onCrash?: (outcome: 'restarted' | 'stopped') => void
}

/** Requests that replace or delete the store's file: readers let go of it first. */
const NEEDS_THE_FILE = new Set(['backup/restore', 'backup/restoreFile', 'app/removeDemo'])
const CLOSE_LIMIT_MS = 5000
const RESTARTS_PER_MINUTE = 3
/** Until then the core answers queries too: its threads and the first screen have the machine to themselves. */
const READERS_AFTER_MS = 3000

interface Waiting {
  readonly resolve: (result: Result<unknown>) => void
}

export interface CoreHost {
  /** Takes calls at once; they are answered when the core is there. */
  readonly core: CorePort
  /** Rejects with a Refusal when the core cannot start at all (data directory locked or not writable). */
  readonly ready: Promise<void>
}

/**
 * Starts the core and returns when it is there.
 * @throws Refusal when it cannot start at all
 */
export async function startCoreHost(options: HostOptions): Promise<CorePort> {
  const { core, ready } = openCoreHost(options)
  await ready
  return core
}

/**
 * Runs the core and its readers in threads and relays to them. Lives in a shell's thread and never touches the store, so
 * that nothing the core does can freeze a window.
 */
export function openCoreHost(options: HostOptions): CoreHost {
  const { log, workerUrls } = options
  const listeners = new Set<(connectionId: string | null, event: AppEvent) => void>()
  const connections = new Map<string, ConnectionInfo>()
  const actors = new Map<string, Actor>()
  const waiting = new Map<number, Waiting>()
  const offers = new Map<string, { path: string; name: string }>()
  let readers: ReaderPool | null = null
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
        void readers?.use(message.state)
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
    const actor = actors.get(connectionId)
    if (actor && readers?.answers(name)) return readers.query(name, input, actor)
    if (NEEDS_THE_FILE.has(name)) {
      readerState = null
      await readers?.use(null)
    }
    return ask(connectionId, name, input)
  }

  /** The last call to the file may be under way: readers begin with what the core said last. */
  async function startReaders(): Promise<void> {
    const { ReaderPool } = await import('./readers.ts')
    if (!closing) readers = new ReaderPool(workerUrls.reader, options.readers ?? 2, readerState, log)
  }
  const readersLater = setTimeout(() => void startReaders(), READERS_AFTER_MS)
  readersLater.unref()

  const ready = start().catch(async (error: unknown) => {
    clearTimeout(readersLater)
    closing = true
    await Promise.all([readers?.end(), worker.terminate()])
    throw error
  })
  // Who never asks whether the core started learns it from the answers.
  ready.catch(() => undefined)

  const core: CorePort = {
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
      clearTimeout(readersLater)
      const done = new Promise<void>((resolve) => {
        closed = resolve
        setTimeout(resolve, CLOSE_LIMIT_MS).unref()
      })
      if (!stopped) {
        tell({ kind: 'close' })
        await done
      }
      await Promise.all([worker.terminate(), readers?.end()])
    },
  }
  return { core, ready }
}
