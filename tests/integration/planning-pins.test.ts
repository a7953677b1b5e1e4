import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BoardItem, BoardView, ProposalDetail } from '../../shared/contract/planning.ts'
import { DEFAULT_PLANNING_POLICY, type PlanEventView } from '../../shared/contract/replanning.ts'
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
    make(quantity * 4)
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
      loadProblem(services, actor).built.problem.tasks.find(({ id }) => id === sessionTaskKey(sessionId!))!
        .optional
    const view = await board()
    const item = view.items.find(
      (candidate) =>
        candidate.kind === 'production' &&
        isLater(view, candidate) &&
        candidate.sessionId !== null &&
        view.items.some(
          ({ kind, sessionId, endMs }) =>
            kind === 'broadcast' && sessionId === candidate.sessionId && endMs <= candidate.startMs,
        ) &&
        mayBeLeftOut(candidate),
    )!
    await pin(item)
    expect(mayBeLeftOut(item)).toBe(false)
    await pin(item, false)
    expect(mayBeLeftOut(item)).toBe(true)
  })

  it('keeps the hour of a broadcast, in another room when its own is closed', async () => {
    const { item, rooms } = await pinnedBroadcast()
    const event = await close(item, item.laneId)
    const bars = await barsIn(event, item)
    expect(new Set(bars.map(({ startMs }) => startMs))).toEqual(new Set([item.startMs]))
    const taken = bars.map(({ laneId }) => laneId).filter((id) => rooms.has(id))
    expect(taken).toHaveLength(1)
    expect(taken).not.toContain(item.laneId)
    await core.call('plan/reopen', { table: 'studio', id: item.laneId })
    await pin(item, false)
  })

  it('takes a broadcast off air, and asks a person first, when no room is open at its hour', async () => {
    await core.call('plan/savePolicy', {
      ...DEFAULT_PLANNING_POLICY,
      replanMode: 'apply',
      autoMaxMoved: 200,
      autoBroadcasts: true,
    })
    const { item, rooms } = await pinnedBroadcast()
    let event: PlanEventView | null = null
    for (const room of rooms) event = await close(item, room)
    expect(event).toMatchObject({ state: 'proposed', held: { key: 'plan.held.dropped' } })
    expect(await barsIn(event!, item)).toEqual([])
    expect((await board()).items.some(({ taskKey }) => taskKey === item.taskKey)).toBe(true)
  })
})

/** A broadcast that may be on air in any room, with a second room to be had at its hour, pinned. */
async function pinnedBroadcast(): Promise<{ item: BoardItem; rooms: ReadonlySet<string> }> {
  const view = await board()
  const rooms = new Set(view.lanes.filter(({ group }) => group === 'studio').map(({ id }) => id))
  const { db } = core.core.services.belt().store
  const free = db
    .prepare(`SELECT id FROM liveSession WHERE status = 'planned' AND json_array_length(studioIds) = 0`)
    .all() as { id: string }[]
  const canHave = (room: string, { laneId, startMs, endMs }: BoardItem) =>
    room !== laneId &&
    !view.items.some(
      (other) =>
        other.laneId === room &&
        !other.movable &&
        other.startMs < endMs + HOUR_MS &&
        other.endMs > startMs - HOUR_MS,
    )
  const item = view.items.find(
    (candidate) =>
      rooms.has(candidate.laneId) &&
      isLater(view, candidate) &&
      isWithinHours(candidate) &&
      free.some(({ id }) => id === candidate.sessionId) &&
      [...rooms].some((room) => canHave(room, candidate)),
  )!
  await pin(item)
  return { item, rooms }
}

/** Whether every room is open then: the one out of doors opens earlier and shuts earlier than the others. */
function isWithinHours({ startMs, endMs }: BoardItem): boolean {
  const hourOf = (atMs: number) => ((atMs + 8 * HOUR_MS) % (24 * HOUR_MS)) / HOUR_MS
  return hourOf(startMs) >= 8 && hourOf(endMs) <= 20 && hourOf(startMs) < hourOf(endMs)
}

async function close(item: BoardItem, studioId: string): Promise<PlanEventView> {
  const { eventId } = await core.call('plan/report', {
    kind: 'studio-closed',
    studioId,
    fromMs: item.startMs - HOUR_MS,
    untilMs: item.endMs + HOUR_MS,
    reason: '',
  })
  return answered(eventId)
}

/** Where the plan that answers an event has an item: its room and its people. */
const barsIn = async ({ proposalId }: PlanEventView, { taskKey }: BoardItem) =>
  (await board(proposalId)).items.filter((bar) => bar.taskKey === taskKey && bar.version !== 'published')
