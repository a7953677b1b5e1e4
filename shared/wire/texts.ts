import type { ByteReader, ByteWriter } from '../ops/bytes.ts'
import { DecodeError, utf8Length } from '../ops/bytes.ts'

/** A count that cannot exceed what the remaining bytes could hold. */
export function countOf(input: ByteReader): number {
  const count = input.uint()
  if (count > input.left) throw new DecodeError('count larger than the bytes left')
  return count
}

export function writeTexts(out: ByteWriter, texts: readonly string[]): void {
  for (const text of texts) out.uint(utf8Length(text))
  for (const text of texts) out.utf8(text)
}

export function readTexts(input: ByteReader, count: number): string[] {
  const lengths = Array.from({ length: count }, () => input.uint())
  return lengths.map((length) => input.utf8(length))
}

export function sharedPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a.charCodeAt(length) === b.charCodeAt(length)) length++
  // A pair of surrogates is never cut.
  const last = a.charCodeAt(length - 1)
  return length > 0 && last >= 0xd800 && last < 0xdc00 ? length - 1 : length
}

/** Texts in order, each as what it does not share with the one before. */
export function writeList(out: ByteWriter, texts: readonly string[]): void {
  out.uint(texts.length)
  writeFrontCoded(out, texts)
}

export function readList(input: ByteReader, spend: (units: number) => void): string[] {
  return readFrontCoded(input, countOf(input), spend)
}

export function writeFrontCoded(out: ByteWriter, texts: readonly string[]): void {
  const prefixes = texts.map((text, position) =>
    position === 0 ? 0 : sharedPrefix(texts[position - 1]!, text),
  )
  for (const prefix of prefixes) out.uint(prefix)
  writeTexts(
    out,
    texts.map((text, position) => text.slice(prefixes[position])),
  )
}

export function readFrontCoded(input: ByteReader, count: number, spend: (units: number) => void): string[] {
  const prefixes = Array.from({ length: count }, () => input.uint())
  let previous = ''
  return readTexts(input, count).map((tail, position) => {
    const prefix = prefixes[position]!
    if (prefix > previous.length) throw new DecodeError('bad shared prefix')
    spend(prefix)
    return (previous = previous.slice(0, prefix) + tail)
  })
}
