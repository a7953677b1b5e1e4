import type { Table } from '../domain/table.ts'
import { compareVersions, versionOf, type Version } from './stamp.ts'
import type { CanonicalOp, Fields, Value } from './types.ts'

/** Virtual group of every register row: `{deleted}`, written by create, restore (false) and delete (true). */
export const LIFE = '$life'

export interface GroupState {
  readonly version: Version
  readonly values: Fields
}
export type RowState = Readonly<Record<string, GroupState>>

const groupNames = new WeakMap<Table, ReadonlyMap<string, string>>()

function groupIndex(table: Table): ReadonlyMap<string, string> {
  let index = groupNames.get(table)
  if (!index) {
    index = new Map(
      Object.entries(table.groups).flatMap(([group, fields]) =>
        Object.keys(fields).map((field) => [field, group]),
      ),
    )
    groupNames.set(table, index)
  }
  return index
}

/** Fields by the group they belong to; a field this version does not know is a group of its own, `?<field>`. */
export function groupsOf(table: Table | undefined, fields: Fields): Map<string, Record<string, Value>> {
  const out = new Map<string, Record<string, Value>>()
  const index = table ? groupIndex(table) : null
  for (const [field, value] of Object.entries(fields)) {
    const group = index?.get(field) ?? `?${field}`
    const values = out.get(group) ?? {}
    values[field] = value
    out.set(group, values)
  }
  return out
}

export const wins = (incoming: Version, current: Version | null): boolean =>
  current === null || compareVersions(incoming, current) > 0

/** What a register op writes: its field groups, and the life group for create, delete and restore. */
export function writesOf(
  op: Pick<CanonicalOp, 'kind' | 'fields'>,
  table: Table | undefined,
): Map<string, Fields> {
  const writes = new Map<string, Fields>(groupsOf(table, op.fields))
  if (op.kind === 'create' || op.kind === 'restore') writes.set(LIFE, { deleted: false })
  else if (op.kind === 'delete') writes.set(LIFE, { deleted: true })
  return writes
}

/** The register rule: the later version of each field group stays, whatever the order of arrival. */
export function applyToRow(state: RowState | null, op: CanonicalOp, table: Table | undefined): RowState {
  const next: Record<string, GroupState> = { ...state }
  const version = versionOf(op)
  for (const [group, values] of writesOf(op, table)) {
    if (wins(version, next[group]?.version ?? null)) next[group] = { version, values }
  }
  return next
}

export const isDeleted = (state: RowState): boolean => state[LIFE]?.values.deleted === true

export type RowConflict = 'edit-after-delete' | 'delete-after-edit'

/**
 * Whether an op meets a deletion: an edit by someone else that is later than the tombstone it does not undo, or a deletion
 * that buries an edit its author had not seen (an edit by someone else with a later stamp).
 */
export function conflictOf(state: RowState | null, op: CanonicalOp): RowConflict | null {
  if (!state) return null
  const life = state[LIFE]
  if (op.kind === 'set' && life && isDeleted(state) && life.version.author !== op.author)
    return 'edit-after-delete'
  if (op.kind !== 'delete') return null
  const version = versionOf(op)
  const buried = Object.entries(state).some(
    ([group, { version: written }]) =>
      group !== LIFE && written.author !== op.author && compareVersions(written, version) > 0,
  )
  return buried ? 'delete-after-edit' : null
}
