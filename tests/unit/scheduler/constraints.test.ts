import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import { CONSTRAINTS, EXPLANATION_KEYS, explainScore } from '../../../shared/scheduler/index.ts'
import type { Plan, Problem, Task } from '../../../shared/scheduler/index.ts'
import { item, jobsFor, planOf, problemOf, work } from './facts.ts'

/** Penalties by constraint; every explanation must be a known key with exactly its figures. */
function penalties(problem: Problem, plan: Plan): Record<string, number> {
  const { findings } = explainScore(problem, plan)
  for (const { items } of findings)
    for (const { explanation } of items) {
      const names = EXPLANATION_KEYS[explanation.key as keyof typeof EXPLANATION_KEYS]
      expect([...names].sort(), explanation.key).toEqual(Object.keys(explanation.params).sort())
    }
  const shown = findings.filter((entry) => entry.constraint !== 'makespan')
  return Object.fromEntries(shown.map((entry) => [entry.constraint, entry.penalty]))
}

/** The independent checker must see a hard rule broken exactly when a hard constraint pays. */
function agrees(problem: Problem, plan: Plan): void {
  const hard = explainScore(problem, plan).score[0]
  const checked = checkPlan(problem, plan)
  expect(checked.violations.length > 0).toBe(hard > 0)
  expect(checked.score.slice(1)).toEqual(explainScore(problem, plan).score.slice(1))
}

const line = { id: 'L', kind: 'line' } as const
const studio = { id: 'S', kind: 'studio' } as const
const two = [work('a', 'L', 60), work('b', 'L', 60)]

function air(id: string, more: Partial<NonNullable<Task['session']>> = {}): Task {
  return { id, job: `j-${id}`, session: { float: { from: 0, to: 2880, stepMin: 30 }, dur: 120, ...more } }
}

function airPlan(entries: [task: string, streamer: string, start: number][], dur = 120): Plan {
  return planOf(
    entries.map(([task, streamer, start]) => item(task, ['S', streamer], start, start + dur)),
    entries.map(([task, streamer]) => ({ slot: null, task, studio: 'S', streamers: [streamer] })),
  )
}

