import { createPublicKey, hash, verify } from 'node:crypto'
import type { FirstSyncState } from '../../../shared/contract/sync.ts'
import type { Scope } from '../../../shared/ops/types.ts'
import { backoffMs } from '../../../shared/wire/backoff.ts'
import { decodeCanonicalBatch } from '../../../shared/wire/batch.ts'
import { unseal, type Compression } from '../../../shared/wire/envelope.ts'
import {
  manifestText,
  snapshotAnswerSchema,
  SNAPSHOT_VERSION,
  type ChunksRequest,
  type Manifest,
  type SnapshotAnswer,
  type SnapshotRequest,
} from '../../../shared/wire/snapshot.ts'
import type { Log } from '../services.ts'
import type { Store } from '../store/store.ts'
import { readCursor, writeCursor, type SharedScope } from './cursors.ts'
import { rememberHeads } from './give-back.ts'
import { takeIn } from './intake.ts'
import type { HubLink } from './link.ts'
import type { Fork } from './outbox.ts'
import { Inbox } from './first-sync-inbox.ts'
import { FirstSyncJobs, type Job } from './first-sync-jobs.ts'
import {
  Arrivals,
  firstSyncState,
  isUsable,
  progressOf,
  type FirstSyncProgress,
} from './first-sync-progress.ts'
import { sweep } from './resync.ts'
import { HubRefused, WrongHub } from './transport.ts'

/** Ops applied at once, as for pulled batches. */
const APPLY_SLICE = 200
const ANSWER_BYTES = 2 * 1024 * 1024
const MAX_CHUNK_BODY = 64 * 1024 * 1024
const ASK_AGAIN_MS = 1000
const PAUSED_LOOK_MS = 2000
const SHORTEST_MS = 300
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

/** Its own connection, so that what people write does not queue behind a snapshot. */
export interface ChunkStream {
  /** Bytes as they arrive; what was told counts even when the connection breaks afterwards. */
  stream(path: string, body: Uint8Array, onBytes: (bytes: Uint8Array) => void): Promise<void>
  close(): Promise<void>
}

export interface FirstSyncDeps {
  readonly store: Store
  readonly clock: () => number
  readonly random: () => number
  readonly compression: Compression
  readonly log: Log
  readonly link: () => HubLink
  /** A signed request over the engine's own connection. */
  readonly request: (path: string, body: Uint8Array) => Promise<Uint8Array>
  readonly connect: () => ChunkStream
  readonly later: (work: () => void, ms: number) => () => void
  readonly pause: () => Promise<void>
  /** Takes nothing but this scope over, also while syncing is paused: its snapshot lies in a file. */
  readonly only?: SharedScope
  /** A copy of this store has written under its name. */
  readonly onFork: (forks: readonly Fork[]) => void
  /** Something that people see has changed, or a scope can be pulled now. */
  readonly onProgress: () => void
}

/**
 * Takes scopes over from snapshots: a device that begins, or whose cursor the hub's log no longer reaches. Today's work of
 * every scope comes first, then the log's tail can be pulled while the rest arrives. Everything is kept as it comes, to the
 * byte, so that a cut costs nothing but the outage.
 */
export class FirstSync {
  readonly #deps: FirstSyncDeps
  readonly #jobs: FirstSyncJobs
  /** Scopes whose log is short enough to be read from its start. */
  readonly #plain = new Set<Scope>()
  /** Snapshots that the hub is making. */
  readonly #askAgain = new Map<SharedScope, { atMs: number; resync: boolean }>()
  /** What has been taken over whole since the rest began, so that the figures do not fall back. */
  readonly #finished = new Map<Scope, FirstSyncProgress>()
  readonly #arrivals = new Arrivals()
  readonly #asking = new Set<SharedScope>()
  #connection: ChunkStream | null = null
  #running: Promise<void> | null = null
  #wake: (() => void) | null = null
  #failures = 0
  #movedMs = 0
  #closed = false

  constructor(deps: FirstSyncDeps) {
    this.#deps = deps
    this.#jobs = new FirstSyncJobs(deps.store, deps.only ?? null)
    if (deps.only === undefined && this.busy) this.#start()
  }

  /** True while something of a snapshot is missing. */
  get busy(): boolean {
    return this.#jobs.any
  }

  progress(): FirstSyncProgress[] {
    const { db } = this.#deps.store
    return this.#jobs.list().map(({ scope, manifest, missing }) => progressOf(db, scope, manifest, missing))
  }

