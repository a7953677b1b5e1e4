import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BoardItem, ProposalDetail } from '../../shared/contract/planning.ts'
import { startCore, type TestCore } from '../helpers/core.ts'
import { boardOf, solvePlan } from '../helpers/planning.ts'

let core: TestCore
const DAY_MS = 86_400_000
/** Shanghai's offset. */
const ZONE_MS = 8 * 60 * 60_000

const solve = (timeLimitMs = 600, seed = 1) => solvePlan(core, { timeLimitMs, seed })
const board = (proposalId: string | null = null) => boardOf(core, proposalId)

beforeAll(async () => {
  core = startCore()
  await core.call('app/openDemo', {})
}, 60_000)
afterAll(() => core.close())

describe('planning the demo belt', () => {
  let first: ProposalDetail

  it('places every order and session or says why not, with nothing impossible in it', async () => {
    first = await solve()
    expect(first.score.find(({ tier }) => tier === 'hard')?.value).toBe(0)
    expect(first.tasks).toBeGreaterThan(150)
    const { db } = core.core.services.belt().store
    const orders = db
      .prepare(
        `SELECT count(*) AS n FROM productionOrder WHERE deleted = 0 AND status IN ('open', 'running')`,
      )
      .get() as { n: number }
    const tasks = new Set([
      ...first.movedTasks.map((task) => task.taskKey),
      ...first.unplannedTasks.map((task) => task.taskKey),
    ])
    const named = new Set(
      [...tasks].filter((key) => key.startsWith('order:')).map((key) => key.split(':')[1]),
    )
    expect(named.size).toBe(orders.n)
    for (const task of first.unplannedTasks) expect(task.why.length).toBeGreaterThan(0)
    for (const late of first.lateOrders) expect(late.why.length).toBeGreaterThan(0)
  })

  it('reports progress with the best score so far', () => {
    const progress = core.events.filter((event) => event.kind === 'progress')
    expect(progress.length).toBeGreaterThan(1)
    expect(progress[0]).toMatchObject({
      phase: 'plan',
      total: 1000,
      note: { hard: expect.any(Number) as number },
    })
  })

  it('shows a proposal beside nothing, then publishes it with a claim for every broadcast', async () => {
    const before = await board(first.id)
    expect(before.proposal?.id).toBe(first.id)
    expect(before.items.some((item) => item.version === 'proposal')).toBe(true)
    const published = await core.call('plan/publish', { proposalId: first.id, reason: 'first plan' })
    expect(published.no).toBe(1)
    expect(published.granted + published.refused).toBe(published.claims)
    expect(published.refused).toBe(0)
    const after = await board()
    expect(after.published).toMatchObject({
      id: published.planId,
      no: 1,
      reason: 'first plan',
      author: '于敏',
    })
    expect(new Set(after.items.map((item) => item.version))).toEqual(new Set(['both']))
    for (const lane of ['line', 'studio', 'streamer', 'session'] as const)
      expect(after.lanes.some(({ group }) => group === lane)).toBe(true)
    const broadcast = after.items.find((item) => item.kind === 'broadcast' && item.startMs > after.nowMs)
    expect(broadcast?.record).toBe('confirmed')
  })

  it('never puts two things on one lane at the same time', async () => {
    const view = await board()
    const byLane = Map.groupBy(
      view.items.filter((item) => item.kind !== 'ship'),
      (item) => item.laneId,
    )
    for (const items of byLane.values()) {
      const sorted = items.toSorted((a, b) => a.startMs - b.startMs)
      for (let at = 1; at < sorted.length; at++)
        expect(sorted[at]!.startMs - sorted[at]!.setupMin * 60_000, sorted[at]!.id).toBeGreaterThanOrEqual(
          sorted[at - 1]!.endMs,
        )
    }
  })

  it('refuses to publish the same proposal twice, or one whose plan no longer stands', async () => {
    await expect(core.call('plan/publish', { proposalId: first.id })).rejects.toMatchObject({
      code: 'plan-not-proposal',
    })
    const [second, third] = [await solve(300, 2), await solve(300, 3)]
    await core.call('plan/publish', { proposalId: second.id })
    await expect(core.call('plan/publish', { proposalId: third.id })).rejects.toMatchObject({
      code: 'plan-outdated',
    })
    await core.call('plan/discard', { proposalId: third.id })
    await expect(core.call('plan/proposal', { proposalId: third.id })).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it('plans again from what stands and moves little of it', async () => {
    const again = await solve(500, 4)
    expect(again.moved).toBeLessThan(again.tasks * 0.2)
    expect(again.baseScore).not.toBeNull()
  })

  it('keeps a pinned order where it is', async () => {
    const view = await board()
    const item = view.items.find((candidate) => candidate.kind === 'production' && candidate.movable)!
    await core.call('plan/pin', { taskKey: item.taskKey, pinned: true, reason: 'the mould is there' })
    expect((await board()).items.find((candidate) => candidate.taskKey === item.taskKey)?.pinned).toBe(true)
    const again = await solve(300, 5)
    expect(again.movedTasks.some((task) => task.taskKey === item.taskKey)).toBe(false)
    await core.call('plan/pin', { taskKey: item.taskKey, pinned: false })
    expect((await board()).counts.pinned).toBe(0)
  })

  it('moves an order by hand into a proposal that holds it there', async () => {
    const view = await board()
    const item = view.items.find(
      (candidate) =>
        candidate.kind === 'production' && candidate.movable && candidate.startMs > view.nowMs + DAY_MS,
    )!
    const startMs = item.startMs + 2 * 60 * 60_000
    const trial = await core.call('plan/tryMove', {
      proposalId: null,
      taskKey: item.taskKey,
      laneId: item.laneId,
      startMs,
    })
    expect(trial.deltas).toHaveLength(6)
    if (!trial.feasible) return
    const { proposalId } = await core.call('plan/move', {
      proposalId: null,
      taskKey: item.taskKey,
      laneId: item.laneId,
      startMs,
    })
    const moved = (await board(proposalId)).items.find(
      (candidate) => candidate.taskKey === item.taskKey && candidate.version === 'proposal',
    )
    expect(moved?.laneId).toBe(item.laneId)
    expect(moved?.startMs).toBeGreaterThanOrEqual(startMs)
  })

  it('lets an order dropped into the night begin when its line opens', async () => {
    const view = await board()
    /** Stock for a broadcast cannot be made after it. */
    const isAwaited = ({ sessionId, endMs }: BoardItem) =>
      view.items.some(
        (other) => other.kind === 'broadcast' && other.sessionId === sessionId && other.startMs >= endMs,
      )
    const item = view.items.find(
      (candidate) =>
        candidate.kind === 'production' &&
        candidate.movable &&
        candidate.startMs > view.nowMs + DAY_MS &&
        !isAwaited(candidate),
    )!
    const localDayMs = Math.floor((item.startMs + ZONE_MS) / DAY_MS) * DAY_MS - ZONE_MS
    const startMs = localDayMs + DAY_MS + 5 * 60 * 60_000
    const target = { proposalId: null, taskKey: item.taskKey, laneId: item.laneId, startMs }
    expect((await core.call('plan/tryMove', target)).feasible).toBe(true)
    const { proposalId } = await core.call('plan/move', target)
    const moved = (await board(proposalId)).items.find(
      (candidate) => candidate.taskKey === item.taskKey && candidate.version === 'proposal',
    )!
    expect(moved.laneId).toBe(item.laneId)
    expect(moved.startMs).toBeGreaterThan(startMs)
    expect(moved.startMs % DAY_MS).not.toBe(startMs % DAY_MS)
  })

  it('explains an item through its five steps', async () => {
    const view = await board()
    const item = view.items.find(
      (candidate) => candidate.kind === 'production' && candidate.sessionId !== null,
    )!
    const explained = await core.call('plan/explain', { taskKey: item.taskKey })
    expect(explained.chain.map(({ step }) => step)).toEqual([
      'sample',
      'qc',
      'broadcast',
      'production',
      'ship',
    ])
    expect(explained.opening.length).toBeGreaterThan(0)
    expect(explained.whyNotThere).toEqual([])
  })

  it('says of a broadcast what keeps it from other times that are still to come', async () => {
    const view = await board()
    const broadcasts = view.items.filter(({ kind, movable }) => kind === 'broadcast' && movable)
    const keys = new Set(broadcasts.map(({ taskKey }) => taskKey))
    const explained = await Promise.all(
      [...keys].slice(0, 12).map((taskKey) => core.call('plan/explain', { taskKey })),
    )
    const whyNotThere = explained.flatMap((answer) => answer.whyNotThere)
    expect(whyNotThere.length).toBeGreaterThan(0)
    for (const { key, params } of whyNotThere) {
      expect(key).toMatch(/^plan\.place\./)
      // A time as people read it, not a minute of the plan; names, not ids.
      expect(params['startMin']).toMatch(/^\d\d-\d\d \d\d:\d\d$/)
      expect(Object.values(params).join()).not.toMatch(/session:|order:/)
    }
  })

  it('can be cancelled: nothing is stored', async () => {
    const before = await core.call('plan/proposals', {})
    const { jobId } = await core.call('plan/start', { timeLimitMs: 60_000 })
    expect(await core.call('plan/running', {})).toEqual({ jobId })
    await expect(core.call('plan/start', {})).rejects.toMatchObject({ code: 'plan-running' })
    await core.call('plan/stop', { jobId, keep: false })
    await expect.poll(() => core.call('plan/running', {}), { timeout: 10_000 }).toEqual({ jobId: null })
    expect(await core.call('plan/proposals', {})).toEqual(before)
  })

  it('can be stopped early and keeps the best plan so far', async () => {
    const before = (await core.call('plan/proposals', {})).length
    const { jobId } = await core.call('plan/start', { timeLimitMs: 60_000 })
    await expect
      .poll(() => core.events.some((event) => event.kind === 'progress' && event.jobId === jobId), {
        timeout: 20_000,
      })
      .toBe(true)
    await core.call('plan/stop', { jobId, keep: true })
    await expect.poll(() => core.call('plan/running', {}), { timeout: 10_000 }).toEqual({ jobId: null })
    expect((await core.call('plan/proposals', {})).length).toBe(before + 1)
  })
})

describe('claiming a studio', () => {
  it('grants it once; the second is refused with a reason and alternatives that work', async () => {
    const { nowMs } = await core.call('app/state', {})
    const week = await core.call('slot/week', { fromMs: nowMs, toMs: nowMs + 14 * DAY_MS })
    const studio = week.studios[0]!
    const day = Math.floor((nowMs + 12 * DAY_MS + 8 * 3_600_000) / DAY_MS) * DAY_MS - 8 * 3_600_000
    const slot = {
      studioId: studio.id,
      startMs: day + 14 * 3_600_000,
      endMs: day + 16 * 3_600_000,
      label: '甲',
    }
    expect(await core.call('slot/claim', slot)).toMatchObject({ record: 'confirmed' })
    const refused = await core.call('slot/claim', { ...slot, label: '乙' })
    expect(refused.record).toBe('refused')
    expect(refused.reason).not.toBe('')
    expect(refused.alternatives.length).toBeGreaterThan(0)
    const other = refused.alternatives[0]!
    expect(
      await core.call('slot/claim', {
        ...slot,
        studioId: other.studioId,
        startMs: other.startMs,
        endMs: other.endMs,
        label: '乙',
      }),
    ).toMatchObject({ record: 'confirmed' })
  })

  it('gives the time back when released', async () => {
    const { nowMs } = await core.call('app/state', {})
    const week = await core.call('slot/week', { fromMs: nowMs + 10 * DAY_MS, toMs: nowMs + 14 * DAY_MS })
    const booking = week.bookings.find((candidate) => candidate.label === '甲')!
    await core.call('slot/release', { bookingId: booking.id })
    expect(
      await core.call('slot/claim', {
        studioId: booking.studioId,
        startMs: booking.startMs,
        endMs: booking.endMs,
        label: '丙',
      }),
    ).toMatchObject({ record: 'confirmed' })
  })

  it('refuses hours when the room is closed', async () => {
    const { nowMs } = await core.call('app/state', {})
    const week = await core.call('slot/week', { fromMs: nowMs, toMs: nowMs + DAY_MS })
    const day = Math.floor((nowMs + 12 * DAY_MS + 8 * 3_600_000) / DAY_MS) * DAY_MS - 8 * 3_600_000
    await expect(
      core.call('slot/claim', {
        studioId: week.studios[0]!.id,
        startMs: day + 5 * 3_600_000,
        endMs: day + 6 * 3_600_000,
        label: '甲',
      }),
    ).rejects.toMatchObject({ code: 'slot-closed' })
  })
})
