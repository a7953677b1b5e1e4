import { z } from 'zod'
import { ADMINISTRATORS, ROLES, action, type Role } from './define.ts'
import type { ShownValue } from './history.ts'

export interface HubDevice {
  readonly author: string
  readonly name: string
  readonly role: Role
  readonly baseId: string | null
  readonly status: 'active' | 'revoked'
  readonly lastSeenMs: number
  /** Steps of others that it has not fetched yet. */
  readonly behind: number
  readonly validUntilMs: number
  readonly held: number
  /** True for the device that asks. */
  readonly isThis: boolean
  /** It took a new identity in the place of this one. */
  readonly replaces: string | null
}

/** A step that the hub keeps until an administrator decides. */
export interface HeldStep {
  readonly hubSeq: number
  readonly author: string
  readonly deviceName: string
  readonly personName: string | null
  readonly reason: string
  readonly atMs: number
  readonly kind: 'create' | 'set' | 'delete' | 'restore' | 'fact' | 'claim'
  readonly table: string
  readonly label: string
  readonly fields: readonly { readonly name: string; readonly value: ShownValue }[]
}

export interface HubOverview {
  readonly epoch: number
  readonly lastSeq: number
  readonly backupWatermark: number
  /** Devices are giving back what a restored hub has lost; claims wait. */
  readonly recovering: boolean
  /** The hub's clock minus this device's, ms. */
  readonly clockDifferenceMs: number
  readonly devices: readonly HubDevice[]
  readonly held: readonly HeldStep[]
  readonly heldTotal: number
}

/** Asked of the hub itself, over the network, by an administrator on an administrator's device. */
export const hubAdminContract = {
  'hub/overview': action(z.object({}), ADMINISTRATORS).returns<HubOverview>(),
  'hub/revoke': action(z.object({ author: z.string().length(8) }), ADMINISTRATORS).returns<null>(),
  'hub/makeCode': action(
    z.object({ role: z.enum(ROLES), baseId: z.string().min(1).max(64).nullable() }),
    ADMINISTRATORS,
  ).returns<{ url: string; code: string; expiresMs: number }>(),
  'hub/settleHeld': action(
    z.object({ hubSeqs: z.array(z.number().int()).min(1).max(500), choice: z.enum(['release', 'refuse']) }),
    ADMINISTRATORS,
  ).returns<{ settled: number }>(),
}
