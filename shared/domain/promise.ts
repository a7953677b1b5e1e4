import { scaleFen } from './money.ts'
import { HOUR_MS, addDays, atMinute, dayKeyOf, minuteOfDay } from './time.ts'

/** Douyin merchant rules on shipping time: courier PICK-UP counts, not the click on "shipped". */
export const SHIPPING_RULE = {
  source: '抖音电商 商家发货管理规则',
  /** Same-day promises: paid before this minute of the day ships the same day. */
  sameDayCutOffMin: 16 * 60,
  /** Paid at night starts counting in the morning. */
  nightFromMin: 18 * 60,
  nightUntilMin: 6 * 60,
} as const

/** Stock-out compensation: a share of the paid amount between two limits, by length of promise. */
export const COMPENSATION_TIERS = [
  { tier: 'le48', upToHours: 48, percent: 1, minFen: 200, maxFen: 5000 },
  { tier: 'h48to240', upToHours: 240, percent: 3, minFen: 300, maxFen: 5000 },
  { tier: 'gt240', upToHours: Number.POSITIVE_INFINITY, percent: 5, minFen: 500, maxFen: 5000 },
] as const
export type CompensationTier = (typeof COMPENSATION_TIERS)[number]['tier']

/** When the clock of a promise starts: at once by day, at 06:00 for what is paid from 18:00 to 06:00. */
export function promiseStartMs(paidMs: number, timeZone: string): number {
  const minute = minuteOfDay(paidMs, timeZone)
  const day = dayKeyOf(paidMs, timeZone)
  if (minute < SHIPPING_RULE.nightUntilMin) return atMinute(day, SHIPPING_RULE.nightUntilMin, timeZone)
  if (minute >= SHIPPING_RULE.nightFromMin)
    return atMinute(addDays(day, 1), SHIPPING_RULE.nightUntilMin, timeZone)
  return paidMs
}

/**
 * Latest pick-up for an order. `promiseHours` 0 is a same-day promise: paid before 16:00 goes the same natural day,
 * later the next one.
 */
export function pickUpDueMs(paidMs: number, promiseHours: number, timeZone: string): number {
  if (promiseHours > 0) return promiseStartMs(paidMs, timeZone) + promiseHours * HOUR_MS
  const day = dayKeyOf(paidMs, timeZone)
  const isLate = minuteOfDay(paidMs, timeZone) >= SHIPPING_RULE.sameDayCutOffMin
  return atMinute(addDays(day, isLate ? 2 : 1), 0, timeZone)
}

/** Hours promised, told from when an order was paid and when its pick-up is due; 0 for a same-day promise. */
export function promiseHoursOf(paidMs: number, dueMs: number, timeZone: string): number {
  return Math.max(0, Math.round((dueMs - promiseStartMs(paidMs, timeZone)) / HOUR_MS))
}

export function compensationTier(promiseHours: number): (typeof COMPENSATION_TIERS)[number] {
  return COMPENSATION_TIERS.find((tier) => promiseHours <= tier.upToHours) ?? COMPENSATION_TIERS[2]
}

/** What one order costs, in fen, when it cannot be shipped as promised. */
export function compensationFen(paidFen: number, promiseHours: number): number {
  const tier = compensationTier(promiseHours)
  return Math.min(tier.maxFen, Math.max(tier.minFen, scaleFen(paidFen, tier.percent, 100)))
}

/** The promise in force: the shortest of all that were made, including one spoken on air. Null when none was made. */
export function shortestPromiseHours(...hours: readonly (number | null)[]): number | null {
  const made = hours.filter((value): value is number => value !== null)
  return made.length === 0 ? null : Math.min(...made)
}
