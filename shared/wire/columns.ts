import type { ByteReader, ByteWriter } from '../ops/bytes.ts'
import { DecodeError } from '../ops/bytes.ts'
import { readValue, writeValue } from '../ops/canonical.ts'
import { parseOpId } from '../ops/id.ts'
import type { Value } from '../ops/types.ts'
import {
  CODED_FROM,
  isSeries,
  readIndexes,
  readSeries,
  readTokens,
  repeats,
  tokensOf,
  writeIndexes,
  writeSeries,
  writeTokens,
} from './coded.ts'
import { readRefs, writeRefs, type RefTable } from './refs.ts'
import {
  countOf,
  readFrontCoded,
  readList,
  readTexts,
  sharedPrefix,
  writeFrontCoded,
  writeList,
  writeTexts,
} from './texts.ts'

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
  // From version 2 on: symbols through the arithmetic coder.
  codedInts: 11,
  codedDigits: 12,
  codedDecimals: 13,
  codedWords: 14,
  codedTexts: 15,
  codedRefs: 16,
} as const

const MAX_DECIMALS = 4

function writeInts(out: ByteWriter, values: readonly number[]): void {
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
  const form = (refs.version > 1 && present.length >= CODED_FROM && codedFormOf(present)) || formOf(present)
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
    if (typeof value === 'string') refs.spend(value.length * count)
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

/** A form of version 2 when one fits. */
function codedFormOf(values: readonly Value[]): number | null {
  if (values.every((value) => typeof value === 'number')) {
    if (isSeries(values)) return repeats(values) ? null : FORM.codedInts
    const decimals = decimalsOf(values)
    return decimals > 0 && isSeries(scaledBy(values, decimals)) ? FORM.codedDecimals : null
  }
  if (!values.every((value) => typeof value === 'string')) return null
  const texts = values
  const refs = texts.map((text) => parseOpId(text)?.seq)
  if (refs.every((seq) => seq !== undefined)) return isSeries(refs) ? FORM.codedRefs : null
  const distinct = new Map([...new Set(texts)].map((text, index) => [text, index]))
  if (distinct.size * 2 <= texts.length)
    return repeats(texts.map((text) => distinct.get(text)!)) ? null : FORM.codedWords
  if (texts.every(isPlainDigits) && isSeries(texts.map(Number))) return FORM.codedDigits
  return tokensOf(texts) ? FORM.codedTexts : null
}

const scaledBy = (values: readonly number[], decimals: number): number[] =>
  values.map((value) => Math.round(value * 10 ** decimals))

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
      return writeInts(out, scaledBy(numbers, decimals))
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
    case FORM.frontCoded:
      return writeFrontCoded(out, values as readonly string[])
    case FORM.codedInts:
      return writeSeries(out, values as readonly number[])
    case FORM.codedDigits:
      return writeSeries(out, (values as readonly string[]).map(Number))
    case FORM.codedDecimals: {
      const numbers = values as readonly number[]
      const decimals = decimalsOf(numbers)
      out.byte(decimals)
      return writeSeries(out, scaledBy(numbers, decimals))
    }
    case FORM.codedWords: {
      const words = [...new Set(values as readonly string[])].sort()
      const index = new Map(words.map((word, position) => [word, position]))
      writeList(out, words)
      return writeIndexes(
        out,
        (values as readonly string[]).map((value) => index.get(value)!),
        words.length,
      )
    }
    case FORM.codedTexts: {
      const tokens = tokensOf(values as readonly string[])!
      writeList(out, tokens.list)
      return writeTokens(out, tokens)
    }
    case FORM.codedRefs:
      return writeRefs(out, values as readonly string[], refs)
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
      return Array.from({ length: count }, () => spent(refs, wordAt(words, input.uint())))
    }
    case FORM.codedInts:
      return readSeries(input, count)
    case FORM.codedDigits:
      return readSeries(input, count).map(String)
    case FORM.codedDecimals: {
      const scale = 10 ** Math.min(input.byte(), MAX_DECIMALS)
      return readSeries(input, count).map((value) => value / scale)
    }
    case FORM.codedWords: {
      const words = readList(input, (units) => refs.spend(units))
      return readIndexes(input, count, words.length).map((at) => spent(refs, words[at]!))
    }
    case FORM.codedTexts: {
      const list = readList(input, (units) => refs.spend(units))
      return readTokens(input, count, list, (units) => refs.spend(units))
    }
    case FORM.codedRefs:
      return readRefs(input, count, refs)
    case FORM.refs: {
      const pairs = Array.from({ length: count }, () => input.uint())
      return pairs.map((pair) => refs.resolve(pair, input.int()))
    }
    case FORM.frontCoded:
      return readFrontCoded(input, count, (units) => refs.spend(units))
    case FORM.generic:
      return Array.from({ length: count }, () => readValue(input))
    default:
      throw new DecodeError(`unknown column form ${form}`)
  }
}

function spent(refs: RefTable, text: string): string {
  refs.spend(text.length)
  return text
}

export function wordAt(words: readonly string[], index: number): string {
  const word = words[index]
  if (word === undefined) throw new DecodeError('unknown word')
  return word
}
