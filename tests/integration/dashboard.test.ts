import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCore, type TestCore } from '../helpers/core.ts'
import { rebuildKpi } from '../../electron/core/features/dashboard/rollups.ts'
import { gini } from '../../shared/domain/kpi/concentration.ts'
import { compensationFen, promiseHoursOf } from '../../shared/domain/promise.ts'
import { DAY_MS, HOUR_MS, dayStartMs } from '../../shared/domain/time.ts'
import type { Db } from '../../electron/sqlite/open.ts'
import { ORDER_STATE } from '../fixtures/rows.ts'

const ZONE = 'Asia/Shanghai'
const PERIOD = { fromDay: '2026-09-03', toDay: '2026-09-16' }
const TABLES = ['kpiDaySales', 'kpiDayPromise', 'kpiDayReturn', 'kpiDemand', 'kpiLineDay', 'kpiSessionHour']
const COUNTS: Readonly<Record<string, string>> = {
  kpiDaySales: 'lines',
  kpiDayPromise: 'orders',
  kpiDayReturn: 'signed',
  kpiDemand: 'orders',
  kpiLineDay: 'runs',
  kpiSessionHour: 'airMs',
}

let core: TestCore
let db: Db
beforeAll(async () => {
  core = startCore()
  await core.call('app/openDemo', {})
  db = core.core.services.belt().store.db
})
afterAll(() => core.close())

/** All roll-up rows that say anything, in a fixed order. A line over midnight may have days without a run of its own. */
function rollups(): Record<string, unknown[]> {
  return Object.fromEntries(
    TABLES.map((table) => {
      const rows = db.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[]
      const spoken = rows.filter((row) => row[COUNTS[table]!] !== 0 || Number(row['spanMs'] ?? 0) !== 0)
      return [table, spoken.map((row) => JSON.stringify(row)).sort()]
    }),
  )
}

const overview = () => core.call('dashboard/overview', PERIOD)
const cellOf = async (id: string) => (await overview()).cells.find((cell) => cell.id === id)!
const sum = (sql: string, ...bound: (string | number)[]): number =>
  (db.prepare(sql).get(...bound) as { n: number | null }).n ?? 0
const SPAN = [dayStartMs(PERIOD.fromDay, ZONE), dayStartMs('2026-09-17', ZONE)] as const

describe('roll-ups', () => {
  it('say the same when they are counted again from the facts', () => {
    const before = rollups()
    db.transaction(() => rebuildKpi(db)).immediate()
    expect(rollups()).toEqual(before)
  })

  it('stay right while orders change, arrive late and are withdrawn', () => {
    const { services } = core.core
    const actor = core.core.actorOf(core.connection)
    const lines = db.prepare('SELECT id, paidFen FROM orderLine ORDER BY id LIMIT 40').all() as {
      id: string
      paidFen: number
    }[]
    const state = (status: string, extra: Record<string, string | number | null> = {}) => ({
      status,
      ...ORDER_STATE,
      ...extra,
    })
    services.transact(actor, ({ write, nowMs }) => {
      lines.forEach(({ id, paidFen }, index) => {
        const kinds = [
          state('to-ship'),
          state('shipped', { clickedShipMs: nowMs }),
          state('completed', { pickedUpMs: nowMs - DAY_MS, completedMs: nowMs }),
          state('closed', { afterSale: 'refunded', refundFen: paidFen }),
          state('withdrawn'),
        ]
        write.fact('orderState', { orderLineId: id, asOfMs: nowMs + 1000, ...kinds[index % kinds.length]! })
        // An older word that arrives later changes nothing.
        write.fact('orderState', { orderLineId: id, asOfMs: 1000, ...state('to-ship') })
        if (index % 4 === 0)
          write.fact('returnItem', {
            orderLineId: id,
            requestedMs: nowMs,
            receivedMs: null,
            reason: '破损',
            isQuality: true,
            refundFen: 0,
            sourceKey: null,
          })
      })
    })
    const session = db.prepare("SELECT id FROM liveSession WHERE status = 'ended' LIMIT 1").get() as {
      id: string
    }
    services.transact(actor, ({ write }) => write.set('liveSession', session.id, { status: 'cancelled' }))
    const before = rollups()
    db.transaction(() => rebuildKpi(db)).immediate()
    expect(rollups()).toEqual(before)
  })

  it('divide a run over midnight between its days', () => {
    const { services } = core.core
    const line = db.prepare("SELECT id FROM productionLine WHERE kind = 'line' LIMIT 1").get() as {
      id: string
    }
    const startMs = dayStartMs('2026-08-01', ZONE) + 23 * HOUR_MS
    services.transact(core.core.actorOf(core.connection), ({ write }) => {
      write.fact('lineRun', {
        lineId: line.id,
        startMs,
        endMs: startMs + 4 * HOUR_MS,
        kind: 'run',
        skuId: null,
        goodUnits: 100,
        scrapUnits: 1,
      })
    })
    const rows = db
      .prepare(
        "SELECT day, spanMs, goodUnits, runs FROM kpiLineDay WHERE day BETWEEN '2026-08-01' AND '2026-08-02' ORDER BY day",
      )
      .all()
    expect(rows).toEqual([
      { day: '2026-08-01', spanMs: HOUR_MS, goodUnits: 100, runs: 1 },
      { day: '2026-08-02', spanMs: 3 * HOUR_MS, goodUnits: 0, runs: 0 },
    ])
  })
})

