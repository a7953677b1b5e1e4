const ROUND = new Uint32Array(64)
const INITIAL = new Uint32Array(8)

/** First 32 bits of the fractional part of a root, by integer arithmetic so that it is exact everywhere. */
function fillConstants(): void {
  const primes: number[] = []
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p !== 0)) primes.push(n)
  const root = (value: bigint, power: bigint): number => {
    const target = value << (32n * power)
    let low = 0n
    let high = 1n << 40n
    while (low < high) {
      const mid = (low + high + 1n) >> 1n
      if (mid ** power <= target) low = mid
      else high = mid - 1n
    }
    return Number(low & 0xffffffffn)
  }
  primes.forEach((p, i) => {
    ROUND[i] = root(BigInt(p), 3n)
    if (i < 8) INITIAL[i] = root(BigInt(p), 2n)
  })
}

function utf8(text: string): number[] {
  const bytes: number[] = []
  for (const char of text) {
    const code = char.codePointAt(0)!
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    else
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 63),
        0x80 | ((code >> 6) & 63),
        0x80 | (code & 63),
      )
  }
  return bytes
}

/** SHA-256 of a text's UTF-8 bytes, in hex (FIPS 180-4). */
export function sha256Hex(text: string): string {
  if (INITIAL[0] === 0) fillConstants()
  const bytes = utf8(text)
  const bits = bytes.length * 8
  bytes.push(0x80)
  while (bytes.length % 64 !== 56) bytes.push(0)
  for (const part of [Math.floor(bits / 0x100000000), bits >>> 0])
    bytes.push((part >>> 24) & 255, (part >>> 16) & 255, (part >>> 8) & 255, part & 255)
  const hash = INITIAL.slice()
  const w = new Uint32Array(64)
  const rotate = (x: number, by: number): number => (x >>> by) | (x << (32 - by))
  for (let at = 0; at < bytes.length; at += 64) {
    for (let i = 0; i < 16; i++) {
      const b = at + 4 * i
      w[i] = (bytes[b]! << 24) | (bytes[b + 1]! << 16) | (bytes[b + 2]! << 8) | bytes[b + 3]!
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!
      const y = w[i - 2]!
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
      w[i] = w[i - 16]! + s0 + w[i - 7]! + s1
    }
    let [a, b, c, d, e, f, g, h] = hash as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i]! + w[i]!) | 0
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    ;[a, b, c, d, e, f, g, h].forEach((value, i) => (hash[i] = hash[i]! + value))
  }
  return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('')
}
