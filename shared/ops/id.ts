/** Row and op identifiers: short lower-case Crockford base32 text. */

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** Characters of an author's name, with which every id it makes begins. */
export const AUTHOR_LENGTH = 8
const STREAM_LENGTH = 2

/** Non-negative integer → base32, left-padded with 0 to `length`. */
export function toBase32(value: number, length = 1): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a non-negative integer: ${value}`)
  let rest = value
  let out = ''
  do {
    out = ALPHABET[rest % 32]! + out
    rest = Math.floor(rest / 32)
  } while (rest > 0)
  return out.padStart(length, '0')
}

/** Base32 → integer; NaN when a character is outside the alphabet. */
export function fromBase32(text: string): number {
  let value = 0
  for (const character of text) {
    const digit = ALPHABET.indexOf(character)
    if (digit < 0) return Number.NaN
    value = value * 32 + digit
  }
  return text === '' ? Number.NaN : value
}

/** Author name of a key: the first 40 bits of the SHA-256 of its public key. */
export function authorOf(publicKeySha256: Uint8Array): string {
  let out = ''
  let bits = 0
  let buffer = 0
  for (const byte of publicKeySha256.subarray(0, 5)) {
    buffer = (buffer << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += ALPHABET[(buffer >> bits) & 31]!
    }
  }
  return out
}

export interface OpRef {
  readonly author: string
  readonly stream: number
  readonly seq: number
}

/** Identity of an op as text; also the id of the row that a `create`, `fact` or `claim` makes. */
export function opId(op: OpRef): string {
  return op.author + toBase32(op.stream, STREAM_LENGTH) + toBase32(op.seq)
}

/** The inverse of `opId`; null for text that is no such id. */
export function parseOpId(id: string): OpRef | null {
  if (id.length <= AUTHOR_LENGTH + STREAM_LENGTH) return null
  const author = id.slice(0, AUTHOR_LENGTH)
  const stream = fromBase32(id.slice(AUTHOR_LENGTH, AUTHOR_LENGTH + STREAM_LENGTH))
  const seq = fromBase32(id.slice(AUTHOR_LENGTH + STREAM_LENGTH))
  if (Number.isNaN(fromBase32(author)) || Number.isNaN(stream) || !Number.isSafeInteger(seq) || seq < 1)
    return null
  return opId({ author, stream, seq }) === id ? { author, stream, seq } : null
}

/** Order of two op ids: author, stream, then seq as a number. For equal stamps this is the order that stands. */
export function compareOpIds(a: string, b: string): number {
  const prefix = AUTHOR_LENGTH + STREAM_LENGTH
  const streamA = a.slice(0, prefix)
  const streamB = b.slice(0, prefix)
  if (streamA !== streamB) return streamA < streamB ? -1 : 1
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}
