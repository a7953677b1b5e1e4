/** Texts of at most this many UTF-16 units have a one-byte length. */
const SHORT_TEXT = 42

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let size = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) size += 1
    else if (code < 0x800) size += 2
    else if (code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      size += 4
      i++
    } else size += 3
  }
  return size
}

/** Growable byte sink: unsigned and zigzag varints up to 2^53, IEEE doubles, UTF-8. */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  #room(extra: number): void {
    const needed = this.#length + extra
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#length++] = value
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** @throws RangeError unless `value` is an integer in 0…2^53-1. */
  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned integer: ${value}`)
    this.#room(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  /** Signed integer, small magnitudes short. The full safe range fits because the sign goes into the last digit. */
  int(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`)
    const magnitude = value < 0 ? -(value + 1) : value
    this.#room(9)
    const first = (magnitude % 0x40) * 2 + (value < 0 ? 1 : 0)
    let rest = Math.floor(magnitude / 0x40)
    this.#bytes[this.#length++] = rest > 0 ? first | 0x80 : first
    while (rest > 0) {
      const low = rest % 0x80
      rest = Math.floor(rest / 0x80)
      this.#bytes[this.#length++] = rest > 0 ? low | 0x80 : low
    }
  }

  double(value: number): void {
    this.#room(8)
    new DataView(this.#bytes.buffer, this.#bytes.byteOffset).setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** UTF-8 without a length. Lone surrogates become U+FFFD. Returns the number of bytes written. */
  utf8(text: string): number {
    this.#room(text.length * 3)
    const out = this.#bytes
    const start = this.#length
    let at = start
    for (let i = 0; i < text.length; i++) {
      let code = text.charCodeAt(i)
      if (code < 0x80) {
        out[at++] = code
        continue
      }
      if (code < 0x800) {
        out[at++] = 0xc0 | (code >> 6)
        out[at++] = 0x80 | (code & 0x3f)
        continue
      }
      if (code >= 0xd800 && code < 0xe000) {
        const low = code < 0xdc00 ? text.charCodeAt(i + 1) : 0
        if (low >= 0xdc00 && low < 0xe000) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
          i++
          out[at++] = 0xf0 | (code >> 18)
          out[at++] = 0x80 | ((code >> 12) & 0x3f)
          out[at++] = 0x80 | ((code >> 6) & 0x3f)
          out[at++] = 0x80 | (code & 0x3f)
          continue
        }
        code = 0xfffd
      }
      out[at++] = 0xe0 | (code >> 12)
      out[at++] = 0x80 | ((code >> 6) & 0x3f)
      out[at++] = 0x80 | (code & 0x3f)
    }
    this.#length = at
    return at - start
  }

  /** Length-prefixed UTF-8. */
  text(value: string): void {
    if (value.length > SHORT_TEXT) {
      this.uint(utf8Length(value))
      this.utf8(value)
      return
    }
    const lengthAt = this.#length
    this.byte(0)
    const size = this.utf8(value)
    this.#bytes[lengthAt] = size
  }

  /** Length-prefixed bytes. */
  blob(value: Uint8Array): void {
    this.uint(value.length)
    this.raw(value)
  }

  /** The bytes so far, not copied: valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

/** Thrown when bytes end early or hold what the format does not allow. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

/** The inverse of `ByteWriter`; every read is bounds-checked and throws `DecodeError`. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  get position(): number {
    return this.#at
  }

  byte(): number {
    const value = this.#bytes[this.#at++]
    if (value === undefined) throw new DecodeError('ends early')
    return value
  }

  raw(length: number): Uint8Array {
    if (length > this.left) throw new DecodeError('ends early')
    const out = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return out
  }

  uint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      scale *= 0x80
    }
    throw new DecodeError('number too large')
  }

  int(): number {
    const first = this.byte()
    let magnitude = (first & 0x7f) >> 1
    let scale = 0x40
    let more = first >= 0x80
    for (let i = 0; more; i++) {
      if (i > 7) throw new DecodeError('number too large')
      const byte = this.byte()
      magnitude += (byte & 0x7f) * scale
      scale *= 0x80
      more = byte >= 0x80
    }
    if (magnitude > Number.MAX_SAFE_INTEGER) throw new DecodeError('number too large')
    return (first & 1) === 1 ? -magnitude - 1 : magnitude
  }

  double(): number {
    const at = this.#at
    this.raw(8)
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(at, true)
  }

  /** UTF-8 of a known length. Malformed sequences are refused. */
  utf8(length: number): string {
    const end = this.#at + length
    if (length > this.left) throw new DecodeError('ends early')
    const bytes = this.#bytes
    let out = ''
    let at = this.#at
    while (at < end) {
      const first = bytes[at++]!
      if (first < 0x80) {
        out += String.fromCharCode(first)
        continue
      }
      const extra = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0
      if (extra === 0 || first > 0xf4 || at + extra > end) throw new DecodeError('not UTF-8')
      let code = first & (0x3f >> extra)
      for (let i = 0; i < extra; i++) {
        const next = bytes[at++]!
        if ((next & 0xc0) !== 0x80) throw new DecodeError('not UTF-8')
        code = (code << 6) | (next & 0x3f)
      }
      const tooLong = (extra === 2 && code < 0x800) || (extra === 3 && code < 0x10000)
      if (tooLong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw new DecodeError('not UTF-8')
      out += String.fromCodePoint(code)
    }
    this.#at = end
    return out
  }

  text(): string {
    return this.utf8(this.uint())
  }

  blob(): Uint8Array {
    return this.raw(this.uint()).slice()
  }
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

const HEX = '0123456789abcdef'

export function toHex(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) out += HEX[byte >> 4]! + HEX[byte & 15]!
  return out
}

/** @throws DecodeError for anything but pairs of hexadecimal digits. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) throw new DecodeError('not hexadecimal')
  const out = new Uint8Array(text.length / 2)
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16)
  return out
}
