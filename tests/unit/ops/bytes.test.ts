import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter, DecodeError, fromHex, toHex } from '../../../shared/ops/bytes.ts'
import { decodeOp, encodeOp } from '../../../shared/ops/canonical.ts'
import { anyOp } from './any-op.ts'

const safeInt = fc.maxSafeInteger()

describe('byte writer and reader', () => {
  it('return every integer, double and text they were given', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ kind: fc.constant('int' as const), value: safeInt }),
            fc.record({ kind: fc.constant('uint' as const), value: fc.maxSafeNat() }),
            fc.record({ kind: fc.constant('double' as const), value: fc.double({ noNaN: true }) }),
            fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'binary' }) }),
          ),
        ),
        (items) => {
          const out = new ByteWriter(1)
          for (const item of items) {
            if (item.kind === 'text') out.text(item.value)
            else out[item.kind](item.value)
          }
          const input = new ByteReader(out.finish())
          for (const item of items) expect(input[item.kind]()).toStrictEqual(item.value)
          expect(input.left).toBe(0)
        },
      ),
    )
  })

  it('write the same UTF-8 as the platform', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        const out = new ByteWriter()
        out.utf8(text)
        expect(out.finish()).toStrictEqual(new Uint8Array(new TextEncoder().encode(text)))
      }),
    )
  })

  it('refuse what ends early or is not UTF-8', () => {
    expect(() => new ByteReader(new Uint8Array([0x80])).uint()).toThrow(DecodeError)
    expect(() => new ByteReader(new Uint8Array([3, 65])).text()).toThrow(DecodeError)
    for (const bytes of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8], [0xe4, 0xbd], [0xf4, 0x90, 0x80, 0x80]])
      expect(() => new ByteReader(new Uint8Array(bytes)).utf8(bytes.length)).toThrow(DecodeError)
    expect(() => new ByteReader(new Uint8Array(12).fill(0xff)).uint()).toThrow(DecodeError)
    expect(() => new ByteReader(new Uint8Array(12).fill(0xff)).int()).toThrow(DecodeError)
  })

  it('hexadecimal goes both ways', () => {
    expect(toHex(fromHex('00ff7a'))).toBe('00ff7a')
    expect(() => fromHex('0g')).toThrow(DecodeError)
  })
})

describe('canonical op bytes', () => {
  it('decode to the op they came from', () => {
    fc.assert(
      fc.property(anyOp, (op) => {
        expect(decodeOp(encodeOp(op))).toEqual(op)
      }),
    )
  })

  it('do not depend on the order of keys', () => {
    fc.assert(
      fc.property(anyOp, (op) => {
        const turned = { ...op, fields: Object.fromEntries(Object.entries(op.fields).reverse()) }
        expect(encodeOp(turned)).toStrictEqual(encodeOp(op))
      }),
    )
  })

  it('refuse numbers that no store can hold, and truncated bytes', () => {
    const op = fc.sample(anyOp, 1)[0]!
    expect(() => encodeOp({ ...op, fields: { a: Number.NaN } })).toThrow(RangeError)
    expect(() => encodeOp({ ...op, fields: { a: Infinity } })).toThrow(RangeError)
    const bytes = encodeOp(op)
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeOp(bytes.subarray(0, length))).toThrow(DecodeError)
  })
})
