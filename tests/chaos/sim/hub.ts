import Database from 'better-sqlite3'
import { HubRefused } from '../../../electron/core/sync/transport.ts'
import { useCounter, type Caller } from '../../../electron/hub/auth.ts'
import type { HubContext } from '../../../electron/hub/context.ts'
import { sqliteDatabase } from '../../../electron/hub/database.ts'
import { enrol, readmit } from '../../../electron/hub/enrol.ts'
import { attend } from '../../../electron/hub/expiry.ts'
import { HubRefusal } from '../../../electron/hub/errors.ts'
import { contextOf } from '../../../electron/hub/index.ts'
import { beltEpochs, startEpochs } from '../../../electron/hub/maintenance.ts'
import { beltRequests } from '../../../electron/hub/requests.ts'
import { refusalOf } from '../../../electron/hub/server.ts'
import { truncate } from '../../../electron/hub/truncate.ts'
import type { Db } from '../../../electron/sqlite/open.ts'
import { enrolRequestSchema, readmitRequestSchema } from '../../../shared/wire/messages.ts'
import { quietLog } from '../../helpers/sync-rig.ts'
import { Crash, crashing, Fuse } from './crash.ts'

type BeltRequests = ReturnType<typeof beltRequests>

export interface Request {
  readonly path: string
  readonly body: Uint8Array
  readonly identity: { readonly author: string; readonly epoch: number; readonly counter: number }
}

/** The real hub on a real database in memory, without sockets. */
export class SimHub {
  raw: Db
  context!: HubContext
  skewMs = 0
  readonly backups: Buffer[] = []
  /** How far snapshots of each view have reached that a device may have begun again from, restores notwithstanding. */
  readonly #snapshots = new Map<string, number>()
  #wasCut = false
  readonly #seed: string
  readonly #now: () => number
  #fuse!: Fuse
  #requests!: BeltRequests

  constructor(image: Buffer, seed: string, now: () => number) {
    this.raw = new Database(image)
    this.#seed = seed
    this.#now = now
    this.start()
  }

  /** A new process on the same database. */
  start(): void {
    this.#fuse = new Fuse()
    if (this.raw.inTransaction) this.raw.exec('ROLLBACK')
    this.context = contextOf({
      database: sqliteDatabase(crashing(this.raw, this.#fuse)),
      clock: () => this.#now() + this.skewMs,
      log: quietLog,
      tls: null,
      seed: this.#seed,
    })
    this.#requests = beltRequests(this.context)
  }

  crashAfter(statements: number): void {
    this.#fuse.set(statements)
  }

  backUp(): void {
    this.raw.prepare('UPDATE belt SET backupWatermark = nextSeq - 1').run()
    this.backups.push(this.raw.serialize())
    if (this.backups.length > 3) this.backups.shift()
  }

  restore(image: Buffer): void {
    this.snapshotsReached()
    const replaced = beltEpochs(this.raw)
    this.raw.close()
    this.raw = new Database(image)
    startEpochs(this.raw, this.#now() + this.skewMs, replaced)
    this.start()
  }

  /** By view; empty while the log is whole and always was. */
  snapshotsReached(): ReadonlyMap<string, number> {
    this.#wasCut ||= this.raw.prepare('SELECT 1 FROM truncation').get() !== undefined
    if (!this.#wasCut) return this.#snapshots
    const rows = this.raw
      .prepare<[], { view: string; seq: number }>('SELECT view, max(seq) AS seq FROM snapshot GROUP BY view')
      .all()
    for (const { view, seq } of rows) this.#snapshots.set(view, Math.max(seq, this.#snapshots.get(view) ?? 0))
    return this.#snapshots
  }

  close(): void {
    this.raw.close()
  }

  /** What the hub does by itself as time passes. */
  async attend(): Promise<void> {
    try {
      await attend(this.context)
    } catch (error) {
      if (!(error instanceof Crash) && !this.#fuse.burnt) throw error
      this.start()
    }
  }

  /** Cuts off the log and forgets deletions; `draw` says how long devices are waited for, and whether the process ends over it. */
  async truncate(draw: number): Promise<void> {
    if (draw % 4 === 0) this.crashAfter(draw % 97)
    try {
      for (const { belt } of this.raw.prepare('SELECT belt FROM belt').all() as { belt: string }[])
        await truncate(this.context, belt, {
          keepMs: 0,
          awayMs: (draw % 3) * 3_600_000,
          leastOps: 1,
          tombstoneMs: 0,
        })
    } catch (error) {
      if (!(error instanceof Crash) && !this.#fuse.burnt) throw error
      this.start()
    }
  }

  /** @returns the answer's body, or null when the process ended before it could answer; it runs again then */
  async handle(request: Request): Promise<Uint8Array | null> {
    try {
      const [, , , belt, name] = request.path.split('/') as [string, string, string, string, string]
      const device = await this.context.database.db
        .selectFrom('device')
        .selectAll()
        .where('belt', '=', decodeURIComponent(belt))
        .where('author', '=', request.identity.author)
        .executeTakeFirst()
      if (!device) throw new HubRefusal('not-enrolled')
      const { epoch, counter } = request.identity
      await useCounter(this.context.database, device, counter, this.context.clock())
      const who: Caller = { device, epoch, counter }
      return await this.#requests[name as keyof BeltRequests].answer(who, request.body)
    } catch (error) {
      if (error instanceof Crash || this.#fuse.burnt) {
        this.start()
        return null
      }
      const refusal = refusalOf(error)
      if (refusal.code === 'internal') throw error
      throw new HubRefused(refusal.code, refusal.number ?? null)
    }
  }

  async plain(path: string, body: unknown): Promise<unknown> {
    if (path === '/v1/hub') return { hubKey: this.context.signer.publicKey }
    if (path === '/v1/enrol') return enrol(this.context, enrolRequestSchema.parse(body))
    if (path === '/v1/readmit') return readmit(this.context, readmitRequestSchema.parse(body))
    throw new Error(`no such path ${path}`)
  }
}
