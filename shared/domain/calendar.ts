import { DAY_MS, addDays, atMinute, dayKeyOf, isoWeekday, type DayKey } from './time.ts'
import type { WeeklyWindow } from './shapes.ts'

/** Half-open, epoch ms. */
export type Window = readonly [startMs: number, endMs: number]

/** The years a belt knows: which days are public holidays, and which weekend days are worked to make up for them. */
export interface WorkCalendar {
  readonly holidays: ReadonlySet<DayKey>
  readonly makeUpWorkdays: ReadonlySet<DayKey>
  readonly years: ReadonlySet<number>
}

export const NO_HOLIDAYS: WorkCalendar = { holidays: new Set(), makeUpWorkdays: new Set(), years: new Set() }

export function workCalendar(
  rows: readonly { year: number; holidays: readonly DayKey[]; makeUpWorkdays: readonly DayKey[] }[],
): WorkCalendar {
  return {
    holidays: new Set(rows.flatMap((row) => row.holidays)),
    makeUpWorkdays: new Set(rows.flatMap((row) => row.makeUpWorkdays)),
    years: new Set(rows.map((row) => row.year)),
  }
}

export interface Expansion {
  readonly windows: readonly (readonly [number, number])[]
  /** Years the expansion touched without knowing their holidays: a warning for people. */
  readonly missingYears: readonly number[]
}

/** Is the day worked by people who keep the public calendar? */
export function isWorkday(day: DayKey, calendar: WorkCalendar): boolean {
  if (calendar.makeUpWorkdays.has(day)) return true
  if (calendar.holidays.has(day)) return false
  return isoWeekday(day) <= 5
}

/** The `count`-th working day after `day` (make-up workdays count). */
export function workingDayAfter(day: DayKey, count: number, calendar: WorkCalendar): DayKey {
  let at = day
  for (let left = count; left > 0;) {
    at = addDays(at, 1)
    if (isWorkday(at, calendar)) left--
  }
  return at
}

/** Patterns that apply on a day: a make-up workday without its own pattern borrows the first weekday's. */
function patternsOn(day: DayKey, patterns: readonly WeeklyWindow[], calendar: WorkCalendar, keeps: boolean) {
  const weekday = isoWeekday(day)
  if (!keeps) return patterns.filter((pattern) => pattern.days.includes(weekday))
  if (calendar.holidays.has(day) && !calendar.makeUpWorkdays.has(day)) return []
  const own = patterns.filter((pattern) => pattern.days.includes(weekday))
  if (own.length > 0 || !calendar.makeUpWorkdays.has(day)) return own
  const borrowed = [1, 2, 3, 4, 5].find((candidate) =>
    patterns.some((pattern) => pattern.days.includes(candidate)),
  )
  return borrowed === undefined ? [] : patterns.filter((pattern) => pattern.days.includes(borrowed))
}

/** Sorted and merged; windows that touch become one. */
export function mergeWindows(windows: readonly Window[]): Window[] {
  const sorted = windows.filter(([start, end]) => end > start).sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const merged: [number, number][] = []
  for (const [start, end] of sorted) {
    const last = merged.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged
}

/** `windows` without `holes`. Both sorted and disjoint. */
export function subtractWindows(windows: readonly Window[], holes: readonly Window[]): Window[] {
  const rest: Window[] = []
  for (const [start, end] of windows) {
    let at = start
    for (const [holeStart, holeEnd] of holes) {
      if (holeEnd <= at || holeStart >= end) continue
      if (holeStart > at) rest.push([at, holeStart])
      at = Math.max(at, holeEnd)
    }
    if (at < end) rest.push([at, end])
  }
  return rest
}

/** Milliseconds of `[startMs, endMs)` that lie inside the windows. */
export function overlapMs(windows: readonly Window[], startMs: number, endMs: number): number {
  return windows.reduce(
    (sum, [from, to]) => sum + Math.max(0, Math.min(to, endMs) - Math.max(from, startMs)),
    0,
  )
}

/**
 * Weekly patterns → absolute open windows inside `[fromMs, toMs)`. A pattern belongs to the day it starts on, so a night
 * shift 20:00–28:00 on Friday runs into Saturday even when Saturday is a holiday.
 *
 * - `keepsHolidays`: closed on public holidays and open on make-up workdays (lines); otherwise every day of the
 *   pattern is open (studios, streamers)
 * - `closed`: stretches taken out, for example a line that is down
 */
export function expandWindows(input: {
  readonly patterns: readonly WeeklyWindow[]
  readonly fromMs: number
  readonly toMs: number
  readonly timeZone: string
  readonly calendar: WorkCalendar
  readonly keepsHolidays: boolean
  readonly closed?: readonly Window[]
}): Expansion {
  const { patterns, fromMs, toMs, timeZone, calendar, keepsHolidays } = input
  const longest = Math.max(1440, ...patterns.map((pattern) => pattern.toMin))
  const windows: [number, number][] = []
  const missing = new Set<number>()
  const last = dayKeyOf(toMs - 1, timeZone)
  let day = dayKeyOf(fromMs - Math.ceil(longest / 1440 - 1) * DAY_MS, timeZone)
  for (; day <= last; day = addDays(day, 1)) {
    if (keepsHolidays && !calendar.years.has(Number(day.slice(0, 4)))) missing.add(Number(day.slice(0, 4)))
    for (const pattern of patternsOn(day, patterns, calendar, keepsHolidays)) {
      const start = Math.max(fromMs, atMinute(day, pattern.fromMin, timeZone))
      const end = Math.min(toMs, atMinute(day, pattern.toMin, timeZone))
      if (end > start) windows.push([start, end])
    }
  }
  return {
    windows: subtractWindows(mergeWindows(windows), mergeWindows(input.closed ?? [])),
    missingYears: [...missing].sort((a, b) => a - b),
  }
}

/** Opening hours of every day as a weekly pattern. */
export const everyDay = (openMin: number, closeMin: number): WeeklyWindow[] => [
  { days: [1, 2, 3, 4, 5, 6, 7], fromMin: openMin, toMin: closeMin },
]
