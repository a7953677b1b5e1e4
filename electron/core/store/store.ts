import { TABLES } from '../../../shared/domain/tables.ts'
import type { Lane } from '../../../shared/domain/table.ts'
import { createHlc, type Hlc } from '../../../shared/ops/hlc.ts'
import { opId } from '../../../shared/ops/id.ts'
import type { CanonicalOp, Fields, Op, OpKind, Scope, Stamp, Verdict } from '../../../shared/ops/types.ts'
import { compareStamps } from '../../../shared/ops/stamp.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { Applier } from './apply.ts'
import { metaOf } from './meta.ts'
import { rebuildRow, replayUnknown, withdrawFact, type RowName } from './rebuild.ts'
import type { RollupHooks } from './rollups.ts'
import { noteVerdict } from './verdicts.ts'

/** What a command wants written; the store gives it its identity and clock reading. */
export interface OpDraft {
  readonly scope: Scope
  readonly lane: Lane
  readonly kind: OpKind
  readonly table: string
  /** Absent for kinds that make a row: it gets the op's id. */
  readonly row?: string
  readonly fields: Fields
  readonly person: string | null
}

/** The hub's answer to one own op. */
export interface OpAnswer {
  readonly author: string
  readonly stream: number
  readonly seq: number
  readonly verdict: Verdict
  readonly hubEpoch: number
  readonly hubSeq: number
  readonly stamp: Stamp
}

interface StreamRow {
  stream: number
  scope: string
  lane: string
  nextSeq: number
}

export interface OpRow {
  n: number
  author: string
  stream: number
  seq: number
  scope: string
  lane: string
  kind: string
  tbl: string
  row: string
  fields: string
  atMs: number
  atCtr: number
  person: string | null
  state: string
  verdict: string | null
  hubEpoch: number | null
  hubSeq: number | null
  stampMs: number | null
  stampCtr: number | null
}

export interface StoreOptions {
  readonly db: Db
  /** This device's author name in its present incarnation. */
  readonly author: string
  readonly clock: () => number
  readonly hooks: readonly RollupHooks[]
  /** Told after commit which tables changed. */
  readonly onChanged: (tables: readonly string[]) => void
}

/**
 * The device's op log and the rows it makes. Ops are appended and applied in one transaction; nothing else writes
 * replicated tables.
 */
export class Store {
  readonly db: Db
  readonly author: string
  readonly #options: StoreOptions
  readonly #applier: Applier
  readonly #hlc: Hlc
  readonly #streams = new Map<string, StreamRow>()
  readonly #changed = new Set<string>()
  readonly #insertOp
  readonly #putMeta
  readonly #bumpStream
  readonly #findOp
  #depth = 0
  #arbiter: boolean
  #hub: boolean

