/** How a table is described once: the store, the wire and the contract all read this description. */

/** `int` holds money in fen, instants in epoch milliseconds and durations in the unit its name ends with. */
export type FieldType = 'text' | 'int' | 'real' | 'bool' | 'json' | 'ref'

export interface Field {
  readonly type: FieldType
  readonly nullable: boolean
  /** For `ref`: the table whose row id this holds. */
  readonly ref?: string
  /** For `text`: the closed set of values. */
  readonly oneOf?: readonly string[]
}

/**
 * - `register`: last writer wins per field group, deleted by tombstone
 * - `fact`: immutable once written, reversed by another fact
 * - `claim`: asks for exclusive use; only the belt's arbiter grants
 */
export type TableKind = 'register' | 'fact' | 'claim'

/** `belt` rows reach every device of the belt, `base` rows their base and the hub, `device` rows never leave. */
export type TableScope = 'belt' | 'base' | 'device'

/** Lanes are sent in this order and never wait for each other. */
export const LANES = ['urgent', 'register', 'fact', 'bulk'] as const
export type Lane = (typeof LANES)[number]

export interface Table {
  readonly name: string
  readonly kind: TableKind
  readonly scope: TableScope
  readonly lane: Lane
  /** Field groups: fields of one group are written, compared and replaced together. Facts and claims have one group, `all`. */
  readonly groups: Readonly<Record<string, Readonly<Record<string, Field>>>>
  /** Columns that identify a fact outside Chanbo (a platform's order id): the second writer of a key is a duplicate. */
  readonly naturalKey?: readonly string[]
  /** Column lists with an index. */
  readonly indexes: readonly (readonly string[])[]
}

type Fields = Record<string, Field>

const make = (type: FieldType, extra: Partial<Field> = {}): Field => ({ type, nullable: false, ...extra })

export const text = make('text')
export const int = make('int')
export const real = make('real')
export const bool = make('bool')
export const json = make('json')
export const ref = (table: string): Field => make('ref', { ref: table })
export const oneOf = (...values: string[]): Field => make('text', { oneOf: values })
export const nullable = (field: Field): Field => ({ ...field, nullable: true })

export function register(
  name: string,
  scope: TableScope,
  groups: Record<string, Fields>,
  indexes: string[][] = [],
): Table {
  return { name, kind: 'register', scope, lane: 'register', groups, indexes }
}

export function fact(
  name: string,
  scope: TableScope,
  fields: Fields,
  options: { lane?: Lane; naturalKey?: string[]; indexes?: string[][] } = {},
): Table {
  return {
    name,
    kind: 'fact',
    scope,
    lane: options.lane ?? 'fact',
    groups: { all: fields },
    naturalKey: options.naturalKey,
    indexes: options.indexes ?? [],
  }
}

export function claim(name: string, scope: TableScope, fields: Fields, indexes: string[][] = []): Table {
  return { name, kind: 'claim', scope, lane: 'urgent', groups: { all: fields }, indexes }
}

/** All fields of a table with the group each belongs to. */
export function fieldsOf(table: Table): { name: string; group: string; field: Field }[] {
  return Object.entries(table.groups).flatMap(([group, fields]) =>
    Object.entries(fields).map(([name, field]) => ({ name, group, field })),
  )
}
