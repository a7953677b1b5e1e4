import { z } from 'zod'
import { SIGNED_IN, WRITERS, action, command, query } from './define.ts'
import type { ItemState } from './sync-centre.ts'

/** A field's value as it can be shown: rows by their name, lists by their names or their length. */
export type ShownValue =
  | { readonly kind: 'empty' | 'unknown' }
  | { readonly kind: 'text' | 'choice'; readonly text: string }
  | { readonly kind: 'number' | 'time' | 'minute' | 'money'; readonly number: number }
  | { readonly kind: 'yes-no'; readonly yes: boolean }
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'list'; readonly count: number }

export interface FieldChange {
  readonly table: string
  readonly field: string
  /** Null for a step that made the row: there was nothing before. */
  readonly from: ShownValue | null
  readonly to: ShownValue
}

export type NotUndone = 'planned' | 'fact' | 'other' | 'unsettled'

export interface HistoryEntry {
  /** Op id. */
  readonly id: string
  readonly table: string
  readonly kind: 'create' | 'set' | 'delete' | 'restore' | 'fact' | 'claim'
  readonly atMs: number
  readonly personName: string | null
  /** Text; null for this device. */
  readonly deviceName: string | null
  /** Written by the hub itself. */
  readonly isHub: boolean
  readonly state: ItemState
  readonly changes: readonly FieldChange[]
  /** Why it cannot be undone here; null when it can. */
  readonly notUndone: NotUndone | null
  /** The latest change of the same fields since then; undoing would undo that as well. */
  readonly overtaken: {
    readonly personName: string | null
    readonly atMs: number
    readonly own: boolean
  } | null
}

const id = z.string().min(11).max(40)

export const historyContract = {
  /** Every step on one row, newest first, with what people recorded about it. */
  'history/row': query(
    z.object({
      table: z.string().max(64),
      id,
      skip: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(100).default(30),
    }),
    SIGNED_IN,
  ).returns<{ label: string; entries: HistoryEntry[]; more: boolean }>(),
  /** The whole log as this machine has it. */
  'history/exportLog': action(z.object({}), SIGNED_IN).returns<{
    handle: string
    name: string
    rows: number
  }>(),
  /** Takes back steps that were taken together, given in that order: all of them or, when one was overtaken, none. */
  'history/undoSteps': command(z.object({ ids: z.array(id).min(1).max(20_000) }), WRITERS).returns<null>(),
  /** Writes a new step that puts back what was before. Refused when overtaken, unless that is meant. */
  'history/undo': command(
    z.object({ id, evenIfOvertaken: z.boolean().default(false) }),
    WRITERS,
  ).returns<null>(),
}
