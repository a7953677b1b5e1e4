import { z } from 'zod'
import type { ShownValue } from './history.ts'
import { SIGNED_IN, WRITERS, command, query } from './define.ts'

/** What waits, in the order it is sent: an earlier group never waits for a later one. */
export const WAITING_GROUPS = ['slots', 'checks', 'edits', 'records', 'bulk'] as const
export type WaitingGroup = (typeof WAITING_GROUPS)[number]
export const ITEM_STATES = ['local', 'pending', 'canonical', 'rejected', 'quarantined'] as const
export type ItemState = (typeof ITEM_STATES)[number]

export interface WaitingRow {
  readonly group: WaitingGroup
  /** Kept here only: there is nowhere to send them. */
  readonly local: number
  readonly pending: number
  /** Claims without an answer yet. */
  readonly tentative: number
  readonly oldestMs: number | null
}

/** One step somebody took, with where it is on its way. */
export interface WaitingItem {
  readonly id: string
  readonly group: WaitingGroup
  readonly table: string
  readonly kind: 'create' | 'set' | 'delete' | 'restore' | 'fact' | 'claim'
  /** Name of what was changed, text from outside; empty when it has none. */
  readonly label: string
  readonly state: ItemState
  readonly atMs: number
  readonly personName: string | null
}

export interface RefusedBooking {
  readonly kind: 'booking'
  readonly id: string
  readonly label: string
  readonly studioId: string
  readonly studioName: string
  readonly startMs: number
  readonly endMs: number
  readonly merchantId: string | null
  readonly sessionId: string | null
  readonly streamerIds: readonly string[]
  readonly reason: string
  readonly waits: boolean
  readonly canWait: boolean
  readonly heldBy: { readonly label: string; readonly askedMs: number } | null
  readonly askedMs: number
  readonly refusedMs: number
  readonly alternatives: readonly {
    readonly studioId: string
    readonly studioName: string
    readonly startMs: number
    readonly endMs: number
  }[]
}

/** A booking asked for here that was refused, waited, and has got its place after all. */
export interface ArrivedBooking {
  /** Of the arbiter's answer: a booking that arrives again is told again. */
  readonly id: string
  readonly bookingId: string
  readonly label: string
  readonly studioName: string
  readonly baseId: string
  readonly startMs: number
  readonly endMs: number
  readonly answeredMs: number
  /** Who asked. */
  readonly personId: string | null
}

export interface ShownField {
  readonly name: string
  readonly value: ShownValue
}

/** Work the hub did not take: kept, shown, and done again or let go by a person. */
export interface RefusedStep {
  readonly kind: 'rejected' | 'quarantined'
  readonly id: string
  readonly table: string
  readonly row: string
  readonly label: string
  readonly what: WaitingItem['kind']
  readonly fields: readonly ShownField[]
  /** Of a request for a room. */
  readonly place: { readonly studioName: string; readonly startMs: number } | null
  readonly personId: string | null
  readonly personName: string | null
  readonly reason: string
  readonly askedMs: number
}

/** A change that met a deletion; one of the two can stay. */
export interface SyncConflict {
  readonly id: string
  readonly table: string
  readonly row: string
  readonly label: string
  readonly mine: {
    readonly atMs: number
    readonly personName: string | null
    readonly fields: readonly ShownField[]
  }
  readonly theirs: { readonly atMs: number; readonly personName: string | null }
}

export interface SyncCentre {
  readonly waiting: readonly WaitingRow[]
  readonly refused: readonly (RefusedBooking | RefusedStep)[]
  /** Good news that nobody has acknowledged yet. */
  readonly arrived: readonly ArrivedBooking[]
  readonly conflicts: readonly SyncConflict[]
}

export const syncCentreContract = {
  'sync/centre': query(z.object({}), SIGNED_IN).returns<SyncCentre>(),
  'sync/items': query(
    z.object({
      group: z.enum(WAITING_GROUPS).nullable().default(null),
      state: z.enum(ITEM_STATES).nullable().default(null),
      /** Arrival number of the last row of the page before. */
      before: z.number().int().nullable().default(null),
      limit: z.number().int().min(1).max(200).default(100),
    }),
    SIGNED_IN,
  ).returns<{ rows: WaitingItem[]; next: number | null }>(),
  /**
   * Ends a conflict or a refusal on this device: `mine` writes the person's own version again (bringing a deleted row back),
   * `theirs` leaves everything as it is. For a refused booking, or one that has
   * arrived, only `theirs`: it was seen, or another slot was asked for.
   */
  'sync/settle': command(
    z.object({ id: z.string().min(1).max(60), choice: z.enum(['mine', 'theirs']) }),
    WRITERS,
  ).returns<null>(),
}
