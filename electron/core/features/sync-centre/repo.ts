import {
  WAITING_GROUPS,
  type ItemState,
  type RefusedBooking,
  type RefusedStep,
  type ShownField,
  type SyncConflict,
  type WaitingGroup,
  type WaitingItem,
  type WaitingRow,
} from '../../../../shared/contract/sync-centre.ts'
import { fieldsOf } from '../../../../shared/domain/table.ts'
import { TABLES } from '../../../../shared/domain/tables.ts'
import { WAITABLE } from '../../../../shared/ops/arbiter.ts'
import type { Fields } from '../../../../shared/ops/types.ts'
import { opId, parseOpId } from '../../../../shared/ops/id.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import { OWN_REFUSED, readAlternatives, WAITS } from '../../bookings.ts'
import { groupOf, tablesOf } from './groups.ts'
import { labelOf } from '../../labels.ts'
import { shownValue } from '../../shown.ts'

/** A settled refusal is remembered beside the conflicts, under this kind. */
export const REFUSED_BOOKING = 'refused-booking'

const personName = (db: Db, id: string | null): string | null =>
  id === null
    ? null
    : (prepared<[string], { name: string }>(db, 'SELECT name FROM person WHERE id = ?').get(id)?.name ?? null)

export function waitingRows(db: Db): WaitingRow[] {
  const rows = prepared<[], { tbl: string; state: string; n: number; oldestMs: number }>(
    db,
    `SELECT tbl, state, count(*) AS n, min(atMs) AS oldestMs FROM op WHERE state IN ('local', 'pending') GROUP BY tbl, state`,
  ).all()
  const tentative = prepared<[], { n: number }>(
    db,
    `SELECT count(*) AS n FROM booking LEFT JOIN bookingState ON bookingState.bookingId = booking.id
     WHERE bookingState.bookingId IS NULL`,
  ).get()
  return WAITING_GROUPS.map((group) => {
    const its = rows.filter(({ tbl }) => groupOf(tbl) === group)
    const sum = (state: string) =>
      its.filter((row) => row.state === state).reduce((total, row) => total + row.n, 0)
    return {
      group,
      local: sum('local'),
      pending: sum('pending'),
      tentative: group === 'slots' ? (tentative?.n ?? 0) : 0,
      oldestMs: its.length === 0 ? null : Math.min(...its.map((row) => row.oldestMs)),
    }
  }).filter((row) => row.local + row.pending + row.tentative > 0)
}

interface OpRow {
  n: number
  author: string
  stream: number
  seq: number
  kind: WaitingItem['kind']
  tbl: string
  row: string
  fields: string
  state: ItemState
  atMs: number
  person: string | null
}

/** What a step itself calls its row: for rows that are not here any more, because the hub did not take them. */
function ownName(fields: string | undefined): string {
  const { name, title, label } = JSON.parse(fields ?? '{}') as Record<string, unknown>
  const found = name ?? title ?? label
  return typeof found === 'string' ? found : ''
}

export function waitingItems(
  db: Db,
  filter: { group: WaitingGroup | null; state: ItemState | null; before: number | null; limit: number },
): { rows: WaitingItem[]; next: number | null } {
  const rows = prepared<
    [string | null, string | null, string | null, string | null, number | null, number | null, number],
    OpRow
  >(
    db,
    `SELECT n, author, stream, seq, kind, tbl, row, fields, state, atMs, person FROM op
     WHERE (? IS NULL OR state = ?) AND (? IS NULL OR tbl IN (SELECT value FROM json_each(?))) AND (? IS NULL OR n < ?)
       AND author IN (SELECT author FROM stream)
     ORDER BY n DESC LIMIT ?`,
  ).all(
    filter.state,
    filter.state,
    filter.group,
    JSON.stringify(filter.group === null ? [] : tablesOf(filter.group)),
    filter.before,
    filter.before,
    filter.limit,
  )
  return {
    rows: rows.map((op) => ({
      id: opId(op),
      group: groupOf(op.tbl),
      table: op.tbl,
      kind: op.kind,
      label: labelOf(db, op.tbl, op.row) || ownName(op.fields),
      state: op.state,
      atMs: op.atMs,
      personName: personName(db, op.person),
    })),
    next: rows.length === filter.limit ? (rows.at(-1)?.n ?? null) : null,
  }
}

interface RefusedRow {
  id: string
  label: string
  studioId: string
  studioName: string | null
  startMs: number
  endMs: number
  merchantId: string | null
  sessionId: string | null
  streamerIds: string
  createdMs: number
  reason: string
  waits: number
  alternatives: string
  atMs: number
  heldLabel: string | null
  heldAskedMs: number | null
}

