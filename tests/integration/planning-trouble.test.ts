import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ProposalDetail } from '../../shared/contract/planning.ts'
import { DEFAULT_PLANNING_POLICY } from '../../shared/contract/replanning.ts'
import { namesOf } from '../../electron/core/planning/names.ts'
import { refuseUnsound } from '../../electron/core/planning/sound.ts'
import { loadProblem } from '../../electron/core/planning/solve-job.ts'
import { NEW_BELT, startCore, type TestCore } from '../helpers/core.ts'
import { ended, solvePlan } from '../helpers/planning.ts'

const DAY_MS = 86_400_000

let core: TestCore

const WAIT_MS = 60_000
const solve = (timeLimitMs = 400) => solvePlan(core, { timeLimitMs }, WAIT_MS)

const actor = () => core.core.actorOf(core.connection)
const set = (table: string, id: string, fields: Record<string, unknown>) =>
  core.core.services.transact(actor(), (ctx) => ctx.write.set(table, id, fields as never))
const row = <T>(sql: string, ...params: unknown[]): T =>
  core.core.services
    .belt()
    .store.db.prepare(sql)
    .get(...params) as T
const score = (proposal: ProposalDetail, tier: string) =>
  proposal.score.find((entry) => entry.tier === tier)!.value

beforeAll(async () => {
  core = startCore()
  await core.call('app/openDemo', {})
}, 60_000)
afterAll(() => core.close())

describe('data that cannot be planned', () => {
  it('names whose number is absurd, and plans again once it is right', async () => {
    const order = row<{ id: string; quantity: number; name: string }>(
      `SELECT productionOrder.id, quantity, sku.name FROM productionOrder JOIN sku ON sku.id = productionOrder.skuId
       WHERE status = 'open' AND kind = 'quick-response' LIMIT 1`,
    )
    for (const quantity of [-5, 0, 900_000_000_000]) {
      set('productionOrder', order.id, { quantity })
      await expect(core.call('plan/start', {})).rejects.toMatchObject({
        code: 'plan-invalid',
        details: {
          problem: 'number',
          field: 'quantity',
          value: quantity,
          culprits: expect.stringContaining(order.name) as string,
        },
      })
    }
    set('productionOrder', order.id, { quantity: order.quantity })
    const session = row<{ id: string; durationMin: number }>(
      `SELECT id, durationMin FROM liveSession WHERE status = 'wanted' LIMIT 1`,
    )
    set('liveSession', session.id, { durationMin: -60 })
    await expect(core.call('plan/start', {})).rejects.toMatchObject({
      details: { field: 'durationMin', value: -60 },
    })
    set('liveSession', session.id, { durationMin: session.durationMin })
    expect(await core.call('plan/running', {})).toEqual({ jobId: null })
  })

  it('says which order no line can make, and plans the rest', async () => {
    const product = row<{ id: string; routing: string; orderId: string }>(
      `SELECT product.id, product.routing, productionOrder.id AS orderId FROM productionOrder
       JOIN sku ON sku.id = productionOrder.skuId JOIN product ON product.id = sku.productId
       WHERE productionOrder.status = 'open' AND productionOrder.kind = 'quick-response' ORDER BY productionOrder.id DESC LIMIT 1`,
    )
    set('product', product.id, { routing: [] })
    const proposal = await solve()
    const left = proposal.unplannedTasks.find(({ taskKey }) => taskKey.includes(product.orderId))
    expect(left).toMatchObject({ why: [{ key: 'plan.unplanned.noLine', params: { step: 'production' } }] })
    expect(left!.label).not.toMatch(/^order:/)
    expect(proposal.tasks).toBeGreaterThan(100)
    set('product', product.id, { routing: JSON.parse(product.routing) as never })
  })

  it('names the line that never opens, and what waits for it', async () => {
    const lines = core.core.services
      .belt()
      .store.db.prepare(`SELECT id, name, shortName, shifts FROM productionLine WHERE kind = 'qc'`)
      .all() as { id: string; name: string; shortName: string; shifts: string }[]
    for (const line of lines) set('productionLine', line.id, { shifts: [] })
    const proposal = await solve()
    const notice = proposal.notices.find(({ key }) => key === 'plan.notice.neverOpen')
    expect(notice?.params['names']).toContain(lines[0]!.shortName || lines[0]!.name)
    expect(proposal.unplannedTasks.length).toBeGreaterThan(0)
    for (const task of proposal.unplannedTasks) expect(task.why[0]!.key).toMatch(/^plan\.unplanned\./)
    for (const line of lines) set('productionLine', line.id, { shifts: JSON.parse(line.shifts) as never })
  })

  it('names the work whose order runs in a circle', () => {
    const { snapshot, built } = loadProblem(core.core.services, actor())
    const [a, b] = built.problem.tasks.filter((task) => task.modes && task.status !== 'running')
    const problem = {
      ...built.problem,
      prec: [
        ...built.problem.prec,
        { from: a!.id, to: b!.id, type: 'FS' as const },
        { from: b!.id, to: a!.id, type: 'FS' as const },
      ],
    }
    const names = namesOf(snapshot, problem)
    expect(() => refuseUnsound(problem, names)).toThrowError(
      expect.objectContaining({
        error: expect.objectContaining({
          code: 'plan-invalid',
          details: expect.objectContaining({
            problem: 'cycle',
            culprits: expect.stringContaining(names.task(a!.id)) as string,
          }) as object,
        }) as object,
      }) as Error,
    )
  })
})

