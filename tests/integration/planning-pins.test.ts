import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BoardItem, BoardView, ProposalDetail } from '../../shared/contract/planning.ts'
import { DEFAULT_PLANNING_POLICY } from '../../shared/contract/replanning.ts'
import { sessionTaskKey } from '../../electron/core/planning/items.ts'
import { loadProblem } from '../../electron/core/planning/solve-job.ts'
import { startCore, type TestCore } from '../helpers/core.ts'
import { answerTo, boardOf, hardOf, solvePlan } from '../helpers/planning.ts'

const HOUR_MS = 60 * 60_000

let core: TestCore

const solve = (timeLimitMs = 300) => solvePlan(core, { timeLimitMs })
const board = (proposalId: string | null = null) => boardOf(core, proposalId)

/** Where a proposal has an item. */
const placeIn = async (proposalId: string, { taskKey }: BoardItem) =>
  (await board(proposalId)).items.find((item) => item.taskKey === taskKey && item.version !== 'published')
const answered = (eventId: string) => answerTo(core, eventId)

const pin = ({ taskKey }: BoardItem, pinned = true) => core.call('plan/pin', { taskKey, pinned })
const isLater = ({ nowMs }: BoardView, item: BoardItem) => item.movable && item.startMs > nowMs + 12 * HOUR_MS
const liftedIn = ({ notices }: ProposalDetail) => notices.find(({ key }) => key === 'plan.notice.liftedPins')

beforeAll(async () => {
  let tickMs = Date.now()
  core = startCore({ clock: () => ++tickMs })
  await core.call('app/openDemo', {})
  await core.call('plan/publish', { proposalId: (await solve(600)).id })
}, 90_000)
afterAll(() => core.close())

describe('a pin that can no longer be kept', () => {
  it('gives way when its line is closed then: a person is told and asked, and publishing ends it', async () => {
    await core.call('plan/savePolicy', {
      ...DEFAULT_PLANNING_POLICY,
      replanMode: 'apply',
      autoMaxMoved: 200,
      autoBroadcasts: true,
    })
    const view = await board()
    const item = view.items.find((candidate) => candidate.kind === 'production' && isLater(view, candidate))!
    await pin(item)
    expect(liftedIn(await solve())).toBeUndefined()
    const closed = { fromMs: item.startMs - HOUR_MS, untilMs: item.endMs + HOUR_MS }
    const { eventId } = await core.call('plan/report', {
      kind: 'line-down',
      lineId: item.laneId,
      ...closed,
      reason: '',
    })
    const event = await answered(eventId)
    expect(event).toMatchObject({
      state: 'proposed',
      held: { key: 'plan.held.pinned', params: { count: 1 } },
    })
    const mended = await core.call('plan/proposal', { proposalId: event.proposalId! })
    const planned = await solve()
    for (const proposal of [mended, planned]) {
      expect(hardOf(proposal)).toBe(0)
      expect(liftedIn(proposal)?.params).toMatchObject({ count: 1, names: expect.any(String) as string })
      const place = (await placeIn(proposal.id, item))!
      const isInside = place.startMs < closed.untilMs && place.endMs > closed.fromMs
      expect(place.laneId === item.laneId && isInside).toBe(false)
    }
    expect((await board()).counts.pinned).toBe(1)
    await core.call('plan/publish', { proposalId: planned.id })
    expect((await board()).counts.pinned).toBe(0)
    await core.call('plan/reopen', { table: 'productionLine', id: item.laneId })
    await core.call('plan/savePolicy', DEFAULT_PLANNING_POLICY)
  })

  it('gives way to one before it that takes longer than it did', async () => {
    const view = await board()
    const orders = view.items.filter((item) => item.kind === 'production' && isLater(view, item))
    const [pair] = [...Map.groupBy(orders, ({ laneId }) => laneId).values()]
      .map((items) => items.toSorted((a, b) => a.startMs - b.startMs))
      .flatMap((items) => items.slice(1).map((next, i) => [items[i]!, next] as const))
      .toSorted(([a, next], [b, after]) => next.startMs - a.endMs - (after.startMs - b.endMs))
    const [first, second] = pair!
    for (const item of [first, second]) await pin(item)
    const { services } = core.core
    const { quantity } = services
      .belt()
      .store.db.prepare('SELECT quantity FROM productionOrder WHERE id = ?')
      .get(first.orderId) as { quantity: number }
    const make = (units: number) =>
      services.transact(core.core.actorOf(core.connection), (ctx) =>
        ctx.write.set('productionOrder', first.orderId!, { quantity: units }),
      )
    make(quantity * 10)
    const proposal = await solve()
    expect(hardOf(proposal)).toBe(0)
    expect(liftedIn(proposal)?.params).toMatchObject({ count: 1 })
    expect(await placeIn(proposal.id, first)).toMatchObject({
      laneId: first.laneId,
      startMs: first.startMs,
    })
    make(quantity)
    for (const item of [first, second]) await pin(item, false)
  })

  it('keeps the broadcast that a pinned order waits for in the plan', async () => {
    const { services } = core.core
    const actor = core.core.actorOf(core.connection)
    const mayBeLeftOut = ({ sessionId }: BoardItem) =>
      loadProblem(services, actor, 14).built.problem.tasks.find(
        ({ id }) => id === sessionTaskKey(sessionId!),
      )!.optional
    const view = await board()
    const item = view.items.find(
      (candidate) =>
        candidate.kind === 'production' &&
        isLater(view, candidate) &&
        candidate.sessionId !== null &&
        view.items.some(
          ({ kind, sessionId, endMs }) =>
            kind === 'broadcast' && sessionId === candidate.sessionId && endMs <= candidate.startMs,
        ),
    )!
    expect(mayBeLeftOut(item)).toBe(true)
    await pin(item)
    expect(mayBeLeftOut(item)).toBe(false)
    await pin(item, false)
    expect(mayBeLeftOut(item)).toBe(true)
  })

  it('keeps the hour of a broadcast, in another room when its own is closed', async () => {
    const view = await board()
    const studios = new Set(view.lanes.filter(({ group }) => group === 'studio').map(({ id }) => id))
    const free = new Set(
      (
        core.core.services
          .belt()
          .store.db.prepare(
            `SELECT id FROM liveSession WHERE status = 'planned' AND json_array_length(studioIds) = 0`,
          )
          .all() as { id: string }[]
      ).map(({ id }) => id),
    )
    const item = view.items.find(
      (candidate) =>
        studios.has(candidate.laneId) && isLater(view, candidate) && free.has(candidate.sessionId ?? ''),
    )!
    await pin(item)
    const { eventId } = await core.call('plan/report', {
      kind: 'studio-closed',
      studioId: item.laneId,
      fromMs: item.startMs - HOUR_MS,
      untilMs: item.endMs + HOUR_MS,
      reason: '',
    })
    const event = await answered(eventId)
    const bars = (await board(event.proposalId)).items.filter(
      ({ taskKey, version }) => taskKey === item.taskKey && version !== 'published',
    )
    expect(new Set(bars.map(({ startMs }) => startMs))).toEqual(new Set([item.startMs]))
    const rooms = bars.map(({ laneId }) => laneId).filter((id) => studios.has(id))
    expect(rooms).toHaveLength(1)
    expect(rooms).not.toContain(item.laneId)
  })
})
