import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../shared/ops/bytes.ts'
import { opId } from '../../../shared/ops/id.ts'
import type { CanonicalOp, Op } from '../../../shared/ops/types.ts'
import {
  decodeBatch,
  decodeCanonicalBatch,
  encodeBatch,
  encodeCanonicalBatch,
} from '../../../shared/wire/batch.ts'
import { anyOp } from '../ops/any-op.ts'

const link = { author: '0123456a', stream: 3, previousSeq: 0, head: new Uint8Array(32).fill(7) }

const anyCanonical: fc.Arbitrary<CanonicalOp> = fc
  .tuple(anyOp, fc.nat(1000), fc.record({ ms: fc.nat(2 ** 31), ctr: fc.nat(65535) }))
  .map(([op, hubSeq, stamp]) => ({ ...op, hubEpoch: 4, hubSeq, stamp }))

/** Ops as a device writes them: one stream, rising seqs, equal shapes. */
function typicalOps(count: number): Op[] {
  return Array.from({ length: count }, (_, index): Op => {
    const identity = { author: '0123456a', stream: 3, seq: index + 1 }
    return {
      ...identity,
      scope: 'base:0123456a001',
      lane: 'fact',
      kind: 'fact',
      table: 'stockMove',
      row: opId(identity),
      person: '0123456a002',
      at: { ms: 1_790_000_000_000 + index * 7919, ctr: 0 },
      fields: {
        skuId: opId({ author: '0123456a', stream: 1, seq: 1 + ((index * 37) % 160) }),
        quantity: ((index * 13) % 50) - 20,
        reason: index % 3 === 0 ? 'count' : 'sold',
        sourceKey: index % 5 === 0 ? null : `row ${index}`,
        rate: index / 4,
      },
    }
  })
}

describe('columnar batch', () => {
  it('gives any ops back, in order', () => {
    fc.assert(
      fc.property(fc.array(anyOp, { maxLength: 30 }), (ops) => {
        expect(decodeBatch(encodeBatch({ ops, links: [link], stamps: null }))).toEqual({
          ops,
          links: [link],
          stamps: null,
        })
      }),
      { numRuns: 300 },
    )
  })

  it('gives canonical ops and returned stamps back', () => {
    fc.assert(
      fc.property(fc.array(anyCanonical, { maxLength: 20 }), (ops) => {
        expect(decodeCanonicalBatch(encodeCanonicalBatch({ hubEpoch: 4, ops }))).toEqual({ hubEpoch: 4, ops })
        const stamps = ops.map(({ stamp }) => stamp)
        expect(decodeBatch(encodeBatch({ ops, links: [], stamps })).stamps).toEqual(stamps)
      }),
      { numRuns: 200 },
    )
  })

  it('spends few bytes on what repeats', () => {
    const ops = typicalOps(2000)
    const bytes = encodeBatch({ ops, links: [link], stamps: null })
    expect(decodeBatch(bytes).ops).toEqual(ops)
    expect(bytes.length / ops.length).toBeLessThan(20)
  })

  it('never hangs, crashes or over-allocates on damaged bytes', () => {
    const bytes = encodeBatch({ ops: typicalOps(40), links: [link], stamps: null })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (hits) => {
          const damaged = bytes.slice()
          for (const [at, value] of hits) damaged[at] = value
          try {
            decodeBatch(damaged)
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError)
          }
        },
      ),
      { numRuns: 2000 },
    )
    for (let length = 0; length < bytes.length; length += 7)
      expect(() => decodeBatch(bytes.subarray(0, length))).toThrow(DecodeError)
  })

  it('refuses more ops than allowed, other versions and the wrong kind', () => {
    const bytes = encodeBatch({ ops: typicalOps(11), links: [], stamps: null })
    expect(() => decodeBatch(bytes, { maxOps: 10 })).toThrow('too many ops')
    expect(() => decodeCanonicalBatch(bytes)).toThrow('wrong kind')
    expect(() => decodeBatch(Uint8Array.from([9, ...bytes.subarray(1)]))).toThrow('unknown batch version')
  })
})
