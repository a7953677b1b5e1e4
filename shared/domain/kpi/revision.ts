import { HOUR_MS } from '../time.ts'

export interface RevisionClock {
  readonly openedMs: number
  readonly answeredMs: number | null
}

/**
 * The revision clock with open cases censored. `onClock` divides cases answered inside the clock by cases whose clock has
 * run out or that were answered; younger open cases wait. `medianHours` is the Kaplan-Meier median: null while fewer than
 * half are known to be answered.
 */
export function revisionClock(cases: readonly RevisionClock[], clockHours: number, asOfMs: number) {
  const clockMs = clockHours * HOUR_MS
  const known = cases.filter(
    (one) => (one.answeredMs !== null && one.answeredMs <= asOfMs) || asOfMs - one.openedMs >= clockMs,
  )
  const kept = known.filter(
    (one) => one.answeredMs !== null && one.answeredMs <= asOfMs && one.answeredMs - one.openedMs <= clockMs,
  ).length
  return {
    onClock: known.length === 0 ? null : kept / known.length,
    kept,
    known: known.length,
    waiting: cases.length - known.length,
    medianHours: medianHours(cases, asOfMs),
  }
}

/** Kaplan-Meier median of the time to answer, in hours; open cases are censored at `asOfMs`. */
export function medianHours(cases: readonly RevisionClock[], asOfMs: number): number | null {
  const spans = cases
    .map((one) => {
      const isAnswered = one.answeredMs !== null && one.answeredMs <= asOfMs
      return { ms: (isAnswered ? one.answeredMs : asOfMs) - one.openedMs, isAnswered }
    })
    .filter((span) => span.ms >= 0)
    .sort((a, b) => a.ms - b.ms || Number(b.isAnswered) - Number(a.isAnswered))
  let surviving = 1
  let atRisk = spans.length
  for (const span of spans) {
    if (span.isAnswered) surviving *= 1 - 1 / atRisk
    atRisk--
    if (surviving <= 0.5 + 1e-12) return span.ms / HOUR_MS
  }
  return null
}

/** Nearest-rank percentile; null for no values. */
export function percentile(values: readonly number[], pct: number): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((pct / 100) * sorted.length) - 1)]!
}
