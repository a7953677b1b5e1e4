import { describe, expect, it } from 'vitest'
import {
  addDays,
  atMinute,
  dayKeyOf,
  dayStartMs,
  daysBetween,
  eachDay,
  formatLocalStamp,
  isDayKey,
  isoWeekday,
  minuteOfDay,
  offsetMin,
  parseLocalStamp,
} from '../../../shared/domain/time.ts'

const ZONE = 'Asia/Shanghai'
const ms = (iso: string) => Date.parse(iso)

describe('natural days', () => {
  it('turns over at local midnight, not at UTC midnight', () => {
    expect(dayKeyOf(ms('2026-09-16T15:59:59Z'), ZONE)).toBe('2026-09-16')
    expect(dayKeyOf(ms('2026-09-16T16:00:00Z'), ZONE)).toBe('2026-09-17')
    expect(dayStartMs('2026-09-17', ZONE)).toBe(ms('2026-09-17T00:00:00+08:00'))
  })

  it('counts minutes past 1440 into the next day', () => {
    expect(atMinute('2026-09-17', 1530, ZONE)).toBe(ms('2026-09-18T01:30:00+08:00'))
    expect(minuteOfDay(ms('2026-09-18T01:30:59+08:00'), ZONE)).toBe(90)
  })

  it('walks over months, leap days and years', () => {
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(daysBetween('2026-09-17', '2026-09-01')).toBe(-16)
    expect(eachDay('2026-02-27', '2026-03-01')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
    expect(eachDay('2026-03-02', '2026-03-01')).toEqual([])
  })

  it('knows weekdays', () => {
    expect(isoWeekday('2026-09-17')).toBe(4)
    expect(isoWeekday('2026-09-20')).toBe(7)
    expect(isoWeekday('1969-12-29')).toBe(1)
  })

  it('refuses days that do not exist', () => {
    expect(isDayKey('2026-02-29')).toBe(false)
    expect(isDayKey('2026-2-9')).toBe(false)
    expect(() => dayStartMs('2026-13-01', ZONE)).toThrow(RangeError)
  })
})

describe('zones', () => {
  it('takes fixed offsets and refuses zones with changing rules', () => {
    expect(offsetMin('+05:30')).toBe(330)
    expect(offsetMin('-03:00')).toBe(-180)
    expect(() => offsetMin('Europe/Berlin')).toThrow(RangeError)
    expect(dayKeyOf(ms('2026-09-17T02:59:00Z'), '-03:00')).toBe('2026-09-16')
  })
})

describe('stamps', () => {
  it('reads both date styles of the platforms', () => {
    expect(parseLocalStamp('2026/09/07 08:55:37', ZONE)).toBe(ms('2026-09-07T08:55:37+08:00'))
    expect(parseLocalStamp('2026-09-07 08:55', ZONE)).toBe(ms('2026-09-07T08:55:00+08:00'))
    expect(formatLocalStamp(ms('2026-09-07T08:55:37+08:00'), ZONE)).toBe('2026-09-07 08:55:37')
  })
  it.each(['2026-09-31 10:00', '2026-09-07 24:00', '2026/9/10', 'x', ''])('refuses %s', (text) =>
    expect(parseLocalStamp(text, ZONE)).toBeNull(),
  )
})
