import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter, DecodeError } from '../../../shared/ops/bytes.ts'
import { opId } from '../../../shared/ops/id.ts'
import type { Op, Value } from '../../../shared/ops/types.ts'
import { decodeBatch, encodeBatch } from '../../../shared/wire/batch.ts'
import { readColumn, writeColumn } from '../../../shared/wire/columns.ts'
import { readSeries, writeSeries } from '../../../shared/wire/coded.ts'
import { RefTable } from '../../../shared/wire/refs.ts'
import { seeded } from '../../bench/sync/workload.ts'

function packed(values: readonly Value[]): { bytes: Uint8Array; refs: RefTable } {
  const out = new ByteWriter()
  const refs = new RefTable(2)
  writeColumn(out, values, refs)
  const whole = new ByteWriter()
  refs.write(whole)
  whole.raw(out.view())
  return { bytes: whole.finish(), refs }
}

function unpacked(bytes: Uint8Array, count: number): Value[] {
  const input = new ByteReader(bytes)
  const values = readColumn(input, count, RefTable.read(input, 2))
  if (input.left > 0) throw new DecodeError('bytes left')
  return values
}

const random = seeded(7)
const pick = (below: number): number => Math.floor(random() * below)

describe('coded columns', () => {
  it('give any numbers back', () => {
    const wide = fc.integer({ min: -(2 ** 50), max: 2 ** 50 })
    fc.assert(
      fc.property(
        fc.array(fc.oneof(wide, fc.integer({ min: -50, max: 50 })), { minLength: 1, maxLength: 80 }),
        fc.constantFrom(1, 100, 60_000),
        (numbers, step) => {
          const values = numbers.map((value) => Math.trunc(value / step) * step + 0)
          const out = new ByteWriter()
          writeSeries(out, values)
          expect(readSeries(new ByteReader(out.finish()), values.length)).toEqual(values)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('give any texts, references and gaps back', () => {
    const word = fc.oneof(
      fc.constantFrom('rod', 'reel', '轻抛竿', '路亚', ' ', '  ', '，', '12', '\n', '👍', 'é'),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    )
    const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '))
    const id = fc.nat(40).map((seq) => opId({ author: '0123456a', stream: seq % 3, seq: seq + 1 }))
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(fc.oneof(text, fc.constant(null)), { minLength: 1, maxLength: 90 }),
          fc.array(fc.oneof(id, fc.constant(null)), { minLength: 1, maxLength: 90 }),
          fc.array(
            fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => Math.round(value * 100) / 100 + 0),
            { minLength: 30, maxLength: 60 },
          ),
        ),
        (values) => {
          expect(unpacked(packed(values).bytes, values.length)).toEqual(values)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('cost what their surprise is worth', () => {
    const hours = Array.from({ length: 4000 }, () => [24, 48, 72][pick(3)]!)
    expect((packed(hours).bytes.length * 8) / 4000).toBeLessThan(Math.log2(3) + 0.1)
    const prices = Array.from({ length: 4000 }, () => 990 + 100 * pick(300))
    expect((packed(prices).bytes.length * 8) / 4000).toBeLessThan(Math.log2(300) + 0.6)
    const words = 'rod reel hook line bait box net fly cast lure trout carp float weight knot spool'.split(
      ' ',
    )
    const texts = Array.from({ length: 1000 }, () =>
      Array.from({ length: 8 }, () => words[pick(16)]!).join(' '),
    )
    expect((packed(texts).bytes.length * 8) / 8000).toBeLessThan(4.6)
  })

  it('leave what repeats to the compressor behind them', () => {
    const lines = Array.from(
      { length: 400 },
      (_, index) => `order ${index} was packed at the second table today`,
    )
    const { bytes } = packed(lines)
    expect(bytes[1]).not.toBe(15)
    expect(unpacked(bytes, lines.length)).toEqual(lines)
  })

  it('never hang, crash or over-allocate on damaged bytes', () => {
    const columns: Value[][] = [
      Array.from({ length: 60 }, () => pick(1_000_000)),
      Array.from(
        { length: 60 },
        () => `${'rod reel hook'.split(' ')[pick(3)]} ${'轻抛竿'[pick(3)]} ${'a b c d'.split(' ')[pick(4)]}`,
      ),
      Array.from({ length: 60 }, () => opId({ author: '0123456a', stream: 1, seq: 1 + pick(9) })),
    ]
    for (const values of columns) {
      const { bytes } = packed(values)
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          (hits) => {
            const damaged = bytes.slice()
            for (const [at, value] of hits) damaged[at] = value
            try {
              unpacked(damaged, values.length)
            } catch (error) {
              expect(error).toBeInstanceOf(DecodeError)
            }
          },
        ),
        { numRuns: 1500 },
      )
    }
  })

  it('refuse a small batch that would grow without end', () => {
    const long = 'x'.repeat(100_000)
    const ops = Array.from({ length: 2000 }, (_, index): Op => {
      const identity = { author: '0123456a', stream: 3, seq: index + 1 }
      return {
        ...identity,
        scope: 'belt',
        lane: 'fact',
        kind: 'fact',
        table: 'stockMove',
        row: opId(identity),
        person: null,
        at: { ms: 1, ctr: index },
        fields: { note: long },
      }
    })
    const bytes = encodeBatch({ ops, links: [], stamps: null })
    expect(bytes.length).toBeLessThan(200_000)
    expect(() => decodeBatch(bytes)).toThrow('grows too large')
  })
})
