import { parentPort, workerData } from 'node:worker_threads'
import { createCore, type Core } from '../core/index.ts'
import { storeToOpen } from '../core/belts.ts'
import { asAppError } from '../core/dispatch.ts'
import { KeyFiles } from '../core/key-files.ts'
import { systemKeyStore } from '../core/key-store/system.ts'
import type { Log } from '../core/services.ts'
import type { CoreStart, FromCore, ToCore } from './protocol.ts'

/** Thread entry of the core: the belt's single writer. */
const start = workerData as CoreStart
const port = parentPort!
const post = (message: FromCore) => port.postMessage(message)
const logAt = (level: 'info' | 'warn' | 'error') => (message: string, details?: Record<string, unknown>) =>
  post({ kind: 'log', level, message, details })
const log: Log = { info: logAt('info'), warn: logAt('warn'), error: logAt('error') }

/** Keys in the clear are wrapped once the first screen has had the machine to itself. */
const PROTECT_AFTER_MS = 3000
/** `file`: unattended runs and tests leave the operating system's store alone, except to open what is wrapped already. */
const wraps = process.env.CHANBO_KEY_STORE !== 'file'

const connectionIds = new Set<string>()
const lastActors = new Map<string, string>()
let lastStore = ''

/** Readers must know who is asking and where the store is before the caller hears that either changed. */
function publish(core: Core): void {
  for (const id of connectionIds) {
    const actor = core.actorOf(id)
    const text = JSON.stringify(actor)
    if (lastActors.get(id) === text) continue
    lastActors.set(id, text)
    post({ kind: 'actor', actor })
  }
  const state = core.readerState()
  const text = JSON.stringify(state)
  if (text !== lastStore) {
    lastStore = text
    post({ kind: 'store', state })
  }
}

function handle(core: Core, message: ToCore): void {
  switch (message.kind) {
    case 'connect':
      core.openConnection(message.info, message.id)
      connectionIds.add(message.id)
      publish(core)
      break
    case 'disconnect':
      core.closeConnection(message.id)
      connectionIds.delete(message.id)
      lastActors.delete(message.id)
      break
    case 'request':
      void core.request(message.connectionId, message.name, message.input).then((result) => {
        publish(core)
        post({ kind: 'answer', n: message.n, result })
      })
      break
    case 'file':
      core.registerFile(message.file, message.handle)
      break
    case 'close':
      void core.close().then(() => post({ kind: 'closed' }))
      break
  }
}

try {
  const keyFiles = new KeyFiles({ dataDir: start.dataDir, store: systemKeyStore, wraps, log })
  const store = storeToOpen(start.dataDir)
  if (store !== null) await keyFiles.unlock([store], false)
  const core = createCore({
    keyFiles,
    dataDir: start.dataDir,
    resourcesDir: start.resourcesDir,
    clock: () => Date.now(),
    log,
    native: { deviceName: start.deviceName, version: start.version },
    workerUrls: { scheduler: new URL(start.schedulerUrl), import: new URL(start.importUrl) },
  })
  core.onEvent((connectionId, event) => {
    if (event.kind === 'changed' && (event.topics.includes('store') || event.topics.includes('app')))
      publish(core)
    post({ kind: 'event', connectionId, event })
  })
  core.onOffer((handle, file) => post({ kind: 'offer', handle, file }))
  port.on('message', (message: ToCore) => handle(core, message))
  publish(core)
  post({ kind: 'ready' })
  const protect = async () => {
    if ((await keyFiles.protect()) > 0) core.services.emit({ kind: 'changed', topics: ['app'] })
  }
  setTimeout(() => void protect(), PROTECT_AFTER_MS).unref()
} catch (error) {
  post({
    kind: 'fatal',
    error: asAppError(error),
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  })
}
