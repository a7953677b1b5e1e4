import { ByteReader, ByteWriter, DecodeError } from '../ops/bytes.ts'
import { makesRow } from '../ops/canonical.ts'
import { opId } from '../ops/id.ts'
import type { CanonicalOp, Fields, Op, OpKind, Scope, Stamp, Value } from '../ops/types.ts'
import { readColumn, readDeltas, wordAt, writeColumn, writeDeltas } from './columns.ts'
import { FORM_VERSIONS, RefTable, type FormVersion } from './refs.ts'
import { countOf } from './texts.ts'

/** Version of the columnar form. Readers keep the two versions before the current one. */
export const BATCH_VERSION: FormVersion = 2

/** The newest form that a peer reads; peers from before it was told read the first. */
export const versionFor = (peer: number | undefined): FormVersion =>
  FORM_VERSIONS.findLast((version) => version <= (peer ?? 1)) ?? 1

/** How a stream continues in a pushed batch. */
export interface ChainLink {
  readonly author: string
  readonly stream: number
  /** The author's last frozen seq before the batch's first op of this stream; 0 at the start. */
  readonly previousSeq: number
  /** Chain head after the batch's last op of this stream: 32 bytes. */
  readonly head: Uint8Array
}

export interface OpBatch {
  readonly ops: readonly Op[]
  readonly links: readonly ChainLink[]
  /** The canonical stamps of ops that a restored hub has lost and gets back; null for ops on their first way. */
  readonly stamps: readonly Stamp[] | null
}

export interface CanonicalBatch {
  readonly hubEpoch: number
  readonly ops: readonly CanonicalOp[]
}

export interface BatchLimits {
  readonly maxOps: number
}
export const DEFAULT_LIMITS: BatchLimits = { maxOps: 50_000 }

/** Ops of one stream, kind, table, person and set of fields. */
interface Shape {
  readonly stream: number
  readonly kind: string
  readonly table: string
  readonly person: string | null
  readonly names: readonly string[]
  readonly ops: Op[]
}

/** Fields of one op; together with the limit on ops this bounds what a small batch can grow to. */
const MAX_FIELDS = 100
const FLAG = { pushed: 0, canonical: 1, returned: 2 } as const

class Words {
  readonly list: string[] = []
  readonly #index = new Map<string, number>()

  of(word: string): number {
    let index = this.#index.get(word)
    if (index === undefined) {
      index = this.list.length
      this.list.push(word)
      this.#index.set(word, index)
    }
    return index
  }
}

/** Encodes a pushed batch, not yet compressed. Ops keep their order. */
export function encodeBatch(batch: OpBatch, version = BATCH_VERSION): Uint8Array {
  const out = new ByteWriter(8192)
  out.byte(version)
  out.byte(batch.stamps ? FLAG.returned : FLAG.pushed)
  out.uint(batch.links.length)
  for (const { author, stream, previousSeq, head } of batch.links) {
    out.text(author)
    out.uint(stream)
    out.uint(previousSeq)
    out.blob(head)
  }
  writeOps(out, batch.ops, version)
  if (batch.stamps) writeStamps(out, batch.ops, batch.stamps, version)
  return out.finish()
}

/** Encodes a pulled batch: ops with their place in the hub's order. */
export function encodeCanonicalBatch(batch: CanonicalBatch, version = BATCH_VERSION): Uint8Array {
  const out = new ByteWriter(8192)
  out.byte(version)
  out.byte(FLAG.canonical)
  out.uint(batch.hubEpoch)
  writeOps(out, batch.ops, version)
  const hubSeqs = batch.ops.map(({ hubSeq }) => hubSeq)
  if (version > 1) writeNumbers(out, hubSeqs)
  else writeDeltas(out, hubSeqs)
  writeStamps(
    out,
    batch.ops,
    batch.ops.map(({ stamp }) => stamp),
    version,
  )
  return out.finish()
}

/** Canonical stamps as differences to the author's clock: mostly nothing. */
function writeStamps(
  out: ByteWriter,
  ops: readonly Op[],
  stamps: readonly Stamp[],
  version: FormVersion,
): void {
  const late = ops.map(({ at }, index) => stamps[index]!.ms - at.ms)
  const counters = ops.map(({ at }, index) => {
    const { ctr } = stamps[index]!
    return ctr === at.ctr ? 0 : ctr + 1
  })
  if (version > 1) {
    writeNumbers(out, late)
    return writeNumbers(out, counters)
  }
  for (const ms of late) out.int(ms)
  for (const counter of counters) out.uint(counter)
}

function readStamps(input: ByteReader, ops: readonly Op[], version: FormVersion): Stamp[] {
  const late = version > 1 ? readNumbers(input, ops.length) : ops.map(() => input.int())
  const counters = version > 1 ? readNumbers(input, ops.length) : ops.map(() => input.uint())
  return ops.map(({ at }, index) => {
    const counter = counters[index]!
    const stamp = { ms: at.ms + late[index]!, ctr: counter === 0 ? at.ctr : counter - 1 }
    if (!Number.isSafeInteger(stamp.ms) || stamp.ms < 0 || stamp.ctr < 0) throw new DecodeError('bad stamp')
    return stamp
  })
}

