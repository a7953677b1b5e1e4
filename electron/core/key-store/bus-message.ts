/** A value of the D-Bus types read and written here. */
export type Value = boolean | number | bigint | string | Value[] | { readonly [key: string]: string }

export interface Message {
  /** 1 call, 2 reply, 3 error, 4 signal. */
  readonly type: number
  readonly replyTo: number
  readonly path: string
  readonly member: string
  readonly error: string
  readonly body: Value[]
}

/** Where a call goes: the service's name on the bus, the object, the interface and its method. */
export interface Call {
  readonly service: string
  readonly path: string
  readonly interface: string
  readonly member: string
  /** D-Bus signature of `body`. */
  readonly signature?: string
  readonly body?: readonly Value[]
}

const LITTLE_ENDIAN = 0x6c
const FIXED_BYTES = 16
/** Header fields by their number in the specification. */
const FIELD = { path: 1, interface: 2, member: 3, error: 4, replySerial: 5, destination: 6, signature: 8 }

/** Bytes of each type are aligned to its size, counted from the message's first byte. */
const ALIGNMENT: Record<string, number> = { y: 1, g: 1, v: 1, n: 2, q: 2, x: 8, t: 8, d: 8, '(': 8, '{': 8 }
const alignmentOf = (type: string): number => ALIGNMENT[type[0]!] ?? 4

class Writer {
  #bytes: number[] = []

