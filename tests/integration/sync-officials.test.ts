import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Aggregator } from '../../electron/hub/aggregate.ts'
import type { RunningHub } from '../../electron/hub/index.ts'
import { noteBackup, truncate } from '../../electron/hub/truncate.ts'
import type { Role } from '../../shared/contract/define.ts'
import { dayKeyOf } from '../../shared/domain/time.ts'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { until } from '../helpers/sync-rig.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'
import { MERCHANT } from '../fixtures/rows.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const RULES = ['fairSlotPolicy', 'holidayYear', 'factor']
const OFFICIAL_TABLES = [...RULES, 'belt', 'liveBase', 'person', 'device', 'studio', 'dayAggregate']

let folder: string
let hub: RunningHub
let aggregator: Aggregator
const cores: TestCore[] = []
beforeEach(async () => {
  folder = tempDir()
  hub = await startTestHub(join(folder, 'hub'))
  aggregator = new Aggregator(hub.hub, join(folder, 'hub'))
})
afterEach(async () => {
  for (const core of cores.splice(0)) await core.close()
  aggregator.close()
  await hub.close()
  rmSync(folder, { recursive: true, force: true })
})

const url = () => `http://127.0.0.1:${hub.port}`
const dbOf = (core: TestCore) => core.core.services.belt().store.db
const number = (core: TestCore, sql: string): number => (dbOf(core).prepare(sql).get() as { n: number }).n

/** A belt with two bases at a hub, each with orders of the last days. */
async function twoBases(): Promise<{
  founder: TestCore
  beltId: string
  bases: [string, string]
  orderIds: string[]
}> {
  const founder = startCore({ deviceName: 'founder' })
  cores.push(founder)
  const { beltId } = await founder.call('app/createBelt', NEW_BELT)
  const first = (await founder.call('app/state', {})).bases[0]!.id
  const { services } = founder.core
  const nowMs = Date.now()
  const { second, orderIds } = services.transact(founder.core.actorOf(founder.connection), ({ write }) => {
    const second = write.create('liveBase', {
      name: '荣成基地',
      shortName: '荣成',
      kind: 'rural',
      networkProfile: '4g',
      openMin: 480,
      closeMin: 1680,
    })
    const orderIds: string[] = []
    for (const [base, count] of [
      [first, 30],
      [second, 12],
    ] as const)
      for (let i = 0; i < count; i++) {
        const scoped = write.withScope(`base:${base}`)
        const paidMs = nowMs - (i % 5) * DAY - HOUR
        const id = scoped.fact('orderLine', {
          source: 'x',
          orderNo: `${base}-${i}`,
          subOrderNo: `${base}-${i}`,
          merchantId: null,
          skuId: null,
          sessionId: null,
          skuCode: `c${i % 3}`,
          productName: 'p',
          quantity: 1 + (i % 3),
          isGift: false,
          orderedMs: paidMs,
          paidMs,
          payableFen: 5000 + i,
          paidFen: 4000 + i,
          promisedMs: paidMs + 48 * HOUR,
          provinceName: '',
        })!
        orderIds.push(id)
        if (i % 2 === 0)
          scoped.fact('orderState', {
            orderLineId: id,
            asOfMs: nowMs,
            status: 'completed',
            pickedUpMs: paidMs + 5 * HOUR,
            clickedShipMs: null,
            completedMs: paidMs + 20 * HOUR,
            afterSale: '',
            refundFen: i === 0 ? 100 : 0,
            cancelReason: '',
          })
      }
    write.create('merchant', {
      ...MERCHANT,
      name: 'rival',
      shortName: 'rival',
      baseId: first,
    })
    return { second, orderIds }
  })
  await founder.call('sync/handOver', { url: url(), code: await codeFor(hub, null) })
  await until(async () => (await founder.call('app/syncBar', {})).pending === 0, 'everything is at the hub')
  return { founder, beltId, bases: [first, second], orderIds }
}

async function join_(beltId: string, role: Role, baseId: string | null): Promise<TestCore> {
  const core = startCore({ deviceName: role })
  cores.push(core)
  await core.call('sync/join', { url: url(), code: await codeFor(hub, beltId, role, baseId) })
  const state = await core.call('app/state', {})
  core.core.services.setPerson(core.connection, state.people[0]!.id)
  return core
}

/** Roll-ups of one base by day, whatever they are divided by. */
function totals(core: TestCore, baseId: string): unknown {
  const db = dbOf(core)
  return [
    db
      .prepare(
        `SELECT day, sum(lines) AS lines, sum(units) AS units, sum(orderFen) AS orderFen, sum(paidFen) AS paidFen,
           sum(refundFen) AS refundFen, sum(settledFen) AS settledFen, sum(shippedLines) AS shipped
         FROM kpiDaySales WHERE baseId = ? GROUP BY day ORDER BY day`,
      )
      .all(baseId),
    db
      .prepare(
        `SELECT day, promiseHours, sum(orders) AS orders, sum(kept) AS kept, sum(openOrders) AS openOrders, sum(exposureFen) AS fen
         FROM kpiDayPromise WHERE baseId = ? GROUP BY day, promiseHours ORDER BY day, promiseHours`,
      )
      .all(baseId),
    db
      .prepare(
        'SELECT day, sum(signed) AS signed, sum(returned) AS returned FROM kpiDayReturn WHERE baseId = ? GROUP BY day ORDER BY day',
      )
      .all(baseId),
  ]
}

