import { Buffer } from 'node:buffer'
import { TextDecoder } from 'node:util'

export type TextEncodingName = 'utf-8' | 'gb18030' | 'utf-16le' | 'utf-16be'

export type Sniffed =
  | { readonly ok: true; readonly encoding: TextEncodingName; readonly bomBytes: number }
  | { readonly ok: false; readonly code: 'file-empty' }
  /** `kind` says what it looks like instead. */
  | { readonly ok: false; readonly code: 'file-not-text'; readonly kind: string }

/** How much of the beginning of a file `sniffEncoding` wants to see. */
export const SNIFF_BYTES = 65_536

const MAGIC: readonly (readonly [string, string])[] = [
  ['504b0304', 'xlsx'],
  ['504b0506', 'zip'],
  ['d0cf11e0a1b11ae1', 'xls'],
  ['25504446', 'pdf'],
  ['1f8b', 'gzip'],
  ['526172211a07', 'zip'],
  ['377abcaf271c', 'zip'],
  ['89504e47', 'image'],
  ['ffd8ff', 'image'],
  ['53514c69746520666f726d6174', 'binary'],
]

const BOMS: readonly (readonly [string, TextEncodingName])[] = [
  ['efbbbf', 'utf-8'],
  ['fffe', 'utf-16le'],
  ['feff', 'utf-16be'],
]

/** Share of control characters above which bytes are no text. */
const MOST_CONTROLS = 0.01

/** What a file's first bytes say about its encoding, or what it is instead of text. */
export function sniffEncoding(head: Uint8Array): Sniffed {
  if (head.length === 0) return { ok: false, code: 'file-empty' }
  const hex = Buffer.from(head.subarray(0, 16)).toString('hex')
  const magic = MAGIC.find(([bytes]) => hex.startsWith(bytes))
  if (magic) return { ok: false, code: 'file-not-text', kind: magic[1] }
  const bom = BOMS.find(([bytes]) => hex.startsWith(bytes))
  const bomBytes = bom ? bom[0].length / 2 : 0
  if (bom && head.length === bomBytes) return { ok: false, code: 'file-empty' }
  const body = head.subarray(bomBytes)
  const encoding = bom?.[1] ?? guessWithoutMark(body)
  if (!encoding) return { ok: false, code: 'file-not-text', kind: 'encoding' }
  const text = decodeStrictly(body, encoding) ?? decodeLoosely(body, encoding)
  if (text.trim() === '') return { ok: false, code: 'file-empty' }
  if (countControls(text) / text.length > MOST_CONTROLS)
    return { ok: false, code: 'file-not-text', kind: 'binary' }
  return { ok: true, encoding, bomBytes }
}

function guessWithoutMark(body: Uint8Array): TextEncodingName | null {
  const wide = wideOrder(body)
  if (wide) return wide
  if (decodeStrictly(body, 'utf-8') !== null) return 'utf-8'
  return decodeStrictly(body, 'gb18030') !== null ? 'gb18030' : null
}

/** UTF-16 without a mark: the zero bytes of its commas and digits are all on one side. */
function wideOrder(body: Uint8Array): TextEncodingName | null {
  let even = 0
  let odd = 0
  for (let i = 0; i < body.length; i++) {
    if (body[i] !== 0) continue
    if (i % 2 === 0) even++
    else odd++
  }
  const enough = body.length / 20
  if (odd > enough && even === 0) return 'utf-16le'
  return even > enough && odd === 0 ? 'utf-16be' : null
}

/** Null when the bytes are not valid; a character cut off at the very end is no fault. */
function decodeStrictly(bytes: Uint8Array, encoding: TextEncodingName): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return null
  }
}

const decodeLoosely = (bytes: Uint8Array, encoding: TextEncodingName): string =>
  new TextDecoder(encoding).decode(bytes, { stream: true })

const countControls = (text: string): number => text.match(/(?![\t\r\n])\p{Cc}/gu)?.length ?? 0
