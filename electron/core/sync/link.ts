import { z } from 'zod'
import { certificateSchema } from '../../../shared/wire/messages.ts'
import type { Store } from '../store/store.ts'

/** How this store reaches its hub; kept in the store's meta under `hub`. Holds no secret. */
export const hubLinkSchema = z.object({
  url: z.url(),
  belt: z.string(),
  hubKey: z.string(),
  /** First 16 bytes of the SHA-256 of the hub's TLS certificate, hex; null for ordinary certificates or plain HTTP. */
  tlsFingerprint: z.string().nullable(),
  epoch: z.number().int(),
  term: z.number().int(),
  certificate: certificateSchema,
  /** The hub's signature on it: with it a hub that was restored from before this device joined takes it in again. */
  certificateSignature: z.string().optional(),
  joinedMs: z.number().int(),
})
export type HubLink = z.output<typeof hubLinkSchema>

export function readLink(store: Store): HubLink | null {
  const text = store.meta('hub')
  if (text === null) return null
  const parsed = hubLinkSchema.safeParse(JSON.parse(text))
  return parsed.success ? parsed.data : null
}

export function writeLink(store: Store, link: HubLink): void {
  store.setMeta('hub', JSON.stringify(link))
}
