import type {
  ArrivedBooking,
  RefusedStep,
  ShownField,
  WaitingItem,
} from '../../shared/contract/sync-centre.ts'
import { fieldsOf } from '../../shared/domain/table.ts'
import { TABLES } from '../../shared/domain/tables.ts'
import { FROM_WAITLIST } from '../../shared/ops/arbiter.ts'
import { parseOpId } from '../../shared/ops/id.ts'
import type { Fields } from '../../shared/ops/types.ts'
import type { Db } from '../sqlite/open.ts'
import { prepared } from '../sqlite/prepared.ts'
import { labelOf } from './labels.ts'
import { shownValue } from './shown.ts'

export const personName = (db: Db, id: string | null): string | null =>
  id === null
    ? null
    : (prepared<[string], { name: string }>(db, 'SELECT name FROM person WHERE id = ?').get(id)?.name ?? null)

/** What a step itself calls its row: for rows that are not here any more, because the hub did not take them. */
export function ownName(fields: string | undefined): string {
  const { name, title, label } = JSON.parse(fields ?? '{}') as Record<string, unknown>
  const found = name ?? title ?? label
  return typeof found === 'string' ? found : ''
}

/** This device's bookings that waited and have got their place, until somebody has taken note or they are over. */
export const arrivedBookings = (db: Db, nowMs: number): ArrivedBooking[] =>
  prepared<[string, number], ArrivedBooking>(
    db,
    `SELECT bookingState.answerId AS id, booking.id AS bookingId, booking.label, coalesce(studio.name, '') AS studioName,
       booking.baseId, booking.startMs, booking.endMs, bookingState.atMs AS answeredMs, op.person AS personId
     FROM bookingState JOIN booking ON booking.id = bookingState.bookingId
       JOIN op ON op.tbl = 'booking' AND op.row = booking.id AND op.author IN (SELECT author FROM stream)
       LEFT JOIN studio ON studio.id = booking.studioId
     WHERE bookingState.outcome = 'granted' AND bookingState.reason = ? AND booking.endMs > ?
       AND NOT EXISTS (SELECT 1 FROM bookingRelease WHERE bookingRelease.bookingId = booking.id)
       AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.opId = bookingState.answerId)
     ORDER BY bookingState.atMs DESC, booking.id LIMIT 100`,
  ).all(FROM_WAITLIST, nowMs)

export interface ConflictRow {
  id: number
  kind: string
  tbl: string
  row: string
  opId: string
  details: string
  atMs: number
}

export const openConflicts = (db: Db, kinds: readonly string[]): ConflictRow[] =>
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
        place: row.tbl === 'booking' && op ? placeOf(db, op) : null,
        personId: op?.person ?? null,
        personName: personName(db, op?.person ?? null),
        reason: typeof verdict.reason === 'string' ? verdict.reason : '',
        askedMs: row.atMs,
      },
    ]
  })
}

function placeOf(db: Db, op: SourceOp): RefusedStep['place'] {
  const { studioId, startMs } = JSON.parse(op.fields) as Fields
  return typeof studioId === 'string' && typeof startMs === 'number'
    ? { studioName: labelOf(db, 'studio', studioId), startMs }
    : null
}

const MAX_FIELDS = 8

export function shownFields(db: Db, table: string, op: SourceOp | null): ShownField[] {
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
  state: WaitingItem['state']
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
