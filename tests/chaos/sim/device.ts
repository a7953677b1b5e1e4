import { hash } from 'node:crypto'
import zlib from 'node:zlib'
import Database from 'better-sqlite3'
import { authorOfPublicKey, publicKeyOf, type DeviceKeys } from '../../../electron/core/keys.ts'
import { createMutator, type Mutator } from '../../../electron/core/store/mutator.ts'
import type { HoldOff } from '../../../electron/core/sync/contact.ts'
import { SyncEngine } from '../../../electron/core/sync/engine.ts'
import { holdOffAfter, renewIdentity } from '../../../electron/core/sync/renewal.ts'
import { continueUnder } from '../../../electron/core/sync/incarnation.ts'
import { confirmByLease } from '../../../electron/core/sync/lease.ts'
import { readLink } from '../../../electron/core/sync/link.ts'
import type { Fork } from '../../../electron/core/sync/outbox.ts'
import { arbitrateLocally } from '../../../electron/core/sync/local-arbiter.ts'
import { RequestCounter } from '../../../electron/core/sync/request-counter.ts'
import { HubUnreachable, type HubConnection } from '../../../electron/core/sync/transport.ts'
import type { Db } from '../../../electron/sqlite/open.ts'
import { compressionOf } from '../../../shared/wire/compression.ts'
import { quietLog } from '../../helpers/sync-rig.ts'
import type { Chance } from './chance.ts'
import { Crash, CrashingStore, Fuse } from './crash.ts'
import { actAs, migrateTo, type Version } from './versions.ts'
import type { Request } from './hub.ts'

/** Keys that follow from a text, so that a replay has the same names in the same order. */
export function keysFrom(
  text: string,
  options: { founder?: boolean; incarnation?: number } = {},
): DeviceKeys {
  const seedOf = (what: string) => hash('sha256', `${what} ${text}`, 'buffer').toString('base64url')
  const privateSeed = seedOf('device')
  const publicKey = publicKeyOf(privateSeed)
  return {
    author: authorOfPublicKey(publicKey),
    publicKey,
    privateSeed,
    incarnation: options.incarnation ?? 1,
    rootSeed: options.founder ? seedOf('root') : null,
    beltSecret: seedOf('belt'),
  }
}

/** A request that has left the device and is not answered. */
export interface Flight extends Request {
  readonly resolve: (answer: { body: Uint8Array; wireBytes: number }) => void
  readonly reject: (error: Error) => void
}

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly work: () => void
}

const compression = compressionOf(zlib, { zstd: false })

/** One device: the real store, outbox and engine of a process that can end at any time, on a disk that stays. */
export class SimDevice {
  readonly name: string
  db: Db
  keys: DeviceKeys
  store!: CrashingStore
  skewMs = 0
  version: Version
  /** A copy of the data directory goes on as a device of its own. */
  readonly isCopy: boolean
  readonly backups: Buffer[] = []
  flights: Flight[] = []
  readonly #now: () => number
  readonly #chance: Chance
  readonly #plain: (path: string, body: unknown) => Promise<unknown>
  #fuse = new Fuse()
  #engine: SyncEngine | null = null
  #timers: Timer[] = []
  #orders = 0
  #newNames = 0
  #unrenewed = 0

  constructor(options: {
    name: string
    image: Buffer
    keys: DeviceKeys
    now: () => number
    chance: Chance
    plain?: (path: string, body: unknown) => Promise<unknown>
    isCopy?: boolean
    version?: Version
  }) {
    this.name = options.name
    this.db = new Database(options.image)
    this.db.pragma('foreign_keys = ON')
    this.db.pragma('trusted_schema = OFF')
    this.keys = options.keys
    this.isCopy = options.isCopy ?? false
    this.version = options.version ?? 1
    this.#now = options.now
    this.#chance = options.chance
    this.#plain = options.plain ?? (() => Promise.reject(new HubUnreachable('nobody there')))
    this.start()
  }

  clock = (): number => this.#now() + this.skewMs

  /** True when the process has met its end and has not been noticed to be gone. */
  get isDead(): boolean {
    return this.#fuse.burnt
  }

  get isSyncing(): boolean {
    return this.#engine !== null
  }

  /** A new process on the same disk. */
  start(): void {
    actAs(this.version)
    migrateTo(this.version, this.db)
    this.#fuse.burn()
    const fuse = new Fuse()
    this.#fuse = fuse
    this.flights = []
    this.#timers = []
    this.#engine = null
    this.store = new CrashingStore(
      {
        db: this.db,
        author: this.keys.author,
        clock: this.clock,
        hooks: [],
        onChanged: () => this.#engine?.poke(),
      },
      fuse,
    )
    this.#sync()
  }

  crashAfter(transactions: number): void {
    this.#fuse.set(transactions)
  }