const period = () => ({
  fromDay: dayKeyOf(Date.now() - 6 * DAY, 'Asia/Shanghai'),
  toDay: dayKeyOf(Date.now(), 'Asia/Shanghai'),
})
const money = async (core: TestCore): Promise<unknown> =>
  (await core.call('dashboard/overview', period())).cells
    .filter(({ id }) => id.startsWith('gmv'))
    .map(({ id, value }) => [id, value])

describe('who does not have a base’s orders', () => {
  it('has its daily totals from the hub: another base’s dashboard and an official’s show the same money', async () => {
    const { founder, beltId, bases, orderIds } = await twoBases()
    const planner = await join_(beltId, 'administrator', bases[1])
    const official = await join_(beltId, 'official', null)
    expect(await aggregator.run(beltId)).toBeGreaterThan(10)
    expect(await aggregator.run(beltId)).toBe(0)
    const inStep = async (what: string): Promise<void> => {
      await Promise.all([founder, planner, official].map((core) => core.call('sync/tryNow', {})))
      const expected = JSON.stringify(bases.map((base) => totals(founder, base)))
      for (const core of [planner, official])
        await until(
          () => JSON.stringify(bases.map((base) => totals(core, base))) === expected,
          `${what}: equal totals`,
        )
    }
    await inStep('at first')
    expect(await money(planner)).toStrictEqual(await money(founder))
    expect(await money(official)).toStrictEqual(await money(founder))

    expect(number(planner, `SELECT count(*) AS n FROM orderLine WHERE scope = 'base:${bases[0]}'`)).toBe(0)
    expect(number(planner, 'SELECT count(*) AS n FROM orderLine')).toBe(12)
    for (const table of ['orderLine', 'orderState', 'danmaku', 'merchant', 'booking', 'planVersion'])
      expect([table, number(official, `SELECT count(*) AS n FROM ${table}`)]).toStrictEqual([table, 0])
    const seen = dbOf(official).prepare('SELECT DISTINCT tbl FROM op').all() as { tbl: string }[]
    for (const { tbl } of seen) expect(OFFICIAL_TABLES).toContain(tbl)
    expect(number(official, `SELECT count(*) AS n FROM op WHERE state <> 'canonical'`)).toBe(0)

    // An order of the first base goes back: only what changes is told, and the newest word stands.
    founder.core.services.transact(founder.core.actorOf(founder.connection), ({ write }) =>
      write.withScope(`base:${bases[0]}`).fact('orderState', {
        orderLineId: orderIds[1]!,
        asOfMs: Date.now(),
        status: 'completed',
        pickedUpMs: Date.now() - 10 * HOUR,
        clickedShipMs: null,
        completedMs: Date.now() - HOUR,
        afterSale: '',
        refundFen: 777,
        cancelReason: '',
      }),
    )
    await until(async () => (await founder.call('app/syncBar', {})).pending === 0, 'the refund is at the hub')
    const told = await aggregator.run(beltId)
    expect(told).toBeGreaterThan(0)
    expect(told).toBeLessThan(20)
    await inStep('after a refund')
    expect(await money(official)).toStrictEqual(await money(founder))
  }, 180_000)

  it('an official who joins after the log was cut off gets a filtered snapshot', async () => {
    const { founder, beltId, bases } = await twoBases()
    const first = await join_(beltId, 'official', null)
    await aggregator.run(beltId)
    await Promise.all([founder, first].map((core) => core.call('sync/tryNow', {})))
    await until(() => number(first, 'SELECT count(*) AS n FROM dayAggregate') > 0, 'totals have arrived')
    await noteBackup(hub.hub)
    const rules = { keepMs: -HOUR, awayMs: 0, leastOps: 1 }
    expect(await truncate(hub.hub, beltId, rules)).toBeGreaterThan(0)
    const late = await join_(beltId, 'official', null)
    await until(
      () => JSON.stringify(totals(late, bases[0])) === JSON.stringify(totals(founder, bases[0])),
      'the same totals',
    )
    const seen = dbOf(late).prepare('SELECT DISTINCT tbl FROM op').all() as { tbl: string }[]
    for (const { tbl } of seen) expect(OFFICIAL_TABLES).toContain(tbl)
    // Totals are counted from what is left of the log and from snapshots; a lost cache tells nothing twice.
    aggregator.close()
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(folder, 'hub', `aggregates.db${suffix}`), { force: true })
    aggregator = new Aggregator(hub.hub, join(folder, 'hub'))
    expect(await aggregator.run(beltId)).toBe(0)
  }, 180_000)
})
