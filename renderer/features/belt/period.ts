import { addDays } from '../../../shared/domain/time.ts'

export const SPANS = ['week', 'month', 'quarter'] as const
export type Span = (typeof SPANS)[number]
export const SPAN_DAYS: Record<Span, number> = { week: 7, month: 28, quarter: 91 }

export interface Period {
  readonly fromDay: string
  readonly toDay: string
}

/** Whole days up to and including yesterday: today is not over. */
export function periodOf(span: Span, today: string): Period {
  return { fromDay: addDays(today, -SPAN_DAYS[span]), toDay: addDays(today, -1) }
}

/** Same length: right before, or four weeks earlier on the same weekdays where that is further back. */
export function comparisons(period: Period, span: Span): { before: string; fourWeeks: string } {
  const days = SPAN_DAYS[span]
  return {
    before: addDays(period.fromDay, -days),
    fourWeeks: addDays(period.fromDay, -Math.ceil(days / 28) * 28),
  }
}
