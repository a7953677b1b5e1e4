import type { ByteReader, ByteWriter } from '../ops/bytes.ts'
import { DecodeError } from '../ops/bytes.ts'
import { Alphabet, BitDecoder, BitEncoder, bitLength, Magnitudes } from './range.ts'

/** Columns shorter than this gain nothing from learnt probabilities. */
export const CODED_FROM = 24
const MAX_ALPHABET = 4096
const MAX_TOKENS = 1 << 16
const DELTA = 1
const ZIGZAG = 2
const SYMBOLS = 4

/**
 * Whole numbers as (base, step, symbols): prices end in 90, times in whole minutes, so that most of their bits say nothing.
 * Only what remains is coded.
 */
interface Series {
  readonly flags: number
  readonly base: number
  readonly step: number
  readonly rest: readonly number[]
  /** Bits, roughly. */
  readonly cost: number
}

const WIDEST = 2 ** 51

/** Numbers whose differences, of either sign, still are exact. */
export const isSeries = (values: readonly number[]): boolean =>
  values.every((value) => Number.isSafeInteger(value) && Math.abs(value) < WIDEST)

export function writeSeries(out: ByteWriter, values: readonly number[]): void {
  const series = seriesOf(values)
  const most = series.rest.reduce((max, value) => Math.max(max, value), 0)
  const symbols = most < MAX_ALPHABET && series.rest.length * 4 >= most
  out.byte(symbols ? series.flags | SYMBOLS : series.flags)
  out.int(series.base)
  out.uint(series.step)
  const coder = new BitEncoder()
  if (symbols) {
    out.uint(most)
    const alphabet = new Alphabet(most + 1)
    for (const value of series.rest) alphabet.write(coder, value)
  } else {
    const magnitudes = new Magnitudes()
    for (const value of series.rest) magnitudes.write(coder, value)
  }
  out.blob(coder.finish())
}

export function readSeries(input: ByteReader, count: number): number[] {
  const flags = input.byte()
  const base = input.int()
  const step = input.uint()
  const most = (flags & SYMBOLS) === 0 ? null : input.uint()
  if (most !== null && most >= MAX_ALPHABET) throw new DecodeError('alphabet too large')
  const decoder = new BitDecoder(input.raw(input.uint()))
  const source = most === null ? new Magnitudes() : new Alphabet(most + 1)
  let previous = 0
  return Array.from({ length: count }, () => {
    const rest = source.read(decoder)
    const scaled = ((flags & ZIGZAG) === 0 ? rest : unfold(rest)) * step + base
    const value = (flags & DELTA) === 0 ? scaled : previous + scaled
    if (!Number.isSafeInteger(value)) throw new DecodeError('number too large')
    return (previous = value)
  })
}

function seriesOf(values: readonly number[]): Series {
  const plain = cheapest(values, 0)
  const deltas = values.map((value, index) => value - (values[index - 1] ?? 0))
  const difference = cheapest(deltas, DELTA)
  return difference.cost < plain.cost ? difference : plain
}

function cheapest(values: readonly number[], flags: number): Series {
  const least = values.reduce((min, value) => Math.min(min, value), Number.MAX_SAFE_INTEGER)
  const folded = scaled(values.map(fold), flags | ZIGZAG, 0, values)
  const shifted = scaled(
    values.map((value) => value - least),
    flags,
    least,
    values,
  )
  return shifted.cost <= folded.cost ? shifted : folded
}

function scaled(rest: readonly number[], flags: number, base: number, values: readonly number[]): Series {
  // A folded number is a multiple of nothing; its original is.
  const step = (flags & ZIGZAG) === 0 ? rest.reduce(divisor, 0) || 1 : values.reduce(divisor, 0) || 1
  const divided =
    step === 1 ? rest : (flags & ZIGZAG) === 0 ? rest.map((v) => v / step) : values.map((v) => fold(v / step))
  const cost = divided.reduce((sum, value) => sum + bitLength(value), 0)
  return { flags, base, step, rest: divided, cost }
}

function divisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)]
  while (y > 0) [x, y] = [y, x % y]
  return x
}