/** This device's refused bookings that nobody has settled yet. */
export function refusedBookings(db: Db, nowMs: number): RefusedBooking[] {
  return prepared<[], RefusedRow>(
    db,
    `SELECT booking.*, studio.name AS studioName, bookingState.reason, bookingState.alternatives, bookingState.atMs,
       ${WAITS} AS waits, held.label AS heldLabel, held.createdMs AS heldAskedMs
     FROM bookingState JOIN booking ON booking.id = bookingState.bookingId
       LEFT JOIN studio ON studio.id = booking.studioId LEFT JOIN booking AS held ON held.id = bookingState.heldBy
     WHERE ${OWN_REFUSED}
     ORDER BY bookingState.atMs DESC, booking.id LIMIT 100`,
  )
    .all()
    .map((row) => ({
      kind: 'booking',
      id: row.id,
      label: row.label,
      studioId: row.studioId,
      studioName: row.studioName ?? '',
      startMs: row.startMs,
      endMs: row.endMs,
      merchantId: row.merchantId,
      sessionId: row.sessionId,
      streamerIds: JSON.parse(row.streamerIds) as string[],
      reason: row.reason,
      waits: row.waits === 1,
      canWait: WAITABLE.has(row.reason) && row.startMs > nowMs,
      heldBy:
        row.heldLabel === null || row.heldAskedMs === null
          ? null
          : { label: row.heldLabel, askedMs: row.heldAskedMs },
      askedMs: row.createdMs,
      refusedMs: row.atMs,
      alternatives: readAlternatives(db, row.alternatives),
    }))
}

export interface ConflictRow {
  id: number
  kind: string
  tbl: string
  row: string
  opId: string
  details: string
  atMs: number
}

const openConflicts = (db: Db, kinds: readonly string[]): ConflictRow[] =>
  prepared<[string], ConflictRow>(
    db,
    `SELECT id, kind, tbl, row, opId, details, atMs FROM conflict
     WHERE settledMs IS NULL AND kind IN (SELECT value FROM json_each(?)) ORDER BY atMs DESC, id DESC LIMIT 100`,
  ).all(JSON.stringify(kinds))

/** What the hub did not take, without what it has taken since: an administrator may release work that was set aside. */
export function refusedSteps(db: Db): RefusedStep[] {
  return openConflicts(db, ['rejected', 'quarantined']).flatMap((row): RefusedStep[] => {
    const verdict = JSON.parse(row.details) as { reason?: unknown }
    const op = sourceOp(db, row)
    if (op?.state === 'canonical') return []
    return [
      {
        kind: row.kind === 'quarantined' ? 'quarantined' : 'rejected',
        id: String(row.id),
        table: row.tbl,
        row: row.row,
        label: labelOf(db, row.tbl, row.row) || ownName(op?.fields),
        what: op?.kind ?? 'set',
        fields: shownFields(db, row.tbl, op),
        personName: personName(db, op?.person ?? null),
        reason: typeof verdict.reason === 'string' ? verdict.reason : '',
        askedMs: row.atMs,
      },
    ]
  })
}

const MAX_FIELDS = 8

function shownFields(db: Db, table: string, op: SourceOp | null): ShownField[] {
  const fields = JSON.parse(op?.fields ?? '{}') as Fields
  const known = TABLES.get(table)
  if (!known) return []
  return fieldsOf(known)
    .filter(({ name }) => fields[name] !== undefined && fields[name] !== null && fields[name] !== '')
    .slice(0, MAX_FIELDS)
    .map(({ name, field }) => ({ name, value: shownValue(db, name, field, fields[name]) }))
}

interface SourceOp {
  kind: WaitingItem['kind']
  fields: string
  atMs: number
  person: string | null
  state: ItemState
}

/** The op a conflict is about; null once the log no longer holds it. */
export function sourceOp(db: Db, row: ConflictRow): SourceOp | null {
  const ref = parseOpId(row.opId)
  if (!ref) return null
  return (
    prepared<[string, number, number], SourceOp>(
      db,
      'SELECT kind, fields, atMs, person, state FROM op WHERE author = ? AND stream = ? AND seq = ?',
    ).get(ref.author, ref.stream, ref.seq) ?? null
  )
}

export function syncConflicts(db: Db): SyncConflict[] {
  return openConflicts(db, ['edit-meets-deletion']).map((row) => {
    const mine = sourceOp(db, row)
    const deletion = prepared<[string, string], { atMs: number; person: string | null }>(
      db,
      `SELECT atMs, person FROM op WHERE tbl = ? AND row = ? AND kind = 'delete' ORDER BY n DESC LIMIT 1`,
    ).get(row.tbl, row.row)
    return {
      id: String(row.id),
      table: row.tbl,
      row: row.row,
      label: labelOf(db, row.tbl, row.row),
      mine: {
        atMs: mine?.atMs ?? row.atMs,
        personName: personName(db, mine?.person ?? null),
        fields: shownFields(db, row.tbl, mine),
      },
      theirs: { atMs: deletion?.atMs ?? row.atMs, personName: personName(db, deletion?.person ?? null) },
    }
  })
}
