import crypto from 'node:crypto'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { StickCrypto } from '../../../../shared/wire/stick.ts'
import { stickCryptoOf } from '../../../../shared/wire/stick-crypto.ts'
import { publicKeyOf, type DeviceKeys } from '../../keys.ts'
import type { OpenBelt } from '../../services.ts'
import { readLink, type HubLink } from '../../sync/link.ts'

/** Keys by which the hub knows this device: those that files are signed with and written for. */
export type StickKeys = Pick<DeviceKeys, 'author' | 'publicKey' | 'privateSeed'>

export const ownCrypto = (keys: StickKeys): StickCrypto =>
  stickCryptoOf(crypto, { seed: keys.privateSeed, publicKey: keys.publicKey }, (text) =>
    Buffer.from(text, 'base64url'),
  )

/**
 * The hub, and the keys by which it knows this device. A store that was recognised as a copy speaks by its former key until
 * the hub has passed the rights on to the present one (`isRenewing`).
 * @throws Refusal `stick-no-hub`, or `stick-new-identity` when the hub knows no key that is here
 */
export function requireLink({ store, keys }: OpenBelt): {
  link: HubLink
  known: StickKeys
  isRenewing: boolean
} {
  const link = readLink(store)
  if (!link) throw new Refusal('stick-no-hub')
  const { publicKey } = link.certificate
  if (publicKey === keys.publicKey) return { link, known: keys, isRenewing: false }
  const former = keys.renewing && { ...keys.renewing, publicKey: publicKeyOf(keys.renewing.privateSeed) }
  if (former?.publicKey !== publicKey) throw new Refusal('stick-new-identity')
  return { link, known: former, isRenewing: true }
}
