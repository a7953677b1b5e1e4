import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import { construct, latestStarts, placeBestAir, placeFollowers } from '../../../shared/scheduler/construct.ts'
import { makeFeasible, toPlan } from '../../../shared/scheduler/finish.ts'
import { releaseStuck, solve } from '../../../shared/scheduler/index.ts'
import { unplace } from '../../../shared/scheduler/insert.ts'
import { compileModel } from '../../../shared/scheduler/model.ts'
import type { Lock, Plan, Problem, Task } from '../../../shared/scheduler/problem.ts'
import { settle } from '../../../shared/scheduler/timing.ts'
import { item, jobsFor, problemOf, startOf, work } from './facts.ts'

/** A plan that the checker accepts. */
function planFor(problem: Problem, iterations = 500): Plan {
  const { plan } = solve(problem, { seed: 1, iterations })
  expect(checkPlan(problem, plan)).toMatchObject({ ok: true, violations: [] })
  return plan
}

describe('work that is held', () => {
  it('does not hold what follows work that was to have begun and has not', () => {
    const hours = { id: 'day', open: [[0, 2880]] as const }
    const tasks = [
      work('held', 'line', 100, { status: 'running', actual: { mode: 0, start: 0 }, elapsed: 10 }),
      work('sample', 'line', 60),
      work('qc', 'bench', 30),
    ]
    const problem = problemOf({
      now: 60,
      resources: ['line', 'bench'].map((id) => ({ id, kind: 'line' as const, calendar: 'day' })),
      calendars: [hours],
      jobs: jobsFor(tasks),
      tasks,
      prec: [{ from: 'sample', to: 'qc', type: 'FS', minLag: 0 }],
      stability: {
        baseline: { assign: [item('sample', 'line', 20, 80), item('qc', 'bench', 80, 110)] },
        freezeUntil: 180,
        released: ['sample'],
      },
    })
    expect(checkPlan(problem, solve(problem, { seed: 1, iterations: 500 }).plan).ok).toBe(false)
    const free = releaseStuck(problem)
    const { plan: mended } = solve(free, { seed: 1, iterations: 500 })
    expect(checkPlan(free, mended)).toMatchObject({ ok: true, violations: [] })
    expect(startOf(mended, 'qc')).toBeGreaterThanOrEqual(60 + 90 + 60)
  })

  const pinned = (id: string, res: string, dur: number, start: number): Task =>
    work(id, res, dur, { split: 'pause', lock: { mode: 0, start, strength: 'hard' } })

  function onTwoLines(tasks: Task[], more: Partial<Problem> = {}): Problem {
    return problemOf({
      now: 60,
      resources: ['line', 'bench'].map((id) => ({ id, kind: 'line' as const, calendar: id })),
      calendars: [
        { id: 'line', open: [[0, 300], [600, 2880]] }, // prettier-ignore
        { id: 'bench', open: [[0, 2880]] },
      ],
      jobs: jobsFor(tasks),
      tasks,
      ...more,
    })
  }
  const locksOf = ({ tasks }: Problem) => tasks.map(({ lock }) => lock?.strength)

  it('keeps its pin wherever that can be', () => {
    const problem = onTwoLines([pinned('a', 'line', 60, 200), pinned('b', 'line', 60, 600)])
    expect(releaseStuck(problem)).toEqual(problem)
    expect(startOf(planFor(problem), 'b')).toBe(600)
  })

  it.each<[string, Problem]>([
    ['its line is closed then', onTwoLines([pinned('a', 'bench', 60, 400), pinned('b', 'line', 60, 400)])],
    [
      'other pinned work takes longer',
      onTwoLines([pinned('a', 'bench', 100, 100), pinned('b', 'bench', 60, 150)]),
    ],
    ['its hour has passed', onTwoLines([pinned('a', 'bench', 60, 100), pinned('b', 'line', 60, 20)])],
    [
      'what it waits for finds no room before it',
      onTwoLines([pinned('c', 'line', 140, 60), work('a', 'line', 150), pinned('b', 'bench', 60, 290)], {
        prec: [{ from: 'a', to: 'b', type: 'FS', minLag: 0 }],
      }),
    ],
    [
      'what it waits for is not over then',
      onTwoLines([work('a', 'line', 250), pinned('b', 'bench', 60, 280)], {
        prec: [{ from: 'a', to: 'b', type: 'FS', minLag: 0 }],
      }),
    ],
  ])('has its pin as a wish only when %s', (_, problem) => {
    const free = releaseStuck(problem)
    expect(locksOf(free)).toEqual([...locksOf(problem).slice(0, -1), 'soft'])
    const plan = planFor(free)
    expect(startOf(plan, 'b')).toBeGreaterThanOrEqual(60)
    expect(plan.unplanned).toEqual([])
  })
})