describe('what matters more', () => {
  it('is weighed as the belt chose, and ranked again after a reset', async () => {
    await core.call('plan/savePolicy', {
      ...DEFAULT_PLANNING_POLICY,
      weights: { tardiness: 0, stability: 0, setup: 2, fairness: 0, makespan: 2 },
    })
    expect((await core.call('plan/policy', {})).weights).toMatchObject({ setup: 2, makespan: 2 })
    const { built } = loadProblem(core.core.services, actor())
    expect(built.problem.objective).toEqual({ mode: 'weighted', weights: [400, 40, 160, 8, 16] })
    expect(score(await solve(), 'hard')).toBe(0)
    await core.call('plan/savePolicy', DEFAULT_PLANNING_POLICY)
    expect(loadProblem(core.core.services, actor()).built.problem.objective).toEqual({
      mode: 'lexicographic',
    })
    await expect(
      core.call('plan/savePolicy', {
        ...DEFAULT_PLANNING_POLICY,
        weights: { tardiness: 9, stability: 0, setup: 0, fairness: 0, makespan: 0 },
      }),
    ).rejects.toMatchObject({ code: 'bad-input' })
  })
})

describe('a belt that has just begun', () => {
  it('gets a plan by simple rules at once, and is shown what the optimiser would add', async () => {
    const belt = row<{ id: string; tier: 'primary' | 'mature' }>('SELECT id, tier FROM belt LIMIT 1')
    set('belt', belt.id, { tier: 'primary' })
    const { jobId } = await core.call('plan/start', { timeLimitMs: 2500, reason: 'simple' })
    await vi.waitFor(
      async () =>
        expect((await core.call('plan/proposals', {}))[0]).toMatchObject({ kind: 'simple', better: null }),
      { timeout: 20_000 },
    )
    expect(await core.call('plan/running', {})).toEqual({ jobId })
    await ended(core, jobId, { waitMs: WAIT_MS })
    const [head] = await core.call('plan/proposals', {})
    expect(head).toMatchObject({ kind: 'simple' })
    const better = await core.call('plan/proposal', { proposalId: head!.better!.proposalId })
    expect(better.kind).toBe('solve')
    expect(head!.better!.score).toEqual(better.score)
    const tiers = ['hard', 'tardiness', 'stability', 'setup', 'fairness', 'makespan'] as const
    const first = tiers.find(
      (tier) => score(better, tier) !== head!.score.find((s) => s.tier === tier)!.value,
    )!
    expect(score(better, first)).toBeLessThan(head!.score.find((entry) => entry.tier === first)!.value)
    await core.call('plan/publish', { proposalId: better.id, reason: 'the better one' })
    expect((await core.call('plan/proposals', {})).some(({ id }) => id === head!.id)).toBe(false)
    set('belt', belt.id, { tier: belt.tier })
  })
})

describe('a belt of one base', () => {
  let small: TestCore
  beforeAll(async () => {
    small = startCore()
    await small.call('app/createBelt', NEW_BELT)
  }, 60_000)
  afterAll(() => small.close())

  it('has nothing to plan and says so', async () => {
    await expect(small.call('plan/start', {})).rejects.toMatchObject({ code: 'plan-empty' })
    await expect(small.call('plan/whatIf', { scenarios: [{ kind: 'as-is' }] })).rejects.toMatchObject({
      code: 'plan-empty',
    })
    expect(await small.call('plan/events', {})).toEqual([])
    expect(await small.call('plan/history', {})).toEqual([])
  })
})

/** Ten thousand take five times as long and show the same. */
const ORDERS = 3000

describe('thousands of orders', () => {
  it('are planned without a hang', async () => {
    const skus = core.core.services
      .belt()
      .store.db.prepare(
        `SELECT DISTINCT skuId FROM productionOrder WHERE kind = 'quick-response' AND status = 'open' LIMIT 40`,
      )
      .all() as { skuId: string }[]
    const { nowMs } = await core.call('app/state', {})
    for (let done = 0; done < ORDERS; done += 1000)
      core.core.services.transact(actor(), (ctx) => {
        for (let at = done; at < done + 1000; at++)
          ctx.write.create('productionOrder', {
            skuId: skus[at % skus.length]!.skuId,
            kind: 'pre-stock',
            sessionId: null,
            sourceKey: null,
            quantity: 1 + (at % 7),
            releaseMs: nowMs,
            dueMs: nowMs + (3 + (at % 5)) * DAY_MS,
            weight: 1,
            status: 'open',
            doneQuantity: 0,
          })
      })
    const beganMs = performance.now()
    const { built } = loadProblem(core.core.services, actor())
    const loadedMs = performance.now()
    expect(built.problem.tasks.length).toBeGreaterThan(ORDERS)
    const proposal = await solve(2000)
    console.info(
      `${ORDERS} orders: read ${Math.round(loadedMs - beganMs)} ms, planned ${Math.round(performance.now() - loadedMs)} ms, ` +
        `${proposal.tasks} placed, ${proposal.unplanned} not, late ${proposal.late}`,
    )
    expect(score(proposal, 'hard')).toBe(0)
    expect(proposal.tasks + proposal.unplanned).toBeGreaterThan(ORDERS)
  }, 240_000)
})