/** Whole numbers as a column of their own. */
function writeNumbers(out: ByteWriter, values: readonly number[]): void {
  writeColumn(out, values, new RefTable(2))
}

function readNumbers(input: ByteReader, count: number): number[] {
  const values = readColumn(input, count, new RefTable(2))
  if (!values.every((value) => Number.isSafeInteger(value))) throw new DecodeError('not whole numbers')
  return values as number[]
}

function open(bytes: Uint8Array): { input: ByteReader; flag: number; version: FormVersion } {
  const input = new ByteReader(bytes)
  const first = input.byte()
  const version = FORM_VERSIONS.find((known) => known === first)
  if (!version) throw new DecodeError(`unknown batch version ${first}`)
  return { input, flag: input.byte(), version }
}

/** @throws DecodeError for anything `encodeBatch` does not write */
export function decodeBatch(bytes: Uint8Array, limits: BatchLimits = DEFAULT_LIMITS): OpBatch {
  const { input, flag, version } = open(bytes)
  if (flag !== FLAG.pushed && flag !== FLAG.returned) throw new DecodeError('wrong kind of batch')
  const links = Array.from({ length: countOf(input) }, () => ({
    author: input.text(),
    stream: input.uint(),
    previousSeq: input.uint(),
    head: input.blob(),
  }))
  const ops = readOps(input, limits, version)
  const stamps = flag === FLAG.returned ? readStamps(input, ops, version) : null
  if (input.left > 0) throw new DecodeError('bytes after the batch')
  return { ops, links, stamps }
}

/** @throws DecodeError for anything `encodeCanonicalBatch` does not write */
export function decodeCanonicalBatch(
  bytes: Uint8Array,
  limits: BatchLimits = DEFAULT_LIMITS,
): CanonicalBatch {
  const { input, flag, version } = open(bytes)
  if (flag !== FLAG.canonical) throw new DecodeError('wrong kind of batch')
  const hubEpoch = input.uint()
  const ops = readOps(input, limits, version)
  const hubSeqs = version > 1 ? readNumbers(input, ops.length) : readDeltas(input, ops.length)
  const stamps = readStamps(input, ops, version)
  if (input.left > 0) throw new DecodeError('bytes after the batch')
  return {
    hubEpoch,
    ops: ops.map((op, index) => ({ ...op, hubEpoch, hubSeq: hubSeqs[index]!, stamp: stamps[index]! })),
  }
}

function writeOps(out: ByteWriter, ops: readonly Op[], version: FormVersion): void {
  const words = new Words()
  const streams: { author: string; stream: number; scope: string; lane: string; lastSeq: number }[] = []
  const streamIndex = new Map<string, number>()
  const shapes: Shape[] = []
  const shapeIndex = new Map<string, number>()
  const order: number[] = []
  const seqDeltas: number[] = []

  for (const op of ops) {
    const streamKey = `${op.author} ${op.stream} ${op.scope} ${op.lane}`
    let stream = streamIndex.get(streamKey)
    if (stream === undefined) {
      stream = streams.length
      streamIndex.set(streamKey, stream)
      streams.push({ author: op.author, stream: op.stream, scope: op.scope, lane: op.lane, lastSeq: 0 })
    }
    const entry = streams[stream]!
    seqDeltas.push(op.seq - entry.lastSeq - 1)
    entry.lastSeq = op.seq
    const names = Object.keys(op.fields).sort()
    const shapeKey = `${stream} ${op.kind} ${op.table} ${op.person ?? ''} ${names.join(',')}`
    let shape = shapeIndex.get(shapeKey)
    if (shape === undefined) {
      shape = shapes.length
      shapeIndex.set(shapeKey, shape)
      shapes.push({ stream, kind: op.kind, table: op.table, person: op.person, names, ops: [] })
    }
    shapes[shape]!.ops.push(op)
    order.push(shape)
  }

  const refs = new RefTable(version)
  const columns = new ByteWriter(8192)
  for (const shape of shapes) {
    if (!makesRow(shape.kind as OpKind))
      writeColumn(
        columns,
        shape.ops.map(({ row }) => row),
        refs,
      )
    for (const name of shape.names)
      writeColumn(
        columns,
        shape.ops.map(({ fields }) => fields[name]!),
        refs,
      )
  }

  const head = new ByteWriter(1024)
  head.uint(streams.length)
  for (const { author, stream, scope, lane } of streams) {
    head.uint(words.of(author))
    head.uint(stream)
    head.uint(words.of(scope))
    head.uint(words.of(lane))
  }
  head.uint(shapes.length)
  for (const shape of shapes) {
    head.uint(shape.stream)
    head.uint(words.of(shape.kind))
    head.uint(words.of(shape.table))
    head.uint(words.of(shape.person ?? ''))
    head.uint(shape.names.length)
    for (const name of shape.names) head.uint(words.of(name))
  }

  out.uint(words.list.length)
  for (const word of words.list) out.text(word)
  out.raw(head.view())
  refs.write(out)
  out.uint(ops.length)
  writeRuns(out, order)
  if (version > 1) writeNumbers(out, seqDeltas)
  else for (const delta of seqDeltas) out.int(delta)
  writeClock(out, ops, version)
  out.raw(columns.view())
}

