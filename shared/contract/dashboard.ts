import { z } from 'zod'
import { isDayKey } from '../domain/time.ts'
import type { KpiDefinition, KpiId } from '../domain/kpi/definitions.ts'
import { SIGNED_IN, query } from './define.ts'
import type { Sentence } from './planning.ts'

export interface KpiCell {
  readonly id: KpiId
  /** In the definition's unit; null when nothing can be said yet. */
  readonly value: number | null
  readonly numerator: number | null
  readonly denominator: number | null
  /** Against the comparison period, in the way `changeKind` says; null without one. */
  readonly change: number | null
  readonly changeKind: 'relative' | 'points' | 'absolute'
  readonly verdict: 'better' | 'worse' | 'same' | null
  readonly asOfMs: number
  /** What has still to come in before the figure is final. */
  readonly waiting: { readonly count: number; readonly what: Sentence } | null
  readonly note: Sentence
}

export interface FamilyDays {
  readonly family: string
  readonly totalFen: number
  readonly compareFen: number
  readonly change: number | null
  readonly days: readonly { readonly day: string; readonly fen: number; readonly settled: boolean }[]
  readonly compare: readonly number[]
}

export interface Concentration {
  /** Cumulative share of merchants (0..1, smallest first) against cumulative share of sales. */
  readonly points: readonly (readonly [number, number])[]
  readonly comparePoints: readonly (readonly [number, number])[]
  readonly merchants: number
  readonly cr4: number | null
  readonly hhi: number | null
  readonly gini: number | null
  readonly compareGini: number | null
  readonly tailTopPct: number
  readonly tailShare: number | null
}

export interface HeatCell {
  readonly weekday: number
  /** Hour counted from the midnight of the start day; 24 is 00:00 of the next. */
  readonly hour: number
  readonly broadcastMin: number
  readonly bookableMin: number
}

export interface Exposure {
  readonly totalFen: number
  readonly orders: number
  readonly days: readonly {
    readonly day: string
    readonly le48Fen: number
    readonly h48to240Fen: number
    readonly gt240Fen: number
    readonly orders: number
  }[]
  readonly merchants: readonly {
    readonly id: string
    readonly name: string
    readonly promiseHours: number | null
    readonly orders: number
    readonly fen: number
  }[]
  readonly others: { readonly merchants: number; readonly orders: number; readonly fen: number }
}

export interface BeltOverview {
  readonly fromDay: string
  readonly toDay: string
  readonly compareFromDay: string
  readonly compareToDay: string
  readonly cells: readonly KpiCell[]
  readonly families: readonly FamilyDays[]
  readonly unsettledDays: number
  readonly concentration: Concentration
  readonly heat: readonly HeatCell[]
  readonly bufferMin: number
  readonly exposure: Exposure
  readonly topMerchants: readonly {
    readonly id: string
    readonly name: string
    readonly sizeClass: string
    readonly paidFen: number
    readonly share: number
    readonly orders: number
  }[]
  readonly merchants: number
  readonly bases: number
  readonly dataUntilMs: number
  readonly asOfMs: number
}

export interface RowsPage {
  readonly columns: readonly {
    readonly key: string
    readonly kind: 'text' | 'day' | 'instant' | 'fen' | 'count' | 'ratio' | 'minutes' | 'bool'
  }[]
  readonly rows: readonly (readonly (string | number | null)[])[]
  readonly nextCursor: string | null
}

const dayKey = z.string().refine(isDayKey)
const period = z.object({
  fromDay: dayKey,
  toDay: dayKey,
  compareFromDay: dayKey.nullable().default(null),
  baseId: z.string().nullable().default(null),
})

export const dashboardContract = {
  /** At most 400 days; the comparison has the same length and by default comes right before. */
  'dashboard/overview': query(period, SIGNED_IN).returns<BeltOverview>(),
  /** The rows behind a number: orders, sessions, runs. Officials get them added up by merchant and day. */
  'dashboard/rows': query(
    z.object({
      kpi: z.string(),
      fromDay: dayKey,
      toDay: dayKey,
      baseId: z.string().nullable().default(null),
      cursor: z.string().max(200).nullable().default(null),
      limit: z.number().int().min(1).max(500).default(100),
    }),
    SIGNED_IN,
  ).returns<RowsPage>(),
  'dashboard/definitions': query(z.object({}), SIGNED_IN).returns<readonly KpiDefinition[]>(),
}