  constructor(options: StoreOptions) {
    this.#options = options
    this.db = options.db
    this.author = options.author
    this.#applier = new Applier(
      options.db,
      options.hooks,
      (table) => this.#changed.add(table),
      () => this.#arbiter,
    )
    this.#insertOp = prepared(
      this.db,
      `INSERT OR IGNORE INTO op (author, stream, seq, scope, lane, kind, tbl, row, fields, atMs, atCtr, person, state, hubEpoch, hubSeq, stampMs, stampCtr)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#putMeta = prepared(this.db, 'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)')
    this.#bumpStream = prepared(this.db, 'UPDATE stream SET nextSeq = ? WHERE author = ? AND stream = ?')
    this.#findOp = prepared<[string, number, number], OpRow>(
      this.db,
      'SELECT * FROM op WHERE author = ? AND stream = ? AND seq = ?',
    )
    this.#hlc = createHlc({
      clock: options.clock,
      last: this.#readStamp('hlc'),
      seen: this.#readStamp('hlcSeen'),
    })
    this.#arbiter = this.meta('arbiter') === 'self'
    this.#hub = this.meta('hub') !== null
    this.#loadStreams()
    this.#replayUnknown()
  }

  /** True while this device answers claims: it founded the belt and no hub has taken over. */
  get isArbiter(): boolean {
    return this.#arbiter
  }

  /** True once own ops have somewhere to go. */
  get hasHub(): boolean {
    return this.#hub
  }

  meta(key: string): string | null {
    return metaOf(this.db, key)
  }

  setMeta(key: string, value: string): void {
    this.#putMeta.run(key, value)
    if (key === 'arbiter') this.#arbiter = value === 'self'
    if (key === 'hub') this.#hub = true
  }

  dropMeta(key: string): void {
    prepared(this.db, 'DELETE FROM meta WHERE key = ?').run(key)
    if (key === 'arbiter') this.#arbiter = false
    if (key === 'hub') this.#hub = false
  }

  /** Runs `work` in one transaction; nested calls join it. All or nothing; listeners hear of it after commit. */
  transact<T>(work: () => T): T {
    if (this.#depth > 0) return work()
    this.#depth = 1
    try {
      const result = this.db.transaction(work).immediate()
      this.#depth = 0
      const topics = [...this.#changed]
      this.#changed.clear()
      if (topics.length > 0) this.#options.onChanged(topics)
      return result
    } catch (error) {
      this.#depth = 0
      this.#changed.clear()
      this.#loadStreams()
      this.#arbiter = this.meta('arbiter') === 'self'
      this.#hub = this.meta('hub') !== null
      throw error
    }
  }

  /** Adds a topic to what listeners hear of after commit. */
  touch(topic: string): void {
    this.#changed.add(topic)
  }

  /** Appends own ops and applies them. @returns the row each op acted on */
  append(drafts: readonly OpDraft[]): string[] {
    return this.transact(() => {
      const rows = drafts.map((draft) => this.#appendOne(draft))
      this.setMeta('hlc', JSON.stringify(this.#hlc.last()))
      return rows
    })
  }

  /** Applies what the hub sent, each op at most once. Own ops among them are settled as applied. */
  applyCanonical(ops: readonly CanonicalOp[]): void {
    this.transact(() => {
      let greatest: Stamp | null = null
      for (const op of ops) {
        if (!greatest || compareStamps(op.stamp, greatest) > 0) greatest = op.stamp
        this.#applyCanonicalOne(op)
      }
      if (greatest) this.#observe(greatest)
    })
  }

  /** Settles own ops as the hub judged them. Rejected and quarantined work leaves the visible state but stays in the log. */
  applyVerdicts(answers: readonly OpAnswer[]): void {
    this.transact(() => {
      for (const answer of answers) this.#settle(answer)
      this.#changed.add('sync')
    })
  }

  /** Makes rows again from what the log still holds of them. */
  rebuild(rows: readonly RowName[]): void {
    this.transact(() => {
      for (const row of rows) rebuildRow(this.db, this.#applier, row, opOf)
    })
  }

  /** Takes facts out of what is seen, as if they had never been written, until `rebuild` makes them again. */
  standDown(rows: readonly RowName[]): void {
    this.transact(() => {
      for (const row of rows) withdrawFact(this.db, this.#applier, row, opOf)
    })
  }

  /** Own ops of a lane that no hub has acknowledged, in seq order. */
  pendingOps(scope: Scope, lane: Lane, afterSeq: number, limit: number): Op[] {
    return prepared<[string, string, string, number, number], OpRow>(
      this.db,
      `SELECT * FROM op WHERE state = 'pending' AND scope = ? AND lane = ? AND author = ? AND seq > ? ORDER BY stream, seq LIMIT ?`,
    )
      .all(scope, lane, this.author, afterSeq, limit)
      .map(opOf)
  }

  /** Forgets cached prepared state of streams; after another part of the core wrote `stream` rows itself. */
  reloadStreams(): void {
    this.#loadStreams()
  }

  /** After an upgrade: what an older version kept unread. */
  #replayUnknown(): void {
    if (!prepared(this.db, 'SELECT 1 FROM unknownOp LIMIT 1').get()) return
    this.transact(() => replayUnknown(this.db, this.#applier, opOf))
  }

  #appendOne(draft: OpDraft): string {
    const stream = this.#streamOf(draft.scope, draft.lane)
    const seq = stream.nextSeq++
    this.#bumpStream.run(stream.nextSeq, this.author, stream.stream)
    const identity = { author: this.author, stream: stream.stream, seq }
    const op: Op = { ...identity, ...draft, row: draft.row ?? opId(identity), at: this.#hlc.now() }
    const state = draft.scope === 'device' || !this.#hub ? 'local' : 'pending'
    this.#logOp(op, state, null)
    this.#applier.applyOwn(op)
    return op.row
  }

  #applyCanonicalOne(op: CanonicalOp): void {
    const inserted = this.#logOp(op, 'canonical', op)
    if (inserted === null) {
      const existing = this.#findOp.get(op.author, op.stream, op.seq)!
      if (existing.state === 'canonical') return
      this.#markCanonical(existing, op)
    } else {
      if (!TABLES.has(op.table) || !this.#applier.knows(op))
        prepared(this.db, 'INSERT OR IGNORE INTO unknownOp (opN, tbl) VALUES (?, ?)').run(inserted, op.table)
    }
    this.#applier.applyCanonical(op)
  }

  #settle(answer: OpAnswer): void {
    const row = this.#findOp.get(answer.author, answer.stream, answer.seq)
    if (!row || row.state === 'canonical') return
    const op = opOf(row)
    const kind = answer.verdict.kind
    if (kind === 'applied' || kind === 'duplicate') {
      this.#markCanonical(row, answer)
      this.#applier.applyCanonical({
        ...op,
        hubEpoch: answer.hubEpoch,
        hubSeq: answer.hubSeq,
        stamp: answer.stamp,
      })
      return
    }
    prepared(this.db, 'UPDATE op SET state = ?, verdict = ? WHERE n = ?').run(
      kind,
      JSON.stringify(answer.verdict),
      row.n,
    )
    if (row.state === 'pending' || row.state === 'local') this.#withdraw(op)
    this.#changed.add(op.table)
    noteVerdict(this.db, {
      kind,
      tbl: op.table,
      row: op.row,
      opId: opId(op),
      verdict: answer.verdict,
      atMs: op.at.ms,
    })
  }

  #withdraw(op: Op): void {
    const hasTwins = op.kind === 'fact' && TABLES.get(op.table)?.naturalKey !== undefined
    const name = { tbl: op.table, row: op.row }
    if (hasTwins) withdrawFact(this.db, this.#applier, name, opOf)
    // Own edits of it may be on their way still.
    else if (op.kind === 'create') rebuildRow(this.db, this.#applier, name, opOf)
    else this.#applier.withdraw(op)
  }

  #markCanonical(op: OpRow, at: { hubEpoch: number; hubSeq: number; stamp: Stamp }): void {
    // Work that the hub had set aside was released by an administrator.
    if (op.state === 'quarantined' || op.state === 'rejected')
      prepared(
        this.db,
        `UPDATE conflict SET settledMs = ?, settledHow = 'released' WHERE opId = ? AND settledMs IS NULL`,
      ).run(this.#options.clock(), opId(op))
    prepared(
      this.db,
      `UPDATE op SET state = 'canonical', verdict = NULL, hubEpoch = ?, hubSeq = ?, stampMs = ?, stampCtr = ? WHERE n = ?`,
    ).run(at.hubEpoch, at.hubSeq, at.stamp.ms, at.stamp.ctr, op.n)
    this.#changed.add('sync')
  }

  /** @returns the op's place in the log; null when it is there already */
  #logOp(op: Op, state: string, canonical: CanonicalOp | null): number | null {
    const result = this.#insertOp.run(
      op.author,
      op.stream,
      op.seq,
      op.scope,
      op.lane,
      op.kind,
      op.table,
      op.row,
      JSON.stringify(op.fields),
      op.at.ms,
      op.at.ctr,
      op.person,
      state,
      canonical?.hubEpoch ?? null,
      canonical?.hubSeq ?? null,
      canonical?.stamp.ms ?? null,
      canonical?.stamp.ctr ?? null,
    )
    return result.changes === 0 ? null : Number(result.lastInsertRowid)
  }

  #observe(stamp: Stamp): void {
    const seen = this.#readStamp('hlcSeen')
    if (seen && compareStamps(stamp, seen) <= 0) return
    this.#hlc.observe(stamp)
    this.setMeta('hlcSeen', JSON.stringify(stamp))
  }

  #readStamp(key: string): Stamp | null {
    const text = this.meta(key)
    return text === null ? null : (JSON.parse(text) as Stamp)
  }

  #loadStreams(): void {
    this.#streams.clear()
    const rows = prepared<[string], StreamRow>(
      this.db,
      'SELECT stream, scope, lane, nextSeq FROM stream WHERE author = ?',
    ).all(this.author)
    for (const row of rows) this.#streams.set(`${row.scope} ${row.lane}`, row)
  }

  #streamOf(scope: Scope, lane: Lane): StreamRow {
    const key = `${scope} ${lane}`
    let stream = this.#streams.get(key)
    if (!stream) {
      stream = { stream: this.#streams.size, scope, lane, nextSeq: 1 }
      prepared(
        this.db,
        'INSERT INTO stream (author, stream, scope, lane, nextSeq) VALUES (?, ?, ?, ?, 1)',
      ).run(this.author, stream.stream, scope, lane)
      this.#streams.set(key, stream)
    }
    return stream
  }
}

/** A logged row as an op. */
export function opOf(row: OpRow): Op {
  return {
    author: row.author,
    stream: row.stream,
    seq: row.seq,
    scope: row.scope as Scope,
    lane: row.lane as Lane,
    kind: row.kind as OpKind,
    table: row.tbl,
    row: row.row,
    fields: JSON.parse(row.fields) as Fields,
    at: { ms: row.atMs, ctr: row.atCtr },
    person: row.person,
  }
}
