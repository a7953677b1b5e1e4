import {
  WAITING_GROUPS,
  type ItemState,
  type RefusedBooking,
  type SyncConflict,
  type WaitingGroup,
  type WaitingItem,
  type WaitingRow,
} from '../../../../shared/contract/sync-centre.ts'
import { WAITABLE } from '../../../../shared/ops/arbiter.ts'
import { opId } from '../../../../shared/ops/id.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import { OWN_REFUSED, readAlternatives, WAITS } from '../../bookings.ts'
import { groupOf, tablesOf } from './groups.ts'
import { labelOf } from '../../labels.ts'
import { openConflicts, ownName, personName, shownFields, sourceOp } from '../../news.ts'

/** A settled refusal, and an acknowledged arrival, are remembered beside the conflicts, under these kinds. */
export const REFUSED_BOOKING = 'refused-booking'
export const ARRIVED_BOOKING = 'arrived-booking'

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
