import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BoardItem, ProposalHead } from '../../shared/contract/planning.ts'
import { DEFAULT_PLANNING_POLICY, type PlanEventView } from '../../shared/contract/replanning.ts'
import type { PlanItem } from '../../electron/core/planning/items.ts'
import { startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { answerTo, boardOf, solvePlan } from '../helpers/planning.ts'

const HOUR_MS = 3_600_000

let dataDir: string
let core: TestCore

const start = () => startCore({ dataDir })
const solve = async () => (await solvePlan(core, { timeLimitMs: 400 })).id
const publish = async (proposalId: string) => core.call('plan/publish', { proposalId, reason: 'test' })
const event = async (eventId: string) => (await core.call('plan/events', {})).find(({ id }) => id === eventId)
const stateOf = async (eventId: string) => (await event(eventId))?.state
const db = () => core.core.services.belt().store.db

beforeEach(async () => {
  dataDir = tempDir()
  core = start()
  await core.call('app/openDemo', {})
  await publish(await solve())
}, 60_000)
afterEach(async () => {
  await core.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Work on different lines, far enough ahead to be moved. */
async function work(count: number): Promise<BoardItem[]> {
  const view = await boardOf(core)
  const items = view.items.filter(
    (item) => item.kind === 'production' && item.movable && item.startMs > view.nowMs + 8 * HOUR_MS,
  )
  const byLane = new Map(items.map((item) => [item.laneId, item]))
  expect(byLane.size).toBeGreaterThanOrEqual(count)
  return [...byLane.values()].slice(0, count)
}

const stop = async ({ laneId, startMs, endMs }: BoardItem): Promise<string> => {
  const { eventId } = await core.call('plan/report', {
    kind: 'line-down',
    lineId: laneId,
    fromMs: startMs - HOUR_MS,
    untilMs: endMs + HOUR_MS,
    reason: '',
  })
  return eventId
}

/** Nothing begins on the line while it is down; what is begun before pauses. */
async function expectIdle({ laneId, startMs, endMs }: BoardItem): Promise<void> {
  const { items } = await boardOf(core)
  const inside = items.filter(
    (item) => item.laneId === laneId && item.startMs >= startMs - HOUR_MS && item.startMs < endMs + HOUR_MS,
  )
  expect(inside).toEqual([])
}

describe('what is reported while a plan is being made', () => {
  it('has an answer of its own when the plan was mended for something else', async () => {
    await core.call('plan/savePolicy', {
      ...DEFAULT_PLANNING_POLICY,
      replanMode: 'apply',
      autoMaxMoved: 200,
      autoBroadcasts: true,
    })
    const [first, second] = await work(2)
    const before = await stop(first!)
    await expect.poll(() => stateOf(before), { timeout: 5000, interval: 5 }).toBe('working')
    const meanwhile = await stop(second!)
    expect((await answerTo(core, before)).state).not.toBe('working')
    await answerTo(core, meanwhile)
    await expect
      .poll(
        async () => [await stateOf(before), await stateOf(meanwhile)].filter((state) => state === 'working'),
        { timeout: 20_000 },
      )
      .toEqual([])
    for (const head of await core.call('plan/proposals', {})) await publish(head.id)
    await expectIdle(first!)
    await expectIdle(second!)
  })

  it('still waits for an answer after that plan was published', async () => {
    const { jobId } = await core.call('plan/start', { timeLimitMs: 1500, reason: 'long' })
    const [item] = await work(1)
    const eventId = await stop(item!)
    await expect
      .poll(() => core.events.some((entry) => entry.kind === 'finished' && entry.jobId === jobId), {
        timeout: 20_000,
      })
      .toBe(true)
    const heads = await core.call('plan/proposals', {})
    await publish(heads.find(({ kind }) => kind === 'solve')!.id)
    expect(await stateOf(eventId)).not.toBe('answered')
    expect(['proposed', 'fits']).toContain((await answerTo(core, eventId)).state)
    await expect
      .poll(async () => (await event(eventId))?.proposalId ?? (await stateOf(eventId)), { timeout: 20_000 })
      .not.toBe('working')
  })

  it('an urgent order without a report is noticed though the plan was published after it', async () => {
    const { jobId } = await core.call('plan/start', { timeLimitMs: 1500, reason: 'long' })
    const { nowMs } = await core.call('app/state', {})
    const sku = db().prepare('SELECT skuId, scope FROM productionOrder LIMIT 1').get() as {
      skuId: string
      scope: `base:${string}`
    }
    const orderId = core.core.services.transact(core.core.actorOf(core.connection), ({ write }) =>
      write.withScope(sku.scope).create('productionOrder', {
        skuId: sku.skuId,
        kind: 'quick-response',
        quantity: 20,
        doneQuantity: 0,
        releaseMs: nowMs,
        dueMs: nowMs + 40 * HOUR_MS,
        weight: 4,
        status: 'open',
      }),
    )
    await expect
      .poll(() => core.events.some((entry) => entry.kind === 'finished' && entry.jobId === jobId), {
        timeout: 20_000,
      })
      .toBe(true)
    const [head] = await core.call('plan/proposals', {})
    await publish(head!.id)
    const found = async () =>
      db().prepare(`SELECT id FROM planEvent WHERE subjectId = ? AND kind = 'urgent-order'`).get(orderId) as
        { id: string } | undefined
    await expect.poll(found, { timeout: 20_000 }).toBeDefined()
    expect((await answerTo(core, (await found())!.id)).state).toBe('proposed')
  })
})

describe('an answer that never came', () => {
  it('is worked out when the belt is next opened', async () => {
    const [item] = await work(1)
    const eventId = await stop(item!)
    await expect.poll(() => stateOf(eventId), { timeout: 5000, interval: 5 }).toBe('working')
    await core.close()
    core = start()
    await core.call('app/openDemo', {})
    expect((await answerTo(core, eventId)).state).toBe('proposed')
  })

  it('is asked for again when working it out failed', async () => {
    const [item] = await work(1)
    const eventId = await stop(item!)
    const first = await answerTo(core, eventId)
    expect(first.state).toBe('proposed')
    await core.call('plan/discard', { proposalId: first.proposalId! })
    db().prepare(`UPDATE replan SET state = 'failed', proposalId = NULL WHERE eventId = ?`).run(eventId)
    expect(await stateOf(eventId)).toBe('failed')
    const { proposalId } = await core.call('plan/repair', {})
    expect(proposalId).not.toBeNull()
    expect(await event(eventId)).toMatchObject({ state: 'proposed', proposalId })
  })
})

describe('a base and the cluster that both plan', () => {
  const keysOf = () =>
    (db().prepare('SELECT taskKey, planId FROM standingItem').all() as { taskKey: string; planId: string }[])
      .map(({ taskKey }) => taskKey)
      .toSorted()

  /** The demo's person plans for a rural base; this one for the whole belt. */
  const clusterPlanner = (): string =>
    core.core.services.transact(core.core.actorOf(core.connection), ({ write }) =>
      write.create('person', {
        name: '王计划',
        shortName: '王',
        role: 'administrator',
        baseId: null,
        active: true,
      }),
    )
  const scopes = () =>
    (db().prepare('SELECT planScope FROM standingPlan ORDER BY 1').all() as { planScope: string }[]).map(
      ({ planScope }) => planScope.split(':')[0],
    )

  it('publish in turn, and every piece of work stands once, where the newer plan has it', async () => {
    const { services } = core.core
    const rural = core.core.actorOf(core.connection).personId!
    expect(scopes()).toEqual(['base'])
    for (const personId of [clusterPlanner(), rural]) {
      services.setPerson(core.connection, personId)
      const proposalId = await solve()
      const [head] = await core.call('plan/proposals', {})
      expect(head).toMatchObject({ id: proposalId, outdated: false } satisfies Partial<ProposalHead>)
      const { planId } = await publish(proposalId)
      expect(scopes()).toEqual(['base', 'belt'])
      expect(db().prepare('SELECT DISTINCT planId FROM standingItem').all()).toEqual([{ planId }])
      expect(keysOf()).toEqual([...new Set(keysOf())])
    }
  })

  it('have a first change by the cluster taken back to where the base planned it', async () => {
    const before = keysOf()
    core.core.services.setPerson(core.connection, clusterPlanner())
    await core.call('plan/savePolicy', {
      ...DEFAULT_PLANNING_POLICY,
      replanMode: 'apply',
      autoMaxMoved: 200,
      autoBroadcasts: true,
    })
    const [item] = await work(1)
    const answered: PlanEventView = await answerTo(core, await stop(item!))
    expect(answered).toMatchObject({ state: 'applied', undoable: true })
    expect(scopes()).toEqual(['base', 'belt'])
    expect(await core.call('plan/undo', { eventId: answered.id })).toEqual({ planId: null })
    expect(scopes()).toEqual(['base'])
    expect(keysOf()).toEqual(before)
    const { items } = await boardOf(core)
    expect(items.find(({ taskKey }) => taskKey === item!.taskKey)).toMatchObject({
      laneId: item!.laneId,
      startMs: item!.startMs,
    })
  })

  it('leave each other alone where they plan different work', async () => {
    const bases = db().prepare('SELECT DISTINCT scope FROM productionOrder ORDER BY scope').all()
    expect(bases.length).toBeGreaterThan(1)
    const own = (bases[0] as { scope: string }).scope
    const older = db().prepare('SELECT planId FROM standingPlan').get() as { planId: string }
    const items = db()
      .prepare(
        `SELECT planItem.* FROM planItem JOIN productionOrder ON productionOrder.id = planItem.orderId
         WHERE planItem.planId = ? AND productionOrder.scope = ?`,
      )
      .all(older.planId, own) as (PlanItem & { lanes: unknown })[]
    const kept = items
      .slice(1)
      .map((item) => ({ ...item, lanes: JSON.parse(String(item.lanes)) as string[] }))
    const nowMs = Date.now()
    const newer = core.core.services.transact(core.core.actorOf(core.connection), ({ write }) => {
      const planId = write.fact('planVersion', {
        planNo: 99,
        basePlanId: null,
        reason: '',
        problemHash: '',
        score: [],
        horizonFromMs: nowMs,
        horizonToMs: nowMs,
        items: kept,
        late: [],
        cause: null,
        publishedMs: nowMs + 365 * 24 * HOUR_MS,
        seed: 1,
        asOfMs: nowMs,
        seen: [],
        covers: [own],
      })!
      write.create('currentPlan', { planScope: 'belt', planId })
      return planId
    })
    const at = db()
      .prepare(
        `SELECT productionOrder.scope = ? AS isOwn, planId, count(*) AS n FROM standingItem
         JOIN productionOrder ON productionOrder.id = standingItem.orderId GROUP BY 1, 2 ORDER BY 1`,
      )
      .all(own) as { isOwn: number; planId: string; n: number }[]
    expect(at.map(({ isOwn, planId }) => [isOwn, planId])).toEqual([
      [0, older.planId],
      [1, newer],
    ])
    // What the newer plan leaves out is not taken from the older one.
    expect(at[1]!.n).toBe(kept.filter(({ orderId }) => orderId !== null).length)
  })
})
