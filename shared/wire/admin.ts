import { z } from 'zod'
import { ROLES } from '../contract/define.ts'
import { OP_KINDS } from '../ops/types.ts'

const count = z.number().int().nonnegative()
const author = z.string().regex(/^[0-9a-hjkmnp-tv-z]{8}$/)

/** What an administrator's device may ask of its hub, signed like every other request. */
export const adminRequestSchema = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('overview') }),
  z.object({ ask: z.literal('revoke'), author }),
  z.object({ ask: z.literal('code'), role: z.enum(ROLES), baseId: z.string().min(1).max(64).nullable() }),
  /** Lets held ops into the belt's log after all, or keeps them out for good. */
  z.object({
    ask: z.literal('settle'),
    hubSeqs: z.array(count).min(1).max(500),
    choice: z.enum(['release', 'refuse']),
  }),
])
export type AdminRequest = z.output<typeof adminRequestSchema>

export const adminOverviewSchema = z.object({
  epoch: count,
  term: count,
  lastSeq: count,
  backupWatermark: count,
  recovering: z.boolean(),
  hubTimeMs: z.number().int(),
  devices: z.array(
    z.object({
      author,
      name: z.string(),
      role: z.enum(ROLES),
      baseId: z.string().nullable(),
      status: z.enum(['active', 'revoked']),
      lastSeenMs: z.number().int(),
      /** Ops in the belt's order that it has not asked for yet. */
      behind: count,
      validUntilMs: z.number().int(),
      held: count,
      previousAuthor: z.string().nullable(),
    }),
  ),
  held: z.array(
    z.object({
      hubSeq: count,
      author,
      reason: z.string(),
      atMs: z.number().int(),
      person: z.string().nullable(),
      kind: z.enum(OP_KINDS),
      table: z.string(),
      row: z.string(),
      fields: z.record(z.string(), z.json()),
    }),
  ),
  heldTotal: count,
})
export type AdminOverview = z.output<typeof adminOverviewSchema>
export const adminCodeSchema = z.object({ code: z.string(), expiresMs: z.number().int() })
export const adminSettledSchema = z.object({ settled: count })
