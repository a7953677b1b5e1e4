import { LANES } from '../domain/table.ts'
import { ByteReader, ByteWriter, DecodeError } from './bytes.ts'
import { opId } from './id.ts'
import { OP_KINDS, type Fields, type Op, type OpKind, type Scope, type Value } from './types.ts'

const FORMAT = 1
const TAG = { null: 0, false: 1, true: 2, int: 3, double: 4, text: 5, list: 6, map: 7 } as const
const MAX_DEPTH = 32

/** Kinds whose row id is the op's own identity, so that it costs no bytes. */
export const makesRow = (kind: OpKind): boolean => kind === 'create' || kind === 'fact' || kind === 'claim'

/** One value, the same bytes for equal values whatever the order of keys. @throws RangeError for NaN, infinities, undefined. */
export function writeValue(out: ByteWriter, value: Value, depth = 0): void {
  if (depth > MAX_DEPTH) throw new RangeError('value nested too deeply')
  if (value === null) return out.byte(TAG.null)
  if (typeof value === 'boolean') return out.byte(value ? TAG.true : TAG.false)
  if (typeof value === 'string') {
    out.byte(TAG.text)
    return out.text(value)
  }
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) {
      out.byte(TAG.int)
      return out.int(value)
    }
    if (!Number.isFinite(value)) throw new RangeError(`not a storable number: ${value}`)
    out.byte(TAG.double)
    return out.double(value)
  }
  if (Array.isArray(value)) {
    out.byte(TAG.list)
    out.uint(value.length)
    for (const item of value as readonly Value[]) writeValue(out, item, depth + 1)
    return
  }
  if (typeof value === 'object') {
    out.byte(TAG.map)
    return writeFields(out, value as Fields, depth + 1)
  }
  throw new RangeError(`not a storable value: ${typeof value}`)
}

export function readValue(input: ByteReader, depth = 0): Value {
  if (depth > MAX_DEPTH) throw new DecodeError('value nested too deeply')
  const tag = input.byte()
  switch (tag) {
    case TAG.null:
      return null
    case TAG.false:
      return false
    case TAG.true:
      return true
    case TAG.int:
      return input.int()
    case TAG.double:
      return input.double()
    case TAG.text:
      return input.text()
    case TAG.list: {
      const length = input.uint()
      if (length > input.left) throw new DecodeError('ends early')
      return Array.from({ length }, () => readValue(input, depth + 1))
    }
    case TAG.map:
      return readFields(input, depth + 1)
    default:
      throw new DecodeError(`unknown value tag ${tag}`)
  }
}

export function writeFields(out: ByteWriter, fields: Fields, depth = 0): void {
  const keys = Object.keys(fields).sort()
  out.uint(keys.length)
  for (const key of keys) {
    out.text(key)
    writeValue(out, fields[key]!, depth)
  }
}

export function readFields(input: ByteReader, depth = 0): Fields {
  const count = input.uint()
  if (count > input.left) throw new DecodeError('ends early')
  const fields: Record<string, Value> = {}
  for (let i = 0; i < count; i++) {
    const key = input.text()
    Object.defineProperty(fields, key, {
      value: readValue(input, depth),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return fields
}

/** The bytes that are hashed and signed for: deterministic for equal ops. @throws RangeError for values that cannot be stored. */
export function encodeOp(op: Op): Uint8Array {
  const out = new ByteWriter(160)
  out.byte(FORMAT)
  out.text(op.author)
  out.uint(op.stream)
  out.uint(op.seq)
  out.text(op.scope)
  out.text(op.lane)
  out.text(op.kind)
  out.text(op.table)
  out.text(makesRow(op.kind) ? '' : op.row)
  out.uint(op.at.ms)
  out.uint(op.at.ctr)
  out.text(op.person ?? '')
  writeFields(out, op.fields)
  return out.finish()
}

/** The inverse of `encodeOp`. @throws DecodeError for other bytes. A kind from a newer version is kept as it is. */
export function decodeOp(bytes: Uint8Array): Op {
  const input = new ByteReader(bytes)
  if (input.byte() !== FORMAT) throw new DecodeError('unknown op format')
  const author = input.text()
  const stream = input.uint()
  const seq = input.uint()
  const scope = input.text() as Scope
  const lane = input.text() as Op['lane']
  const kind = input.text() as OpKind
  const table = input.text()
  const row = input.text()
  const at = { ms: input.uint(), ctr: input.uint() }
  const person = input.text()
  const fields = readFields(input)
  if (input.left > 0) throw new DecodeError('bytes after the op')
  return {
    author,
    stream,
    seq,
    scope,
    lane,
    kind,
    table,
    row: makesRow(kind) ? opId({ author, stream, seq }) : row,
    fields,
    at,
    person: person === '' ? null : person,
  }
}

export const isKnownKind = (kind: string): kind is OpKind => (OP_KINDS as readonly string[]).includes(kind)
export const isKnownLane = (lane: string): boolean => (LANES as readonly string[]).includes(lane)
