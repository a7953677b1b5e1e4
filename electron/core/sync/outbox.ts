import { hash } from 'node:crypto'
import { LANES, type Lane } from '../../../shared/domain/table.ts'
import { fromHex, toHex } from '../../../shared/ops/bytes.ts'
import { encodeOp } from '../../../shared/ops/canonical.ts'
import { chainNext, chainStart, type Sha256 } from '../../../shared/ops/chain.ts'
import type { Op, Scope, Stamp } from '../../../shared/ops/types.ts'
import type { ChainLink, OpBatch } from '../../../shared/wire/batch.ts'
import type { PushAnswer, StatusAnswer } from '../../../shared/wire/messages.ts'
import { answersOf } from './answers.ts'
import { isOnChain } from './chain.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { opOf, type OpAnswer, type OpRow, type Store } from '../store/store.ts'
import { compactTail } from './compact.ts'

/** Settling more at once would hold the core's thread for longer than a person notices. */
const SETTLE_SLICE = 300

/** What somebody waits for the arbiter's answer to. */
const ASKS: ReadonlySet<string> = new Set(['booking', 'slotLease', 'bookingRelease', 'claimWait'])

const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer')

export interface OutStream {
  readonly author: string
  readonly stream: number
  readonly scope: Scope
  readonly lane: Lane
  readonly nextSeq: number
  readonly frozenSeq: number
  readonly ackedSeq: number
  readonly head: Uint8Array | null
}

/** From which op on the hub has another story of a stream; null where only what the hub has can tell. */
export interface Fork {
  readonly stream: number
  readonly seq: number | null
}

/** A batch on its way, with what is needed to settle it. */
export interface OutBatch {
  readonly batch: OpBatch
  /** Seqs by stream, in the batch's order. */
  readonly seqs: ReadonlyMap<number, readonly number[]>
  readonly hasClaims: boolean
}

type LoggedRow = OpRow & { hash: Uint8Array | null }

/**
 * Own ops on their way to the hub. An op's bytes freeze when it is first put into a batch; until then superseded register
 * writes may be dropped. What the hub has is `ackedSeq` per stream; what is under way lives in memory only.
 */
export class Outbox {
  readonly #store: Store
  readonly #author: string
  readonly #compact: boolean
  readonly #sent = new Map<number, number>()
  readonly #compactedTo = new Map<number, number>()
  /** Streams of which a snapshot has to tell what became of them before more of them is sent. */
  readonly #held = new Set<number>()

  constructor(store: Store, author: string, compact = true) {
    this.#compact = compact
    this.#store = store
    this.#author = author
  }

