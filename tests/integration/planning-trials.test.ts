import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Scenario, ScenarioRun } from '../../shared/contract/scenario.ts'
import { startCore, type TestCore } from '../helpers/core.ts'
import { boardOf, ended, solvePlan } from '../helpers/planning.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let core: TestCore
let aheadMs = 0

const WAIT_MS = 40_000
const jobEnded = (jobId: string, outcome = 'done') => ended(core, jobId, { outcome, waitMs: WAIT_MS })
const solve = (timeLimitMs = 500) => solvePlan(core, { timeLimitMs }, WAIT_MS)
const board = (proposalId: string | null = null) => boardOf(core, proposalId)

async function tryOut(scenarios: Scenario[]): Promise<ScenarioRun> {
  const { jobId } = await core.call('plan/whatIf', { scenarios, timeLimitMs: 400 })
  await jobEnded(jobId)
  const [run] = await core.call('plan/scenarios', {})
  return run!
}

const tier = (run: { score: readonly { tier: string; value: number }[] }, name: string) =>
  run.score.find((entry) => entry.tier === name)!.value

beforeAll(async () => {
  core = startCore({ clock: () => Date.now() + aheadMs })
  await core.call('app/openDemo', {})
  await core.call('plan/publish', { proposalId: (await solve()).id, reason: 'first plan' })
}, 90_000)
afterAll(() => core.close())

describe('stock that a broadcast sells', () => {
  it('is made before it, unless its hour is announced', async () => {
    const { db } = core.core.services.belt().store
    const rows = db
      .prepare(
        `SELECT stock.endMs AS madeMs, air.startMs AS airMs, liveSession.status FROM productionOrder
         JOIN currentPlan JOIN planItem stock ON stock.planId = currentPlan.planId AND stock.orderId = productionOrder.id
         JOIN planItem air ON air.planId = currentPlan.planId AND air.taskKey = 'session:' || productionOrder.sessionId
         JOIN liveSession ON liveSession.id = productionOrder.sessionId
         WHERE productionOrder.kind = 'pre-stock' AND productionOrder.status = 'open'`,
      )
      .all() as { madeMs: number; airMs: number; status: string }[]
    const movable = rows.filter(({ status }) => status !== 'announced' && status !== 'live')
    expect(movable.length).toBeGreaterThan(0)
    for (const row of movable) expect(row.madeMs).toBeLessThanOrEqual(row.airMs)
  })
})

