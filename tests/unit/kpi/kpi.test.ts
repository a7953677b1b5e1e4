import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { carbonPerOrder } from '../../../shared/domain/kpi/carbon.ts'
import { cr4, gini, headCount, hhi, longTailShare, lorenz } from '../../../shared/domain/kpi/concentration.ts'
import { KPI_LIST, kpiChange, kpiDefinition, kpiVerdict } from '../../../shared/domain/kpi/definitions.ts'
import { medianHours, percentile, revisionClock } from '../../../shared/domain/kpi/revision.ts'
import { onTimeRate, ratio, returnRate } from '../../../shared/domain/kpi/sales.ts'
import { isSlotHit, lineUtilisation, oee } from '../../../shared/domain/kpi/utilisation.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../shared/domain/time.ts'

const NOW = Date.parse('2026-09-17T14:20:00+08:00')

describe('concentration', () => {
  const amounts = [400, 300, 200, 100, 0, 0]
  it('matches figures worked out by hand', () => {
    expect(cr4(amounts)).toBe(1)
    expect(hhi(amounts)).toBe(3000)
    expect(gini(amounts)).toBeCloseTo(0.5, 10)
    expect(longTailShare(amounts, 20)).toBeCloseTo(0.6, 10)
    expect(lorenz([1, 3])).toEqual([
      [0, 0],
      [0.5, 0.25],
      [1, 1],
    ])
  })

  it('has no opinion without sales', () => {
    expect([cr4([0, 0]), hhi([]), gini([0]), longTailShare([], 20)]).toEqual([null, null, null, null])
    expect(lorenz([0, 0])).toEqual([])
  })

  it('is zero for equals and the more the fewer hold it', () => {
    expect(gini([5, 5, 5, 5])).toBeCloseTo(0, 12)
    expect(gini([0, 0, 0, 20])).toBeCloseTo(0.75, 12)
  })

  it('agrees with the area under the Lorenz curve', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 60 }),
        (list) => {
          const curve = lorenz(list)
          fc.pre(curve.length > 0)
          let area = 0
          for (let i = 1; i < curve.length; i++)
            area += ((curve[i]![0] - curve[i - 1]![0]) * (curve[i]![1] + curve[i - 1]![1])) / 2
          expect(gini(list)).toBeCloseTo(1 - 2 * area, 8)
          expect(
            longTailShare(list, 20)! +
              list
                .slice()
                .sort((a, b) => b - a)
                .slice(0, headCount(list.length, 20))
                .reduce((a, b) => a + b, 0) /
                list.reduce((a, b) => a + b, 0),
          ).toBeCloseTo(1, 8)
        },
      ),
    )
  })
})

describe('rates with a deadline', () => {
  it('counts only orders that are due, and an open one as not kept', () => {
    const hour = (n: number) => NOW + n * HOUR_MS
    expect(
      onTimeRate(
        [
          { dueMs: hour(-5), pickedUpMs: hour(-6) },
          { dueMs: hour(-5), pickedUpMs: hour(-5) },
          { dueMs: hour(-5), pickedUpMs: hour(-4) },
          { dueMs: hour(-1), pickedUpMs: null },
          { dueMs: hour(2), pickedUpMs: null },
        ],
        NOW,
      ),
    ).toEqual({ kept: 2, due: 4, waiting: 1, rate: 0.5 })
  })

  it('judges returns on orders that had time to come back', () => {
    const signed = (days: number, returned: boolean) => ({ signedMs: NOW - days * DAY_MS, returned })
    expect(
      returnRate(
        [signed(20, true), signed(15, false), signed(3, true), { signedMs: null, returned: false }],
        NOW,
        15 * DAY_MS,
      ),
    ).toEqual({ returned: 1, mature: 2, waiting: 2, rate: 0.5 })
  })
})

