import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeFormat } from '../../../renderer/app/format.ts'

const zh = makeFormat('zh-CN', 'Asia/Shanghai')
const en = makeFormat('en', 'Asia/Shanghai')
/** Thursday 17 September 2026, 14:20 in Shanghai. */
const NOW_MS = Date.UTC(2026, 8, 17, 6, 20)
const HOUR_MS = 3_600_000

describe('dates and times', () => {
  it('are the belt’s, whatever zone the machine is in', () => {
    expect(zh.time(NOW_MS)).toBe('14:20')
    expect(makeFormat('zh-CN', 'UTC').time(NOW_MS)).toBe('06:20')
  })
  it('have no space inside a Chinese date and one before the weekday', () => {
    expect(zh.dateWeekday(NOW_MS)).toBe('9月17日 周四')
    expect(en.dateWeekday(NOW_MS)).toBe('Thu 17 Sep')
  })
  it('drop the date on the same day only', () => {
    expect(zh.timeNear(NOW_MS - HOUR_MS, NOW_MS)).toBe('13:20')
    expect(zh.timeNear(NOW_MS - 15 * HOUR_MS, NOW_MS)).toBe('9月16日 23:20')
    expect(en.timeNear(NOW_MS + 24 * HOUR_MS, NOW_MS)).toBe('18 Sep 14:20')
  })
  it('name a month and a day as they name a date', () => {
    expect(zh.monthDay(9, 7)).toBe('9月7日')
    expect(en.monthDay(9, 7)).toBe('7 Sep')
  })
  it('write ranges with an en dash, unspaced', () => {
    expect(zh.timeRange(NOW_MS, NOW_MS + 3 * HOUR_MS)).toBe('14:20–17:20')
  })
  it('write midnight as 00:00', () => {
    expect(zh.time(Date.UTC(2026, 8, 17, 16))).toBe('00:00')
  })
  it('name minutes past midnight as the next day', () => {
    expect(zh.dayMinute(1320)).toBe('22:00')
    expect(zh.dayMinute(1680)).toBe('次日 04:00')
    expect(en.dayMinute(1680)).toBe('04:00 next day')
  })
  it('keep axis dates short', () => {
    expect(zh.axisDate(NOW_MS)).toBe('9/17')
  })
})

describe('what is written without the platform’s formatters reads as they write it', () => {
  const instant = fc.integer({ min: Date.UTC(1992, 0, 1), max: Date.UTC(2100, 0, 1) })
  const zone = fc.constantFrom('Asia/Shanghai', 'Asia/Urumqi', 'Asia/Tokyo', 'UTC')

  it('dates, weekdays and times', () => {
    fc.assert(
      fc.property(instant, zone, (ms, timeZone) => {
        const parts = (locale: string, options: Intl.DateTimeFormatOptions) =>
          new Intl.DateTimeFormat(locale, { timeZone, ...options }).format(ms)
        const made = { zh: makeFormat('zh-CN', timeZone), en: makeFormat('en', timeZone) }
        const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
        expect(made.zh.time(ms)).toBe(parts('en-GB', clock))
        expect(made.zh.date(ms)).toBe(parts('zh-CN', { month: 'long', day: 'numeric' }))
        expect(made.zh.weekday(ms)).toBe(parts('zh-CN', { weekday: 'short' }))
        expect(made.en.weekday(ms)).toBe(parts('en', { weekday: 'short' }))
        expect(made.en.date(ms)).toBe(
          `${parts('en', { day: 'numeric' })} ${parts('en-US', { month: 'short' })}`,
        )
      }),
      { numRuns: 200 },
    )
  })

  it('lists', () => {
    for (const names of [[], ['甲'], ['甲', '乙'], ['甲', '乙', '丙'], ['a', 'b', 'c', 'd']]) {
      expect(zh.list(names)).toBe(new Intl.ListFormat('zh-CN', { style: 'narrow' }).format(names))
      expect(en.list(names)).toBe(new Intl.ListFormat('en').format(names))
    }
  })

  it('figures, halves away from zero', () => {
    const decimal = fc.tuple(fc.integer({ min: -2e9, max: 2e9 }), fc.nat({ max: 6 }))
    const value = fc.oneof(
      decimal.map(([whole, shift]) => whole / 10 ** shift),
      fc.double({ noNaN: true, min: -1e13, max: 1e13 }),
    )
    fc.assert(
      fc.property(value, fc.nat({ max: 4 }), (figure, digits) => {
        const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
        const written = new Intl.NumberFormat('en-US', options).format(figure)
        expect(zh.number(figure, digits)).toBe(
          // There is no minus nothing.
          /[1-9]/.test(written) ? written.replace('-', '−') : written.replace('-', ''),
        )
      }),
      { numRuns: 2000 },
    )
    expect(zh.number(1.005, 2)).toBe('1.01')
    expect(zh.number(-0.2)).toBe('0')
  })
})

describe('durations', () => {
  it('leave out what is zero', () => {
    expect(zh.duration(40)).toBe('40 分')
    expect(zh.duration(280)).toBe('4 时 40 分')
    expect(zh.duration(120)).toBe('2 时')
    expect(zh.duration(0)).toBe('0 分')
    expect(en.duration(150)).toBe('2 h 30 min')
  })
  it('say minus with a minus sign, and never minus zero', () => {
    expect(zh.duration(-150)).toBe('−2 时 30 分')
    expect(zh.duration(-0.2)).toBe('0 分')
  })
})

describe('figures', () => {
  it('group thousands and use a minus sign', () => {
    expect(zh.number(14884)).toBe('14,884')
    expect(zh.number(-231)).toBe('−231')
    expect(zh.signed(3)).toBe('+3')
    expect(zh.signed(-1.6, 1)).toBe('−1.6')
    expect(zh.signed(0)).toBe('0')
  })
  it('write money from integer fen', () => {
    expect(zh.yuan(207_600)).toBe('¥2,076')
    expect(zh.yuan(2_076, 2)).toBe('¥20.76')
    expect(zh.yuan(-35_000)).toBe('−¥350')
  })
  it('split large sums into a figure and its unit, by language', () => {
    expect(zh.yuanShort(412_600_000)).toEqual({ figure: '¥412.6', unit: '万' })
    expect(zh.yuanShort(1_234_567_890_00)).toEqual({ figure: '¥12.35', unit: '亿' })
    expect(zh.yuanShort(999_900)).toEqual({ figure: '¥9,999', unit: '' })
    expect(en.yuanShort(412_600_000)).toEqual({ figure: '¥4.13', unit: 'M' })
  })
  it('write shares and sizes', () => {
    expect(zh.percent(0.932)).toBe('93.2%')
    expect(zh.bytes(48_234_496)).toBe('46 MB')
    expect(zh.bytes(900)).toBe('900 B')
  })
})
