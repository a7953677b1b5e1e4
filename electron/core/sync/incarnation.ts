import { TABLES } from '../../../shared/domain/tables.ts'
import { encodeOp } from '../../../shared/ops/canonical.ts'
import { equalBytes } from '../../../shared/ops/bytes.ts'
import { opId } from '../../../shared/ops/id.ts'
import type { CanonicalOp, Fields, Value } from '../../../shared/ops/types.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { UNTOLD } from '../store/grants.ts'
import type { RowName } from '../store/rebuild.ts'
import { opOf, type OpRow, type Store } from '../store/store.ts'
import { readLink, writeLink, type HubLink } from './link.ts'
import { readableScopes, writeCursor } from './cursors.ts'
import type { Fork } from './outbox.ts'

/** Authors under which this device wrote before its present identity. */
export function formerAuthors(store: Store): string[] {
  const text = store.meta('formerAuthors')
  const noted = text === null ? [] : (JSON.parse(text) as string[])
  // A store that was put back from before a change of name has not heard of it: its streams tell what it was called.
  const streams = prepared<[], { author: string }>(store.db, 'SELECT DISTINCT author FROM stream').all()
  const authors = [...new Set([...noted, ...streams.map(({ author }) => author)])]
  return authors.filter((author) => author !== store.author)
}

/**
 * Starts a new identity: remembers the old one, and reads everything again, because what the hub took in under the old
 * name meanwhile was never sent here.
 */
export function beginIncarnation(store: Store, oldAuthor: string): void {
  store.transact(() => {
    store.setMeta('formerAuthors', JSON.stringify([...new Set([...formerAuthors(store), oldAuthor])]))
    const link = readLink(store)
    if (link)
      for (const scope of readableScopes(store, link.certificate))
        writeCursor(store, scope, { epoch: 0, seq: 0 })
  })
}

/**
 * Goes on under a new identity that the hub has taken in: what the hub does not know under the old one is written again
 * under the new one. A crash between any two steps is made good at the next start.
 */
export function continueUnder(
  store: Store,
  next: {
    readonly author: string
    readonly link: HubLink
    readonly forks: readonly Fork[]
    /** Puts the new keys in the place of the old ones, durably. */
    readonly saveKeys: () => void
  },
): void {
  const former = store.author
  beginIncarnation(store, former)
  next.saveKeys()
  store.transact(() => {
    for (const { stream, seq } of next.forks)
      if (seq !== null) renameFrom(store, next.author, { author: former, stream, seq })
    writeLink(store, next.link)
  })
}

/** Gives own ops under old names the present one, while no hub has heard of any of them. */
export function adoptFormer(store: Store): void {
  store.transact(() => {
    const rows = formerAuthors(store).flatMap((former) =>
      prepared<[string], OpRow>(
        store.db,
        `SELECT * FROM op WHERE author = ? AND state IN ('local', 'pending') AND scope <> 'device' ORDER BY n`,
      ).all(former),
    )
    if (rows.length === 0) return
    rows.sort((a, b) => a.n - b.n)
    rename(store, store.author, rows)
    prepared(store.db, `UPDATE op SET state = 'local' WHERE state = 'pending'`).run()
  })
}

/** Own ops under an old name that no hub has settled. */
export function hasLeftovers(store: Store): boolean {
  return formerAuthors(store).some(
    (author) =>
      prepared(
        store.db,
        `SELECT 1 FROM op WHERE author = ? AND state = 'pending' AND scope <> 'device' LIMIT 1`,
      ).get(author) !== undefined,
  )
}

/** Gives every leftover a new name; call when all that the hub has is here, so that none of them is at the hub already. */
export function renameLeftovers(store: Store, author: string): number {
  return store.transact(() => {
    const rows = formerAuthors(store).flatMap((former) =>
      prepared<[string], OpRow>(
        store.db,
        `SELECT * FROM op WHERE author = ? AND state = 'pending' AND scope <> 'device' ORDER BY n`,
      ).all(former),
    )
    rows.sort((a, b) => a.n - b.n)
    return rename(store, author, rows)
  })
}

