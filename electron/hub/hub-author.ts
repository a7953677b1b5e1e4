import { LANES, type Lane } from '../../shared/domain/table.ts'
import { tableNamed } from '../../shared/domain/tables.ts'
import { encodeOp } from '../../shared/ops/canonical.ts'
import { chainNext, chainStart } from '../../shared/ops/chain.ts'
import { opId } from '../../shared/ops/id.ts'
import type { Fields, Op, Scope, Stamp } from '../../shared/ops/types.ts'
import type { BeltCounters } from './belts.ts'
import { sha256 } from './crypto.ts'
import type { HubDatabase, Tx } from './database.ts'
import { OP_STATE, type OpRow, type StreamRow } from './schema.ts'

/** The hub writing facts of its own, as a device with its own key and chains, inside the transaction that decided them. */
export class HubAuthor {
  readonly author: string
  readonly #database: HubDatabase
  readonly #tx: Tx
  readonly #counters: BeltCounters
  readonly #time: Stamp
  readonly #streams = new Map<string, StreamRow>()
  readonly #rows: OpRow[] = []
  #loaded = false

  constructor(database: HubDatabase, tx: Tx, counters: BeltCounters, author: string, time: Stamp) {
    this.#database = database
    this.#tx = tx
    this.#counters = counters
    this.author = author
    this.#time = time
  }

  /** Queues a fact of the belt's scope. @returns its row id */
  async fact(table: string, fields: Fields, scope: Scope = 'belt'): Promise<string> {
    const { lane } = tableNamed(table)
    const stream = await this.#stream(scope, lane)
    const seq = stream.seq + 1
    const identity = { author: this.author, stream: stream.stream, seq }
    const op: Op = {
      ...identity,
      scope,
      lane,
      kind: 'fact',
      table,
      row: opId(identity),
      fields,
      at: this.#time,
      person: null,
    }
    const payload = encodeOp(op)
    const hash = chainNext(sha256, stream.head, payload)
    stream.seq = seq
    stream.head = hash
    stream.stampMs = this.#time.ms
    stream.stampCtr = this.#time.ctr
    this.#rows.push({
      belt: this.#counters.row.belt,
      hubSeq: this.#counters.seq(),
      ...identity,
      scope,
      lane,
      state: OP_STATE.applied,
      reason: null,
      stampMs: this.#time.ms,
      stampCtr: this.#time.ctr,
      hash,
      payload,
    })
    return op.row
  }

  async save(): Promise<void> {
    if (this.#rows.length === 0) return
    await this.#database.insertMany(this.#tx, 'op', this.#rows)
    for (const stream of this.#streams.values()) await saveStream(this.#tx, stream)
    this.#rows.length = 0
  }

  async #stream(scope: Scope, lane: Lane): Promise<StreamRow> {
    const { belt } = this.#counters.row
    if (!this.#loaded) {
      const rows = await this.#tx
        .selectFrom('stream')
        .selectAll()
        .where('belt', '=', belt)
        .where('author', '=', this.author)
        .execute()
      for (const row of rows) this.#streams.set(`${row.scope} ${row.lane}`, row)
      this.#loaded = true
    }
    const key = `${scope} ${lane}`
    let row = this.#streams.get(key)
    if (!row) {
      const stream = this.#streams.size
      const head = chainStart(sha256, this.author, stream)
      row = { belt, author: this.author, stream, scope, lane, seq: 0, head, stampMs: 0, stampCtr: 0 }
      this.#streams.set(key, row)
    }
    return row
  }
}

export const isLane = (lane: string): lane is Lane => (LANES as readonly string[]).includes(lane)

export async function saveStream(tx: Tx, row: StreamRow): Promise<void> {
  await tx
    .insertInto('stream')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['belt', 'author', 'stream'])
        .doUpdateSet({ seq: row.seq, head: row.head, stampMs: row.stampMs, stampCtr: row.stampCtr }),
    )
    .execute()
}