describe('the belt dashboard', () => {
  it('sums sales over exactly the rows behind them', async () => {
    const cell = await cellOf('gmvPaid')
    const direct = sum(
      `SELECT sum(orderLine.paidFen) AS n FROM orderLine JOIN orderNow ON orderNow.orderLineId = orderLine.id
       WHERE orderLine.paidMs >= ? AND orderLine.paidMs < ? AND orderLine.isGift = 0 AND orderNow.status <> 'withdrawn'`,
      ...SPAN,
    )
    expect(cell.value).toBe(direct)
    let paid = 0
    let cursor: string | null = null
    const seen = new Set<unknown>()
    do {
      const page: Awaited<ReturnType<typeof rowsOf>> = await rowsOf(cursor)
      const at = page.columns.findIndex((column) => column.key === 'paidFen')
      for (const row of page.rows) {
        paid += Number(row[at])
        seen.add(row[0])
      }
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(paid).toBe(direct)
    expect(seen.size).toBeGreaterThan(1000)
    function rowsOf(from: string | null) {
      return core.call('dashboard/rows', { kpi: 'gmvPaid', ...PERIOD, cursor: from, limit: 333 })
    }
  })

  it('measures promises by pick-up against the due instant', async () => {
    const cell = await cellOf('onTimeRate')
    const rows = db
      .prepare(
        `SELECT orderNow.dueMs, coalesce(orderNow.pickedUpMs, orderNow.clickedShipMs) AS at FROM orderNow JOIN orderLine ON orderLine.id = orderNow.orderLineId
         WHERE orderNow.dueMs >= ? AND orderNow.dueMs < ? AND orderNow.isGift = 0 AND orderNow.status <> 'withdrawn'
           AND (orderNow.isOpen = 1 OR coalesce(orderNow.pickedUpMs, orderNow.clickedShipMs) IS NOT NULL)`,
      )
      .all(...SPAN) as { dueMs: number; at: number | null }[]
    expect(cell.denominator).toBe(rows.length)
    expect(cell.numerator).toBe(rows.filter((row) => row.at !== null && row.at <= row.dueMs).length)
  })

  it('divides the sales of families, merchants and days without losing a fen', async () => {
    const view = await overview()
    const total = view.cells.find((cell) => cell.id === 'gmvPaid')!.value
    expect(view.families.reduce((fen, family) => fen + family.totalFen, 0)).toBe(total)
    expect(view.families.every((family) => family.days.length === 14 && family.compare.length === 14)).toBe(
      true,
    )
    expect(view.families.flatMap((family) => family.days).reduce((fen, day) => fen + day.fen, 0)).toBe(total)
    expect(view.families[0]!.days.at(-1)).toMatchObject({ day: '2026-09-16', settled: false })
    expect(view.unsettledDays).toBe(2)
  })

  it('counts merchants without sales in the concentration', async () => {
    const { concentration } = await overview()
    const amounts = (
      db
        .prepare(
          `SELECT coalesce(sum(kpiDaySales.paidFen), 0) AS fen FROM merchant
           LEFT JOIN kpiDaySales ON kpiDaySales.merchantId = merchant.id AND kpiDaySales.day BETWEEN ? AND ? GROUP BY merchant.id`,
        )
        .all(PERIOD.fromDay, PERIOD.toDay) as { fen: number }[]
    ).map((row) => row.fen)
    expect(concentration.merchants).toBe(40)
    expect(concentration.gini).toBeCloseTo(gini(amounts)!, 12)
    expect(concentration.points.at(-1)![1]).toBeCloseTo(1, 12)
  })

  it('prices every open order by its promise', async () => {
    const { exposure, cells } = await overview()
    expect(cells.length).toBeGreaterThanOrEqual(8)
    const open = db
      .prepare(
        `SELECT orderLine.paidFen, orderNow.paidMs, orderNow.dueMs FROM orderNow JOIN orderLine ON orderLine.id = orderNow.orderLineId
         WHERE orderNow.isOpen = 1 AND orderNow.isGift = 0 AND orderNow.dueMs < ?`,
      )
      .all(dayStartMs('2026-09-23', ZONE)) as { paidFen: number; paidMs: number; dueMs: number }[]
    const fen = open.reduce(
      (total, order) =>
        total + compensationFen(order.paidFen, promiseHoursOf(order.paidMs, order.dueMs, ZONE)),
      0,
    )
    expect(exposure.totalFen).toBe(fen)
    expect(exposure.orders).toBe(open.length)
    expect(
      exposure.days.reduce((total, day) => total + day.le48Fen + day.h48to240Fen + day.gt240Fen, 0),
    ).toBe(fen)
    expect(exposure.merchants.reduce((total, row) => total + row.fen, 0) + exposure.others.fen).toBe(fen)
  })

  it('fills the heat map with minutes that were broadcast', async () => {
    const { heat } = await overview()
    const minutes = heat.reduce((total, cell) => total + cell.broadcastMin, 0)
    const direct = sum(
      'SELECT sum(airMs) / 60000 AS n FROM kpiSessionHour WHERE day BETWEEN ? AND ?',
      PERIOD.fromDay,
      PERIOD.toDay,
    )
    expect(Math.abs(minutes - direct)).toBeLessThan(heat.length)
    expect(heat.every((cell) => cell.bookableMin > 0 || cell.broadcastMin > 0)).toBe(true)
  })

  it('narrows to one base, and the bases add up', async () => {
    const { bases } = await core.call('app/state', {})
    const parts = await Promise.all(
      bases.map((base) => core.call('dashboard/overview', { ...PERIOD, baseId: base.id })),
    )
    const paid = (view: (typeof parts)[number]) =>
      view.cells.find((cell) => cell.id === 'gmvPaid')!.value ?? 0
    expect(parts.reduce((total, view) => total + paid(view), 0)).toBe(paid(await overview()))
  })

  it('has no opinion about days without any record', async () => {
    const view = await core.call('dashboard/overview', { fromDay: '2020-01-01', toDay: '2020-01-07' })
    const value = (id: string) => view.cells.find((cell) => cell.id === id)!.value
    expect(value('onTimeRate')).toBeNull()
    expect(value('returnRate')).toBeNull()
    expect(value('longTailShare')).toBeNull()
    expect(value('carbonPerOrder')).toBeNull()
    expect(value('gmvPaid')).toBe(0)
  })

  it('refuses periods that make no sense and cursors it never gave', async () => {
    const code = (work: Promise<unknown>) =>
      work.then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
    expect(await code(core.call('dashboard/overview', { fromDay: '2026-09-16', toDay: '2026-09-15' }))).toBe(
      'bad-input',
    )
    expect(await code(core.call('dashboard/overview', { fromDay: '2020-01-01', toDay: '2026-09-15' }))).toBe(
      'bad-input',
    )
    expect(await code(core.call('dashboard/rows', { kpi: 'gmvPaid', ...PERIOD, cursor: 'x' }))).toBe(
      'bad-input',
    )
    expect(await code(core.call('dashboard/rows', { kpi: 'nothing', ...PERIOD }))).toBe('bad-input')
  })

  it('defines every figure it shows', async () => {
    const definitions = await core.call('dashboard/definitions', {})
    const ids = new Set(definitions.map((definition) => definition.id))
    for (const cell of (await overview()).cells) expect(ids.has(cell.id)).toBe(true)
  })
})
