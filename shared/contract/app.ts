import { z } from 'zod'
import { recoveryCode, type BackupInfo } from './backup.ts'
import { ADMINISTRATORS, SIGNED_IN, action, command, query, type Role } from './define.ts'
import type { AppError } from './result.ts'
import type { SyncLink } from './sync.ts'

export const pinSchema = z.string().regex(/^\d{4,12}$/)

/** What the start screen needs to choose between first run, sign-in and the cockpit. */
export interface AppState {
  readonly phase: 'first-run' | 'sign-in' | 'ready' | 'trouble'
  /** Set in `trouble`: why the belt's store could not be opened, and which backups could stand in. */
  readonly trouble: { readonly error: AppError; readonly backups: readonly BackupInfo[] } | null
  readonly belt: {
    readonly id: string
    readonly name: string
    readonly shortName: string
    readonly isDemo: boolean
    readonly timeZone: string
  } | null
  readonly people: readonly {
    readonly id: string
    readonly name: string
    readonly shortName: string
    readonly role: Role
    readonly baseId: string | null
    readonly hasPin: boolean
    readonly waitUntilMs: number | null
  }[]
  readonly person: {
    readonly id: string
    readonly name: string
    readonly shortName: string
    readonly role: Role
    readonly baseId: string | null
  } | null
  readonly bases: readonly {
    readonly id: string
    readonly name: string
    readonly shortName: string
    readonly kind: 'rural' | 'cluster'
  }[]
  readonly deviceName: string
  /** How this device's keys for the open belt are kept; null without one and in the demo. */
  readonly keyGuard: 'system' | 'file' | null
  /** The belt's present: the wall clock, or the demo belt's own time. */
  readonly nowMs: number
  readonly version: string
}

/** The one truth bar at the bottom of every screen. */
export interface SyncBar {
  readonly network: SyncLink['network']
  readonly offlineSinceMs: number | null
  /** While a device takes the belt over: the part that is here, 0 to 1. Otherwise null. */
  readonly receiving: { readonly share: number; readonly paused: boolean } | null
  readonly local: number
  readonly pending: number
  readonly confirmed: number
  readonly refused: number
  readonly lastContactMs: number | null
  readonly latencyMs: number | null
  readonly plan: { readonly no: number; readonly publishedMs: number } | null
  readonly deviceName: string
  /** `act` only when something needs a person. */
  readonly badge: 'calm' | 'act' | 'error'
}

export const appContract = {
  'app/state': query(z.object({}), 'anyone').returns<AppState>(),
  'app/syncBar': query(z.object({}), 'anyone').returns<SyncBar>(),
  'app/openDemo': action(z.object({}), 'anyone').returns<{ beltId: string }>(),
  'app/createBelt': action(
    z.object({
      name: z.string().trim().min(1).max(60),
      shortName: z.string().trim().min(1).max(8),
      trade: z.string().trim().max(40).default(''),
      countyCode: z.string().trim().max(12).default(''),
      province: z.string().trim().max(20).default(''),
      tier: z.enum(['primary', 'mature']).default('primary'),
      base: z.object({
        name: z.string().trim().min(1).max(60),
        shortName: z.string().trim().min(1).max(8),
        kind: z.enum(['rural', 'cluster']),
        networkProfile: z.enum(['fibre', '4g', 'poor']),
        openMin: z.number().int().min(0).max(1440),
        closeMin: z.number().int().min(0).max(2880),
      }),
      administrator: z.object({ name: z.string().trim().min(1).max(40), pin: pinSchema }),
    }),
    'anyone',
  ).returns<{ beltId: string; recoveryCode: string }>(),
  /** Closes the open belt; its data stays on this machine. */
  'app/leaveBelt': action(z.object({}), 'anyone').returns<null>(),
  'app/belts': query(z.object({}), 'anyone').returns<
    { id: string; name: string; isDemo: boolean; openedMs: number }[]
  >(),
  'app/openBelt': action(z.object({ beltId: z.string().min(1) }), 'anyone').returns<null>(),
  /**
   * Goes on under new keys where the present ones cannot be opened here any more. They are kept under another name; with the
   * recovery code the new ones hold the belt's root key. Refused while a later try could open the present ones.
   */
  'app/replaceKeys': action(z.object({ recoveryCode }), 'anyone').returns<null>(),
  'app/removeDemo': action(z.object({}), 'anyone').returns<null>(),
  'session/open': action(
    z.object({ personId: z.string().min(1), pin: z.string().max(12) }),
    'anyone',
  ).returns<NonNullable<AppState['person']>>(),
  'session/close': action(z.object({}), 'anyone').returns<null>(),
  'person/save': command(
    z.object({
      id: z.string().nullable(),
      name: z.string().trim().min(1).max(40),
      shortName: z.string().trim().max(8).default(''),
      role: z.enum(['administrator', 'planner', 'cluster-manager', 'official']),
      baseId: z.string().nullable(),
      active: z.boolean().default(true),
    }),
    ADMINISTRATORS,
  ).returns<{ id: string }>(),
  /** Own PIN, or anyone's for an administrator. Kept on this device only. */
  'person/setPin': action(
    z.object({ personId: z.string(), pin: pinSchema, currentPin: z.string().max(12).nullable() }),
    SIGNED_IN,
  ).returns<null>(),
}
