import { ByteReader, ByteWriter, DecodeError } from '../ops/bytes.ts'

/** What a one-time code carries: the secret, and fingerprints by which the device knows the hub on first contact. */
export interface EnrolCode {
  /** 16 bytes. */
  readonly secret: Uint8Array
  /** First 16 bytes of the SHA-256 of the hub's public key. */
  readonly hubFingerprint: Uint8Array
  /** First 16 bytes of the SHA-256 of its TLS certificate; null when TLS ends in front of the hub. */
  readonly tlsFingerprint: Uint8Array | null
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const FORMAT = 1
export const FINGERPRINT_BYTES = 16

/** Groups of four for reading aloud; the last characters are a checksum against slips of the pen. */
export function formatEnrolCode(code: EnrolCode): string {
  const out = new ByteWriter(64)
  out.byte(FORMAT | (code.tlsFingerprint ? 0x80 : 0))
  out.raw(code.secret)
  out.raw(code.hubFingerprint)
  if (code.tlsFingerprint) out.raw(code.tlsFingerprint)
  const sum = checksum(out.view())
  out.byte(sum >> 8)
  out.byte(sum & 255)
  return (toCrockford(out.finish()).match(/.{1,4}/g) ?? []).join('-')
}

/** Reads a code as people type it: case, spaces, hyphens, O for 0 and I or L for 1 do not matter. @throws DecodeError */
export function parseEnrolCode(text: string): EnrolCode {
  const input = new ByteReader(fromCrockford(text))
  const head = input.byte()
  if ((head & 0x7f) !== FORMAT) throw new DecodeError('not a joining code')
  const secret = input.raw(16).slice()
  const hubFingerprint = input.raw(FINGERPRINT_BYTES).slice()
  const tlsFingerprint = head >= 0x80 ? input.raw(FINGERPRINT_BYTES).slice() : null
  const body = new ByteWriter(64)
  body.byte(head)
  body.raw(secret)
  body.raw(hubFingerprint)
  if (tlsFingerprint) body.raw(tlsFingerprint)
  const sum = input.byte() * 256 + input.byte()
  if (input.left > 0 || sum !== checksum(body.view())) throw new DecodeError('mistyped joining code')
  return { secret, hubFingerprint, tlsFingerprint }
}

/** CRC-16/CCITT. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) !== 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  }
  return crc
}

function toCrockford(bytes: Uint8Array): string {
  let out = ''
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += ALPHABET[(buffer >> bits) & 31]!
    }
  }
  return bits > 0 ? out + ALPHABET[(buffer << (5 - bits)) & 31]! : out
}

function fromCrockford(text: string): Uint8Array {
  const clean = text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  const out = new ByteWriter(64)
  let buffer = 0
  let bits = 0
  for (const character of clean) {
    const digit = ALPHABET.indexOf(character)
    if (digit < 0) throw new DecodeError('not a joining code')
    buffer = ((buffer << 5) | digit) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      out.byte((buffer >> bits) & 255)
    }
  }
  return out.finish()
}
