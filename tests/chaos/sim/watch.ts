import Database from 'better-sqlite3'
import { decodeOp } from '../../../shared/ops/canonical.ts'
import { opId, parseOpId } from '../../../shared/ops/id.ts'
import { fieldsOf } from '../../../shared/domain/table.ts'
import { TABLES } from '../../../shared/domain/tables.ts'
import { UNTOLD } from '../../../electron/core/store/grants.ts'
import { toSql } from '../../../electron/core/store/rows.ts'
import type { Db } from '../../../electron/sqlite/open.ts'
import { prepared } from '../../../electron/sqlite/prepared.ts'
import type { SimDevice } from './device.ts'
import { Broken } from './ledger.ts'
import type { World } from './world.ts'

const MARK = /"(m\d+m)"/g

const marksIn = (fields: string): string[] => [...fields.matchAll(MARK)].map(([, mark]) => mark!)

interface HubOpRow {
  hubSeq: number
  author: string
  stream: number
  seq: number
  state: number
  hash: Uint8Array
  payload: Uint8Array
}

interface Committed {
  /** Chain hash: copies of a device give one name to two things. */
  readonly hash: string
  /** A restored hub has not got it back yet. */
  gone: boolean
}

interface Seen {
  canonical: number
  /** It takes a snapshot over: what that has forgotten goes. */
  isResyncing: boolean
  readonly stamps: Map<string, [number, number]>
}

/** Checks that hold after every single step. */
export class Watch {
  readonly #world: World
  readonly #seen = new WeakMap<SimDevice, Seen>()
  /** Ops that the hub has had durably, by identity. */
  readonly #committed = new Map<string, Committed>()
  #missing = 0
  #scannedTo: number

  constructor(world: World) {
    this.#world = world
    this.#scannedTo = 0
    this.afterHub()
  }

  /** Ops that a restored hub has not got back yet. */
  lostAtHub(): string[] {
    return this.#missing === 0 ? [] : [...this.#committed].flatMap(([key, { gone }]) => (gone ? [key] : []))
  }