/** Small magnitudes of either sign as small numbers. */
const fold = (value: number): number => (value < 0 ? -value * 2 - 1 : value * 2)
const unfold = (value: number): number => (value % 2 === 1 ? -(value + 1) / 2 : value / 2)

/** Indexes into a list of `size` entries. */
export function writeIndexes(out: ByteWriter, indexes: readonly number[], size: number): void {
  const coder = new BitEncoder()
  const alphabet = new Alphabet(size)
  for (const index of indexes) alphabet.write(coder, index)
  out.blob(coder.finish())
}

export function readIndexes(input: ByteReader, count: number, size: number): number[] {
  if (size < 1 || size > MAX_TOKENS) throw new DecodeError('list too large')
  const decoder = new BitDecoder(input.raw(input.uint()))
  const alphabet = new Alphabet(size)
  return Array.from({ length: count }, () => {
    const index = alphabet.read(decoder)
    if (index >= size) throw new DecodeError('unknown word')
    return index
  })
}

/** A text taken apart: words with the space before them, single ideographs, everything else alone. */
const TOKEN =
  /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]| ?[^\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\p{P}\p{S}\p{N}]+| ?\p{N}+|[^]/gu

export interface Tokens {
  /** Each text's tokens as places in `list`. */
  readonly texts: readonly (readonly number[])[]
  readonly list: readonly string[]
  readonly total: number
}

/** Null when the texts share too few words, or repeat each other so much that a dictionary coder does better. */
export function tokensOf(texts: readonly string[]): Tokens | null {
  const found = new Map<string, number>()
  const split = texts.map((text) =>
    // The first word counts as one with a space before it, like all the others.
    (` ${text}`.match(TOKEN) ?? []).map((token) => {
      const at = found.get(token) ?? found.size
      found.set(token, at)
      return at
    }),
  )
  const total = split.reduce((sum, tokens) => sum + tokens.length, 0)
  if (found.size > MAX_TOKENS || total < found.size * 3) return null
  if (repeats(split.flat())) return null
  // In alphabetical order neighbours share their beginnings.
  const list = [...found.keys()].sort()
  const place = new Map(list.map((token, index) => [token, index]))
  const order = [...found.keys()].map((token) => place.get(token)!)
  return { texts: split.map((tokens) => tokens.map((at) => order[at]!)), list, total }
}

/** True when many stretches come again that are too long to do so by chance. */
export function repeats(symbols: readonly number[]): boolean {
  const chance = Math.log2(symbols.length * 16) / Math.max(0.25, entropyOf(symbols))
  const length = Math.min(64, Math.max(4, Math.ceil(chance * 1.5)))
  const seen = new Set<number>()
  let again = 0
  for (let at = length - 1; at < symbols.length; at++) {
    let hash = 0
    for (let back = 0; back < length; back++)
      hash = Math.imul(hash ^ symbols[at - back]!, 0x9e3779b1) ^ (hash >>> 15)
    if (seen.has(hash)) again++
    else seen.add(hash)
  }
  return again * 6 > symbols.length
}

/** Bits a symbol when each is taken for itself. */
function entropyOf(symbols: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / symbols.length) * Math.log2(count / symbols.length)
  return bits
}

export function writeTokens(out: ByteWriter, { texts, list, total }: Tokens): void {
  out.uint(total)
  writeSeries(
    out,
    texts.map((tokens) => tokens.length),
  )
  writeIndexes(out, texts.flat(), list.length)
}

/** @param spend told the length of every text before it is made */
export function readTokens(
  input: ByteReader,
  count: number,
  list: readonly string[],
  spend: (units: number) => void,
): string[] {
  const total = input.uint()
  spend(total)
  const lengths = readSeries(input, count)
  if (lengths.reduce((sum, length) => sum + Math.max(0, length), 0) !== total)
    throw new DecodeError('bad number of words')
  const indexes = readIndexes(input, total, list.length)
  let at = 0
  return lengths.map((length) => {
    const parts = indexes.slice(at, (at += Math.max(0, length))).map((index) => list[index]!)
    spend(parts.reduce((sum, part) => sum + part.length, 0))
    const text = parts.join('')
    if (!text.startsWith(' ')) throw new DecodeError('bad text')
    return text.slice(1)
  })
}
