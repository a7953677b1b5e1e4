import type { ByteReader, ByteWriter } from '../ops/bytes.ts'
import { DecodeError, utf8Length } from '../ops/bytes.ts'
import { readValue, writeValue } from '../ops/canonical.ts'
import { opId, parseOpId, type OpRef } from '../ops/id.ts'
import type { Value } from '../ops/types.ts'

/**
 * One column of a batch, in the cheapest of a few self-describing forms. Nothing here depends on the table registry, so
 * columns of tables that a reader does not know travel unharmed.
 */
const FORM = {
  generic: 0,
  constant: 1,
  ints: 2,
  deltas: 3,
  texts: 4,
  words: 5,
  refs: 6,
  bools: 7,
  decimals: 8,
  digits: 9,
  frontCoded: 10,
} as const

const MAX_DECIMALS = 4

/** Sources of row references seen so far in a batch: (author, stream) pairs, so that a reference is a small number and a seq. */
export class RefTable {
  readonly #pairs: { author: string; stream: number; lastSeq: number }[] = []
  readonly #index = new Map<string, number>()

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

  static read(input: ByteReader): RefTable {
    const table = new RefTable()
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
    if (!Number.isSafeInteger(entry.lastSeq) || entry.lastSeq < 1) throw new DecodeError('bad reference')
    return opId({ author: entry.author, stream: entry.stream, seq: entry.lastSeq })
  }
}

/** A count that cannot exceed what the remaining bytes could hold. */
export function countOf(input: ByteReader): number {
  const count = input.uint()
  if (count > input.left) throw new DecodeError('count larger than the bytes left')
  return count
}

export function writeInts(out: ByteWriter, values: readonly number[]): void {
  for (const value of values) out.int(value)
}

export function writeDeltas(out: ByteWriter, values: readonly number[]): void {
  let previous = 0
  for (const value of values) {
    out.int(value - previous)
    previous = value
  }
}

export function readDeltas(input: ByteReader, count: number): number[] {
  let previous = 0
  return Array.from({ length: count }, () => (previous = checkedInt(previous + input.int())))
}

function checkedInt(value: number): number {
  if (!Number.isSafeInteger(value)) throw new DecodeError('number too large')
  return value
}

/** Writes a column; nulls go into a bitmap in front when there are some. */
export function writeColumn(out: ByteWriter, values: readonly Value[], refs: RefTable): void {
  const first = values[0]
  if (isScalar(first) && values.every((value) => value === first)) {
    out.byte(FORM.constant)
    return writeValue(out, first)
  }
  const present = values.filter((value) => value !== null)
  const form = formOf(present)
  const sparse = form !== FORM.generic && present.length < values.length
  out.byte(sparse ? form | 0x80 : form)
  if (sparse)
    writeBits(
      out,
      values.map((value) => value !== null),
    )
  writeForm(out, form, form === FORM.generic ? values : present, refs)
}

export function readColumn(input: ByteReader, count: number, refs: RefTable): Value[] {
  const head = input.byte()
  const form = head & 0x7f
  if (form === FORM.constant) {
    const value = readValue(input)
    return Array.from({ length: count }, () => value)
  }
  if (head < 0x80) return readForm(input, form, count, refs)
  const bits = readBits(input, count)
  const present = readForm(input, form, bits.filter(Boolean).length, refs)
  let at = 0
  return bits.map((bit) => (bit ? present[at++]! : null))
}

const isScalar = (value: Value | undefined): value is string | number | boolean | null =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

function formOf(values: readonly Value[]): number {
  if (values.every((value) => typeof value === 'number')) {
    const numbers = values
    if (!numbers.every(Number.isSafeInteger)) return decimalsOf(numbers) > 0 ? FORM.decimals : FORM.generic
    if (!deltasAreSafe(numbers)) return FORM.ints
    return deltaCost(numbers) < plainCost(numbers) ? FORM.deltas : FORM.ints
  }
  if (values.every((value) => typeof value === 'boolean')) return FORM.bools
  if (!values.every((value) => typeof value === 'string')) return FORM.generic
  const texts = values
  if (texts.every((text) => parseOpId(text) !== null)) return FORM.refs
  const distinct = new Set(texts).size
  if (distinct * 2 <= texts.length) return FORM.words
  if (texts.every(isPlainDigits) && deltasAreSafe(texts.map(Number))) return FORM.digits
  return sharedPrefixes(texts) > texts.length * 3 ? FORM.frontCoded : FORM.texts
}

/** Digits that come back unchanged after a trip through a number. */
const isPlainDigits = (text: string): boolean => /^(0|[1-9]\d{0,14})$/.test(text)

function deltasAreSafe(values: readonly number[]): boolean {
  return values.every((value, index) => Number.isSafeInteger(value - (values[index - 1] ?? 0)))
}

const varintSize = (value: number): number => {
  let size = 1
  for (let rest = Math.abs(value) / 0x40; rest >= 1; rest /= 0x80) size++
  return size
}
const plainCost = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + varintSize(value), 0)
const deltaCost = (values: readonly number[]): number =>
  values.reduce((sum, value, index) => sum + varintSize(value - (values[index - 1] ?? 0)), 0)

function sharedPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a.charCodeAt(length) === b.charCodeAt(length)) length++
  // A pair of surrogates is never cut.
  const last = a.charCodeAt(length - 1)
  return length > 0 && last >= 0xd800 && last < 0xdc00 ? length - 1 : length
}

const sharedPrefixes = (texts: readonly string[]): number =>
  texts.reduce((sum, text, index) => sum + (index === 0 ? 0 : sharedPrefix(texts[index - 1]!, text)), 0)

/** The smallest number of decimals that gives every value back exactly; 0 when there is none. */
function decimalsOf(values: readonly number[]): number {
  for (let decimals = 1; decimals <= MAX_DECIMALS; decimals++) {
    const scale = 10 ** decimals
    const exact = values.every((value) => {
      const scaled = Math.round(value * scale)
      return Number.isSafeInteger(scaled) && !Object.is(scaled, -0) && scaled / scale === value
    })
    if (exact) return decimals
  }
  return 0
}

function writeBits(out: ByteWriter, bits: readonly boolean[]): void {
  for (let at = 0; at < bits.length; at += 8) {
    let byte = 0
    for (let bit = 0; bit < 8; bit++) if (bits[at + bit]) byte |= 1 << bit
    out.byte(byte)
  }
}

function readBits(input: ByteReader, count: number): boolean[] {
  const bytes = input.raw(Math.ceil(count / 8))
  return Array.from({ length: count }, (_, index) => ((bytes[index >> 3]! >> (index & 7)) & 1) === 1)
}

function writeTexts(out: ByteWriter, texts: readonly string[]): void {
  for (const text of texts) out.uint(utf8Length(text))
  for (const text of texts) out.utf8(text)
}

function readTexts(input: ByteReader, count: number): string[] {
  const lengths = Array.from({ length: count }, () => input.uint())
  return lengths.map((length) => input.utf8(length))
}

function writeForm(out: ByteWriter, form: number, values: readonly Value[], refs: RefTable): void {
  switch (form) {
    case FORM.ints:
      return writeInts(out, values as readonly number[])
    case FORM.deltas:
      return writeDeltas(out, values as readonly number[])
    case FORM.bools:
      return writeBits(out, values as readonly boolean[])
    case FORM.texts:
      return writeTexts(out, values as readonly string[])
    case FORM.digits:
      return writeDeltas(out, (values as readonly string[]).map(Number))
    case FORM.decimals: {
      const numbers = values as readonly number[]
      const decimals = decimalsOf(numbers)
      out.byte(decimals)
      return writeInts(
        out,
        numbers.map((value) => Math.round(value * 10 ** decimals)),
      )
    }
    case FORM.words: {
      const words = [...new Set(values as readonly string[])]
      const index = new Map(words.map((word, position) => [word, position]))
      out.uint(words.length)
      writeTexts(out, words)
      for (const value of values as readonly string[]) out.uint(index.get(value)!)
      return
    }
    case FORM.refs: {
      const parsed = (values as readonly string[]).map((text) => parseOpId(text)!)
      const pairs = parsed.map((ref) => refs.pairOf(ref))
      for (const pair of pairs) out.uint(pair)
      for (const [position, ref] of parsed.entries()) out.int(refs.delta(pairs[position]!, ref.seq))
      return
    }
    case FORM.frontCoded: {
      const texts = values as readonly string[]
      const prefixes = texts.map((text, position) =>
        position === 0 ? 0 : sharedPrefix(texts[position - 1]!, text),
      )
      for (const prefix of prefixes) out.uint(prefix)
      return writeTexts(
        out,
        texts.map((text, position) => text.slice(prefixes[position])),
      )
    }
    default:
      for (const value of values) writeValue(out, value)
  }
}

function readForm(input: ByteReader, form: number, count: number, refs: RefTable): Value[] {
  switch (form) {
    case FORM.ints:
      return Array.from({ length: count }, () => input.int())
    case FORM.deltas:
      return readDeltas(input, count)
    case FORM.bools:
      return readBits(input, count)
    case FORM.texts:
      return readTexts(input, count)
    case FORM.digits:
      return readDeltas(input, count).map(String)
    case FORM.decimals: {
      const scale = 10 ** Math.min(input.byte(), MAX_DECIMALS)
      return Array.from({ length: count }, () => input.int() / scale)
    }
    case FORM.words: {
      const words = readTexts(input, countOf(input))
      return Array.from({ length: count }, () => wordAt(words, input.uint()))
    }
    case FORM.refs: {
      const pairs = Array.from({ length: count }, () => input.uint())
      return pairs.map((pair) => refs.resolve(pair, input.int()))
    }
    case FORM.frontCoded: {
      const prefixes = Array.from({ length: count }, () => input.uint())
      let previous = ''
      return readTexts(input, count).map((tail, position) => {
        const prefix = prefixes[position]!
        if (prefix > previous.length) throw new DecodeError('bad shared prefix')
        return (previous = previous.slice(0, prefix) + tail)
      })
    }
    case FORM.generic:
      return Array.from({ length: count }, () => readValue(input))
    default:
      throw new DecodeError(`unknown column form ${form}`)
  }
}

export function wordAt(words: readonly string[], index: number): string {
  const word = words[index]
  if (word === undefined) throw new DecodeError('unknown word')
  return word
}