  afterHub(): void {
    const { hub, ledger } = this.#world
    if (hub.raw.inTransaction) throw new Broken('one transaction per request', 'left open')
    const rows = prepared<[number], HubOpRow>(
      hub.raw,
      'SELECT hubSeq, author, stream, seq, state, hash, payload FROM op WHERE hubSeq > ? ORDER BY hubSeq',
    ).all(this.#scannedTo)
    for (const row of rows) {
      this.#scannedTo = row.hubSeq
      const key = opId(row)
      const known = this.#committed.get(key)
      const hash = Buffer.from(row.hash).toString('hex')
      if (known && known.hash !== hash)
        throw new Broken('acknowledged is at the hub', `${key} stands for something else now`)
      if (known?.gone) this.#missing--
      this.#committed.set(key, { hash, gone: false })
      const op = decodeOp(row.payload)
      if (op.kind === 'create' || op.kind === 'fact' || op.kind === 'claim')
        for (const mark of marksIn(JSON.stringify(op.fields))) ledger.atHub.set(mark, key)
      if (op.table === 'resourceGrant' && row.state === 0 && !ledger.fences.has(key)) {
        const fence = Number(op.fields.fence)
        if (fence <= ledger.greatestFence)
          throw new Broken('fences only rise', `${fence} after ${ledger.greatestFence}`)
        ledger.greatestFence = fence
        ledger.fences.set(key, fence)
      }
    }
    const double = overlapIn(hub.raw, 'liveGrant')
    if (double) throw new Broken('one live grant per resource and time', `at the hub: ${double}`)
  }

  hubRestored(): void {
    const has = hadBy(this.#world.hub.raw)
    this.#missing = 0
    for (const [key, committed] of this.#committed) {
      committed.gone = !has(key)
      if (committed.gone) this.#missing++
    }
    this.#scannedTo = prepared<[], { n: number }>(
      this.#world.hub.raw,
      'SELECT coalesce(max(hubSeq), 0) AS n FROM op',
    ).get()!.n
  }

  /** Whether everything that such a hub would have forgotten is still on a disk that can give it back. */
  survives(image: Buffer): boolean {
    const db = new Database(image)
    const has = hadBy(db)
    const revoked = new Set(
      [this.#world.hub.raw, db].flatMap((hub) =>
        (hub.prepare(`SELECT author FROM device WHERE status = 'revoked'`).all() as { author: string }[]).map(
          ({ author }) => author,
        ),
      ),
    )
    // Two copies that still share a name: the one that is heard first takes the other's accepted work out of the order.
    const authors = this.#world.devices.map(({ keys }) => keys.author)
    if (new Set(authors).size < authors.length) {
      db.close()
      return false
    }
    const held = new Set<string>()
    for (const device of this.#world.devices) {
      const { author } = device.keys
      if (revoked.has(author)) continue
      const own = prepared<
        [string],
        { author: string; stream: number; seq: number; hash: Uint8Array | null }
      >(device.db, 'SELECT author, stream, seq, hash FROM op WHERE author = ?').all(author)
      for (const op of own) if (op.hash) held.add(`${opId(op)} ${Buffer.from(op.hash).toString('hex')}`)
      const heads = prepared<[], { value: string }>(
        device.db,
        `SELECT value FROM meta WHERE key LIKE 'hubHead:%'`,
      ).all()
      const hubs = new Set(heads.map(({ value }) => (JSON.parse(value) as { author: string }).author))
      for (const key of keysIn(device.db))
        if (hubs.has(key.slice(0, 8))) held.add(`${key} ${this.#committed.get(key)?.hash ?? ''}`)
    }
    const isLost = [...this.#committed].some(([key, { hash }]) => !has(key) && !held.has(`${key} ${hash}`))
    db.close()
    return !isLost
  }

  diskChanged(device: SimDevice): void {
    this.#seen.delete(device)
    const log = prepared<[], { fields: string }>(
      device.db,
      `SELECT fields FROM op WHERE kind IN ('create', 'fact', 'claim')`,
    ).all()
    const marks = new Set(log.flatMap(({ fields }) => marksIn(fields)))
    this.#world.ledger.retain(device.name, (mark) => marks.has(mark))
  }

  after(device: SimDevice): void {
    if (device.db.inTransaction) throw new Broken('one transaction per step', device.name)
    let seen = this.#seen.get(device)
    if (!seen) {
      seen = { canonical: 0, isResyncing: false, stamps: new Map() }
      this.#seen.set(device, seen)
    }
    const { n } = prepared<[], { n: number }>(
      device.db,
      `SELECT n FROM opTally WHERE state = 'canonical'`,
    ).get()!
    const isResyncing = prepared(device.db, 'SELECT 1 FROM snapshotJob WHERE sweep = 1').get() !== undefined
    if (isResyncing || seen.isResyncing) {
      seen.isResyncing = isResyncing
      seen.canonical = n
      seen.stamps.clear()
    }
    if (n < seen.canonical)
      throw new Broken('monotonic reads', `${device.name} forgot ${seen.canonical - n} accepted ops`)
    if (n !== seen.canonical) this.#stampsRise(device, seen)
    seen.canonical = n
    this.#readsItsWrites(device)
    const twice = prepared<[], { a: string; b: string }>(
      device.db,
      `SELECT x.bookingId AS a, y.bookingId AS b FROM liveGrant x JOIN liveGrant y
         ON x.resourceKey = y.resourceKey AND x.unit = y.unit AND x.grantId < y.grantId AND x.startMs < y.endMs AND y.startMs < x.endMs
       WHERE x.term = ${UNTOLD} AND y.term = ${UNTOLD}`,
    ).get()
    if (twice)
      throw new Broken(
        'a lease keeps its promise',
        `${device.name} gave one hour to ${twice.a} and ${twice.b}`,
      )
  }

  #stampsRise(device: SimDevice, seen: Seen): void {
    const cells = prepared<[], { tbl: string; row: string; grp: string; stampMs: number; stampCtr: number }>(
      device.db,
      'SELECT tbl, row, grp, stampMs, stampCtr FROM cell WHERE stampMs >= 0',
    ).all()
    for (const { tbl, row, grp, stampMs, stampCtr } of cells) {
      const key = `${tbl} ${row} ${grp}`
      const before = seen.stamps.get(key)
      if (before && (stampMs < before[0] || (stampMs === before[0] && stampCtr < before[1])))
        throw new Broken('monotonic reads', `${device.name}: ${key} went back`)
      seen.stamps.set(key, [stampMs, stampCtr])
    }
  }

  #readsItsWrites(device: SimDevice): void {
    const cells = prepared<[], { tbl: string; row: string; grp: string; pending: string }>(
      device.db,
      'SELECT tbl, row, grp, pending FROM cell WHERE pending IS NOT NULL',
    ).all()
    for (const { tbl, row, grp, pending } of cells) {
      const ref = parseOpId(pending)
      const op =
        ref &&
        prepared<[string, number, number], { kind: string; fields: string; state: string }>(
          device.db,
          'SELECT kind, fields, state FROM op WHERE author = ? AND stream = ? AND seq = ?',
        ).get(ref.author, ref.stream, ref.seq)
      const what = `${device.name}: ${tbl} ${row} ${grp} waits for ${pending}`
      if (!op) throw new Broken('read your writes', `${what}, which is not in the log`)
      if (op.state !== 'pending' && op.state !== 'local')
        throw new Broken('read your writes', `${what}, which is ${op.state}`)
      const shown = prepared(device.db, `SELECT * FROM ${tbl} WHERE id = ?`).get(row) as
        Record<string, string | number | null> | undefined
      if (!shown) throw new Broken('read your writes', `${what}, and is not there`)
      if (grp === '$life') {
        if (shown['deleted'] !== 2 && shown['deleted'] !== (op.kind === 'delete' ? 1 : 0))
          throw new Broken('read your writes', `${what}, but life is ${shown['deleted']}`)
        continue
      }
      const fields = JSON.parse(op.fields) as Record<string, never>
      for (const { name, group, field } of fieldsOf(TABLES.get(tbl)!))
        if (group === grp && toSql(field, fields[name]) !== shown[name])
          throw new Broken('read your writes', `${what}, but ${name} is ${shown[name]}`)
    }
  }
}

