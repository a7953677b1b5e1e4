import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  answerFacts,
  claimOf,
  decide,
  type ArbiterWorld,
  type ClaimRequest,
  type HeldGrant,
} from '../../../shared/ops/arbiter.ts'

const HOUR = 3_600_000
/** 2026-11-20 00:00 in UTC+8. */
const DAY = Date.UTC(2026, 10, 19, 16)

const claim = (extra: Partial<ClaimRequest> = {}): ClaimRequest => ({
  bookingId: 'b1',
  baseId: 'base',
  merchantId: 'm1',
  studioId: 's1',
  streamerIds: ['anna'],
  kit: [{ equipmentId: 'lamp', quantity: 2 }],
  startMs: DAY + 10 * HOUR,
  endMs: DAY + 12 * HOUR,
  beforeMin: 30,
  afterMin: 15,
  expiresMs: null,
  ...extra,
})

const world = (extra: Partial<ArbiterWorld> = {}): ArbiterWorld => ({
  nowMs: DAY,
  held: [],
  studios: [
    { id: 's1', openMin: 480, closeMin: 1440 },
    { id: 's2', openMin: 480, closeMin: 1440 },
  ],
  streamerIds: new Set(['anna', 'bo']),
  quantities: new Map([['lamp', 3]]),
  blockedMerchantIds: new Set(['bad']),
  zoneOffsetMin: 480,
  ...extra,
})

function grantsOf(request: ClaimRequest, at: ArbiterWorld): HeldGrant[] {
  const decision = decide(request, at)
  if (decision.outcome !== 'granted') throw new Error(`refused: ${decision.reason}`)
  return decision.units.map((unit) => ({ ...unit, bookingId: request.bookingId }))
}

