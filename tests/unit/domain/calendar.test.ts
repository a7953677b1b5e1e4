import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  NO_HOLIDAYS,
  everyDay,
  expandWindows,
  isWorkday,
  mergeWindows,
  overlapMs,
  subtractWindows,
  workCalendar,
  workingDayAfter,
  type Window,
} from '../../../shared/domain/calendar.ts'
import { DAY_MS, HOUR_MS, dayStartMs } from '../../../shared/domain/time.ts'

const ZONE = 'Asia/Shanghai'
const at = (iso: string) => Date.parse(`${iso}+08:00`)
const CHINA_2026 = workCalendar([
  { year: 2026, holidays: ['2026-09-25', '2026-10-01'], makeUpWorkdays: ['2026-09-20'] },
])
const WEEKDAYS = [{ days: [1, 2, 3, 4, 5], fromMin: 480, toMin: 1200 }]

const expand = (from: string, to: string, patterns = WEEKDAYS, keepsHolidays = true, calendar = CHINA_2026) =>
  expandWindows({
    patterns,
    fromMs: at(`${from}T00:00:00`),
    toMs: at(`${to}T00:00:00`),
    timeZone: ZONE,
    calendar,
    keepsHolidays,
  })

describe('expandWindows', () => {
  it('opens each working day and stays shut on a holiday', () => {
    const { windows } = expand('2026-09-24', '2026-09-27')
    expect(windows).toEqual([[at('2026-09-24T08:00:00'), at('2026-09-24T20:00:00')]])
  })

  it('works a make-up Sunday by the pattern of a weekday', () => {
    const { windows } = expand('2026-09-19', '2026-09-21')
    expect(windows).toEqual([[at('2026-09-20T08:00:00'), at('2026-09-20T20:00:00')]])
  })

  it('ignores the public calendar where it does not rule', () => {
    expect(expand('2026-09-25', '2026-09-26', everyDay(480, 1560), false).windows).toEqual([
      [at('2026-09-25T00:00:00'), at('2026-09-25T02:00:00')],
      [at('2026-09-25T08:00:00'), at('2026-09-26T00:00:00')],
    ])
  })

  it('lets a night shift that starts before the range run into it, and into a holiday', () => {
    const night = [{ days: [4], fromMin: 1200, toMin: 1680 }]
    expect(expand('2026-09-25', '2026-09-26', night).windows).toEqual([
      [at('2026-09-25T00:00:00'), at('2026-09-25T04:00:00')],
    ])
  })

  it('takes out the time a line is down', () => {
    const { windows } = expandWindows({
      patterns: WEEKDAYS,
      fromMs: at('2026-09-17T00:00:00'),
      toMs: at('2026-09-18T00:00:00'),
      timeZone: ZONE,
      calendar: CHINA_2026,
      keepsHolidays: true,
      closed: [[at('2026-09-17T10:00:00'), at('2026-09-17T11:00:00')]],
    })
    expect(windows.map(([from, to]) => (to - from) / HOUR_MS)).toEqual([2, 9])
  })

  it('names the years whose holidays nobody entered', () => {
    expect(expand('2026-12-30', '2027-01-02').missingYears).toEqual([2027])
    expect(expand('2026-12-30', '2027-01-02', WEEKDAYS, false).missingYears).toEqual([])
  })

  it('gives sorted, disjoint windows inside the range for any pattern', () => {
    const pattern = fc.record({
      days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      fromMin: fc.integer({ min: 0, max: 1439 }),
      length: fc.integer({ min: 1, max: 1440 }),
    })
    const fromMs = dayStartMs('2026-09-14', ZONE)
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 5 }), fc.integer({ min: 1, max: 12 }), (rows, days) => {
        const patterns = rows.map(({ days: on, fromMin, length }) => ({
          days: on,
          fromMin,
          toMin: fromMin + length,
        }))
        const toMs = fromMs + days * DAY_MS
        const { windows } = expandWindows({
          patterns,
          fromMs,
          toMs,
          timeZone: ZONE,
          calendar: NO_HOLIDAYS,
          keepsHolidays: false,
        })
        windows.forEach(([start, end], index) => {
          expect(start).toBeGreaterThanOrEqual(fromMs)
          expect(end).toBeLessThanOrEqual(toMs)
          expect(end).toBeGreaterThan(start)
          if (index > 0) expect(start).toBeGreaterThan(windows[index - 1]![1])
        })
      }),
    )
  })
})

describe('window arithmetic', () => {
  const window = fc
    .tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 100 }))
    .map(([start, length]): Window => [start, start + length])

  it('keeps every minute exactly once: what is left plus what was taken is what was there', () => {
    fc.assert(
      fc.property(fc.array(window), fc.array(window), (open, holes) => {
        const merged = mergeWindows(open)
        const cut = mergeWindows(holes)
        const rest = subtractWindows(merged, cut)
        for (let minute = 0; minute < 610; minute += 7) {
          const isIn = (windows: readonly Window[]) => overlapMs(windows, minute, minute + 1) === 1
          expect(isIn(rest)).toBe(isIn(merged) && !isIn(cut))
        }
      }),
    )
  })
})

describe('working days', () => {
  it('counts make-up workdays and skips holidays', () => {
    expect(isWorkday('2026-09-20', CHINA_2026)).toBe(true)
    expect(isWorkday('2026-09-25', CHINA_2026)).toBe(false)
    expect(workingDayAfter('2026-09-18', 3, CHINA_2026)).toBe('2026-09-22')
    expect(workingDayAfter('2026-09-24', 1, CHINA_2026)).toBe('2026-09-28')
  })
})