describe('hard constraints', () => {
  it('overlap: minutes two tasks share a line', () => {
    const problem = problemOf({ resources: [line], jobs: jobsFor(two), tasks: two })
    const plan = planOf([item('a', 'L', 0, 60), item('b', 'L', 45, 105)])
    expect(penalties(problem, plan)).toEqual({ overlap: 15 })
    agrees(problem, plan)
    agrees(problem, planOf([item('a', 'L', 0, 60), item('b', 'L', 60, 120)]))
  })

  it('overlap: reset and make-up time between broadcasts', () => {
    const tasks = [air('a'), air('b')]
    const problem = problemOf({
      resources: [
        { ...studio, turnaroundMin: 30 },
        { id: 'H', kind: 'streamer' },
        { id: 'G', kind: 'streamer' },
      ],
      jobs: jobsFor(tasks),
      tasks,
    })
    const plan = airPlan([
      ['a', 'H', 0],
      ['b', 'G', 120],
    ])
    expect(penalties(problem, plan)).toEqual({ overlap: 30 })
    agrees(problem, plan)
    expect(
      penalties(
        problem,
        airPlan([
          ['a', 'H', 0],
          ['b', 'G', 150],
        ]),
      ),
    ).toEqual({})
  })

  it('pool-capacity: units over times minutes', () => {
    const tasks = ['a', 'b'].map((id) => ({
      ...work(id, 'P', 60),
      modes: [{ needs: [{ res: 'P', qty: 2 }], dur: 60 }],
    }))
    const problem = problemOf({
      resources: [{ id: 'P', kind: 'pool', capacity: 3 }],
      jobs: jobsFor(tasks),
      tasks,
    })
    const plan = planOf([item('a', 'P', 0, 60), item('b', 'P', 40, 100)])
    expect(penalties(problem, plan)).toEqual({ 'pool-capacity': 20 })
    agrees(problem, plan)
  })

  it('working-time: closed minutes of unsplit work', () => {
    const tasks = [work('a', 'L', 60)]
    const problem = problemOf({
      resources: [{ ...line, calendar: 'c' }],
      calendars: [
        {
          id: 'c',
          open: [
            [0, 100],
            [200, 400],
          ],
        },
      ],
      jobs: jobsFor(tasks),
      tasks,
    })
    const plan = planOf([item('a', 'L', 70, 130)])
    expect(penalties(problem, plan)).toEqual({ 'working-time': 30 })
    agrees(problem, plan)
  })

  it('eligible-mode: a resource no mode has; a wrong length', () => {
    const tasks = [work('a', 'L', 60), work('b', 'L', 60)]
    const problem = problemOf({ resources: [line, { id: 'M', kind: 'line' }], jobs: jobsFor(tasks), tasks })
    const plan = planOf([item('a', 'M', 0, 60), item('b', 'L', 0, 50)])
    expect(penalties(problem, plan)).toEqual({ 'eligible-mode': 11 })
    agrees(problem, plan)
  })

  it('setup-time and setup-minutes: what the family matrix asks for', () => {
    const tasks = [work('a', 'L', 60, { family: 'x' }), work('b', 'L', 60, { family: 'y' })]
    const problem = problemOf({
      resources: [{ ...line, setup: 's', initialState: 'x' }],
      setups: [
        {
          id: 's',
          families: ['x', 'y'],
          matrix: [
            [0, 30],
            [45, 0],
          ],
        },
      ],
      jobs: jobsFor(tasks),
      tasks,
    })
    const tight = planOf([item('a', 'L', 0, 60), item('b', 'L', 70, 130)])
    expect(penalties(problem, tight)).toEqual({ 'setup-time': 20, 'setup-minutes': 30 })
    agrees(problem, tight)
    const swapped = planOf([item('b', 'L', 30, 90), item('a', 'L', 135, 195)])
    expect(penalties(problem, swapped)).toEqual({ 'setup-minutes': 75 })
    agrees(problem, swapped)
  })

  it('precedence: least lag, overlap share, greatest lag', () => {
    const tasks = [work('a', 'L', 100), work('b', 'M', 60)]
    const base = problemOf({ resources: [line, { id: 'M', kind: 'line' }], jobs: jobsFor(tasks), tasks })
    const plan = (start: number) => planOf([item('a', 'L', 0, 100), item('b', 'M', start, start + 60)])
    const cases: [Problem['prec'][number], number, number][] = [
      [{ from: 'a', to: 'b', minLag: 20 }, 110, 10],
      [{ from: 'a', to: 'b', ratio: 0.5 }, 45, 5],
      [{ from: 'a', to: 'b', maxLag: 30 }, 150, 20],
      [{ from: 'a', to: 'b', type: 'SS', minLag: 40 }, 30, 10],
      [{ from: 'a', to: 'b', type: 'FF', minLag: 10 }, 40, 10],
    ]
    for (const [arc, start, minutes] of cases) {
      const problem = { ...base, prec: [arc] }
      expect(penalties(problem, plan(start))).toEqual({ precedence: minutes })
      agrees(problem, plan(start))
    }
  })

  it('release-date, hard-due and fixed-items', () => {
    const tasks = [work('a', 'L', 60, { lock: { start: 200, strength: 'hard' } })]
    const problem = problemOf({
      resources: [line],
      jobs: jobsFor(tasks, { release: 110, hardDue: 150 }),
      tasks,
    })
    const plan = planOf([item('a', 'L', 100, 160)])
    expect(penalties(problem, plan)).toEqual({ 'release-date': 10, 'hard-due': 10, 'fixed-items': 100 })
    agrees(problem, plan)
  })

  it('completeness: a task neither planned nor listed', () => {
    const problem = problemOf({ resources: [line], jobs: jobsFor(two), tasks: two })
    const plan = planOf([item('a', 'L', 0, 60)])
    expect(penalties(problem, plan)).toEqual({ completeness: 1 })
    agrees(problem, plan)
  })

  it('slot-window: a start off the grid, a slot held twice', () => {
    const tasks = [air('a'), air('b', { float: null, slots: ['B'] }), air('c', { float: null, slots: ['B'] })]
    const problem = problemOf({
      resources: [
        studio,
        { id: 'T', kind: 'studio' },
        ...['H', 'G', 'K'].map((id) => ({ id, kind: 'streamer' }) as const),
      ],
      jobs: jobsFor(tasks),
      tasks,
      slots: [{ id: 'B', start: 600, end: 720 }],
    })
    const plan = planOf(
      [item('a', ['S', 'H'], 10, 130), item('b', ['S', 'G'], 600, 720), item('c', ['T', 'K'], 600, 720)],
      [
        { slot: null, task: 'a', studio: 'S', streamers: ['H'] },
        { slot: 'B', task: 'b', studio: 'S', streamers: ['G'] },
        { slot: 'B', task: 'c', studio: 'T', streamers: ['K'] },
      ],
    )
    expect(penalties(problem, plan)).toEqual({ 'slot-window': 2 })
    agrees(problem, plan)
  })

  it('streamers: skill, rest between days, minutes a day, one stretch', () => {
    const tasks = [air('a', { skills: ['tackle'] }), air('b'), air('c')]
    const withRules = (rules: Partial<Problem['resources'][number]>): Problem =>
      problemOf({ resources: [studio, { id: 'H', kind: 'streamer', ...rules }], jobs: jobsFor(tasks), tasks })
    const plan = airPlan([
      ['a', 'H', 1200],
      ['b', 'H', 1320],
      ['c', 'H', 1800],
    ])
    expect(penalties(withRules({}), plan)).toEqual({ 'streamer-skill': 1 })
    const skilled = { skills: ['tackle'] }
    expect(penalties(withRules({ ...skilled, minRestMin: 480 }), plan)).toEqual({ 'streamer-rest': 120 })
    expect(penalties(withRules({ ...skilled, maxMinPerDay: 200 }), plan)).toEqual({
      'streamer-day-limit': 40,
    })
    expect(penalties(withRules({ ...skilled, maxConsecutiveMin: 180 }), plan)).toEqual({
      'streamer-stretch': 60,
    })
    for (const rules of [{}, { minRestMin: 480 }, { maxMinPerDay: 200 }, { maxConsecutiveMin: 180 }])
      agrees(withRules({ ...skilled, ...rules }), plan)
  })
})

