import { z } from 'zod'
import { SIGNED_IN, query } from './define.ts'
import type { BeadState, LeaseWord, PlanState, RecordState, Sentence } from './planning.ts'

/** Where a button of a matter leads; `id` is a row of that screen's subject. */
export interface ActionTarget {
  readonly screen: 'session' | 'board' | 'studio-calendar' | 'documents' | 'belt' | 'sync'
  readonly id: string
  /** The time to show, for screens that show one stretch of time. */
  readonly atMs?: number
}

/** A broadcast as a block on a studio's lane of the next 24 hours. */
export interface TodayBlock {
  readonly sessionId: string
  readonly label: string
  readonly startMs: number
  readonly endMs: number
  readonly live: boolean
  readonly plan: PlanState
  readonly record: RecordState
}

export interface TodaySession {
  readonly id: string
  readonly title: string
  readonly merchantName: string
  readonly merchantShortName: string
  readonly skuLabel: string
  readonly skuCount: number
  readonly studioName: string | null
  readonly streamerNames: readonly string[]
  readonly startMs: number
  readonly endMs: number
  readonly live: boolean
  /** sample, inspection, broadcast, production, pick-up. */
  readonly beads: readonly [BeadState, BeadState, BeadState, BeadState, BeadState]
  /** What stands between this session and going live (or how it sells), said in one line. */
  readonly condition: Sentence
  readonly blocks: number
  readonly plan: PlanState
  readonly record: RecordState
  readonly lease: LeaseWord
}

/** Something that needs a person. */
export interface Matter {
  readonly id: string
  readonly kind: 'risk' | 'late' | 'refused' | 'expiring' | 'tentative' | 'arrived'
  readonly title: Sentence
  readonly note: Sentence
  readonly dueMs: number
  readonly owner: {
    readonly name: string
    readonly shortName: string
    readonly role: string
    readonly mine: boolean
  } | null
  readonly action: { readonly key: string; readonly target: ActionTarget; readonly primary: boolean }
  /** What `sync/settle` takes once a person has read this; absent for what goes away by being dealt with. */
  readonly settleId?: string
}

export interface TodayView {
  readonly nowMs: number
  readonly dayKey: string
  readonly opening: Sentence
  readonly counts: {
    readonly live: number
    readonly atRisk: number
    readonly late: number
    readonly tentative: number
  }
  readonly fromMs: number
  readonly toMs: number
  readonly primeBands: readonly (readonly [number, number])[]
  readonly studios: readonly {
    readonly id: string
    readonly name: string
    readonly shortName: string
    readonly blocks: readonly TodayBlock[]
  }[]
  readonly pickUp: {
    readonly cutOffMs: number
    /** Orders picked up since local midnight. */
    readonly pickedUp: number
    /** Open orders due before the view ends. */
    readonly due: number
    readonly nextDueMs: number | null
    readonly late: {
      readonly sessionId: string | null
      readonly merchant: string
      readonly orders: number
      readonly dueMs: number
    } | null
  }
  readonly sessions: readonly TodaySession[]
  readonly matters: readonly Matter[]
  readonly handled: readonly { readonly id: string; readonly atMs: number; readonly what: Sentence }[]
  readonly asOfMs: number
}

export interface SearchHit {
  readonly kind: 'merchant' | 'session' | 'sku' | 'order'
  readonly id: string
  readonly title: string
  readonly note: string
  readonly atMs: number | null
}

export const todayContract = {
  /** Everything the Today screen says, for one base or the whole belt. */
  'today/view': query(
    z.object({ baseId: z.string().nullable().default(null) }),
    SIGNED_IN,
  ).returns<TodayView>(),
  /** Merchants, sessions, SKUs and orders whose name, code or number contains the text. */
  'search/all': query(
    z.object({ text: z.string().trim().max(80), limit: z.number().int().min(1).max(50).default(20) }),
    SIGNED_IN,
  ).returns<SearchHit[]>(),
}