  /** Streams that leave this device, most urgent lane first. */
  streams(): OutStream[] {
    const rows = prepared<[string], OutStream>(
      this.#store.db,
      `SELECT author, stream, scope, lane, nextSeq, frozenSeq, ackedSeq, head FROM stream
       WHERE author = ? AND scope <> 'device' ORDER BY stream`,
    ).all(this.#author)
    return rows.sort((a, b) => LANES.indexOf(a.lane) - LANES.indexOf(b.lane))
  }

  scopeOf(stream: number): Exclude<Scope, 'device'> {
    const found = this.streams().find((own) => own.stream === stream)
    if (!found || found.scope === 'device') throw new RangeError(`no such stream: ${stream}`)
    return found.scope
  }

  hold(stream: number): void {
    this.#held.add(stream)
  }

  /** Goes on with what was held, where nothing stands in its way. */
  letGo(isFree: (scope: Exclude<Scope, 'device'>) => boolean): void {
    for (const stream of this.#held) if (isFree(this.scopeOf(stream))) this.#held.delete(stream)
  }

  waiting(): { urgent: boolean; other: boolean } {
    let urgent = false
    let other = false
    const unsettled = prepared<[string], Pick<OutStream, 'stream' | 'lane' | 'nextSeq' | 'ackedSeq'>>(
      this.#store.db,
      `SELECT stream, lane, nextSeq, ackedSeq FROM stream
       WHERE author = ? AND scope <> 'device' AND nextSeq - 1 > ackedSeq`,
    ).all(this.#author)
    for (const stream of unsettled) {
      if (stream.nextSeq - 1 <= this.#position(stream) || this.#held.has(stream.stream)) continue
      if (stream.lane === 'urgent') urgent = true
      else other = true
    }
    return { urgent, other }
  }

  /** True while the hub lacks something that it had acknowledged before it was restored. */
  anythingMissing(): boolean {
    return this.streams().some(
      ({ author, stream, ackedSeq }) =>
        prepared(
          this.#store.db,
          `SELECT 1 FROM op WHERE author = ? AND stream = ? AND seq > ? AND state <> 'pending' AND state <> 'local' LIMIT 1`,
        ).get(author, stream, ackedSeq) !== undefined,
    )
  }

  /** Streams of which the hub has more than this store: it was restored, or a copy of it has gone on. */
  behind(have: StatusAnswer['streams']): Fork[] {
    const nextSeqs = new Map(this.streams().map(({ stream, nextSeq }) => [stream, nextSeq]))
    return have.flatMap(({ stream, seq }) => {
      const nextSeq = nextSeqs.get(stream) ?? 1
      return seq >= nextSeq ? [{ stream, seq: nextSeq }] : []
    })
  }

  /** What was taken and not answered, of the urgent lane or of the others, is taken again. */
  rewind(urgent: boolean): void {
    for (const { stream, lane } of this.streams())
      if ((lane === 'urgent') === urgent) this.#sent.delete(stream)
  }

  /** True when the hub has answered all of a batch. */
  isAnswered({ seqs }: OutBatch): boolean {
    const answered = this.answeredTo()
    return [...seqs].every(([stream, list]) => (answered.get(stream) ?? 0) >= list.at(-1)!)
  }

  /** The next batch in order of lanes; null when nothing is left. Freezes what it takes. */
  take(options: { urgentOnly: boolean; maxOps: number }): OutBatch | null {
    const ops: Op[] = []
    const links: ChainLink[] = []
    const stamps: Stamp[] = []
    const seqs = new Map<number, number[]>()
    let returned = false
    this.#store.transact(() => {
      for (const stream of this.streams()) {
        const room = options.maxOps - ops.length
        if (room <= 0) break
        if (options.urgentOnly !== (stream.lane === 'urgent') || this.#held.has(stream.stream)) continue
        const from = this.#position(stream)
        if (stream.nextSeq - 1 <= from) continue
        const rows = this.#frozenRows(stream, from, room)
        const last = rows.at(-1)
        if (!last) {
          // All that was left has been superseded before it was ever sent.
          this.#sent.set(stream.stream, stream.nextSeq - 1)
          continue
        }
        links.push({
          author: stream.author,
          stream: stream.stream,
          previousSeq: this.#lastSeqAtOrBelow(stream, from),
          head: last.hash!,
        })
        seqs.set(
          stream.stream,
          rows.map(({ seq }) => seq),
        )
        for (const row of rows) {
          const op = opOf(row)
          ops.push(op)
          if (row.stampMs === null) stamps.push(op.at)
          else {
            returned = true
            stamps.push({ ms: row.stampMs, ctr: row.stampCtr ?? 0 })
          }
        }
        this.#sent.set(stream.stream, last.seq)
      }
    })
    if (ops.length === 0) return null
    const hasClaims = ops.some(({ table }) => ASKS.has(table))
    return { batch: { ops, links, stamps: returned ? stamps : null }, seqs, hasClaims }
  }

  /** Books what the hub said about a batch, a slice at a time. @returns where this device and the hub tell different stories */
  *settle(sent: OutBatch, answer: PushAnswer): Generator<void, Fork[]> {
    const forks: Fork[] = []
    const at = this.#atOf(sent)
    for (const part of answer.streams) {
      const { stream } = part
      const seqs = sent.seqs.get(stream)
      if (!seqs || part.author !== this.#author) continue
      if (part.gap) {
        if (!part.cut) this.#lower(stream, part.have)
        else if (!part.cutAt || this.#goesThrough(stream, part.cutAt))
          this.#store.transact(() => this.#raise(stream, part.have))
        else forks.push({ stream, seq: null })
        this.#sent.delete(stream)
        continue
      }
      const answers = part.runs.flatMap((run) =>
        answersOf(part.author, stream, run, seqs, answer.hubEpoch, at),
      )
      yield* this.#book(stream, answers)
      if (part.forkAt !== undefined) forks.push({ stream, seq: part.forkAt })
    }
    return forks
  }

  /** Up to where the hub has answered each stream. */
  answeredTo(): ReadonlyMap<number, number> {
    return new Map(this.streams().map(({ stream, ackedSeq }) => [stream, ackedSeq]))
  }

  /** Streams of which something may have reached the hub without an answer. */
  unanswered(): { stream: number; after: number }[] {
    return this.streams()
      .filter(({ frozenSeq, ackedSeq }) => frozenSeq > ackedSeq)
      .map(({ stream, ackedSeq }) => ({ stream, after: ackedSeq }))
  }

  /** Streams of which the hub has set something aside, from before the first of that on. */
  held(): { stream: number; after: number }[] {
    return prepared<[string], { stream: number; after: number }>(
      this.#store.db,
      `SELECT stream, min(seq) - 1 AS after FROM op WHERE state = 'quarantined' AND author = ? GROUP BY stream`,
    ).all(this.#author)
  }

  /** Books what became of work that the hub had set aside, where its chain is this device's own. */
  *hear(streams: StatusAnswer['streams'], hubEpoch: number): Generator<void> {
    for (const told of streams) yield* this.#catchUp(told.stream, told, hubEpoch)
  }

  /**
   * Compares with how far the hub is. What it lacks, after it was restored, is sent again. What it was asked about is settled
   * by what it says became of it, if its chain there is this device's own: otherwise it is another's, and sending again
   * finds out where the two part.
   * @param before up to where each stream was answered when the hub was asked
   * @returns false when what urgent work was answered meanwhile makes this old: the hub has to be asked again
   */
  *resume(
    streams: StatusAnswer['streams'],
    hubEpoch: number,
    before: ReadonlyMap<number, number>,
  ): Generator<void, boolean> {
    const have = new Map(streams.map((told) => [told.stream, told]))
    let isCurrent = true
    for (const { stream, ackedSeq } of this.streams()) {
      const told = have.get(stream)
      const at = told?.seq ?? 0
      if (at >= ackedSeq) {
        if (told) yield* this.#catchUp(stream, told, hubEpoch)
      } else if (ackedSeq > (before.get(stream) ?? 0)) isCurrent = false
      else this.#lower(stream, at)
    }
    return isCurrent
  }

  *#catchUp(stream: number, told: StatusAnswer['streams'][number], hubEpoch: number): Generator<void> {
    const { runs = [], head } = told
    const from = runs[0]?.from
    if (from === undefined || !head) return
    const rows = prepared<[string, number, number, number], OpRow & { hash: Uint8Array }>(
      this.#store.db,
      `SELECT * FROM op WHERE author = ? AND stream = ? AND seq >= ? AND seq <= ? AND hash IS NOT NULL ORDER BY seq`,
    ).all(this.#author, stream, from, told.seq)
    const last = rows.at(-1)
    if (last?.seq !== told.seq || toHex(last.hash) !== head) return
    if (rows[0]!.seq !== from) return
    const seqs = rows.map(({ seq }) => seq)
    const at = new Map(rows.map((row) => [`${stream} ${row.seq}`, { ms: row.atMs, ctr: row.atCtr }]))
    const pending = new Set(rows.filter(({ state }) => state === 'pending').map(({ seq }) => seq))
    const answers = runs
      .flatMap((run) => answersOf(this.#author, stream, run, seqs, hubEpoch, at))
      // An administrator's word stands: what is told late of the time before it is no news.
      .filter(({ seq, verdict }) => verdict.kind !== 'quarantined' || pending.has(seq))
    yield* this.#book(stream, answers)
  }

  /** Settles in slices: nobody waits long for the store, and a crash in between loses only the answer to the rest. */
  *#book(stream: number, answers: readonly OpAnswer[]): Generator<void> {
    for (let from = 0; from < answers.length; from += SETTLE_SLICE) {
      const slice = answers.slice(from, from + SETTLE_SLICE)
      this.#store.transact(() => {
        this.#store.applyVerdicts(slice)
        this.#renumber(slice)
        this.#raise(stream, slice.at(-1)!.seq)
      })
      yield
    }
  }

  #position(stream: Pick<OutStream, 'stream' | 'ackedSeq'>): number {
    return Math.max(stream.ackedSeq, this.#sent.get(stream.stream) ?? 0)
  }

  #frozenRows(stream: OutStream, from: number, limit: number): LoggedRow[] {
    this.#freezeTo(stream, from, limit)
    return prepared<[string, number, number, number], LoggedRow>(
      this.#store.db,
      'SELECT * FROM op WHERE author = ? AND stream = ? AND seq > ? AND hash IS NOT NULL ORDER BY seq LIMIT ?',
    ).all(stream.author, stream.stream, from, limit)
  }

  /** Freezes ops so that `limit` of them after `from` have their hash. */
  #freezeTo(stream: OutStream, from: number, limit: number): void {
    const { author, stream: number } = stream
    if (
      this.#compact &&
      stream.lane === 'register' &&
      stream.nextSeq - 1 > (this.#compactedTo.get(number) ?? 0)
    ) {
      compactTail(this.#store, stream)
      this.#compactedTo.set(number, stream.nextSeq - 1)
    }
    const rows = prepared<[string, number, number, number], OpRow>(
      this.#store.db,
      'SELECT * FROM op WHERE author = ? AND stream = ? AND seq > ? ORDER BY seq LIMIT ?',
    ).all(author, number, Math.max(from, stream.frozenSeq), limit)
    if (rows.length === 0) return
    let head = stream.head ?? chainStart(sha256, author, number)
    const setHash = prepared(this.#store.db, 'UPDATE op SET hash = ? WHERE n = ?')
    for (const row of rows) {
      head = chainNext(sha256, head, encodeOp(opOf(row)))
      setHash.run(head, row.n)
    }
    prepared(this.#store.db, 'UPDATE stream SET frozenSeq = ?, head = ? WHERE author = ? AND stream = ?').run(
      rows.at(-1)!.seq,
      head,
      author,
      number,
    )
  }

  /** A chain link names an op that exists: dropped seqs are not part of the chain. */
  #lastSeqAtOrBelow(stream: OutStream, seq: number): number {
    const row = prepared<[string, number, number], { seq: number | null }>(
      this.#store.db,
      'SELECT max(seq) AS seq FROM op WHERE author = ? AND stream = ? AND seq <= ?',
    ).get(stream.author, stream.stream, seq)
    // What a snapshot has superseded is in the log no more; the chain goes on after it all the same.
    return Math.max(row?.seq ?? 0, Math.min(seq, stream.ackedSeq))
  }

  #goesThrough(stream: number, { seq, head }: { seq: number; head: string }): boolean {
    return isOnChain(this.#store, { author: this.#author, stream, seq, hash: fromHex(head) })
  }

  #clampToLog(stream: number, seq: number): number {
    const row = prepared<[string, number, number], { seq: number | null }>(
      this.#store.db,
      'SELECT max(seq) AS seq FROM op WHERE author = ? AND stream = ? AND seq <= ? AND hash IS NOT NULL',
    ).get(this.#author, stream, seq)
    return row?.seq ?? 0
  }

  #raise(stream: number, seq: number): void {
    prepared(
      this.#store.db,
      // Never past one whose answer was lost: the batch behind it may have been answered first.
      `UPDATE stream SET ackedSeq = coalesce(
         (SELECT min(op.seq) - 1 FROM op WHERE op.author = stream.author AND op.stream = stream.stream
           AND op.seq > stream.ackedSeq AND op.seq <= ? AND op.state = 'pending'),
         max(ackedSeq, ?)) WHERE author = ? AND stream = ?`,
    ).run(seq, seq, this.#author, stream)
  }

  /** The hub has less than it once said: what it lacks is taken again. */
  #lower(stream: number, seq: number): void {
    this.#sent.delete(stream)
    this.#store.transact(() =>
      prepared(
        this.#store.db,
        'UPDATE stream SET ackedSeq = min(ackedSeq, ?) WHERE author = ? AND stream = ?',
      ).run(this.#clampToLog(stream, seq), this.#author, stream),
    )
  }

  /** Ops that a restored hub took back have a new place in its order. */
  #renumber(answers: readonly OpAnswer[]): void {
    const update = prepared(
      this.#store.db,
      `UPDATE op SET hubEpoch = ?, hubSeq = ? WHERE author = ? AND stream = ? AND seq = ? AND state = 'canonical' AND hubEpoch <> ?`,
    )
    for (const { author, stream, seq, hubEpoch, hubSeq } of answers)
      update.run(hubEpoch, hubSeq, author, stream, seq, hubEpoch)
  }

  #atOf(sent: OutBatch): ReadonlyMap<string, Stamp> {
    return new Map(sent.batch.ops.map((op) => [`${op.stream} ${op.seq}`, op.at]))
  }
}