describe('soft constraints', () => {
  it('tardiness: weight times minutes; a job left out counts to three horizons', () => {
    const problem = problemOf({ resources: [line], jobs: jobsFor(two, { due: 70, weight: 3 }), tasks: two })
    expect(penalties(problem, planOf([item('a', 'L', 0, 60), item('b', 'L', 60, 120)]))).toEqual({
      tardiness: 150,
    })
    const partial = planOf([item('a', 'L', 0, 60)], [], ['b'])
    expect(penalties(problem, partial)).toEqual({ tardiness: 3 * (3 * 2880 - 70) })
    agrees(problem, partial)
  })

  it('lost-value: a session left out, or aired in a lesser slot', () => {
    const tasks = [{ ...air('a', { float: null, slots: ['B', 'C'] }), optional: true }]
    const slots = [
      { id: 'B', start: 600, end: 720, value: 3 },
      { id: 'C', start: 900, end: 1020, value: 8 },
    ]
    const problem = problemOf({
      resources: [studio, { id: 'H', kind: 'streamer' }],
      jobs: jobsFor(tasks),
      tasks,
      slots,
    })
    const aired = planOf(
      [item('a', ['S', 'H'], 600, 720)],
      [{ slot: 'B', task: 'a', studio: 'S', streamers: ['H'] }],
    )
    expect(penalties(problem, aired)).toEqual({ 'lost-value': 300 })
    expect(penalties(problem, planOf([], [], ['a']))).toEqual({ 'lost-value': 480 })
    agrees(problem, aired)
    agrees(problem, planOf([], [], ['a']))
  })

  it('stable-start and stable-resources: distance from the baseline beyond the tolerance', () => {
    const tasks = [{ ...two[0]!, modes: [...two[0]!.modes!, { needs: [{ res: 'M' }], dur: 60 }] }]
    const problem = problemOf({
      resources: [line, { id: 'M', kind: 'line' }],
      jobs: jobsFor(tasks),
      tasks,
      stability: { baseline: { assign: [item('a', 'L', 0, 60)] }, toleranceMin: 15, wStart: 2, wRes: 20 },
    })
    const moved = planOf([{ ...item('a', 'M', 100, 160), mode: 1 }])
    expect(penalties(problem, moved)).toEqual({ 'stable-start': 170, 'stable-resources': 20 })
    agrees(problem, moved)
    expect(penalties(problem, planOf([item('a', 'L', 15, 75)]))).toEqual({})
  })

  it('stable-start: an announced broadcast is held, another streamer costs', () => {
    const tasks = [air('a')]
    const problem = problemOf({
      resources: [studio, { id: 'H', kind: 'streamer' }, { id: 'G', kind: 'streamer' }],
      jobs: jobsFor(tasks),
      tasks,
      stability: { baseline: { assign: [item('a', ['S', 'H'], 600, 720)] }, announced: ['a'], wStreamer: 50 },
    })
    expect(penalties(problem, airPlan([['a', 'G', 600]]))).toEqual({ 'stable-resources': 50 })
    const moved = airPlan([['a', 'H', 630]])
    expect(penalties(problem, moved)).toEqual({ 'fixed-items': 30, 'stable-start': 100_000 + 15 })
    agrees(problem, moved)
  })

  it('overtime: minutes inside overtime windows', () => {
    const tasks = [work('a', 'L', 100)]
    const problem = problemOf({
      resources: [{ ...line, calendar: 'c' }],
      calendars: [{ id: 'c', open: [[0, 200]], overtime: [[70, 200]] }],
      jobs: jobsFor(tasks),
      tasks,
    })
    const plan = planOf([item('a', 'L', 0, 100)])
    expect(penalties(problem, plan)).toEqual({ overtime: 30 })
    agrees(problem, plan)
  })

  it('streamer-quota, long-tail-quota and head-cap: squares of the miss', () => {
    const tasks = [air('a'), air('b')]
    const jobs = [
      { id: 'j-a', merchant: 'big', tasks: ['a'] },
      { id: 'j-b', merchant: 'small', tasks: ['b'] },
    ]
    const problem = problemOf({
      resources: [studio, { id: 'H', kind: 'streamer', quotaMin: { min: 60, target: 200, max: 230 } }],
      jobs,
      tasks,
      fairness: {
        periodMin: 2880,
        prime: [[0, 180]],
        longTail: { merchants: ['small'], sharePct: 40 },
        headCap: { sharePct: 50 },
      },
    })
    const plan = airPlan([
      ['a', 'H', 0],
      ['b', 'H', 120],
    ])
    // 180 prime minutes: 120 of the large merchant (cap 90), 60 of the small one (wanted 72); 240 on air, target 200.
    expect(penalties(problem, plan)).toEqual({
      'streamer-quota': 1600,
      'long-tail-quota': 144,
      'head-cap': 900,
    })
    agrees(problem, plan)
  })

  it('makespan: minutes from now to the last end', () => {
    const problem = problemOf({ now: 10, resources: [line], jobs: jobsFor(two), tasks: two })
    expect(explainScore(problem, planOf([item('a', 'L', 10, 70), item('b', 'L', 70, 130)])).score).toEqual([
      0, 0, 0, 0, 0, 120,
    ])
  })

  it('every constraint has its own name', () => {
    expect(new Set(CONSTRAINTS.map((constraint) => constraint.name)).size).toBe(CONSTRAINTS.length)
  })
})
