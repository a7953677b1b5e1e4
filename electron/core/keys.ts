import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto'
import { Refusal } from '../../shared/contract/result.ts'
import { authorOf, fromBase32, toBase32 } from '../../shared/ops/id.ts'

/**
 * Keys of this device for one belt, kept by KeyFiles. Never in a backup.
 * Key texts are base64url: the raw 32 bytes for public keys, the 32-byte seed for private ones.
 */
export interface DeviceKeys {
  readonly author: string
  readonly publicKey: string
  readonly privateSeed: string
  /** Counts up whenever this device must write under a new identity (a restored or copied store). */
  readonly incarnation: number
  /** Present on the founding device: certifies roles and signs the handover to a hub. */
  readonly rootSeed: string | null
  /** Keys the HMAC under which viewer ids are kept. */
  readonly beltSecret: string
  /** The old key of a store that was copied or restored, until the hub has passed its rights to this one. */
  readonly renewing?: { readonly author: string; readonly privateSeed: string }
}

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

export function privateKeyOf(seed: string): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, Buffer.from(seed, 'base64url')]),
    format: 'der',
    type: 'pkcs8',
  })
}

export function publicKeyOf(seed: string): string {
  const jwk = createPublicKey(privateKeyOf(seed)).export({ format: 'jwk' })
  return String(jwk.x)
}

export function newSeed(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return String(privateKey.export({ format: 'jwk' }).d)
}

export function signWith(seed: string, bytes: Uint8Array): Buffer {
  return sign(null, bytes, privateKeyOf(seed))
}

export function authorOfPublicKey(publicKey: string): string {
  return authorOf(createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest())
}

/** New device keys; with a root key when this device founds the belt. */
export function makeKeys(options: {
  founder: boolean
  incarnation?: number
  beltSecret?: string
}): DeviceKeys {
  const privateSeed = newSeed()
  const publicKey = publicKeyOf(privateSeed)
  return {
    author: authorOfPublicKey(publicKey),
    publicKey,
    privateSeed,
    incarnation: options.incarnation ?? 1,
    rootSeed: options.founder ? newSeed() : null,
    beltSecret: options.beltSecret ?? randomBytes(32).toString('base64url'),
  }
}

/** The root seed as text to print once: base32 in groups of four, the last two characters a checksum. */
export function recoveryCodeOf(rootSeed: string): string {
  const seed = Buffer.from(rootSeed, 'base64url')
  let text = ''
  for (let at = 0; at < seed.length; at += 5)
    text += toBase32(
      seed.subarray(at, at + 5).reduce((sum, byte) => sum * 256 + byte, 0),
      Math.ceil((Math.min(5, seed.length - at) * 8) / 5),
    )
  const check = createHash('sha256').update(seed).digest()
  text += toBase32(((check[0]! << 8) | check[1]!) % 1024, 2)
  return (text.match(/.{1,4}/g) ?? []).join('-').toUpperCase()
}

/** Reads a printed recovery code, in any case and with any spacing. @returns the root seed, or null for a wrong code */
export function rootSeedOf(code: string): string | null {
  const text = code
    .toLowerCase()
    .replace(/[^0-9a-z]/g, '')
    .replace(/[il]/g, '1')
    .replaceAll('o', '0')
  const SEED_CHARACTERS = 52
  if (text.length !== SEED_CHARACTERS + 2) return null
  const bytes: number[] = []
  for (let at = 0; at < SEED_CHARACTERS; at += 8) {
    const part = text.slice(at, Math.min(at + 8, SEED_CHARACTERS))
    const length = Math.floor((part.length * 5) / 8)
    const value = fromBase32(part)
    if (Number.isNaN(value) || value >= 256 ** length) return null
    for (let byte = length - 1; byte >= 0; byte--) bytes.push(Math.floor(value / 256 ** byte) % 256)
  }
  const seed = Buffer.from(bytes).toString('base64url')
  return recoveryCodeOf(seed).replaceAll('-', '').toLowerCase() === text ? seed : null
}

/** The root seed of the recovery code that a person typed; null when they typed none. @throws Refusal `recovery-code-wrong` */
export function readRecoveryCode(code: string): string | null {
  if (code === '') return null
  const rootSeed = rootSeedOf(code)
  if (rootSeed === null) throw new Refusal('recovery-code-wrong')
  return rootSeed
}