describe('utilisation', () => {
  it('flags a line that ran more than its shifts', () => {
    expect(lineUtilisation(300, 600)).toEqual({ rate: 0.5, isSuspicious: false })
    expect(lineUtilisation(700, 600).isSuspicious).toBe(true)
    expect(lineUtilisation(10, 0).rate).toBeNull()
  })
  it('multiplies availability, performance and quality', () => {
    const result = oee({ shiftMin: 600, runMin: 480, goodUnits: 380, scrapUnits: 20, idealUnits: 500 })
    expect(result.value).toBeCloseTo(0.8 * 0.8 * 0.95, 12)
  })
  it('hits a slot only in time, in place, with the same person and for long enough', () => {
    const slot = {
      plannedStartMs: NOW,
      plannedEndMs: NOW + 180 * MINUTE_MS,
      actualStartMs: NOW + 10 * MINUTE_MS,
      actualEndMs: NOW + 172 * MINUTE_MS,
      sameStudio: true,
      sameStreamer: true,
    }
    expect(isSlotHit(slot, 10, 90)).toBe(true)
    expect(isSlotHit({ ...slot, actualStartMs: NOW + 11 * MINUTE_MS }, 10, 90)).toBe(false)
    expect(isSlotHit({ ...slot, actualEndMs: NOW + 171 * MINUTE_MS }, 10, 90)).toBe(false)
    expect(isSlotHit({ ...slot, sameStreamer: false }, 10, 90)).toBe(false)
    expect(isSlotHit({ ...slot, actualEndMs: null }, 10, 90)).toBe(false)
  })
})

describe('the revision clock', () => {
  const opened = (hoursAgo: number, answeredAfter: number | null) => ({
    openedMs: NOW - hoursAgo * HOUR_MS,
    answeredMs: answeredAfter === null ? null : NOW - (hoursAgo - answeredAfter) * HOUR_MS,
  })
  it('counts an overdue open case against, and lets a young one wait', () => {
    expect(
      revisionClock([opened(200, 20), opened(200, 80), opened(100, null), opened(10, null)], 72, NOW),
    ).toMatchObject({
      kept: 1,
      known: 3,
      waiting: 1,
      onClock: 1 / 3,
    })
  })
  it('censors open cases instead of forgetting them', () => {
    const cases = [
      opened(300, 10),
      opened(300, 30),
      opened(300, 50),
      opened(200, null),
      opened(200, null),
      opened(200, null),
    ]
    expect(medianHours(cases, NOW)).toBe(50)
    expect(medianHours(cases.slice(1), NOW)).toBeNull()
    expect(medianHours([opened(9, null)], NOW)).toBeNull()
  })
  it('takes the nearest rank', () => {
    expect(percentile([5, 1, 9, 3], 50)).toBe(3)
    expect(percentile([5, 1, 9, 3], 90)).toBe(9)
    expect(percentile([], 90)).toBeNull()
  })
})

describe('carbon', () => {
  it('adds its parts and divides by shipped orders', () => {
    const result = carbonPerOrder(
      { studioKwh: 100, lineKwh: 1000, packagingKg: 50, outboundTkm: 200, returnTkm: 20, shippedOrders: 400 },
      { gridPerKwh: 0.6191, packagingPerKg: 0.94, transportPerTkm: 0.15 },
    )
    expect(result.perOrderKg).toBeCloseTo((1100 * 0.6191 + 47 + 33) / 400, 10)
    expect(
      carbonPerOrder(
        { studioKwh: 1, lineKwh: 0, packagingKg: 0, outboundTkm: 0, returnTkm: 0, shippedOrders: 0 },
        { gridPerKwh: 1, packagingPerKg: 1, transportPerTkm: 1 },
      ).perOrderKg,
    ).toBeNull()
  })
})

describe('definitions', () => {
  it('tell good from bad by the KPI, not by up or down', () => {
    expect(kpiVerdict(kpiDefinition('returnRate'), -0.007)).toBe('better')
    expect(kpiVerdict(kpiDefinition('onTimeRate'), -0.016)).toBe('worse')
    expect(kpiVerdict(kpiDefinition('slotHitRate'), 0.001)).toBe('same')
    expect(kpiVerdict(kpiDefinition('gmvPaid'), null)).toBeNull()
  })
  it('tell a change as the KPI asks', () => {
    expect(kpiChange(kpiDefinition('gmvPaid'), 110, 100)).toBeCloseTo(0.1, 12)
    expect(kpiChange(kpiDefinition('onTimeRate'), 0.9, 0.95)).toBeCloseTo(-0.05, 12)
    expect(kpiChange(kpiDefinition('gmvPaid'), 110, 0)).toBeNull()
    expect(kpiChange(kpiDefinition('gmvPaid'), null, 5)).toBeNull()
  })
  it('are unique and never divide by nothing', () => {
    expect(new Set(KPI_LIST.map((row) => row.id)).size).toBe(KPI_LIST.length)
    expect(ratio(1, 0)).toBeNull()
    expect(() => kpiDefinition('nothing')).toThrow(RangeError)
  })
})
