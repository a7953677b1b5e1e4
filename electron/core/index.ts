import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { rmSync, statSync } from 'node:fs'
import type { AppEvent } from '../../shared/contract/event.ts'
import { fail, Refusal, type Result } from '../../shared/contract/result.ts'
import { migrate, readMigrations } from '../sqlite/migrate.ts'
import { openDb, type Db } from '../sqlite/open.ts'
import { BeltFiles, type KnownBelt } from './belts.ts'
import type { Actor, CommandContext, QueryContext } from './context.ts'
import { isElsewhere, settleIdentity } from './features/backup/identity.ts'
import { findBackups, infoOf } from './features/backup/list.ts'
import { backUpBeforeUpgrade } from './features/backup/upgrade.ts'
import { answer, asAppError, authorise, parseInput } from './dispatch.ts'
import { specOf } from './specs.ts'
import { personOf } from './people/state.ts'
import { lockDataDir } from './lock.ts'
import { KeyFiles } from './key-files.ts'
import { makeKeys } from './keys.ts'
import { ACTIONS, COMMANDS, CORE_QUERIES, ON_CHANGED, ON_OPEN, QUERIES, ROLLUPS } from './registry.ts'
import type { HandedFile, Log, OpenBelt, RunningJob, Services, Trouble } from './services.ts'
import { offsetMin } from '../../shared/domain/time.ts'
import { confirmByLease } from './sync/lease.ts'
import { arbitrateLocally, grantWaiting } from './sync/local-arbiter.ts'
import { createSyncService } from './sync/service.ts'
import { createMutator } from './store/mutator.ts'
import { metaOf } from './store/meta.ts'
import { Store } from './store/store.ts'
import { StandingWorker, startWorker, type WorkerUrls } from './workers.ts'

export interface CoreOptions {
  readonly dataDir: string
  readonly resourcesDir: string
  /** Wall clock, epoch ms. */
  readonly clock: () => number
  readonly log: Log
  readonly native: { readonly deviceName: string; readonly version: string }
  readonly workerUrls: Pick<WorkerUrls, 'scheduler' | 'import'>
  /** By default keys lie in owner-only files and no store of the operating system is asked. */
  readonly keyFiles?: KeyFiles
}

export interface ConnectionInfo {
  readonly kind: 'window' | 'socket'
  /** From another machine (`--lan`): nobody is ever signed in without a PIN. */
  readonly remote: boolean
  /** Reconnects with the same key keep their person signed in while the process lives. */
  readonly sessionKey?: string
}

/** What a reader thread needs to answer queries. */
export interface ReaderState {
  readonly path: string
  readonly belt: OpenBelt['info']
  /** The belt's present minus the wall clock, ms. */
  readonly clockOffsetMs: number
}

export interface Core {
  /** @param id chosen by a shell thread that cannot wait for an answer */
  openConnection(info: ConnectionInfo, id?: string): string
  closeConnection(id: string): void
  actorOf(connectionId: string): Actor
  /** Never rejects. */
  request(connectionId: string, name: string, input: unknown): Promise<Result<unknown>>
  /** `connectionId` null: for everyone. */
  onEvent(listener: (connectionId: string | null, event: AppEvent) => void): () => void
  registerFile(file: HandedFile, handle?: string): string
  takeOffer(handle: string): { path: string; name: string } | null
  /** Told of each file offered for download. */
  onOffer(listener: (handle: string, file: { path: string; name: string }) => void): void
  readerState(): ReaderState | null
  readonly services: Services
  close(): Promise<void>
}

interface Connection extends ConnectionInfo {
  personKey: string
}