  /** What a person is told; null when nothing is being taken over. */
  state(scopes = this.progress()): FirstSyncState | null {
    if (scopes.length + this.#askAgain.size === 0) this.#finished.clear()
    const finished = [...this.#finished.values()].filter(
      ({ scope }) => !scopes.some((other) => other.scope === scope),
    )
    return firstSyncState([...finished, ...scopes], {
      preparing: this.#askAgain.size > 0,
      paused: this.#deps.store.meta('syncPaused') === 'yes',
      cut: this.#failures > 0,
      bytesPerMs: this.#arrivals.bytesPerMs(this.#deps.clock()),
    })
  }

  /** Which of the scopes may be pulled now; asks for snapshots of those that begin. */
  async admit(scopes: readonly SharedScope[]): Promise<SharedScope[]> {
    const questions = scopes.flatMap((scope) => {
      const again = this.#askAgain.get(scope)
      if (again) return this.#ask(scope, again.resync)
      const begins = readCursor(this.#deps.store, scope).epoch === 0 && !this.#plain.has(scope)
      return begins ? this.#ask(scope, false) : []
    })
    await Promise.all(questions)
    const jobs = new Map(this.#jobs.list().map((job) => [job.scope, job]))
    // Begun by a file that ended early.
    if (jobs.size > 0) this.#start()
    return scopes.filter((scope) => {
      if (this.#askAgain.has(scope)) return false
      const job = jobs.get(scope)
      return !job || isUsable(job.manifest, job.missing)
    })
  }

  /** The hub's log does not reach back far enough: begins again from a snapshot, keeping all own work. */
  async resync(scope: SharedScope): Promise<void> {
    if (this.#jobs.of(scope)?.sweep === 1) return
    this.#plain.delete(scope)
    this.#asking.add(scope)
    await this.#ask(scope, true).finally(() => this.#asking.delete(scope))
  }

  /** Begins with the snapshot that a request brings, or goes on with it where it was begun; another one makes way. */
  async takeOver(scope: SharedScope, manifest: Manifest): Promise<void> {
    const begun = this.#jobs.list().find((job) => job.scope === scope)
    if (begun?.manifest.signature === manifest.signature) this.#start()
    else await this.#ask(scope, true)
  }

  /** True while the scope is being taken over, or is about to be. */
  isTaking(scope: SharedScope): boolean {
    return this.#asking.has(scope) || this.#askAgain.has(scope) || this.#jobs.of(scope) !== undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake?.()
    await this.#disconnect()
    await this.#running
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    await connection?.close()
  }

  async #ask(scope: SharedScope, resync: boolean): Promise<void> {
    const { store, clock, compression, request } = this.#deps
    if (clock() < (this.#askAgain.get(scope)?.atMs ?? 0)) return
    const wanted: SnapshotRequest = { scope, accepts: [...compression.accepts], resync }
    let answer: SnapshotAnswer
    try {
      const body = await request('snapshot', Buffer.from(JSON.stringify(wanted)))
      answer = snapshotAnswerSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')))
    } catch (error) {
      if (!(error instanceof HubRefused) || error.code !== 'not-found') throw error
      // A hub from before snapshots.
      answer = { manifest: null, making: false, held: [], hubHeads: [] }
    }
    const { manifest, making, held } = answer
    if (!manifest) {
      if (making) {
        this.#askAgain.set(scope, { atMs: clock() + ASK_AGAIN_MS, resync })
        this.#deps.later(this.#deps.onProgress, ASK_AGAIN_MS + 50)
      } else {
        this.#askAgain.delete(scope)
        this.#plain.add(scope)
      }
      return
    }
    this.#verify(manifest, scope)
    this.#askAgain.delete(scope)
    this.#jobs.begin(manifest, { scope, held, resync, nowMs: clock() })
    rememberHeads(store, answer.hubHeads)
    this.#start()
  }

  #verify(manifest: Manifest, scope: Scope): void {
    const link = this.#deps.link()
    const key = createPublicKey({
      key: Buffer.concat([SPKI_ED25519, Buffer.from(link.hubKey, 'base64url')]),
      format: 'der',
      type: 'spki',
    })
    const text = Buffer.from(manifestText(manifest))
    const genuine = verify(null, text, key, Buffer.from(manifest.signature, 'base64url'))
    const fits =
      manifest.belt === link.belt && manifest.scope === scope && manifest.version <= SNAPSHOT_VERSION
    if (!genuine || !fits) throw new WrongHub('snapshot not signed by the hub')
  }

  #start(): void {
    if (this.#running || this.#closed) return
    this.#running = this.#run().finally(() => {
      this.#running = null
      if (!this.#closed && this.busy) this.#start()
    })
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      if (this.#deps.only === undefined && this.#deps.store.meta('syncPaused') === 'yes') {
        await this.#sleep(PAUSED_LOOK_MS)
        continue
      }
      const jobs = this.#jobs.list()
      const job = jobs.find(({ manifest, missing }) => !isUsable(manifest, missing)) ?? jobs[0]
      if (!job) break
      try {
        if (job.missing.length > 0) await this.#fetch(job)
        else await this.#finish(job)
        this.#moved()
      } catch (error) {
        if (this.#closed) break
        await this.#failed(job, error)
      }
    }
    await this.#disconnect()
  }

  async #failed(job: Job, error: unknown): Promise<void> {
    const { store, random, log, clock } = this.#deps
    if (error instanceof HubRefused && error.code === 'not-found') {
      // The hub has newer snapshots and has dropped this one, or made it anew.
      store.transact(() => writeCursor(store, job.scope, { epoch: 0, seq: 0 }))
      await this.#ask(job.scope, job.sweeps).catch(() => undefined)
    } else if (this.#failures > 0)
      log.info('snapshot interrupted', { error: error instanceof Error ? error.message : String(error) })
    this.#failures++
    // A link that worked a moment ago is tried often: an outage should cost no more than itself.
    const sinceMs = clock() - this.#movedMs
    await this.#sleep(Math.min(backoffMs(this.#failures, random), Math.max(SHORTEST_MS, sinceMs / 4)))
  }

  #moved(): void {
    this.#failures = 0
    this.#movedMs = this.#deps.clock()
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const callOff = this.#deps.later(resolve, ms)
      this.#wake = () => {
        callOff()
        resolve()
      }
    })
    this.#wake = null
  }

