import { join } from 'node:path'
import { sharesOf } from '../../shared/domain/day-aggregates.ts'
import {
  orderParts,
  type LineFact,
  type ReturnFact,
  type StateFact,
} from '../../shared/domain/order-parts.ts'
import type { CanonicalOp, Fields } from '../../shared/ops/types.ts'
import { openDb, type Db } from '../sqlite/open.ts'
import { prepared } from '../sqlite/prepared.ts'
import { numberOf, textOf } from './values.ts'

/** Raised when what is kept changes: the cache is then made again from the log. */
const CACHE_VERSION = 1

const SCHEMA = `
  CREATE TABLE cursor (belt TEXT, scope TEXT, epoch INTEGER, seq INTEGER, PRIMARY KEY (belt, scope)) WITHOUT ROWID;
  CREATE TABLE line (belt TEXT, id TEXT, key TEXT, scope TEXT, fields TEXT, PRIMARY KEY (belt, id)) WITHOUT ROWID;
  CREATE INDEX line_key ON line (belt, key, id);
  CREATE TABLE word (belt TEXT, lineId TEXT, kind TEXT, id TEXT, fields TEXT, PRIMARY KEY (belt, lineId, kind, id)) WITHOUT ROWID;
  CREATE TABLE daySum (
    belt TEXT, baseId TEXT, day TEXT, metric TEXT, value REAL NOT NULL DEFAULT 0, told REAL NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (belt, baseId, day, metric)) WITHOUT ROWID;
  CREATE INDEX daySum_news ON daySum (belt) WHERE value <> told;
`

export interface News {
  readonly baseId: string
  readonly day: string
  readonly metric: string
  readonly value: number
}

/**
 * Daily totals of every base, counted from its order facts by the same rules as on devices. Derived from the log alone: it
 * may be deleted at any time, and every hub process can have its own.
 */
export class AggregateCache {
  readonly #db: Db