/** The application, free of any shell. Opens the belt that was open last; trouble with it is reported by `app/state`, not thrown. */
export function createCore(options: CoreOptions): Core {
  const { clock, log } = options
  const listeners = new Set<(connectionId: string | null, event: AppEvent) => void>()
  const connections = new Map<string, Connection>()
  const people = new Map<string, string>()
  const handed = new Map<string, HandedFile>()
  const offered = new Map<string, { path: string; name: string }>()
  const planner = new StandingWorker(options.workerUrls.scheduler)
  let offerListener: ((handle: string, file: { path: string; name: string }) => void) | null = null
  const jobs = new Map<string, RunningJob & { settled: Promise<unknown> }>()
  const releaseLock = lockDataDir(options.dataDir)
  const { dataDir } = options
  const files = new BeltFiles(dataDir, options.native.deviceName)
  const keyFiles = options.keyFiles ?? new KeyFiles({ dataDir, store: null, wraps: false, log })
  const migrations = readMigrations(join(options.resourcesDir, 'migrations', 'local'))
  let belt: OpenBelt | null = null
  let reader: Db | null = null
  let trouble: Trouble | null = null

  const emit = (event: AppEvent, connectionId: string | null = null) => {
    for (const listener of listeners) listener(connectionId, event)
  }

  function open(known: KnownBelt): void {
    const path = files.storePath(known.store)
    let keys = keyFiles.load(known.store, isElsewhere(dataDir, known.store))
    const db = openDb(path)
    try {
      backUpBeforeUpgrade(db, { path, store: known.store, dataDir, migrations, nowMs: clock(), log })
      if (
        migrate(db, migrations, clock()).length === 0 &&
        db.pragma('quick_check(1)', { simple: true }) !== 'ok'
      )
        throw Object.assign(new Error('the store did not pass its check'), { code: 'SQLITE_CORRUPT' })
      if (!keys) {
        // Without its keys the device is a stranger to its own log: it continues under a new identity.
        keys = makeKeys({ founder: false })
        keyFiles.save(known.store, keys)
      }
      keys = settleIdentity(db, keys, { dataDir, keyFiles, store: known.store, nowMs: clock() })
      const row = db.prepare('SELECT id, name, timeZone, isDemo, demoNowMs FROM belt LIMIT 1').get() as
        { id: string; name: string; timeZone: string; isDemo: number; demoNowMs: number | null } | undefined
      const openedMs = Number(metaOf(db, 'demoOpenedMs') ?? clock())
      const offset = row?.isDemo && row.demoNowMs !== null ? row.demoNowMs - openedMs : 0
      const nowMs = () => clock() + offset
      const store = new Store({
        db,
        author: keys.author,
        clock: nowMs,
        hooks: ROLLUPS,
        onChanged: (topics) => {
          emit({ kind: 'changed', topics })
          services.sync.poke()
          for (const listener of ON_CHANGED) listener(services, topics)
        },
      })
      reader = openDb(path, { readOnly: true })
      belt = {
        known: { ...known, id: row?.id ?? known.id, name: row?.name ?? known.name },
        info: { id: row?.id ?? '', timeZone: row?.timeZone ?? 'Asia/Shanghai', isDemo: row?.isDemo === 1 },
        store,
        keys,
        path,
        nowMs,
      }
      trouble = null
    } catch (error) {
      db.close()
      throw error
    }
  }

  function closeBelt(): void {
    trouble = null
    if (!belt) return
    for (const job of jobs.values()) job.cancel()
    services.sync.closing()
    people.clear()
    reader?.close()
    reader = null
    const closing = belt
    belt = null
    emit({ kind: 'changed', topics: ['app', 'store'] })
    closing.store.db.close()
  }

  function switchTo(storeName: string): void {
    closeBelt()
    const known = files.list().find((candidate) => candidate.store === storeName)
    if (!known) throw new Refusal('no-belt')
    try {
      open(known)
      files.open({ ...belt!.known, openedMs: clock() })
      services.sync.opened()
      for (const resume of ON_OPEN)
        resume(services).catch((error: unknown) =>
          log.warn('unfinished work could not go on', { error: String(error) }),
        )
    } catch (error) {
      const known_ = asAppError(error)
      if (!known_) throw error
      log.error('the belt could not be opened', { store: storeName, error: String(error) })
      trouble = {
        error: known_,
        backups: findBackups(dataDir, storeName).map(infoOf),
      }
    }
    emit({ kind: 'changed', topics: ['app', 'store'] })
  }

  const requireBelt = (): OpenBelt => {
    if (belt) return belt
    throw trouble ? new Refusal(trouble.error.code, trouble.error.details) : new Refusal('no-belt')
  }

  const readContext = (actor: Actor): QueryContext => {
    const open_ = requireBelt()
    return { db: reader!, actor, belt: open_.info, nowMs: open_.nowMs() }
  }

  const services: Services = {
    clock,
    log,
    dataDir,
    resourcesDir: options.resourcesDir,
    version: options.native.version,
    files,
    keyFiles,
    belt: requireBelt,
    openBelt: () => belt,
    trouble: () => trouble,
    transact: (actor, work) => {
      const { store, info, nowMs } = requireBelt()
      return store.transact(() => {
        const now = nowMs()
        const arbiter = { nowMs: now, zoneOffsetMin: offsetMin(info.timeZone) }
        let freed = false
        const write = createMutator({
          store,
          person: actor.personId,
          baseId: actor.baseId,
          beforeClaim: (table, fields) =>
            table === 'booking' ? confirmByLease(store, fields, arbiter) : fields,
          afterClaim: (table, id, mutator) => {
            if (table === 'bookingRelease') freed = true
            arbitrateLocally(store, table, id, mutator, arbiter)
          },
        })

        const touch = (topic: string) => store.touch(topic)
        const ctx: CommandContext = { db: store.db, actor, belt: info, nowMs: now, write, touch }
        const result = work(ctx)
        if (freed) grantWaiting(store, write, arbiter)
        return result
      })
    },
    read: (actor, work) => work(readContext(actor)),
    emit: (event, connectionId) => emit(event, connectionId ?? null),
    startWorker: (kind, payload, onProgress) =>
      kind === 'scheduler'
        ? planner.start(payload, onProgress)
        : startWorker(options.workerUrls[kind], payload, onProgress),
    track: (kind, job, work) => {
      const id = randomUUID()
      const running = { ...job, id, kind, settled: work.catch(() => undefined) }
      jobs.set(id, running)
      void running.settled.then(() => jobs.delete(id))
      return running
    },
    job: (id) => jobs.get(id) ?? null,
    jobs: (kind) => [...jobs.values()].filter((job) => job.kind === kind),
    takeFile: (handle) => {
      const file = handed.get(handle) ?? null
      handed.delete(handle)
      return file
    },
    offerFile: (path, name) => {
      const handle = randomUUID()
      offered.set(handle, { path, name })
      offerListener?.(handle, { path, name })
      return handle
    },
    switchTo,
    closeBelt,
    sync: createSyncService({
      clock,
      log,
      keyFiles,
      files,
      openBelt: () => belt,
      belt: requireBelt,
      emit: (event) => emit(event),
      switchTo,
      random: Math.random,
    }),
    isRemote: (connectionId) => connections.get(connectionId)?.remote ?? true,
    setPerson: (connectionId, personId) => {
      const key = connections.get(connectionId)?.personKey
      if (key === undefined) return
      if (personId === null) people.delete(key)
      else people.set(key, personId)
    },
  }

  function actorOf(connectionId: string): Actor {
    const nobody: Actor = { connectionId, personId: null, role: null, baseId: null }
    const connection = connections.get(connectionId)
    if (!connection || !belt) return nobody
    const personId =
      people.get(connection.personKey) ??
      (belt.info.isDemo && !connection.remote ? demoPerson(belt.store.db) : null)
    const person = personId === null ? null : personOf(belt.store.db, personId)
    return person ? { connectionId, personId: person.id, role: person.role, baseId: person.baseId } : nobody
  }

  async function dispatch(connectionId: string, name: string, input: unknown): Promise<unknown> {
    const spec = specOf(name)
    if (!spec) throw new Refusal('unknown-request', { request: name })
    const actor = actorOf(connectionId)
    authorise(spec.access, actor)
    const parsed = parseInput(spec, input) as never
    const own = CORE_QUERIES[name]
    if (own) return own(parsed, { actor, services })
    const query = QUERIES[name]
    if (query) return query(parsed, readContext(actor))
    const command = COMMANDS[name]
    if (command) return services.transact(actor, (ctx) => command(parsed, ctx))
    const action = ACTIONS[name]
    if (action) return action(parsed, { actor, services })
    throw new RangeError(`${name} is in the contract but nothing answers it`)
  }

  const last = files.current
  if (last) switchTo(last.store)
  keyFiles.onLateKey = () => {
    if (trouble?.error.code === 'keys-locked' && files.current) switchTo(files.current.store)
  }

  return {
    openConnection(info, id = randomUUID()) {
      connections.set(id, { ...info, personKey: info.sessionKey ?? id })
      return id
    },
    closeConnection(id) {
      const connection = connections.get(id)
      if (connection && connection.sessionKey === undefined) people.delete(connection.personKey)
      connections.delete(id)
    },
    actorOf,
    request: (connectionId, name, input) =>
      connections.has(connectionId)
        ? answer(name, log, () => dispatch(connectionId, name, input))
        : Promise.resolve(fail('connection-lost')),
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    registerFile(file, handle = randomUUID()) {
      handed.set(handle, file)
      return handle
    },
    takeOffer(handle) {
      const offer = offered.get(handle) ?? null
      offered.delete(handle)
      return offer
    },
    onOffer(listener) {
      offerListener = listener
    },
    readerState: () =>
      belt ? { path: belt.path, belt: belt.info, clockOffsetMs: belt.nowMs() - clock() } : null,
    services,
    async close() {
      for (const job of jobs.values()) job.cancel()
      await Promise.all([...jobs.values()].map((job) => job.settled))
      closeBelt()
      planner.close()
      keyFiles.close()
      for (const file of handed.values())
        if (file.ephemeral && statSync(file.path, { throwIfNoEntry: false })) rmSync(file.path)
      releaseLock()
    },
  }
}

/** In the demo, whoever opens it is its administrator until they choose another person. */
function demoPerson(db: Db): string | null {
  const row = db
    .prepare(
      `SELECT id FROM person WHERE role = 'administrator' AND active = 1 AND deleted = 0 ORDER BY createdMs, id LIMIT 1`,
    )
    .get() as { id: string } | undefined
  return row?.id ?? null
}