  /** Another disk content under the same keys: what a person does who restores a backup. */
  useImage(image: Buffer): void {
    this.db.close()
    this.db = new Database(image)
    this.db.pragma('foreign_keys = ON')
    this.start()
  }

  write<T>(person: string | null, work: (write: Mutator) => T): T {
    const { store } = this
    const arbiter = { nowMs: this.clock(), zoneOffsetMin: 480 }
    const mutator = createMutator({
      store,
      person,
      baseId: readLink(store)?.certificate.baseId ?? null,
      beforeClaim: (table, fields) => (table === 'booking' ? confirmByLease(store, fields, arbiter) : fields),
      afterClaim: (table, id, write) => arbitrateLocally(store, table, id, write, arbiter),
    })
    return store.transact(() => work(mutator))
  }

  /** Runs what is due. @returns whether anything was */
  runTimer(): boolean {
    const next = this.#nextTimer()
    if (!next || next.atMs > this.#now()) return false
    this.#timers.splice(this.#timers.indexOf(next), 1)
    try {
      next.work()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
    }
    return true
  }

  /** Milliseconds until something is due, or null. */
  dueInMs(): number | null {
    const next = this.#nextTimer()
    return next === null ? null : next.atMs - this.#now()
  }

  poke(): void {
    this.#engine?.poke(true)
  }

  close(): void {
    this.#fuse.burn()
    this.db.close()
  }

  #nextTimer(): Timer | null {
    let first: Timer | null = null
    for (const timer of this.#timers)
      if (!first || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order))
        first = timer
    return first
  }

  #later = (work: () => void, ms: number): (() => void) => {
    // Timers may be asked for by fractions; clocks tell whole milliseconds.
    const timer: Timer = { atMs: this.#now() + Math.max(0, Math.ceil(ms)), order: this.#orders++, work }
    this.#timers.push(timer)
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at >= 0) this.#timers.splice(at, 1)
    }
  }

  #connect = (): HubConnection => {
    const fuse = this.#fuse
    const mine = new Set<Flight>()
    return {
      plain: (path, body) => (fuse.burnt ? new Promise(() => undefined) : this.#plain(path, body)),
      signed: (path, body, identity) =>
        new Promise((resolve, reject) => {
          if (fuse.burnt) return
          const flight: Flight = {
            path,
            body: Uint8Array.from(body),
            identity,
            resolve: (answer) => {
              mine.delete(flight)
              resolve(answer)
            },
            reject: (error) => {
              mine.delete(flight)
              reject(error)
            },
          }
          mine.add(flight)
          this.flights.push(flight)
        }),
      close: () => {
        for (const flight of mine) {
          const at = this.flights.indexOf(flight)
          if (at >= 0) this.flights.splice(at, 1)
          flight.reject(new HubUnreachable('closed'))
        }
        return Promise.resolve()
      },
    }
  }

  #sync(holdOff?: HoldOff): void {
    if (!readLink(this.store)) return
    const fuse = this.#fuse
    const engine = new SyncEngine({
      store: this.store,
      keys: this.keys,
      clock: this.clock,
      random: () => this.#chance.next(),
      compression,
      log: quietLog,
      onChanged: () => undefined,
      onFork: (forks) => void this.#takeNewIdentity(engine, forks),
      holdOff,
      host: {
        connect: this.#connect,
        later: (work, ms) => (fuse.burnt ? () => undefined : this.#later(work, ms)),
        pause: () =>
          new Promise((resolve) => {
            if (!fuse.burnt) this.#later(resolve, 0)
          }),
      },
    })
    this.#engine = engine
    engine.poke()
  }

  async #takeNewIdentity(engine: SyncEngine, forks: readonly Fork[]): Promise<void> {
    const fuse = this.#fuse
    if (this.#engine !== engine || fuse.burnt) return
    this.#engine = null
    void engine.close()
    const { store, keys } = this
    const link = readLink(store)
    if (!link) return
    try {
      const next = keysFrom(`${this.name} ${keys.author} ${this.#newNames++} ${this.#chance.next()}`, {
        incarnation: keys.incarnation + 1,
        founder: false,
      })
      const renewed = await renewIdentity(link, keys, next, new RequestCounter(store), this.#connect)
      if (fuse.burnt) return
      continueUnder(store, {
        author: next.author,
        link: renewed,
        forks,
        saveKeys: () => {
          this.keys = { ...next, rootSeed: keys.rootSeed }
        },
      })
      this.start()
    } catch (error) {
      if (fuse.burnt || this.#engine !== null) return
      if (error instanceof Crash) this.#later(() => this.#sync(), 1000)
      else
        this.#sync(
          holdOffAfter(error, ++this.#unrenewed, { nowMs: this.clock(), random: () => this.#chance.next() }),
        )
    }
  }
}
