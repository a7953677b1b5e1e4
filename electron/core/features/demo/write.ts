import type { DemoDraft } from '../../../../shared/demo/index.ts'
import { tableNamed } from '../../../../shared/domain/tables.ts'
import type { Fields, Value } from '../../../../shared/ops/types.ts'
import type { Mutator } from '../../store/mutator.ts'

/** Puts the ids of rows written earlier in place of every `@key`. */
function resolve(value: Value, ids: ReadonlyMap<string, string>): Value {
  if (typeof value === 'string') {
    if (!value.startsWith('@')) return value
    const id = ids.get(value.slice(1))
    if (id === undefined) throw new RangeError(`the demo refers to ${value} before writing it`)
    return id
  }
  if (Array.isArray(value)) return value.map((item: Value) => resolve(item, ids))
  if (value !== null && typeof value === 'object') return resolveFields(value as Fields, ids)
  return value
}

function resolveFields(fields: Fields, ids: ReadonlyMap<string, string>): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, resolve(value, ids)]))
}

/** Writes drafts through the mutator, in order. `ids` collects the row of each key. */
export function writeDrafts(write: Mutator, drafts: readonly DemoDraft[], ids: Map<string, string>): void {
  for (const { table, key, fields } of drafts) {
    const resolved = resolveFields(fields, ids)
    const { kind } = tableNamed(table)
    const id =
      kind === 'register'
        ? write.create(table, resolved)
        : kind === 'claim'
          ? write.claim(table, resolved)
          : write.fact(table, resolved)
    if (key !== undefined && id !== null) ids.set(key, id)
  }
}
