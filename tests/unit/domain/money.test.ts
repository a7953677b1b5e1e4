import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatYuan, parseYuan, scaleFen } from '../../../shared/domain/money.ts'

describe('parseYuan', () => {
  it.each([
    ['¥236,552', 23_655_200],
    ['1234.5', 123_450],
    ['0.29', 29],
    ['-0.01', -1],
    ['−12.30', -1230],
    ['¥-5', -500],
    ['８８．８０', 8880],
    [' 12.300 ', 1230],
    ['19.90元', 1990],
  ])('reads %s exactly', (text, fen) => expect(parseYuan(text)).toBe(fen))

  it.each(['', '-', '—', 'abc', '1.234', '1,23', '--1', '¥', '1e5', '99999999999999999'])(
    'refuses %s',
    (text) => expect(parseYuan(text)).toBeNull(),
  )

  it('is the inverse of formatYuan for every amount, grouped or not', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.boolean(), (fen, grouped) => {
        expect(parseYuan(formatYuan(fen, { grouped }))).toBe(fen)
      }),
    )
  })
})

describe('scaleFen', () => {
  it('rounds half away from zero without floats', () => {
    expect(scaleFen(150, 1, 100)).toBe(2)
    expect(scaleFen(-150, 1, 100)).toBe(-2)
    expect(scaleFen(149, 1, 100)).toBe(1)
    expect(scaleFen(9_007_199_254_740_991, 3, 3)).toBe(9_007_199_254_740_991)
  })
})