describe('what if', () => {
  it('solves copies side by side and changes nothing', async () => {
    const view = await board()
    const line = view.lanes.find(({ group }) => group === 'line')!
    const studio = view.lanes.find(({ group }) => group === 'studio')!
    const before = JSON.stringify(view.items)
    const night = view.nowMs + DAY_MS
    const run = await tryOut([
      { kind: 'extra-shift', lineId: line.id, fromMs: night, untilMs: night + 10 * HOUR_MS },
      {
        kind: 'studio-closed',
        studioId: studio.id,
        fromMs: view.nowMs + DAY_MS,
        untilMs: view.nowMs + 4 * DAY_MS,
      },
      { kind: 'forecast', sessionId: null, percent: 200 },
    ])
    expect(run.presentNo).toBe(1)
    expect(run.answers.map(({ scenario }) => scenario.kind)).toEqual([
      'extra-shift',
      'studio-closed',
      'forecast',
    ])
    for (const { figures, what } of run.answers) {
      expect(tier(figures, 'hard')).toBe(0)
      expect(what.key).toMatch(/^plan\.scenario\./)
      expect(figures.linePct).toBeGreaterThan(0)
    }
    const [, closed, doubled] = run.answers
    expect(doubled!.figures.slotValueFen).toBeGreaterThan(run.present.slotValueFen * 1.8)
    expect(doubled!.figures.linePct!).toBeGreaterThan(run.present.linePct!)
    expect(doubled).toMatchObject({ real: false, whyNot: { key: 'plan.scenarioNotReal.forecast-all' } })
    expect(closed!.real).toBe(true)
    expect(JSON.stringify((await board()).items)).toBe(before)
    expect(await core.call('plan/proposals', {})).toEqual([])
  })

  it('makes a proposal of a plan that is true already, and of no other', async () => {
    const [run] = await core.call('plan/scenarios', {})
    const { proposalId } = await core.call('plan/adoptScenario', { runId: run!.id, index: 1 })
    const proposal = await core.call('plan/proposal', { proposalId })
    expect(proposal).toMatchObject({ kind: 'what-if', cause: { key: 'plan.scenario.studio-closed' } })
    expect(tier(proposal, 'hard')).toBe(0)
    await expect(core.call('plan/adoptScenario', { runId: run!.id, index: 2 })).rejects.toMatchObject({
      code: 'scenario-not-real',
    })
    await core.call('plan/discard', { proposalId })
  })

  it('a later date makes late orders fewer; planning again is what others are measured against', async () => {
    const run = await tryOut([{ kind: 'as-is' }, { kind: 'later-due', orderId: null, days: 3 }])
    const [again, later] = run.answers
    expect(later!.figures.lateOrders).toBeLessThan(Math.max(1, run.present.lateOrders))
    expect(tier(later!.figures, 'tardiness')).toBeLessThanOrEqual(tier(again!.figures, 'tardiness'))
    expect(again!.real).toBe(true)
  })

  it('can be cancelled, and names what it does not know', async () => {
    const before = (await core.call('plan/scenarios', {})).length
    const { jobId } = await core.call('plan/whatIf', { scenarios: [{ kind: 'as-is' }], timeLimitMs: 60_000 })
    await core.call('plan/stop', { jobId, keep: false })
    await jobEnded(jobId, 'cancelled')
    expect((await core.call('plan/scenarios', {})).length).toBe(before)
    await expect(
      core.call('plan/whatIf', {
        scenarios: [{ kind: 'studio-closed', studioId: 'nobody', fromMs: 1, untilMs: 2 }],
      }),
    ).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('a promise', () => {
  const someSku = () =>
    (
      core.core.services
        .belt()
        .store.db.prepare(
          `SELECT skuId FROM productionOrder WHERE kind = 'quick-response' AND status = 'open' ORDER BY id LIMIT 1`,
        )
        .get() as { skuId: string }
    ).skuId

  it('gives a likely and a safe pick-up with its reasons, at once', async () => {
    const { nowMs } = await core.call('app/state', {})
    const asked = { skuId: someSku(), quantity: 200 }
    await core.call('plan/promise', asked)
    const answer = await core.call('plan/promise', asked)
    expect(answer.likely!.endMs).toBeGreaterThan(nowMs)
    expect(answer.safe!.endMs).toBeGreaterThanOrEqual(answer.likely!.endMs)
    expect(answer.likely!.pickUpMs).toBeGreaterThanOrEqual(answer.likely!.endMs)
    const minutes = answer.chain.reduce((sum, step) => sum + step.minutes, 0)
    expect(minutes).toBeGreaterThan(0)
    expect(Math.abs(minutes - (answer.likely!.endMs - nowMs) / 60_000)).toBeLessThan(2)
    console.info('promise', answer.elapsedMs, 'ms')
    expect(answer.elapsedMs).toBeLessThan(1500)
  })

  it('is asked of the belt as it is now, however often it was asked before', async () => {
    const asked = { skuId: someSku(), quantity: 200 }
    const { services } = core.core
    const actor = core.core.actorOf(core.connection)
    const setRates = (factor: number) =>
      services.transact(actor, (ctx) => {
        const lines = ctx.db
          .prepare('SELECT id, unitsPerHour FROM productionLine WHERE deleted = 0')
          .all() as { id: string; unitsPerHour: string }[]
        for (const { id, unitsPerHour } of lines) {
          const rates = Object.entries(JSON.parse(unitsPerHour) as Record<string, number>)
          const changed = Object.fromEntries(rates.map(([family, rate]) => [family, rate * factor]))
          ctx.write.set('productionLine', id, { unitsPerHour: changed })
        }
      })
    await core.call('plan/promiseReady', {})
    const before = await core.call('plan/promise', asked)
    expect((await core.call('plan/promise', asked)).likely).toEqual(before.likely)
    setRates(0.5)
    const slower = await core.call('plan/promise', asked)
    expect(slower.likely!.endMs).toBeGreaterThan(before.likely!.endMs)
    setRates(2)
    aheadMs += 3 * HOUR_MS
    const later = await core.call('plan/promise', asked)
    const { nowMs } = await core.call('app/state', {})
    const minutes = later.chain.reduce((sum, step) => sum + step.minutes, 0)
    expect(Math.abs(minutes - (later.likely!.endMs - nowMs) / 60_000)).toBeLessThan(2)
    aheadMs -= 3 * HOUR_MS
  })

  it('says when nothing can be promised', async () => {
    const answer = await core.call('plan/promise', { skuId: someSku(), quantity: 1_000_000 })
    expect(answer).toMatchObject({ likely: null, reasons: [{ key: 'plan.promise.tooMuch' }] })
  })

  it('becomes an order that planning takes in with that date', async () => {
    const skuId = someSku()
    const promised = await core.call('plan/promise', { skuId, quantity: 150 })
    const { orderId } = await core.call('plan/order', {
      skuId,
      quantity: 150,
      dueMs: promised.safe!.pickUpMs,
      reason: 'by telephone',
    })
    const find = async () =>
      (await core.call('plan/events', {})).find(({ what }) => what.params['why'] === 'by telephone')
    await expect.poll(async () => (await find())?.state, { timeout: 20_000 }).toBe('proposed')
    const proposal = await core.call('plan/proposal', { proposalId: (await find())!.proposalId! })
    expect(proposal.movedTasks.some((task) => task.taskKey === `order:${orderId}:production`)).toBe(true)
    expect(proposal.lateOrders.some((late) => late.taskKey.includes(orderId))).toBe(false)
    await core.call('plan/discard', { proposalId: proposal.id })
  })
})

describe('versions', () => {
  it('compares two and brings an older one back as a proposal', async () => {
    const second = await core.call('plan/publish', { proposalId: (await solve(900)).id, reason: 'second' })
    const heads = await core.call('plan/history', {})
    const [newest, first] = heads
    expect(newest).toMatchObject({ id: second.planId, reason: 'second', superseded: false, author: '于敏' })
    expect(first).toMatchObject({ no: 1, superseded: true })
    const compared = await core.call('plan/compare', { fromId: first!.id, toId: newest!.id })
    expect(compared.differences.some(({ change }) => change === 'added')).toBe(true)
    for (const difference of compared.differences) expect(difference.label).not.toMatch(/^(order|session):/)
    aheadMs = 25 * 60_000
    const { proposalId } = await core.call('plan/restore', { planId: first!.id })
    const proposal = await core.call('plan/proposal', { proposalId })
    expect(proposal).toMatchObject({ kind: 'restore', cause: { key: 'plan.restored', params: { no: 1 } } })
    expect(tier(proposal, 'hard')).toBe(0)
    expect(proposal.unplanned).toBe(0)
    await core.call('plan/publish', { proposalId, reason: 'back' })
    const [back] = await core.call('plan/history', {})
    const left = await core.call('plan/compare', { fromId: first!.id, toId: back!.id })
    const again = await core.call('plan/compare', { fromId: second.planId, toId: back!.id })
    expect(left.differences.filter(({ change }) => change === 'moved').length).toBeLessThanOrEqual(
      again.differences.filter(({ change }) => change === 'moved').length +
        compared.differences.filter(({ change }) => change === 'moved').length,
    )
    await expect(core.call('plan/compare', { fromId: 'nothing', toId: back!.id })).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})