export const keysIn = (db: Db): Set<string> =>
  new Set(
    (
      prepared(db, 'SELECT author, stream, seq FROM op').all() as {
        author: string
        stream: number
        seq: number
      }[]
    ).map(opId),
  )

/** Whether a hub has, or had before it cut its log off, the op of that name. */
export function hadBy(hub: Db): (key: string) => boolean {
  const there = keysIn(hub)
  const cut = new Map(
    prepared<[], { author: string; stream: number; seq: number }>(
      hub,
      'SELECT author, stream, seq FROM truncatedStream',
    )
      .all()
      .map(({ author, stream, seq }) => [`${author} ${stream}`, seq]),
  )
  return (key) => {
    if (there.has(key)) return true
    const op = parseOpId(key)
    return op !== null && op.seq <= (cut.get(`${op.author} ${op.stream}`) ?? 0)
  }
}

/** Two grants that hold one unit at one time, or null. What was given out of a lease lies over the lease. */
export function overlapIn(db: Db, table: string): string | null {
  const pair = prepared<[], { a: string; b: string; resourceKey: string }>(
    db,
    `SELECT x.bookingId AS a, y.bookingId AS b, x.resourceKey FROM ${table} x JOIN ${table} y
       ON x.resourceKey = y.resourceKey AND x.unit = y.unit AND x.grantId < y.grantId
         AND x.startMs < y.endMs AND y.startMs < x.endMs
         AND x.leaseId IS NOT y.bookingId AND y.leaseId IS NOT x.bookingId LIMIT 1`,
  ).get()
  return pair ? `${pair.resourceKey} by ${pair.a} and ${pair.b}` : null
}
