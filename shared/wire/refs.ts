import type { ByteReader, ByteWriter } from '../ops/bytes.ts'
import { DecodeError } from '../ops/bytes.ts'
import { compareOpIds, opId, parseOpId, type OpRef } from '../ops/id.ts'
import { readIndexes, readSeries, writeIndexes, writeSeries } from './coded.ts'
import { countOf } from './texts.ts'

/** Versions of the columnar form; the last is written unless the peer is older. */
export const FORM_VERSIONS = [1, 2] as const
export type FormVersion = (typeof FORM_VERSIONS)[number]

/** UTF-16 units that the values of one batch may come to, however few bytes said so. */
const MAX_UNITS = 32 * 1024 * 1024

/** Sources of row references seen so far in a batch: (author, stream) pairs, so that a reference is a small number and a seq. */
export class RefTable {
  readonly #pairs: { author: string; stream: number; lastSeq: number }[] = []
  readonly #index = new Map<string, number>()
  readonly version: FormVersion
  #unitsLeft = MAX_UNITS

  constructor(version: FormVersion) {
    this.version = version
  }

  /** Told of every value that costs more to hold than to send. */
  spend(units: number): void {
    this.#unitsLeft -= units
    if (this.#unitsLeft < 0) throw new DecodeError('batch grows too large')
  }

  nameOf(pair: number, seq: number): string {
    const entry = this.#pairs[pair]
    if (!entry) throw new DecodeError('unknown reference source')
    if (!Number.isSafeInteger(seq) || seq < 1) throw new DecodeError('bad reference')
    return opId({ author: entry.author, stream: entry.stream, seq })
  }

  pairOf(ref: OpRef): number {
    const key = `${ref.author} ${ref.stream}`
    let index = this.#index.get(key)
    if (index === undefined) {
      index = this.#pairs.length
      this.#index.set(key, index)
      this.#pairs.push({ author: ref.author, stream: ref.stream, lastSeq: 0 })
    }
    return index
  }

  write(out: ByteWriter): void {
    out.uint(this.#pairs.length)
    for (const { author, stream } of this.#pairs) {
      out.text(author)
      out.uint(stream)
    }
  }

  static read(input: ByteReader, version: FormVersion): RefTable {
    const table = new RefTable(version)
    for (let left = countOf(input); left > 0; left--)
      table.pairOf({ author: input.text(), stream: input.uint(), seq: 0 })
    return table
  }

  /** Seq as a difference to the previous reference of the same pair. */
  delta(pair: number, seq: number): number {
    const entry = this.#pairs[pair]!
    const difference = seq - entry.lastSeq
    entry.lastSeq = seq
    return difference
  }

  resolve(pair: number, delta: number): string {
    const entry = this.#pairs[pair]
    if (!entry) throw new DecodeError('unknown reference source')
    entry.lastSeq += delta
    return this.nameOf(pair, entry.lastSeq)
  }
}

/** Few references many times as a list and places in it; many as their parts. */
export function writeRefs(out: ByteWriter, texts: readonly string[], refs: RefTable): void {
  const parts = (ids: readonly string[]): void => {
    const parsed = ids.map((text) => parseOpId(text)!)
    writeSeries(
      out,
      parsed.map((ref) => refs.pairOf(ref)),
    )
    writeSeries(
      out,
      parsed.map(({ seq }) => seq),
    )
  }
  const list = [...new Set(texts)]
  if (list.length * 2 > texts.length) {
    out.uint(0)
    return parts(texts)
  }
  list.sort(compareOpIds)
  out.uint(list.length)
  parts(list)
  const index = new Map(list.map((text, position) => [text, position]))
  writeIndexes(
    out,
    texts.map((text) => index.get(text)!),
    list.length,
  )
}

export function readRefs(input: ByteReader, count: number, refs: RefTable): string[] {
  const parts = (length: number): string[] => {
    const pairs = readSeries(input, length)
    return readSeries(input, length).map((seq, position) => refs.nameOf(pairs[position]!, seq))
  }
  const length = input.uint()
  if (length === 0) return parts(count)
  if (length * 2 > count) throw new DecodeError('list too long')
  const list = parts(length)
  return readIndexes(input, count, list.length).map((at) => list[at]!)
}
