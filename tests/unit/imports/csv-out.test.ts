import fc from 'fast-check'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { csvLine, guardCell, unguardCell } from '../../../shared/imports/csv-out.ts'

const FORMULA_START = /^[=+\-@\t\r]/
const nasty = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc
    .array(fc.constantFrom(...`='+-@\t\r\n",;＝＠a1 中`), { maxLength: 8 })
    .map((characters) => characters.join('')),
)

describe('CSV output', () => {
  it('never lets a cell begin like a formula, and gives every text back', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const guarded = guardCell(text)
        expect(guarded).not.toMatch(FORMULA_START)
        expect(unguardCell(guarded)).toBe(text)
      }),
      { numRuns: 3000 },
    )
  })

  it('survives a CSV reader', () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 2, maxLength: 6 }), (cells) => {
        const [read] = parse(csvLine(cells), { relax_column_count: true })
        expect(read?.map(unguardCell)).toEqual(cells)
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps long numbers as text and figures as figures', () => {
    expect(csvLine(['6917930000000000001', -1.5, null, true, '2026-09-10'])).toBe(
      "'6917930000000000001,-1.5,,1,2026-09-10",
    )
    expect(() => csvLine([Number.NaN])).toThrow(RangeError)
  })
})
