import { DecodeError } from '../ops/bytes.ts'

/**
 * A binary arithmetic coder with adaptive probabilities: what remains of a column once its form has taken the structure
 * out. Everything is integer arithmetic below 2^53, so that both sides agree to the bit.
 */
const HALF = 1 << 15
const LEAST = 32
const MOST = (1 << 16) - LEAST
const SLOWEST = 250
/** Step of an estimate that has seen n bits, in 1/65536: fast at first, then close to counting. */
const STEP = Array.from({ length: SLOWEST + 1 }, (_, seen) => Math.floor(65536 / (seen + 1.6)))

/** Adaptive probabilities, each the chance of a 1 in 1/65536. */
export class Model {
  readonly chance: Uint16Array
  readonly #seen: Uint8Array

  constructor(size: number) {
    this.chance = new Uint16Array(size).fill(HALF)
    this.#seen = new Uint8Array(size)
  }

  learn(at: number, bit: number): void {
    const seen = this.#seen[at]!
    const old = this.chance[at]!
    const next = old + Math.trunc((((bit === 1 ? 65535 : 0) - old) * STEP[seen]!) / 65536)
    this.chance[at] = next < LEAST ? LEAST : next > MOST ? MOST : next
    if (seen < SLOWEST) this.#seen[at] = seen + 1
  }
}

export class BitEncoder {
  #bytes = new Uint8Array(1024)
  #length = 0
  #low = 0
  #high = 0xffffffff

  bit(model: Model, at: number, bit: number): void {
    this.#code(model.chance[at]!, bit)
    model.learn(at, bit)
  }

  /** The lowest `count` bits of `value`, all equally likely. */
  plain(value: number, count: number): void {
    for (let place = count - 1; place >= 0; place--)
      this.#code(HALF, Math.floor(value / 2 ** place) % 2 === 1 ? 1 : 0)
  }

  finish(): Uint8Array {
    // The ends differ in their first byte, so that the upper one's, followed by zeros, lies between them.
    this.#put(this.#high >>> 24)
    return this.#bytes.slice(0, this.#length)
  }

  #code(chance: number, bit: number): void {
    const middle = this.#low + Math.floor(((this.#high - this.#low) * chance) / 65536)
    if (bit === 1) this.#high = middle
    else this.#low = middle + 1
    while (((this.#low ^ this.#high) & 0xff000000) === 0) {
      this.#put(this.#high >>> 24)
      this.#low = (this.#low << 8) >>> 0
      this.#high = ((this.#high << 8) | 0xff) >>> 0
    }
  }

  #put(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[this.#length++] = byte
  }
}

export class BitDecoder {
  readonly #bytes: Uint8Array
  #at = 0
  #low = 0
  #high = 0xffffffff
  #value = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    for (let i = 0; i < 4; i++) this.#value = ((this.#value << 8) | this.#next()) >>> 0
  }

  bit(model: Model, at: number): number {
    const bit = this.#decode(model.chance[at]!)
    model.learn(at, bit)
    return bit
  }

  plain(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.#decode(HALF)
    return value
  }

  #decode(chance: number): number {
    const middle = this.#low + Math.floor(((this.#high - this.#low) * chance) / 65536)
    const bit = this.#value <= middle ? 1 : 0
    if (bit === 1) this.#high = middle
    else this.#low = middle + 1
    while (((this.#low ^ this.#high) & 0xff000000) === 0) {
      this.#low = (this.#low << 8) >>> 0
      this.#high = ((this.#high << 8) | 0xff) >>> 0
      this.#value = ((this.#value << 8) | this.#next()) >>> 0
    }
    return bit
  }

  #next(): number {
    return this.#bytes[this.#at++] ?? 0
  }
}

/** Symbols 0…2^bits-1 of a small alphabet. */
export class Alphabet {
  readonly #bits: number
  readonly #model: Model

  constructor(size: number) {
    this.#bits = Math.max(1, bitLength(size - 1))
    this.#model = new Model(2 ** this.#bits)
  }

  write(out: BitEncoder, symbol: number): void {
    let node = 1
    for (let place = this.#bits - 1; place >= 0; place--) {
      const bit = (symbol >> place) & 1
      out.bit(this.#model, node, bit)
      node = node * 2 + bit
    }
  }

  read(input: BitDecoder): number {
    let node = 1
    for (let place = 0; place < this.#bits; place++) node = node * 2 + input.bit(this.#model, node)
    return node - 2 ** this.#bits
  }
}

const MAX_LENGTH = 53
const LEADING = 5

/** Whole numbers 0…2^53-1: their length and leading bits are learnt, the rest is noise. */
export class Magnitudes {
  readonly #lengths = new Alphabet(64)
  readonly #leading = new Model((MAX_LENGTH + 1) * 2 ** (LEADING + 1))

  write(out: BitEncoder, value: number): void {
    const length = bitLength(value)
    this.#lengths.write(out, length)
    const learnt = Math.min(LEADING, length - 1)
    let node = 1
    for (let i = 0; i < learnt; i++) {
      const bit = Math.floor(value / 2 ** (length - 2 - i)) % 2
      out.bit(this.#leading, length * 2 ** (LEADING + 1) + node, bit)
      node = node * 2 + bit
    }
    if (length - 1 > LEADING) out.plain(value, length - 1 - LEADING)
  }

  read(input: BitDecoder): number {
    const length = this.#lengths.read(input)
    if (length === 0) return 0
    if (length > MAX_LENGTH) throw new DecodeError('number too large')
    const learnt = Math.min(LEADING, length - 1)
    let node = 1
    for (let i = 0; i < learnt; i++)
      node = node * 2 + input.bit(this.#leading, length * 2 ** (LEADING + 1) + node)
    const rest = length - 1 - learnt
    return node * 2 ** rest + input.plain(rest)
  }
}

/** Bits needed for a whole number below 2^53; 0 for 0. */
export function bitLength(value: number): number {
  if (value < 2 ** 31) return 32 - Math.clz32(value)
  return 32 - Math.clz32(Math.floor(value / 2 ** 31)) + 31
}