/**
 * Makes room for ops that the hub took from a twin of this device: own unsettled ops that carry the same names but say
 * something else are written again under the present identity, with all that follows them in their stream.
 */
export function yieldToTwin(store: Store, author: string, arriving: readonly CanonicalOp[]): number {
  const former = new Set(formerAuthors(store))
  if (former.size === 0) return 0
  let renamed = 0
  for (const op of arriving) {
    if (!former.has(op.author) || !hasOtherUnder(store, op)) continue
    renamed += renameFrom(store, author, { author: op.author, stream: op.stream, seq: op.seq })
  }
  return renamed
}

/** True when the hub has something under this device's present name that another has written: a copy of this store goes on. */
export function meetsTwin(store: Store, arriving: readonly CanonicalOp[]): boolean {
  return arriving.some((op) => {
    if (op.author !== store.author) return false
    const end = prepared<[string, number], { nextSeq: number }>(
      store.db,
      'SELECT nextSeq FROM stream WHERE author = ? AND stream = ?',
    ).get(op.author, op.stream)
    return op.seq >= (end?.nextSeq ?? 1) || hasOtherUnder(store, op)
  })
}

/** Whether an own op that the hub has not answered has the name of that one and says something else. */
function hasOtherUnder(store: Store, op: CanonicalOp): boolean {
  const own = prepared<[string, number, number], OpRow>(
    store.db,
    `SELECT * FROM op WHERE author = ? AND stream = ? AND seq = ? AND state IN ('pending', 'local')`,
  ).get(op.author, op.stream, op.seq)
  return own !== undefined && !equalBytes(encodeOp(opOf(own)), encodeOp(op))
}

/** Renames the unsettled ops of an old stream from a seq on. */
export function renameFrom(
  store: Store,
  author: string,
  from: { author: string; stream: number; seq: number },
): number {
  return store.transact(() => {
    const rows = prepared<[string, number, number], OpRow>(
      store.db,
      `SELECT * FROM op WHERE author = ? AND stream = ? AND seq >= ? AND state IN ('pending', 'local') ORDER BY seq`,
    ).all(from.author, from.stream, from.seq)
    return rename(store, author, rows)
  })
}

function rename(store: Store, author: string, former: readonly OpRow[]): number {
  if (former.length === 0) return 0
  const { db } = store
  const names = new Map<string, string>()
  const rows = [...former, ...writtenAfter(db, author, former)]
  // Which of several facts with one natural key stands depends on their names.
  const twins = twinsAmong(store, rows)
  store.standDown(twins)
  const identities = rows.map((row) => {
    const identity = nextIdentity(db, author, row)
    names.set(opId(row), opId(identity))
    return identity
  })
  const remember = prepared(db, 'INSERT OR REPLACE INTO renamed (old, new) VALUES (?, ?)')
  for (const [old, name] of names) remember.run(old, name)
  // A lease is for the name that it was given to: what was confirmed out of it is a claim like any other now.
  for (const table of ['liveGrant', 'bookingState']) {
    const drop = prepared(db, `DELETE FROM ${table} WHERE bookingId = ? AND term = ${UNTOLD}`)
    for (const old of names.keys()) drop.run(old)
  }
  const update = prepared(
    db,
    `UPDATE op SET author = ?, stream = ?, seq = ?, row = ?, fields = ?, hash = NULL, state = 'pending' WHERE n = ?`,
  )
  for (const [index, row] of rows.entries()) {
    const { stream, seq } = identities[index]!
    update.run(
      author,
      stream,
      seq,
      nameOf(db, row.row),
      JSON.stringify(renamedFields(db, opOf(row).fields)),
      row.n,
    )
  }
  const later = renameInLater(db, author, names)
  renameRows(db, names, later)
  const touched = [...rows, ...later].filter(({ tbl }) => TABLES.get(tbl)?.kind === 'register')
  const again = [...twins, ...touched].flatMap(({ tbl, row }) => [
    ...(names.has(row) && TABLES.get(tbl)?.kind === 'register' ? [{ tbl, row }] : []),
    { tbl, row: names.get(row) ?? row },
  ])
  store.rebuild([...new Map(again.map((name) => [`${name.tbl} ${name.row}`, name])).values()])
  store.reloadStreams()
  return former.length
}

