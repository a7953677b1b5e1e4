import crypto from 'node:crypto'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { StickCrypto } from '../../../../shared/wire/stick.ts'
import { stickCryptoOf } from '../../../../shared/wire/stick-crypto.ts'
import type { DeviceKeys } from '../../keys.ts'
import type { OpenBelt } from '../../services.ts'
import { readLink, type HubLink } from '../../sync/link.ts'

export const ownCrypto = (keys: DeviceKeys): StickCrypto =>
  stickCryptoOf(crypto, { seed: keys.privateSeed, publicKey: keys.publicKey }, (text) =>
    Buffer.from(text, 'base64url'),
  )

/** @throws Refusal `stick-no-hub`, or `stick-new-identity` while the hub does not know this device's key */
export function requireLink({ store, keys }: OpenBelt): HubLink {
  const link = readLink(store)
  if (!link) throw new Refusal('stick-no-hub')
  if (link.certificate.publicKey !== keys.publicKey) throw new Refusal('stick-new-identity')
  return link
}
