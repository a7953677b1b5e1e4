import { ByteWriter, DecodeError } from '../ops/bytes.ts'
import type { StickCrypto } from './stick.ts'

type Key = object

/** What is used of node:crypto. */
interface CryptoFunctions {
  createHash(name: string): { update(bytes: Uint8Array): { digest(): Uint8Array } }
  randomBytes(length: number): Uint8Array
  createPrivateKey(key: { key: Uint8Array; format: 'der'; type: 'pkcs8' }): Key
  createPublicKey(key: { key: Uint8Array; format: 'der'; type: 'spki' } | Key): Key & {
    export(options: { format: 'der'; type: 'spki' }): Uint8Array
  }
  diffieHellman(keys: { privateKey: Key; publicKey: Key }): Uint8Array
  hkdfSync(hash: string, key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): ArrayBuffer
  createCipheriv(
    name: 'aes-256-gcm',
    key: Uint8Array,
    nonce: Uint8Array,
  ): Cipher & { getAuthTag(): Uint8Array }
  createDecipheriv(
    name: 'aes-256-gcm',
    key: Uint8Array,
    nonce: Uint8Array,
  ): Cipher & {
    setAuthTag(tag: Uint8Array): unknown
  }
  sign(algorithm: null, bytes: Uint8Array, key: Key): Uint8Array
  verify(algorithm: null, bytes: Uint8Array, key: Key, signature: Uint8Array): boolean
}
interface Cipher {
  setAAD(bytes: Uint8Array): unknown
  update(bytes: Uint8Array): Uint8Array
  final(): Uint8Array
}

/** DER frames around a raw 32-byte key. */
const DER = {
  ed25519Private: [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20],
  x25519Private: [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20],
  ed25519Public: [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0],
  x25519Public: [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0],
}
const TAG_BYTES = 16
const P = 2n ** 255n - 19n

/** Cryptography of stick files by an injected node:crypto (whose types ask for Buffer and KeyObject where any bytes do). `seed` and keys are base64url of 32 bytes. */
export function stickCryptoOf(
  nodeCrypto: object,
  own: { seed: string; publicKey: string },
  toBytes: (base64url: string) => Uint8Array,
): StickCrypto {
  const node = nodeCrypto as CryptoFunctions
  const framed = (frame: readonly number[], raw: Uint8Array): Uint8Array => {
    if (raw.length !== 32) throw new DecodeError('not a key')
    const out = new Uint8Array(frame.length + 32)
    out.set(frame)
    out.set(raw, frame.length)
    return out
  }
  const privateKey = (frame: readonly number[], raw: Uint8Array) =>
    node.createPrivateKey({ key: framed(frame, raw), format: 'der', type: 'pkcs8' })
  const publicKey = (frame: readonly number[], raw: Uint8Array) =>
    node.createPublicKey({ key: framed(frame, raw), format: 'der', type: 'spki' })
  const sha = (name: string, bytes: Uint8Array) => node.createHash(name).update(bytes).digest()
  const signing = privateKey(DER.ed25519Private, toBytes(own.seed))

  const derive = (privateX: Key, peerX: Uint8Array, ephemeral: Uint8Array, recipient: string): Uint8Array => {
    const shared = node.diffieHellman({ privateKey: privateX, publicKey: publicKey(DER.x25519Public, peerX) })
    const salt = new ByteWriter(96)
    salt.blob(ephemeral)
    salt.text(recipient)
    const info = new ByteWriter(32)
    info.text('chanbo stick 1')
    return new Uint8Array(node.hkdfSync('sha256', shared, salt.finish(), info.finish(), 32))
  }
  const nonceOf = (index: number): Uint8Array => {
    const nonce = new Uint8Array(12)
    new DataView(nonce.buffer).setUint32(8, index)
    return nonce
  }

  return {
    sha256: (bytes) => sha('sha256', bytes),
    random: (length) => node.randomBytes(length),
    agree(recipient) {
      const secret = node.randomBytes(32)
      const key = privateKey(DER.x25519Private, secret)
      const ephemeral = node.createPublicKey(key).export({ format: 'der', type: 'spki' }).slice(-32)
      return { ephemeral, key: derive(key, montgomeryOf(toBytes(recipient)), ephemeral, recipient) }
    },
    open(ephemeral) {
      if (ephemeral.length !== 32) throw new DecodeError('not a key')
      // The X25519 secret that belongs to an Ed25519 seed is the first half of its SHA-512.
      const secret = sha('sha512', toBytes(own.seed)).slice(0, 32)
      try {
        return derive(privateKey(DER.x25519Private, secret), ephemeral, ephemeral, own.publicKey)
      } catch {
        throw new DecodeError('not a key')
      }
    },
    seal(key, index, about, plain) {
      const cipher = node.createCipheriv('aes-256-gcm', key, nonceOf(index))
      cipher.setAAD(about)
      const out = new ByteWriter(plain.length + TAG_BYTES)
      out.raw(cipher.update(plain))
      out.raw(cipher.final())
      out.raw(cipher.getAuthTag())
      return out.finish()
    },
    unseal(key, index, about, sealed) {
      if (sealed.length < TAG_BYTES) throw new DecodeError('ends early')
      const decipher = node.createDecipheriv('aes-256-gcm', key, nonceOf(index))
      decipher.setAAD(about)
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
      try {
        const out = new ByteWriter(sealed.length)
        out.raw(decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)))
        out.raw(decipher.final())
        return out.finish()
      } catch {
        throw new DecodeError('not what was sealed')
      }
    },
    sign: (bytes) => node.sign(null, bytes, signing),
    verify(key, bytes, signature) {
      try {
        return node.verify(null, bytes, publicKey(DER.ed25519Public, toBytes(key)), signature)
      } catch {
        return false
      }
    },
  }
}

/** The X25519 form of an Ed25519 public key: u = (1 + y) / (1 - y) mod 2^255 - 19 (RFC 7748, section 4.1). */
export function montgomeryOf(edPublic: Uint8Array): Uint8Array {
  if (edPublic.length !== 32) throw new DecodeError('not a key')
  let y = 0n
  for (let at = 31; at >= 0; at--) y = (y << 8n) | BigInt(at === 31 ? edPublic[at]! & 0x7f : edPublic[at]!)
  const u = mod((1n + y) * inverse(mod(1n - y)))
  const out = new Uint8Array(32)
  let rest = u
  for (let at = 0; at < 32; at++) {
    out[at] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return out
}

const mod = (value: bigint): bigint => ((value % P) + P) % P

function inverse(value: bigint): bigint {
  let result = 1n
  let base = value
  for (let power = P - 2n; power > 0n; power >>= 1n) {
    if (power & 1n) result = mod(result * base)
    base = mod(base * base)
  }
  return result
}