describe('pinned work behind a broadcast', () => {
  it('comes back to its start when the broadcast, once left out, is planned again', () => {
    const pinnedAt = (start: number): Lock => ({ mode: 0, start, strength: 'hard' })
    const tasks: Task[] = [
      { id: 'air', job: 'j-air', session: { float: { from: 0, to: 600, stepMin: 30 }, dur: 120 } },
      work('make', 'line', 100, { lock: pinnedAt(900) }),
      work('other', 'line', 100, { lock: pinnedAt(500) }),
    ]
    const problem = problemOf({
      resources: [
        { id: 'line', kind: 'line' },
        { id: 'S', kind: 'studio' },
        { id: 'G', kind: 'streamer' },
      ],
      jobs: jobsFor(tasks),
      tasks,
      prec: [{ from: 'air', to: 'make', type: 'FS', minLag: 0 }],
    })
    const model = compileModel(problem)
    const state = construct(model)
    const [air, make] = ['air', 'make'].map((id) => model.taskIndex.get(id)!)
    unplace(state, air!)
    settle(state)
    expect(state.placed[make!]).toBe(0)
    expect(placeBestAir(state, model.air.airOf[air!]!, 0)).toBe(true)
    placeFollowers(state, air!, latestStarts(model))
    makeFeasible(state)
    const plan = toPlan(state)
    expect(checkPlan(problem, plan)).toMatchObject({ ok: true, violations: [] })
    expect(['other', 'make'].map((id) => startOf(plan, id))).toEqual([500, 900])
  })
})

describe('a broadcast that is held', () => {
  const onAir = (id: string, studios: string[], lock: Omit<Lock, 'strength'>): Task => ({
    id,
    job: `j-${id}`,
    optional: true,
    session: { float: { from: 0, to: 2880, stepMin: 30 }, dur: 120, studios },
    lock: { ...lock, strength: 'hard' },
  })
  const belt = (tasks: Task[]): Problem =>
    problemOf({
      resources: [
        ...['S', 'T'].map((id) => ({ id, kind: 'studio' as const })),
        ...['G', 'H', 'K'].map((id) => ({ id, kind: 'streamer' as const })),
      ],
      jobs: jobsFor(tasks),
      tasks,
    })

  it('takes another room than one that a later one has to have', () => {
    const plan = planFor(
      belt([
        onAir('a', ['S', 'T'], { start: 600, streamers: ['G'] }),
        onAir('b', ['S', 'T'], { start: 660, studio: 'S', streamers: ['H'] }),
      ]),
      0,
    )
    expect(plan.slots.map(({ task, studio }) => [task, studio])).toEqual([
      ['a', 'T'],
      ['b', 'S'],
    ])
  })

  it('is left out when every room is taken at its hour', () => {
    const plan = planFor(
      belt([
        onAir('a', ['S', 'T'], { start: 600, streamers: ['G'] }),
        onAir('b', ['S', 'T'], { start: 660, studio: 'S', streamers: ['H'] }),
        onAir('c', ['S', 'T'], { start: 660, studio: 'T', streamers: ['K'] }),
      ]),
    )
    expect(plan.unplanned.map(({ task }) => task)).toEqual(['a'])
  })
})

describe('what a lock leaves open', () => {
  const rooms: Problem['resources'] = [
    { id: 'room', kind: 'studio', calendar: 'day' },
    { id: 'hall', kind: 'studio', calendar: 'day' },
    { id: 'anna', kind: 'streamer', calendar: 'day' },
    { id: 'bo', kind: 'streamer', calendar: 'day' },
  ]
  const calendars = [{ id: 'day', open: [[0, 2880]] as const }]
  const broadcast = (id: string, more: Partial<Task> = {}): Task => ({
    id,
    job: `j-${id}`,
    session: { float: { from: 0, to: 2000, stepMin: 60 }, dur: 60, value: 10 },
    ...more,
  })

  it('is held by the frozen zone on a line', () => {
    const tasks = [work('a', 'line', 100, { lock: { mode: 0, strength: 'hard' } })]
    const problem = problemOf({
      resources: [{ id: 'line', kind: 'line' }],
      jobs: jobsFor(tasks),
      tasks,
      stability: { baseline: { assign: [item('a', 'line', 300, 400)] }, freezeUntil: 480 },
    })
    expect(startOf(planFor(problem), 'a')).toBe(300)
    const early = planFor({ ...problem, stability: { baseline: { assign: [] } } })
    expect(startOf(early, 'a')).toBe(0)
    expect(checkPlan(problem, early).violations).toMatchObject([{ rule: 'lock-lock', culprits: ['a'] }])
  })

  it('is held by an announcement, in the room that the lock names', () => {
    const tasks = [broadcast('live', { lock: { studio: 'hall', strength: 'hard' } })]
    const problem = problemOf({
      resources: rooms,
      calendars,
      jobs: jobsFor(tasks),
      tasks,
      stability: {
        baseline: { assign: [item('live', ['room', 'anna'], 600, 660)] },
        announced: ['live'],
        wStart: 0,
      },
    })
    const plan = planFor(problem)
    expect(startOf(plan, 'live')).toBe(600)
    expect(plan.slots).toMatchObject([{ task: 'live', studio: 'hall' }])
  })

  it('is held in two slots that begin together', () => {
    const tasks = ['one', 'two'].map((id) =>
      broadcast(id, { session: { slots: [`s-${id}`, `early-${id}`], value: 10 } }),
    )
    const slot = (id: string, start: number) => ({ id, start, end: start + 60, value: 10 })
    const problem = problemOf({
      resources: rooms,
      calendars,
      jobs: jobsFor(tasks),
      tasks,
      slots: ['one', 'two'].flatMap((id) => [slot(`s-${id}`, 600), slot(`early-${id}`, 0)]),
      stability: {
        baseline: {
          assign: [item('one', ['room', 'anna'], 600, 660), item('two', ['hall', 'bo'], 600, 660)],
        },
        announced: ['s-one', 's-two'],
        wStart: 0,
      },
    })
    const plan = planFor(problem)
    expect([startOf(plan, 'one'), startOf(plan, 'two')]).toEqual([600, 600])
  })
})