  constructor(dataDir: string) {
    const db = openDb(join(dataDir, 'aggregates.db'))
    if (db.pragma('user_version', { simple: true }) !== CACHE_VERSION) {
      const tables = db
        .prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`)
        .all()
      for (const { name } of tables) db.exec(`DROP TABLE ${name}`)
      db.exec(SCHEMA)
      db.pragma(`user_version = ${CACHE_VERSION}`)
    }
    this.#db = db
  }

  close(): void {
    this.#db.close()
  }

  cursor(belt: string, scope: string): { epoch: number; seq: number } {
    const row = prepared<[string, string], { epoch: number; seq: number }>(
      this.#db,
      'SELECT epoch, seq FROM cursor WHERE belt = ? AND scope = ?',
    ).get(belt, scope)
    return row ?? { epoch: 0, seq: 0 }
  }

  /** Forgets a belt: its log tells another story now. */
  forget(belt: string): void {
    this.#db.transaction(() => {
      for (const table of ['cursor', 'line', 'word', 'daySum'])
        this.#db.prepare(`DELETE FROM ${table} WHERE belt = ?`).run(belt)
    })()
  }

  /** Counts a stretch of a scope's log. @param own whether the hub itself wrote an op */
  add(
    belt: string,
    scope: string,
    ops: readonly CanonicalOp[],
    to: { epoch: number; seq: number },
    timeZone: string,
  ): void {
    this.#db.transaction(() => {
      const lines = ops.filter(({ table }) => isOrderTable(table))
      const keys = new Set(lines.map((op) => this.#keyOf(belt, op)))
      for (const key of keys) this.#count(belt, key, timeZone, -1)
      for (const op of lines) this.#put(belt, op)
      // A line that has just come may join what was said about it before.
      const after = new Set(lines.map((op) => this.#keyOf(belt, op)))
      for (const key of after) if (!keys.has(key)) keys.add(key)
      for (const key of keys) this.#count(belt, key, timeZone, 1)
      for (const op of ops) if (op.table === 'dayAggregate') this.#noteTold(belt, op.fields)
      prepared(this.#db, 'INSERT OR REPLACE INTO cursor (belt, scope, epoch, seq) VALUES (?, ?, ?, ?)').run(
        belt,
        scope,
        to.epoch,
        to.seq,
      )
    })()
  }

  /** Totals that differ from what was told last. */
  news(belt: string, limit: number): News[] {
    return prepared<[string, number], News>(
      this.#db,
      'SELECT baseId, day, metric, value FROM daySum WHERE belt = ? AND value <> told ORDER BY day, baseId, metric LIMIT ?',
    ).all(belt, limit)
  }

  #keyOf(belt: string, op: CanonicalOp): string {
    if (op.table === 'orderLine') return naturalKey(op.fields)
    const id = textOf(op.fields.orderLineId)
    const row = prepared<[string, string], { key: string }>(
      this.#db,
      'SELECT key FROM line WHERE belt = ? AND id = ?',
    ).get(belt, id)
    return row?.key ?? `?${id}`
  }

  #put(belt: string, op: CanonicalOp): void {
    const fields = JSON.stringify(op.fields)
    if (op.table === 'orderLine')
      prepared(
        this.#db,
        'INSERT OR IGNORE INTO line (belt, id, key, scope, fields) VALUES (?, ?, ?, ?, ?)',
      ).run(belt, op.row, naturalKey(op.fields), op.scope, fields)
    else
      prepared(
        this.#db,
        'INSERT OR IGNORE INTO word (belt, lineId, kind, id, fields) VALUES (?, ?, ?, ?, ?)',
      ).run(belt, textOf(op.fields.orderLineId), op.table, op.row, fields)
  }

  /** Adds or takes away all that one order line counts for: the smallest id of a natural key stands for it. */
  #count(belt: string, key: string, timeZone: string, sign: 1 | -1): void {
    const lines = prepared<[string, string], { id: string; scope: string; fields: string }>(
      this.#db,
      'SELECT id, scope, fields FROM line WHERE belt = ? AND key = ? ORDER BY id',
    ).all(belt, key)
    const first = lines[0]
    if (!first) return
    const words = lines.flatMap(({ id }) =>
      prepared<[string, string], { kind: string; id: string; fields: string }>(
        this.#db,
        'SELECT kind, id, fields FROM word WHERE belt = ? AND lineId = ?',
      ).all(belt, id),
    )
    const line = lineOf(first)
    const parts = orderParts(line, newestState(words), returnsOf(words), timeZone)
    const add = prepared(
      this.#db,
      `INSERT INTO daySum (belt, baseId, day, metric, value) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (belt, baseId, day, metric) DO UPDATE SET value = value + excluded.value`,
    )
    for (const part of parts)
      for (const { baseId, day, metric, value } of sharesOf(part))
        if (value !== 0) add.run(belt, baseId, day, metric, sign * value)
  }

  #noteTold(belt: string, fields: Fields): void {
    if ((fields.merchantId ?? null) !== null) return
    prepared(
      this.#db,
      `INSERT INTO daySum (belt, baseId, day, metric, told, version) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (belt, baseId, day, metric) DO UPDATE SET told = excluded.told, version = excluded.version
       WHERE excluded.version >= version`,
    ).run(
      belt,
      textOf(fields.baseId),
      textOf(fields.dayKey),
      textOf(fields.metric),
      numberOf(fields.value),
      numberOf(fields.version),
    )
  }
}

const ORDER_TABLES = new Set(['orderLine', 'orderState', 'returnItem'])
const isOrderTable = (table: string): boolean => ORDER_TABLES.has(table)
const maybeNumber = (value: unknown): number | null => (typeof value === 'number' ? value : null)
const maybeText = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null
const naturalKey = (fields: Fields): string => `${textOf(fields.source)} ${textOf(fields.subOrderNo)}`

function lineOf(row: { id: string; scope: string; fields: string }): LineFact {
  const fields = JSON.parse(row.fields) as Fields
  return {
    id: row.id,
    scope: row.scope,
    source: textOf(fields.source),
    merchantId: maybeText(fields.merchantId),
    skuId: maybeText(fields.skuId),
    skuCode: textOf(fields.skuCode),
    quantity: numberOf(fields.quantity),
    isGift: fields.isGift === true || fields.isGift === 1 ? 1 : 0,
    orderedMs: numberOf(fields.orderedMs),
    paidMs: maybeNumber(fields.paidMs),
    payableFen: numberOf(fields.payableFen),
    paidFen: numberOf(fields.paidFen),
    promisedMs: maybeNumber(fields.promisedMs),
  }
}

type Word = { readonly kind: string; readonly id: string; readonly fields: string }

/** Highest `asOfMs`, then highest id. */
function newestState(words: readonly Word[]): StateFact | null {
  const states = words
    .filter(({ kind }) => kind === 'orderState')
    .map(({ id, fields }) => ({ id, fields: JSON.parse(fields) as Fields }))
    .sort((a, b) => numberOf(b.fields.asOfMs) - numberOf(a.fields.asOfMs) || (a.id < b.id ? 1 : -1))
  const fields = states[0]?.fields
  if (!fields) return null
  return {
    status: textOf(fields.status) as StateFact['status'],
    afterSale: textOf(fields.afterSale) as StateFact['afterSale'],
    pickedUpMs: maybeNumber(fields.pickedUpMs),
    clickedShipMs: maybeNumber(fields.clickedShipMs),
    completedMs: maybeNumber(fields.completedMs),
    refundFen: numberOf(fields.refundFen),
  }
}

/** A return that a platform numbered counts once. */
function returnsOf(words: readonly Word[]): ReturnFact[] {
  const seen = new Set<string>()
  return words
    .filter(({ kind }) => kind === 'returnItem')
    .map(({ id, fields }) => ({ id, fields: JSON.parse(fields) as Fields }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .filter(({ fields }) => {
      const key = maybeText(fields.sourceKey)
      if (key === null) return true
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
    .map(({ fields }) => ({
      requestedMs: numberOf(fields.requestedMs),
      refundFen: numberOf(fields.refundFen),
      isQuality: fields.isQuality === true || fields.isQuality === 1 ? 1 : 0,
    }))
}
