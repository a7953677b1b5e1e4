import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto'
import type { Sha256 } from '../../shared/ops/chain.ts'
import { authorOf } from '../../shared/ops/id.ts'

/** Keys as text: base64url of the raw 32 bytes (public) or of the seed (private). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer')
export const sha256Hex = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex')

const publicKeys = new Map<string, KeyObject>()

function publicKey(text: string): KeyObject {
  let key = publicKeys.get(text)
  if (!key) {
    key = createPublicKey({
      key: Buffer.concat([SPKI_ED25519, Buffer.from(text, 'base64url')]),
      format: 'der',
      type: 'spki',
    })
    if (publicKeys.size > 5000) publicKeys.clear()
    publicKeys.set(text, key)
  }
  return key
}

/** False for a wrong signature and for text that is no key or signature. */
export function verifyText(key: string, text: string, signature: string): boolean {
  try {
    return verify(null, Buffer.from(text), publicKey(key), Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

export interface Signer {
  readonly publicKey: string
  readonly author: string
  sign(text: string): string
}

export function signerOf(seed: string): Signer {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, Buffer.from(seed, 'base64url')]),
    format: 'der',
    type: 'pkcs8',
  })
  const text = String(createPublicKey(key).export({ format: 'jwk' }).x)
  return {
    publicKey: text,
    author: authorOfKey(text),
    sign: (message) => sign(null, Buffer.from(message), key).toString('base64url'),
  }
}

export const authorOfKey = (key: string): string => authorOf(sha256(Buffer.from(key, 'base64url')))

/** The seed under which the hub writes in one belt and epoch: a restored hub never continues a chain it has forgotten. */
export const derivedSeed = (seed: string, belt: string, epoch: number): string =>
  createHmac('sha256', Buffer.from(seed, 'base64url'))
    .update(`chanbo hub author 1\n${belt}\n${epoch}`)
    .digest('base64url')

export function equalTexts(a: string, b: string): boolean {
  const left = Buffer.from(sha256Hex(a))
  const right = Buffer.from(sha256Hex(b))
  return timingSafeEqual(left, right)
}
