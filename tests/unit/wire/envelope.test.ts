import zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../shared/ops/bytes.ts'
import { compressionOf } from '../../../shared/wire/compression.ts'
import { formatEnrolCode, parseEnrolCode } from '../../../shared/wire/enrol-code.ts'
import { chooseCoding, seal, unseal } from '../../../shared/wire/envelope.ts'

const full = compressionOf(zlib)
const old = compressionOf(zlib, { zstd: false })

describe('envelope', () => {
  it('comes back whole with zstd, gzip or nothing', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 2000 }),
        fc.constantFrom('zstd' as const, 'gzip' as const, 'none' as const),
        (body, coding) => {
          expect(new Uint8Array(unseal(full, seal(full, coding, body)))).toStrictEqual(body)
        },
      ),
    )
  })

  it('falls back to gzip with a peer that has no zstd', () => {
    expect(chooseCoding(full.accepts, old.accepts)).toBe('gzip')
    const body = new Uint8Array(5000).fill(7)
    const envelope = seal(old, chooseCoding(old.accepts, full.accepts), body)
    expect(envelope[0]).toBe(1)
    expect(new Uint8Array(unseal(full, envelope))).toStrictEqual(body)
    expect(() => unseal(old, seal(full, 'zstd', body))).toThrow(DecodeError)
  })

  it('refuses what grows too large, and damaged bytes', () => {
    const bomb = seal(full, 'zstd', new Uint8Array(1_000_000))
    expect(bomb.length).toBeLessThan(1000)
    expect(() => unseal(full, bomb, 100_000)).toThrow(DecodeError)
    expect(() => unseal(full, seal(full, 'gzip', new Uint8Array(1_000_000)), 100_000)).toThrow(DecodeError)
    expect(() => unseal(full, Uint8Array.from([2, 1, 2, 3]))).toThrow(DecodeError)
    expect(() => unseal(full, Uint8Array.from([9, 1]))).toThrow(DecodeError)
    expect(() => unseal(full, new Uint8Array())).toThrow(DecodeError)
  })
})

describe('joining code', () => {
  const anyCode = fc.record({
    secret: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    hubFingerprint: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    tlsFingerprint: fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 })),
  })

  it('is read as people type it', () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        const text = formatEnrolCode(code)
        expect(parseEnrolCode(text)).toEqual(code)
        expect(
          parseEnrolCode(
            ` ${text.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `,
          ),
        ).toEqual(code)
      }),
    )
  })

  it('notices every single slip of the pen', () => {
    const text = formatEnrolCode(fc.sample(anyCode, { numRuns: 1, seed: 7 })[0]!)
    for (let at = 0; at < text.length - 1; at++) {
      if (text[at] === '-') continue
      const wrong = text.slice(0, at) + (text[at] === '7' ? '8' : '7') + text.slice(at + 1)
      expect(() => parseEnrolCode(wrong)).toThrow(DecodeError)
    }
    expect(() => parseEnrolCode('hello')).toThrow(DecodeError)
    expect(() => parseEnrolCode('')).toThrow(DecodeError)
  })
})