function readOps(input: ByteReader, limits: BatchLimits, version: FormVersion): Op[] {
  const words = Array.from({ length: countOf(input) }, () => input.text())
  const word = () => wordAt(words, input.uint())
  const streams = Array.from({ length: countOf(input) }, () => ({
    author: word(),
    stream: input.uint(),
    scope: word() as Scope,
    lane: word() as Op['lane'],
    lastSeq: 0,
  }))
  const shapes = Array.from({ length: countOf(input) }, () => {
    const stream = streams[input.uint()]
    if (!stream) throw new DecodeError('unknown stream')
    const kind = word() as OpKind
    const table = word()
    const person = word()
    const width = countOf(input)
    if (width > MAX_FIELDS) throw new DecodeError('too many fields')
    const names = Array.from({ length: width }, word)
    return { stream, kind, table, person: person === '' ? null : person, names, count: 0 }
  })
  const refs = RefTable.read(input, version)
  const count = input.uint()
  if (count > limits.maxOps) throw new DecodeError('too many ops in one batch')
  const order = readRuns(input, count)
  for (const index of order) {
    const shape = shapes[index]
    if (!shape) throw new DecodeError('unknown shape')
    shape.count++
  }
  const seqDeltas = version > 1 ? readNumbers(input, count) : order.map(() => input.int())
  const seqs = order.map((index, position) => {
    const { stream } = shapes[index]!
    stream.lastSeq += seqDeltas[position]! + 1
    if (!Number.isSafeInteger(stream.lastSeq) || stream.lastSeq < 1) throw new DecodeError('bad seq')
    return stream.lastSeq
  })
  const clocks = readClock(input, count, version)
  const cursors = shapes.map((shape) => ({
    rows: makesRow(shape.kind) ? null : readColumn(input, shape.count, refs),
    columns: shape.names.map(() => readColumn(input, shape.count, refs)),
    next: 0,
  }))
  return order.map((index, position): Op => {
    const { stream, kind, table, person, names } = shapes[index]!
    const cursor = cursors[index]!
    const at = cursor.next++
    const seq = seqs[position]!
    const row = cursor.rows ? cursor.rows[at] : opId({ author: stream.author, stream: stream.stream, seq })
    if (typeof row !== 'string') throw new DecodeError('row is not text')
    return {
      author: stream.author,
      stream: stream.stream,
      seq,
      scope: stream.scope,
      lane: stream.lane,
      kind,
      table,
      row,
      fields: fieldsAt(names, cursor.columns, at),
      at: clocks[position]!,
      person,
    }
  })
}

function fieldsAt(names: readonly string[], columns: readonly Value[][], at: number): Fields {
  return Object.fromEntries(names.map((name, column) => [name, columns[column]![at]!]))
}

function writeRuns(out: ByteWriter, order: readonly number[]): void {
  for (let at = 0; at < order.length;) {
    let end = at + 1
    while (end < order.length && order[end] === order[at]) end++
    out.uint(order[at]!)
    out.uint(end - at)
    at = end
  }
}

function readRuns(input: ByteReader, count: number): number[] {
  const order: number[] = []
  while (order.length < count) {
    const shape = input.uint()
    const length = input.uint()
    if (length < 1 || order.length + length > count) throw new DecodeError('bad run')
    for (let i = 0; i < length; i++) order.push(shape)
  }
  return order
}

/** Author clocks: milliseconds as differences, and how far the counter is from what one would expect. */
function writeClock(out: ByteWriter, ops: readonly Op[], version: FormVersion): void {
  const times = ops.map(({ at }) => at.ms)
  const counters = ops.map(({ at }, index) => at.ctr - expectedCounter(ops[index - 1]?.at, at.ms))
  if (version > 1) {
    writeNumbers(out, times)
    return writeNumbers(out, counters)
  }
  writeDeltas(out, times)
  for (const counter of counters) out.int(counter)
}

function readClock(input: ByteReader, count: number, version: FormVersion): Stamp[] {
  const times = version > 1 ? readNumbers(input, count) : readDeltas(input, count)
  const counters = version > 1 ? readNumbers(input, count) : times.map(() => input.int())
  const stamps: Stamp[] = []
  for (const [index, ms] of times.entries()) {
    const ctr = counters[index]! + expectedCounter(stamps[index - 1], ms)
    if (ms < 0 || ctr < 0) throw new DecodeError('bad clock reading')
    stamps.push({ ms, ctr })
  }
  return stamps
}

const expectedCounter = (previous: Stamp | undefined, ms: number): number =>
  previous?.ms === ms ? previous.ctr + 1 : 0