/** Own ops under the present name that nobody has seen yet, as they were written. */
const unseenOf = (db: Db, author: string): OpRow[] =>
  prepared<[string], OpRow>(
    db,
    `SELECT * FROM op WHERE author = ? AND state IN ('pending', 'local') AND hash IS NULL ORDER BY n`,
  ).all(author)

/**
 * What was written under the present name after such ops, in the streams that they come into: a later word has to have a later
 * place, or the hub would let the earlier one stand.
 */
function writtenAfter(db: Db, author: string, ops: readonly OpRow[]): OpRow[] {
  const streamOf = ({ scope, lane }: OpRow): string => `${scope} ${lane}`
  const first = new Map(ops.toReversed().map((op) => [streamOf(op), op.n]))
  return unseenOf(db, author).filter((op) => op.n > (first.get(streamOf(op)) ?? Number.POSITIVE_INFINITY))
}

/** What was written since under the present name, and has not been sent, may speak of what has another name now. */
function renameInLater(db: Db, author: string, names: ReadonlyMap<string, string>): OpRow[] {
  const later = unseenOf(db, author)
  const update = prepared(db, 'UPDATE op SET row = ?, fields = ? WHERE n = ?')
  return later.filter((op) => {
    const row = names.get(op.row) ?? op.row
    const fields = JSON.stringify(renamedFields(db, opOf(op).fields))
    const speaksOfOld = row !== op.row || fields !== JSON.stringify(opOf(op).fields)
    if (speaksOfOld) update.run(row, fields, op.n)
    return speaksOfOld
  })
}

/** Facts among the ops that share their natural key with others. */
function twinsAmong({ db }: Store, ops: readonly OpRow[]): RowName[] {
  const facts = ops.filter(({ kind, tbl }) => kind === 'fact' && TABLES.get(tbl)?.naturalKey !== undefined)
  if (facts.length === 0) return []
  const ids = JSON.stringify(facts.map(({ row }) => row))
  const shared = prepared<[string, string], { id: string }>(
    db,
    `SELECT loser AS id FROM factAlias WHERE loser IN (SELECT value FROM json_each(?))
     UNION SELECT winner FROM factAlias WHERE winner IN (SELECT value FROM json_each(?))`,
  ).all(ids, ids)
  const among = new Set(shared.map(({ id }) => id))
  return facts.filter(({ row }) => among.has(row)).map(({ tbl, row }) => ({ tbl, row }))
}

function nextIdentity(db: Db, author: string, row: OpRow): { author: string; stream: number; seq: number } {
  const find = prepared<[string, string, string], { stream: number; nextSeq: number }>(
    db,
    'SELECT stream, nextSeq FROM stream WHERE author = ? AND scope = ? AND lane = ?',
  )
  let stream = find.get(author, row.scope, row.lane)
  if (!stream) {
    const { n } = prepared<[string], { n: number }>(
      db,
      'SELECT count(*) AS n FROM stream WHERE author = ?',
    ).get(author)!
    prepared(db, 'INSERT INTO stream (author, stream, scope, lane, nextSeq) VALUES (?, ?, ?, ?, 1)').run(
      author,
      n,
      row.scope,
      row.lane,
    )
    stream = { stream: n, nextSeq: 1 }
  }
  prepared(db, 'UPDATE stream SET nextSeq = nextSeq + 1 WHERE author = ? AND stream = ?').run(
    author,
    stream.stream,
  )
  return { author, stream: stream.stream, seq: stream.nextSeq }
}