  get length(): number {
    return this.#bytes.length
  }
  align(to: number): void {
    while (this.#bytes.length % to !== 0) this.#bytes.push(0)
  }
  byte(value: number): void {
    this.#bytes.push(value)
  }
  uint32(value: number): void {
    this.align(4)
    for (const shift of [0, 8, 16, 24]) this.#bytes.push((value >>> shift) & 255)
  }
  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8')
    this.uint32(bytes.length)
    this.#bytes.push(...bytes, 0)
  }
  signature(value: string): void {
    this.#bytes.push(value.length, ...Buffer.from(value, 'latin1'), 0)
  }
  array(elementType: string, write: () => void): void {
    this.uint32(0)
    const sizeAt = this.#bytes.length - 4
    this.align(alignmentOf(elementType))
    const start = this.#bytes.length
    write()
    Buffer.from(new Uint32Array([this.#bytes.length - start]).buffer).forEach((byte, at) => {
      this.#bytes[sizeAt + at] = byte
    })
  }
  bytes(): Buffer {
    return Buffer.from(this.#bytes)
  }
}

function writeValue(out: Writer, type: string, value: Value): void {
  if (type === 's' || type === 'o') out.text(value as string)
  else if (type === 'a{ss}')
    out.array('{', () => {
      for (const [key, text] of Object.entries(value as Record<string, string>)) {
        out.align(8)
        out.text(key)
        out.text(text)
      }
    })
  else if (type === 'ao' || type === 'as')
    out.array('s', () => {
      for (const text of value as string[]) out.text(text)
    })
  else throw new TypeError(`D-Bus type ${type} is not written here`)
}

/** The bytes of a method call. */
export function writeCall(serial: number, call: Call): Buffer {
  const body = new Writer()
  splitTypes(call.signature ?? '').forEach((type, at) => writeValue(body, type, call.body![at]!))
  const out = new Writer()
  for (const byte of [LITTLE_ENDIAN, 1, 0, 1]) out.byte(byte)
  out.uint32(body.length)
  out.uint32(serial)
  out.array('(', () => {
    const field = (number: number, type: string, text: string) => {
      out.align(8)
      out.byte(number)
      out.signature(type)
      if (type === 'g') out.signature(text)
      else out.text(text)
    }
    field(FIELD.path, 'o', call.path)
    field(FIELD.destination, 's', call.service)
    field(FIELD.interface, 's', call.interface)
    field(FIELD.member, 's', call.member)
    if (call.signature) field(FIELD.signature, 'g', call.signature)
  })
  out.align(8)
  return Buffer.concat([out.bytes(), body.bytes()])
}

/** The complete types a signature names: `aos` is `ao` and `s`. */
export function splitTypes(signature: string): string[] {
  const types: string[] = []
  for (let at = 0; at < signature.length;) {
    const end = endOfType(signature, at)
    types.push(signature.slice(at, end))
    at = end
  }
  return types
}

function endOfType(signature: string, at: number): number {
  const first = signature[at]
  if (first === 'a') return endOfType(signature, at + 1)
  if (first !== '(' && first !== '{') return at + 1
  const close = first === '(' ? ')' : '}'
  let end = at + 1
  while (end < signature.length && signature[end] !== close) end = endOfType(signature, end)
  return end + 1
}

class Reader {
  readonly #bytes: Buffer
  readonly #little: boolean
  #at: number

  constructor(bytes: Buffer, little: boolean, at: number) {
    this.#bytes = bytes
    this.#little = little
    this.#at = at
  }

  get at(): number {
    return this.#at
  }
  align(to: number): void {
    this.#at = Math.ceil(this.#at / to) * to
  }
  values(signature: string): Value[] {
    return splitTypes(signature).map((type) => this.value(type))
  }
  value(type: string): Value {
    this.align(alignmentOf(type))
    switch (type[0]) {
      case 'y':
        return this.#bytes.readUInt8(this.#step(1))
      case 'b':
        return this.#uint32() !== 0
      case 'i':
      case 'u':
      case 'h':
        return this.#uint32()
      case 'n':
      case 'q':
        return this.#little
          ? this.#bytes.readUInt16LE(this.#step(2))
          : this.#bytes.readUInt16BE(this.#step(2))
      case 'x':
      case 't':
      case 'd':
        return this.#little
          ? this.#bytes.readBigUInt64LE(this.#step(8))
          : this.#bytes.readBigUInt64BE(this.#step(8))
      case 's':
      case 'o':
        return this.#text(this.#uint32())
      case 'g':
        return this.#text(this.#bytes.readUInt8(this.#step(1)))
      case 'v':
        return this.value(this.value('g') as string)
      case 'a':
        return this.#array(type.slice(1))
      case '(':
      case '{':
        return this.values(type.slice(1, -1))
      default:
        throw new TypeError(`D-Bus type ${type} is not known`)
    }
  }

  #array(type: string): Value[] {
    const size = this.#uint32()
    this.align(alignmentOf(type))
    const end = this.#at + size
    const found: Value[] = []
    while (this.#at < end) found.push(this.value(type))
    return found
  }
  #text(length: number): string {
    const start = this.#step(length + 1)
    return this.#bytes.toString('utf8', start, start + length)
  }
  #uint32(): number {
    this.align(4)
    return this.#little ? this.#bytes.readUInt32LE(this.#step(4)) : this.#bytes.readUInt32BE(this.#step(4))
  }
  #step(size: number): number {
    const start = this.#at
    this.#at += size
    if (this.#at > this.#bytes.length) throw new RangeError('a D-Bus message ends early')
    return start
  }
}

/**
 * The first message in the bytes and its size; null while it is not complete.
 * @throws RangeError for a message over `maxBytes` or one that does not keep to the format
 */
export function readMessage(bytes: Buffer, maxBytes: number): { message: Message; sizeBytes: number } | null {
  if (bytes.length < FIXED_BYTES) return null
  const little = bytes[0] === LITTLE_ENDIAN
  const uint32 = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const fieldsEnd = Math.ceil((FIXED_BYTES + uint32(12)) / 8) * 8
  const sizeBytes = fieldsEnd + uint32(4)
  if (sizeBytes > maxBytes) throw new RangeError(`a D-Bus message of ${sizeBytes} bytes`)
  if (bytes.length < sizeBytes) return null
  const whole = bytes.subarray(0, sizeBytes)
  const fields = new Map(
    (new Reader(whole, little, 12).value('a(yv)') as [number, Value][]).map(([key, value]) => [key, value]),
  )
  const text = (field: number) => (fields.get(field) ?? '') as string
  return {
    sizeBytes,
    message: {
      type: bytes[1]!,
      replyTo: Number(fields.get(FIELD.replySerial) ?? 0),
      path: text(FIELD.path),
      member: text(FIELD.member),
      error: text(FIELD.error),
      body: new Reader(whole, little, fieldsEnd).values(text(FIELD.signature)),
    },
  }
}