  /** One answer's worth of bytes; chunks are applied while the next ones arrive. */
  async #fetch(job: Job): Promise<void> {
    const { compression, store } = this.#deps
    const { manifest, scope } = job
    const othersWait = this.#jobs
      .list()
      .some((other) => other.scope !== scope && !isUsable(other.manifest, other.missing))
    const wanted = othersWait ? job.missing.filter((index) => index < manifest.usable) : job.missing
    const queue = [...wanted]
    const inbox = new Inbox(store, scope, manifest.chunks[queue[0]!]![0])
    const request: ChunksRequest = {
      scope: job.scope,
      seq: manifest.seq,
      manifest: manifest.signature,
      chunks: wanted.slice(0, 4096),
      offset: inbox.length,
      maxBytes: ANSWER_BYTES,
      accepts: [...compression.accepts],
    }
    let applying: Promise<void> = Promise.resolve()
    const flow = (bytes: Uint8Array): void => {
      let rest = bytes
      if (bytes.length > 0) this.#arrivals.note(bytes.length, this.#deps.clock())
      while (queue.length > 0) {
        const [chunk, size] = manifest.chunks[queue[0]!]!
        if (inbox.hash !== chunk) inbox.begin(chunk)
        rest = inbox.add(rest, size)
        if (inbox.length < size) break
        inbox.save()
        const whole = inbox.take()
        queue.shift()
        applying = applying.then(() => this.#apply(job, chunk, whole))
        applying.catch(() => undefined)
      }
      if (bytes.length > 0) this.#moved()
    }
    // What a former try brought may be whole already.
    flow(new Uint8Array())
    try {
      if (queue.length === wanted.length) {
        this.#connection ??= this.#deps.connect()
        await this.#connection.stream('chunks', Buffer.from(JSON.stringify(request)), flow)
      }
    } finally {
      inbox.save()
      await applying
    }
  }

  async #apply(job: Job, chunk: string, bytes: Uint8Array): Promise<void> {
    const { store, compression, pause, onProgress } = this.#deps
    const { manifest, scope } = job
    if (hash('sha256', bytes, 'base64url') !== chunk) {
      store.transact(() => this.#jobs.dropBytes(scope, chunk))
      throw new WrongHub('damaged chunk')
    }
    const { ops } = decodeCanonicalBatch(unseal(compression, bytes, MAX_CHUNK_BODY), { maxOps: 1_000_000 })
    for (let from = 0; from < ops.length && !this.#closed; from += APPLY_SLICE) {
      const slice = ops.slice(from, from + APPLY_SLICE)
      const taken = store.transact(() => {
        if (!this.#jobs.isCurrent(job)) return true
        if (!takeIn(store, slice, manifest.epoch)) return false
        if (job.sweeps) this.#jobs.keep(scope, slice)
        if (from + APPLY_SLICE >= ops.length) this.#jobs.chunkDone(scope, chunk)
        return true
      })
      if (!taken) return this.#deps.onFork([])
      await pause()
    }
    onProgress()
  }

  async #finish(job: Job): Promise<void> {
    const { store, pause, onProgress } = this.#deps
    const { scope } = job
    const goesOn = (): boolean => this.#jobs.isCurrent(job)
    if (job.sweeps) await sweep(store, job, pause, goesOn)
    if (this.#closed || !goesOn()) return
    this.#finished.set(scope, progressOf(store.db, scope, job.manifest, []))
    this.#jobs.end(scope)
    onProgress()
  }
}
