import type { ShownValue } from '../../shared/contract/history.ts'
import type { Field } from '../../shared/domain/table.ts'
import type { Value } from '../../shared/ops/types.ts'
import type { Db } from '../sqlite/open.ts'
import { labelOf } from './labels.ts'

const LISTED_ROWS: Readonly<Record<string, string>> = {
  studioIds: 'studio',
  streamerIds: 'streamer',
  streamerIdsPlanned: 'streamer',
}
/** Minutes of a day; every other `…Min` is a length. */
const DAY_MINUTES = new Set(['openMin', 'closeMin', 'primeStartMin', 'primeEndMin'])
const MAX_TEXT = 200

/** A field's value in a form that a screen can put into words. */
export function shownValue(
  db: Db,
  name: string,
  field: Field | undefined,
  value: Value | undefined,
): ShownValue {
  if (value === undefined) return { kind: 'unknown' }
  if (value === null || value === '') return { kind: 'empty' }
  if (field?.type === 'ref' && typeof value === 'string')
    return { kind: 'names', names: [labelOf(db, field.ref!, value)] }
  if (typeof value === 'boolean') return { kind: 'yes-no', yes: value }
  if (typeof value === 'number') {
    if (field?.type === 'bool') return { kind: 'yes-no', yes: value === 1 }
    if (name.endsWith('Ms') && name !== 'offsetMs') return { kind: 'time', number: value }
    if (name.endsWith('Fen') || name.endsWith('FenPerHour')) return { kind: 'money', number: value }
    return { kind: DAY_MINUTES.has(name) ? 'minute' : 'number', number: value }
  }
  if (typeof value === 'string')
    return { kind: field?.oneOf ? 'choice' : 'text', text: value.slice(0, MAX_TEXT) }
  const table = LISTED_ROWS[name]
  if (table && Array.isArray(value))
    return {
      kind: 'names',
      names: (value as readonly Value[]).map((id) => (typeof id === 'string' ? labelOf(db, table, id) : '')),
    }
  return { kind: 'list', count: Array.isArray(value) ? value.length : Object.keys(value).length }
}
