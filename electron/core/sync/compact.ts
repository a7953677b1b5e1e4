import { TABLES } from '../../../shared/domain/tables.ts'
import { opId } from '../../../shared/ops/id.ts'
import { LIFE, writesOf } from '../../../shared/ops/merge.ts'
import type { Fields } from '../../../shared/ops/types.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { opOf, type OpRow, type Store } from '../store/store.ts'

/** Tables whose every change is part of the record: credit, people, policies and clocks that run against somebody. */
const AUDITED = new Set([
  'belt',
  'fairSlotPolicy',
  'person',
  'merchant',
  'complaint',
  'revision',
  'merchantDocument',
])

interface Tail {
  readonly author: string
  readonly stream: number
  readonly frozenSeq: number
}

/**
 * Drops register writes that a later write of the same person to the same groups has superseded, and folds later writes
 * into a creation that nobody has seen yet. Only ops that were never sent are touched, inside the caller's transaction.
 * @returns how many ops were dropped
 */
export function compactTail(store: Store, tail: Tail): number {
  const rows = prepared<[string, number, number], OpRow>(
    store.db,
    `SELECT * FROM op WHERE author = ? AND stream = ? AND seq > ? AND hash IS NULL AND state = 'pending' ORDER BY seq DESC`,
  ).all(tail.author, tail.stream, tail.frozenSeq)
  if (rows.length < 2) return 0
  const creates = new Map<string, OpRow>()
  for (const row of rows)
    if (row.kind === 'create') creates.set(`${row.tbl} ${row.row} ${row.person ?? ''}`, row)
  const later = new Map<string, Set<string>>()
  const folded = new Map<number, { row: OpRow; fields: Record<string, Fields[string]> }>()
  let dropped = 0

  for (const row of rows) {
    if (AUDITED.has(row.tbl) || row.kind === 'create') continue
    const op = opOf(row)
    const key = `${row.tbl} ${row.row} ${row.person ?? ''}`
    const groups = [...writesOf(op, TABLES.get(op.table)).keys()]
    const seen = later.get(key) ?? new Set<string>()
    if (groups.every((group) => seen.has(group))) {
      drop(store, row)
      dropped++
      continue
    }
    for (const group of groups) seen.add(group)
    later.set(key, seen)
    const create = creates.get(key)
    if (op.kind !== 'set' || !create || groups.some((group) => group === LIFE)) continue
    // What somebody else wrote in between would come after it and win.
    if (groups.some((group) => !isSoleWriter(rows, row, group))) continue
    const target = folded.get(create.n) ?? { row: create, fields: {} }
    // Rows come newest first: a field folded already is the later one.
    target.fields = { ...op.fields, ...target.fields }
    folded.set(create.n, target)
    clearPending(store, row, groups)
    drop(store, row)
    dropped++
  }
  for (const { row, fields } of folded.values()) {
    const merged = { ...opOf(row).fields, ...fields }
    prepared(store.db, 'UPDATE op SET fields = ? WHERE n = ?').run(JSON.stringify(merged), row.n)
  }
  return dropped
}

/** Whether nobody but its writer has written a group of a row since the row's creation. */
function isSoleWriter(rows: readonly OpRow[], of: OpRow, group: string): boolean {
  return rows.every(
    (row) =>
      row.row !== of.row ||
      row.tbl !== of.tbl ||
      row.kind === 'create' ||
      row.person === of.person ||
      !writesOf(opOf(row), TABLES.get(row.tbl)).has(group),
  )
}

/** What the row shows is now what its creation says; nothing of it is hidden any more. */
function clearPending(store: Store, row: OpRow, groups: readonly string[]): void {
  const id = opId(row)
  for (const group of groups)
    prepared(
      store.db,
      'UPDATE cell SET pending = NULL, hidden = NULL WHERE tbl = ? AND row = ? AND grp = ? AND pending = ?',
    ).run(row.tbl, row.row, group, id)
}

function drop(store: Store, row: OpRow): void {
  prepared(store.db, 'DELETE FROM op WHERE n = ?').run(row.n)
}
