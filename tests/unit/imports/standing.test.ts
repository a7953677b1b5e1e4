import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { netDemand } from '../../../shared/domain/demand.ts'
import {
  joinStandings,
  standingsEqual,
  type OrderStanding,
  type OrderStatus,
} from '../../../shared/domain/orders.ts'
import { decideAfterSale, decideOrder, mergeCases, type KnownLine } from '../../../shared/imports/compare.ts'
import type { OrderDraft } from '../../../shared/imports/order-row.ts'

const RANK: Record<OrderStatus, number> = { 'to-ship': 0, shipped: 1, completed: 2, closed: 2, withdrawn: 3 }

const standing = fc.record({
  status: fc.constantFrom<OrderStatus>('to-ship', 'shipped', 'completed', 'closed'),
  afterSale: fc.constantFrom('', 'open', 'refunded', 'closed'),
  pickedUpMs: fc.constant(null),
  clickedShipMs: fc.option(fc.integer({ min: 1, max: 9 })),
  completedMs: fc.option(fc.integer({ min: 1, max: 9 })),
  refundFen: fc.integer({ min: 0, max: 500 }),
  cancelReason: fc.constantFrom('', 'late'),
  asOfMs: fc.integer({ min: 1, max: 5 }),
})

const draftWith = (standing: OrderStanding): OrderDraft => ({
  source: 'doudian',
  orderNo: '1',
  subOrderNo: '1',
  productName: '',
  skuCode: 'a',
  quantity: 1,
  isGift: false,
  unitPriceFen: null,
  orderedMs: 1,
  paidMs: 1,
  payableFen: 1,
  paidFen: 1,
  promisedMs: null,
  provinceName: '',
  standing,
  refundIsExact: true,
  latestMs: 1,
})

describe('joining what a file says with what is known', () => {
  it('never moves an order backwards and never forgets an instant', () => {
    fc.assert(
      fc.property(standing, standing, (known, told) => {
        const joined = joinStandings(known, told, true)
        expect(RANK[joined.status]).toBeGreaterThanOrEqual(RANK[known.status])
        if (known.clickedShipMs !== null) expect(joined.clickedShipMs).not.toBeNull()
        if (told.asOfMs < known.asOfMs || known.afterSale === 'refunded')
          expect(joined.afterSale).toBe(known.afterSale)
        if (told.asOfMs < known.asOfMs) expect(joined.refundFen).toBe(known.refundFen)
      }),
      { numRuns: 2000 },
    )
  })

  it('says nothing new the second time', () => {
    fc.assert(
      fc.property(standing, standing, (known, told) => {
        const line: KnownLine = {
          lineId: 'x',
          quantity: 1,
          payableFen: 1,
          paidFen: 1,
          skuCode: 'a',
          standing: known,
        }
        const draft = draftWith(told)
        const first = decideOrder(line, draft, told.asOfMs)
        if (!first.standing) return
        expect(first.standing.asOfMs).toBeGreaterThan(known.asOfMs - 1)
        const again = decideOrder({ ...line, standing: first.standing }, draft, told.asOfMs)
        expect(again.standing).toBeNull()
      }),
      { numRuns: 2000 },
    )
  })

  it('takes an after-sale case that has come further from a file that looks older, and never twice', () => {
    const word = fc.record({
      afterSale: fc.constantFrom('open' as const, 'refunded' as const, 'closed' as const),
      refundFen: fc.integer({ min: 0, max: 500 }),
      reason: fc.constantFrom('', 'broken'),
    })
    fc.assert(
      fc.property(standing, word, fc.integer({ min: 1, max: 5 }), (known, told, asOfMs) => {
        const line: KnownLine = {
          lineId: 'x',
          quantity: 1,
          payableFen: 1,
          paidFen: 77,
          skuCode: 'a',
          standing: known,
        }
        const first = decideAfterSale(line, told, asOfMs)
        if (known.afterSale === '') expect(first.standing?.afterSale).toBe(told.afterSale)
        if (known.afterSale === 'refunded' && first.standing)
          expect(first.standing.afterSale).toBe('refunded')
        expect(first.standing?.status ?? known.status).toBe(known.status)
        if (!first.standing) return
        expect(first.standing.asOfMs).toBeGreaterThan(known.asOfMs)
        expect(decideAfterSale({ ...line, standing: first.standing }, told, asOfMs).standing).toBeNull()
      }),
      { numRuns: 2000 },
    )
    expect(
      mergeCases([
        { afterSale: 'closed', refundFen: 0, reason: 'a' },
        { afterSale: 'refunded', refundFen: 10, reason: 'b' },
        { afterSale: 'refunded', refundFen: 20, reason: 'c' },
      ]),
    ).toEqual({ afterSale: 'refunded', refundFen: 30, reason: 'b' })
  })

  it('brings a withdrawn line back, and keeps an exact refund over an assumed one', () => {
    const base: OrderStanding = {
      status: 'closed',
      afterSale: 'refunded',
      pickedUpMs: null,
      clickedShipMs: null,
      completedMs: null,
      refundFen: 100,
      cancelReason: '',
    }
    const told = { ...base, refundFen: 999, asOfMs: 9 }
    expect(joinStandings({ ...base, asOfMs: 1 }, told, false).refundFen).toBe(100)
    expect(joinStandings({ ...base, asOfMs: 1 }, told, true).refundFen).toBe(999)
    expect(
      standingsEqual(joinStandings({ ...base, status: 'withdrawn', asOfMs: 20 }, told, false), told),
    ).toBe(true)
  })
})

describe('net demand', () => {
  it('loses no unit, serves the earliest due first and asks per day', () => {
    const line = fc.record({
      quantity: fc.integer({ min: 1, max: 20 }),
      dueMs: fc.integer({ min: 0, max: 10 * 86_400_000 }),
    })
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.integer({ min: -5, max: 200 }), (lines, covered) => {
        const needs = netDemand(lines, covered, 'Asia/Shanghai')
        const open = lines.reduce((sum, item) => sum + item.quantity, 0)
        const wanted = needs.reduce((sum, need) => sum + need.quantity, 0)
        expect(wanted).toBe(Math.max(0, open - Math.max(0, covered)))
        expect(new Set(needs.map((need) => need.day)).size).toBe(needs.length)
        const served = lines.filter((item) => needs.every((need) => item.dueMs < need.dueMs))
        expect(served.reduce((sum, item) => sum + item.quantity, 0)).toBeLessThanOrEqual(Math.max(0, covered))
      }),
      { numRuns: 500 },
    )
  })
})