describe('arbiter', () => {
  it('grants studio, streamer and kit units with the buffers inside', () => {
    const units = grantsOf(claim(), world())
    expect(units.map(({ resourceKey, unit }) => `${resourceKey}#${unit}`)).toStrictEqual([
      'studio:s1#1',
      'streamer:anna#1',
      'kit:lamp#1',
      'kit:lamp#2',
    ])
    expect(units[0]).toMatchObject({ startMs: DAY + 9.5 * HOUR, endMs: DAY + 12.25 * HOUR })
  })

  it('refuses an overlap with who holds it and with ways out that would be granted', () => {
    const held = grantsOf(claim({ bookingId: 'first' }), world())
    const later = claim({ startMs: DAY + 12 * HOUR, endMs: DAY + 13 * HOUR, streamerIds: ['bo'], kit: [] })
    const decision = decide(later, world({ held }))
    expect(decision).toMatchObject({ outcome: 'refused', reason: 'studio-taken', heldBy: 'first' })
    if (decision.outcome !== 'refused') return
    expect(decision.alternatives).toHaveLength(3)
    expect(decision.alternatives[0]).toMatchObject({ studioId: 's2', startMs: later.startMs })
    for (const way of decision.alternatives)
      expect(decide({ ...later, ...way }, world({ held })).outcome).toBe('granted')
  })

  it('refuses a streamer who is elsewhere and kit that does not suffice', () => {
    const held = grantsOf(claim({ bookingId: 'first' }), world())
    expect(decide(claim({ studioId: 's2', kit: [] }), world({ held }))).toMatchObject({
      reason: 'streamer-taken',
    })
    expect(decide(claim({ studioId: 's2', streamerIds: ['bo'] }), world({ held }))).toMatchObject({
      reason: 'kit-short',
      heldBy: 'first',
    })
    const one = claim({ studioId: 's2', streamerIds: ['bo'], kit: [{ equipmentId: 'lamp', quantity: 1 }] })
    expect(grantsOf(one, world({ held })).at(-1)).toMatchObject({ resourceKey: 'kit:lamp', unit: 3 })
  })

  it.each([
    ['merchant-blocked', { merchantId: 'bad' }, {}],
    ['closed', { startMs: DAY + 2 * HOUR, endMs: DAY + 3 * HOUR }, {}],
    ['closed', { startMs: DAY + 23 * HOUR, endMs: DAY + 25 * HOUR }, {}],
    ['expired', { expiresMs: DAY - 1 }, {}],
    ['unknown-resource', { studioId: 'nowhere' }, {}],
    ['unknown-resource', { streamerIds: ['nobody'] }, {}],
    ['unknown-resource', { kit: [{ equipmentId: 'x', quantity: 1 }] }, {}],
    ['unknown-resource', { kit: [{ equipmentId: 'lamp', quantity: 0 }] }, {}],
    ['bad-interval', { endMs: DAY }, {}],
    ['bad-interval', { startMs: Number.NaN }, {}],
  ] as const)('refuses as %s', (reason, extra, at) => {
    expect(decide(claim(extra), world(at))).toMatchObject({ outcome: 'refused', reason })
  })

  it('opening hours may pass midnight', () => {
    const night = world({ studios: [{ id: 's1', openMin: 480, closeMin: 1680 }] })
    expect(decide(claim({ startMs: DAY + 25 * HOUR, endMs: DAY + 27 * HOUR }), night).outcome).toBe('granted')
    expect(decide(claim({ startMs: DAY + 25 * HOUR, endMs: DAY + 29 * HOUR }), night).outcome).toBe('refused')
  })

  it('never grants a unit twice over any sequence of claims', () => {
    const anyClaim = fc.record({
      studioId: fc.constantFrom('s1', 's2'),
      streamerIds: fc.subarray(['anna', 'bo']),
      kit: fc.nat(3).map((quantity) => (quantity > 0 ? [{ equipmentId: 'lamp', quantity }] : [])),
      hour: fc.integer({ min: 8, max: 20 }),
      hours: fc.integer({ min: 1, max: 4 }),
      beforeMin: fc.constantFrom(0, 30),
      afterMin: fc.constantFrom(0, 15),
    })
    fc.assert(
      fc.property(fc.array(anyClaim, { maxLength: 20 }), (claims) => {
        const held: HeldGrant[] = []
        for (const [index, { hour, hours, ...rest }] of claims.entries()) {
          const startMs = DAY + hour * HOUR
          const request = claim({ ...rest, bookingId: `b${index}`, startMs, endMs: startMs + hours * HOUR })
          const decision = decide(request, world({ held }))
          expect(decide(request, world({ held: [...held].reverse() }))).toStrictEqual(decision)
          if (decision.outcome === 'granted')
            held.push(...decision.units.map((unit) => ({ ...unit, bookingId: request.bookingId })))
        }
        for (const [i, a] of held.entries())
          for (const b of held.slice(i + 1))
            if (a.resourceKey === b.resourceKey && a.unit === b.unit)
              expect(a.startMs >= b.endMs || b.startMs >= a.endMs).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('writes one fact per granted unit with rising fences, and one answer', () => {
    const request = claim()
    const facts = answerFacts(request, decide(request, world()), { firstFence: 7, term: 2, nowMs: DAY })
    expect(facts.map(({ table, fields }) => [table, fields.fence ?? fields.outcome])).toStrictEqual([
      ['resourceGrant', 7],
      ['resourceGrant', 8],
      ['resourceGrant', 9],
      ['resourceGrant', 10],
      ['claimAnswer', 'granted'],
    ])
  })

  it('reads a booking row, and a malformed one is refused rather than thrown', () => {
    const row = {
      studioId: 's1',
      streamerIds: ['anna', 'anna'],
      kit: [{ equipmentId: 'lamp', quantity: 2 }],
      startMs: 'x',
    }
    const read = claimOf('b9', row)
    expect(read.streamerIds).toStrictEqual(['anna'])
    expect(decide(read, world())).toMatchObject({ outcome: 'refused', reason: 'bad-interval' })
    expect(decide(claimOf('b9', { ...row, kit: [null, 3], startMs: 0, endMs: 1 }), world())).toMatchObject({
      reason: 'unknown-resource',
    })
  })
})