const nameOf = (db: Db, id: string): string =>
  prepared<[string], { new: string }>(db, 'SELECT new FROM renamed WHERE old = ?').get(id)?.new ?? id

function renamedFields(db: Db, fields: Fields): Fields {
  const walk = (value: Value): Value => {
    if (typeof value === 'string') return nameOf(db, value)
    if (Array.isArray(value)) return (value as readonly Value[]).map(walk)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]))
  }
  return walk(fields) as Fields
}

/** Tables that hold names of ops as history rather than as references to rows that stand. */
const UNTOUCHED = new Set(['op', 'stream', 'renamed', 'migration', 'meta', 'opTally', 'cell'])

/** What a row was made by, where other people's rows may name the same ids: those mean ops of a twin, which keep them. */
const MADE_BY: Readonly<Record<string, string>> = {
  liveGrant: 'grantId',
  bookingState: 'answerId',
  conflict: 'opId',
}

/**
 * Puts the new names into every text that this device's renamed ops brought about, alone or inside JSON. Registers are made
 * again from the log instead: what others said of a twin's row of the old name stays with that.
 */
function renameRows(db: Db, names: ReadonlyMap<string, string>, later: readonly OpRow[]): void {
  const tables = db
    .prepare<[], { name: string }>(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
    )
    .all()
  const old = JSON.stringify([...names.keys()])
  const own = JSON.stringify([...names.keys(), ...later.map(({ row }) => row)])
  for (const { name } of tables) {
    if (UNTOUCHED.has(name) || TABLES.get(name)?.kind === 'register') continue
    const isReplicated = TABLES.has(name)
    const column = isReplicated ? 'id' : MADE_BY[name]
    const among = isReplicated ? own : old
    renameIn(db, name, names, column === undefined ? null : { column, among })
  }
}

interface Column {
  readonly name: string
  readonly type: string
  readonly pk: number
}

function renameIn(
  db: Db,
  table: string,
  names: ReadonlyMap<string, string>,
  only: { readonly column: string; readonly among: string } | null,
): void {
  const columns = db.prepare<[], Column>(`PRAGMA table_info("${table}")`).all()
  // Who wrote what stands is history, as in the log.
  const texts = columns.filter(({ name, type }) => type === 'TEXT' && name !== 'stampBy')
  const keys = columns.filter(({ pk }) => pk > 0).map(({ name }) => name)
  const key = keys.length > 0 ? keys : ['rowid']
  const prefixes = [...new Set([...names.keys()].map((id) => id.slice(0, 10)))]
  if (texts.length === 0) return
  const mentions = texts.flatMap(({ name }) => prefixes.map(() => `instr("${name}", ?) > 0`))
  const limit = only ? `AND "${only.column}" IN (SELECT value FROM json_each(?))` : ''
  const rows = db
    .prepare<string[], Record<string, string | number | null>>(
      `SELECT ${keys.length > 0 ? '' : 'rowid, '}* FROM "${table}" WHERE (${mentions.join(' OR ')}) ${limit}`,
    )
    .all(...texts.flatMap(() => prefixes), ...(only ? [only.among] : []))
  const update = db.prepare(
    `UPDATE "${table}" SET ${texts.map(({ name }) => `"${name}" = ?`).join(', ')} WHERE ${key.map((name) => `"${name}" = ?`).join(' AND ')}`,
  )
  const renamed = (value: string | number | null | undefined): string | number | null =>
    typeof value === 'string'
      ? value.replace(/[0-9a-hjkmnp-tv-z]{11,}/g, (id) => names.get(id) ?? id)
      : (value ?? null)
  for (const row of rows) {
    const values = texts.map(({ name }) => renamed(row[name]))
    if (values.some((value, index) => value !== row[texts[index]!.name]))
      update.run(...values, ...key.map((name) => row[name] ?? null))
  }
}
