import { fieldsOf, type Table } from '../../../shared/domain/table.ts'
import { tableNamed } from '../../../shared/domain/tables.ts'
import type { Fields, Scope, Value } from '../../../shared/ops/types.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import { fromSql, type SqlRow } from './rows.ts'
import type { Store } from './store.ts'
import { prepared } from '../../sqlite/prepared.ts'

/** The only way for a command to write. Everything commits with the command's answer or not at all. */
export interface Mutator {
  /** Creates a register row. Its scope is the belt, or the base its references lead to. @returns its id */
  create(table: string, fields: Fields): string
  /** Writes whole field groups; fields of a touched group that are left out keep their present values. */
  set(table: string, id: string, fields: Fields): void
  remove(table: string, id: string): void
  restore(table: string, id: string): void
  /** Records a fact. @returns its id, or null when a fact with its natural key is already here */
  fact(table: string, fields: Fields): string | null
  claim(table: string, fields: Fields): string
  /** The same mutator for rows that no reference ties to a base. */
  withScope(scope: Scope): Mutator
}

export interface MutatorOptions {
  readonly store: Store
  readonly person: string | null
  /** Base of the caller, for base rows without any reference to one. */
  readonly baseId: string | null
  /** What a claim is to say beyond what was asked for: called before it is written, in the same transaction. */
  readonly beforeClaim?: (table: string, fields: Fields) => Fields
  /** Called after a claim, a release or a wait was written, in the same transaction. */
  readonly afterClaim?: (table: string, id: string, mutator: Mutator) => void
}

export function createMutator(options: MutatorOptions, fixedScope: Scope | null = null): Mutator {
  const { store } = options
  const rowOf = (table: string, id: string) =>
    prepared<[string], SqlRow>(store.db, `SELECT * FROM ${tableNamed(table).name} WHERE id = ?`).get(id)

  function existing(table: Table, id: string): SqlRow {
    const row = rowOf(table.name, id)
    if (!row) throw new Refusal('not-found', { table: table.name, id })
    return row
  }

  function scopeFor(table: Table, fields: Fields): Scope {
    if (table.scope !== 'base') return table.scope
    if (fixedScope) return fixedScope
    for (const { name, field } of fieldsOf(table)) {
      const value = fields[name]
      if (field.type !== 'ref' || typeof value !== 'string' || value === '') continue
      if (field.ref === 'liveBase') return `base:${value}`
      const target = rowOf(field.ref!, value)
      if (!target) continue
      const scope = String(target['scope'])
      if (scope.startsWith('base:')) return scope as Scope
      if (typeof target['baseId'] === 'string' && target['baseId'] !== '') return `base:${target['baseId']}`
    }
    if (options.baseId) return `base:${options.baseId}`
    throw new RangeError(`a row of ${table.name} needs a base`)
  }

  function write(
    table: Table,
    kind: 'create' | 'set' | 'delete' | 'restore' | 'fact' | 'claim',
    scope: Scope,
    fields: Fields,
    row?: string,
  ): string {
    const [id] = store.append([
      { scope, lane: table.lane, kind, table: table.name, row, fields, person: options.person },
    ])
    return id!
  }

  /** Completes each touched group from the row as it stands, so that a group is always written whole. */
  function completed(table: Table, row: SqlRow, fields: Fields): Fields {
    const out: Record<string, Value> = {}
    for (const group of Object.values(table.groups)) {
      if (!Object.keys(group).some((name) => fields[name] !== undefined)) continue
      let changed = false
      const whole: Record<string, Value> = {}
      for (const [name, field] of Object.entries(group)) {
        const before = fromSql(field, row[name])
        const after = fields[name] === undefined ? before : fields[name]!
        whole[name] = after
        if (JSON.stringify(after) !== JSON.stringify(before)) changed = true
      }
      if (changed) Object.assign(out, whole)
    }
    return out
  }

  const mutator: Mutator = {
    create(name, fields) {
      const table = tableNamed(name)
      return write(table, 'create', scopeFor(table, fields), checked(table, fields))
    },
    set(name, id, fields) {
      const table = tableNamed(name)
      const row = existing(table, id)
      const whole = completed(table, row, checked(table, fields))
      if (Object.keys(whole).length > 0) write(table, 'set', row['scope'] as Scope, whole, id)
    },
    remove(name, id) {
      const table = tableNamed(name)
      const row = existing(table, id)
      if (row['deleted'] !== 1) write(table, 'delete', row['scope'] as Scope, {}, id)
    },
    restore(name, id) {
      const table = tableNamed(name)
      const row = existing(table, id)
      if (row['deleted'] === 1) write(table, 'restore', row['scope'] as Scope, {}, id)
    },
    fact(name, fields) {
      const table = tableNamed(name)
      if (table.naturalKey) {
        const where = table.naturalKey.map((key) => `${key} = ?`).join(' AND ')
        const key = table.naturalKey.map((column) => (fields[column] ?? null) as string | number | null)
        if (prepared(store.db, `SELECT 1 FROM ${table.name} WHERE ${where}`).get(...key)) return null
      }
      const id = write(table, 'fact', scopeFor(table, fields), checked(table, fields))
      if (table.name === 'bookingRelease' || table.name === 'claimWait')
        options.afterClaim?.(table.name, id, mutator)
      return id
    },
    claim(name, fields) {
      const table = tableNamed(name)
      const whole = options.beforeClaim?.(name, fields) ?? fields
      const id = write(table, 'claim', scopeFor(table, whole), checked(table, whole))
      options.afterClaim?.(table.name, id, mutator)
      return id
    },
    withScope: (scope) => createMutator(options, scope),
  }
  return mutator
}

/** Refuses fields outside the registry and values of the wrong type: a command's mistake must not reach the log. */
function checked(table: Table, fields: Fields): Fields {
  const known = new Map(fieldsOf(table).map(({ name, field }) => [name, field]))
  for (const [name, value] of Object.entries(fields)) {
    const field = known.get(name)
    if (!field) throw new RangeError(`${table.name} has no field ${name}`)
    if (value === null) {
      if (!field.nullable && field.type !== 'json')
        throw new RangeError(`${table.name}.${name} must not be null`)
      continue
    }
    const fits =
      field.type === 'json' ||
      (field.type === 'bool' && typeof value === 'boolean') ||
      (field.type === 'int' && Number.isSafeInteger(value)) ||
      (field.type === 'real' && typeof value === 'number' && Number.isFinite(value)) ||
      ((field.type === 'text' || field.type === 'ref') && typeof value === 'string')
    if (!fits) throw new RangeError(`${table.name}.${name} does not hold ${typeof value}`)
    if (field.oneOf && !field.oneOf.includes(value as string))
      throw new RangeError(`${table.name}.${name} is not one of its values`)
  }
  return fields
}
