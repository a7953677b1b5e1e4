import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_PLANNING_POLICY } from '../../shared/contract/replanning.ts'
import { sessionTaskKey } from '../../electron/core/planning/items.ts'
import { startCore, type TestCore } from '../helpers/core.ts'
import { solvePlan } from '../helpers/planning.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let core: TestCore
let merchantId: string
let skuId: string

beforeAll(async () => {
  core = startCore()
  await core.call('app/openDemo', {})
  const { db } = core.core.services.belt().store
  const sku = db
    .prepare(
      `SELECT sku.id, product.merchantId FROM sku JOIN product ON product.id = sku.productId
       JOIN merchant ON merchant.id = product.merchantId WHERE merchant.listStatus = 'white' LIMIT 1`,
    )
    .get() as { id: string; merchantId: string }
  merchantId = sku.merchantId
  skuId = sku.id
}, 60_000)
afterAll(() => core.close())

/** A broadcast wished for within a day that begins `days` after this moment. */
async function wish(days: number): Promise<string> {
  const { nowMs } = await core.call('app/state', {})
  const { id } = await core.call('session/create', {
    merchantId,
    title: `in ${days} days`,
    platform: 'douyin',
    channel: 'store',
    earliestMs: nowMs + days * DAY_MS,
    latestMs: nowMs + (days + 1) * DAY_MS,
    durationMin: 120,
    studioIds: [],
    streamerIds: [],
    primeTime: false,
    shippingPromiseHours: 72,
    skus: [{ skuId, lowUnits: 50, likelyUnits: 100, highUnits: 200 }],
  })
  return sessionTaskKey(id)
}

async function planned(taskKey: string): Promise<{ isIn: boolean; proposalId: string; startMs: number }> {
  const { id } = await solvePlan(core, { timeLimitMs: 300 })
  const { nowMs } = await core.call('app/state', {})
  const { items } = await core.call('board/view', {
    fromMs: nowMs,
    toMs: nowMs + 30 * DAY_MS,
    proposalId: id,
  })
  const found = items.find(
    (item) => item.taskKey === taskKey && (item.version === 'proposal' || item.version === 'both'),
  )
  return { isIn: found !== undefined, proposalId: id, startMs: found?.startMs ?? 0 }
}

const planAhead = (horizonDays: number) =>
  core.call('plan/savePolicy', { ...DEFAULT_PLANNING_POLICY, horizonDays })

describe('how far ahead a belt is planned', () => {
  it('is two weeks unless somebody wants otherwise', async () => {
    expect((await core.call('plan/policy', {})).horizonDays).toBe(14)
    const [near, far] = [await wish(11), await wish(16)]
    expect((await planned(near)).isIn).toBe(true)
    expect((await planned(far)).isIn).toBe(false)
    await planAhead(20)
    expect((await core.call('plan/policy', {})).horizonDays).toBe(20)
    expect((await planned(far)).isIn).toBe(true)
    await planAhead(5)
    expect((await planned(near)).isIn).toBe(false)
  })

  it('reaches further where a broadcast has its hour already: no plan leaves that one out', async () => {
    await planAhead(14)
    const key = await wish(10)
    const { proposalId, startMs } = await planned(key)
    await core.call('plan/publish', { proposalId })
    await planAhead(3)
    expect(await planned(key)).toMatchObject({ isIn: true, startMs })
  })

  it('is a whole number of days within a month', async () => {
    for (const horizonDays of [0, 32, 7.5])
      await expect(planAhead(horizonDays)).rejects.toMatchObject({ code: 'bad-input' })
  })
})
