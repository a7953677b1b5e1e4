import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import {
  createMoveScorer,
  explainLate,
  explainPlacement,
  repair,
  solve,
} from '../../../shared/scheduler/index.ts'
import type { Plan, Problem, Task } from '../../../shared/scheduler/problem.ts'
import { createNamedBelt } from '../../bench/scheduler/belt-instances.ts'
import { item, jobsFor, planOf, problemOf, startOf, work } from './facts.ts'

/** Three orders one after the other on a line; the second one, which counts five times, is due at `due`. */
function threeOrders(due: number): Problem {
  const tasks = ['a', 'b', 'c'].map((id) => work(id, 'L', 100))
  const jobs = jobsFor(tasks, { due: 1000 })
  return problemOf({
    resources: [{ id: 'L', kind: 'line' }],
    jobs: jobs.map((job) => (job.id === 'j-b' ? { ...job, due, weight: 5 } : job)),
    tasks,
  })
}

const published = planOf([item('a', 'L', 0, 100), item('b', 'L', 100, 200), item('c', 'L', 200, 300)])

/** When the checker has accepted it: where a plan starts some tasks. */
function startsIn(problem: Problem, plan: Plan, ids: readonly string[]) {
  expect(checkPlan(problem, plan)).toMatchObject({ ok: true, violations: [] })
  return ids.map((id) => startOf(plan, id))
}

describe('work whose order is in time', () => {
  const withoutFirst = (problem: Problem, iterations: number) => {
    const drop = { type: 'sessionCancelled', task: 'a' } as const
    const mended = repair(problem, published, [drop], { seed: 1, nowMin: 0, freezeMin: 0, iterations })
    return { ...mended, starts: startsIn(mended.problem, mended.plan, ['b', 'c']) }
  }

  it.each([0, 2000])(
    'stays where it was published when what was before it drops out (%i trials)',
    (trials) => {
      const { starts, changes } = withoutFirst(threeOrders(1000), trials)
      expect(starts).toEqual([100, 200])
      expect(changes.shifted).toEqual([])
    },
  )

  it.each([0, 2000])('stays even when late work before it moves up (%i trials)', (trials) => {
    expect(withoutFirst(threeOrders(150), trials).starts).toEqual([0, 200])
  })

  it.each([0, 2000])(
    'stays when everything is planned anew from the published plan (%i trials)',
    (trials) => {
      const whole = threeOrders(1000)
      const problem: Problem = {
        ...whole,
        jobs: whole.jobs.slice(1),
        tasks: whole.tasks.slice(1),
        stability: { baseline: published },
      }
      const { plan } = solve(problem, { seed: 1, iterations: trials, initial: published })
      expect(startsIn(problem, plan, ['b', 'c'])).toEqual([100, 200])
    },
  )

  it('goes earlier when that is the only way for other work to be in time', () => {
    const whole = threeOrders(1000)
    const urgent = work('u', 'L', 100)
    const problem: Problem = {
      ...whole,
      jobs: [...whole.jobs.slice(1), { id: urgent.job, tasks: ['u'], due: 200, weight: 9 }].map((job) =>
        job.id === 'j-b' ? { ...job, due: 210 } : job,
      ),
      tasks: [...whole.tasks.slice(1), { ...urgent, window: [90, 9999] }],
      stability: { baseline: published },
    }
    const { plan } = solve(problem, { seed: 1, iterations: 2000, initial: published })
    expect(startsIn(problem, plan, ['b', 'u', 'c'])).toEqual([0, 100, 200])
    expect(plan.score[1]).toBe(0)
  })
})

describe('work that must not be late', () => {
  it.each([
    ['on its line', 0],
    ['in a way that is no more', 3],
  ])('goes before where it was published %s when only that meets its hard date', (_, mode) => {
    const whole = threeOrders(1000)
    const problem: Problem = { ...whole, jobs: whole.jobs.map((job) => ({ ...job, hardDue: 1000 })) }
    const before = [item('a', 'L', 0, 100), { ...item('b', 'L', 500, 600), mode }, item('c', 'L', 900, 1000)]
    const down = { type: 'closed', resource: 'L', fromMin: 450, toMin: 2880 } as const
    const options = { seed: 1, nowMin: 0, freezeMin: 0, iterations: 0 }
    const mended = repair(problem, planOf(before), [down], options)
    const [a, ...others] = startsIn(mended.problem, mended.plan, ['a', 'b', 'c'])
    expect(a).toBe(0)
    expect(Math.max(...others.map(Number))).toBeLessThanOrEqual(350)
  })
})

describe('a plan with time between its work', () => {
  const apart = planOf([item('a', 'L', 0, 100), item('b', 'L', 500, 600), item('c', 'L', 900, 1000)])

  it('says how long late work stayed where it was planned', () => {
    const [late] = explainLate(threeOrders(550), apart)
    expect(late).toMatchObject({ job: 'j-b', endMin: 600, lateMin: 50 })
    expect(late!.byCause).toEqual([
      { key: 'plan.late.kept', minutes: 400 },
      { key: 'plan.late.waitedForLine', minutes: 100 },
      { key: 'plan.late.processing', minutes: 100 },
    ])
  })

  it('keeps it when something is moved by hand, and what was moved before', () => {
    const problem = threeOrders(1000)
    const moved = createMoveScorer(problem, apart).apply({ task: 'a', start: 250 })!
    expect(startsIn(problem, moved, ['a', 'b', 'c'])).toEqual([250, 500, 900])
    const again = createMoveScorer(problem, moved).apply({ task: 'c', start: 700 })!
    expect(startsIn(problem, again, ['a', 'b', 'c'])).toEqual([250, 500, 700])
  })

  const sample = work('sample', 'L', 100, { job: 'j' })
  const air: Task = {
    id: 'air',
    job: 'j',
    session: { float: { from: 0, to: 2880, stepMin: 30 }, dur: 120, studios: ['S'] },
  }
  const broadcast = problemOf({
    resources: [
      { id: 'L', kind: 'line' },
      { id: 'S', kind: 'studio' },
      { id: 'G', kind: 'streamer' },
    ],
    jobs: [{ id: 'j', tasks: ['sample', 'air'] }],
    tasks: [sample, air],
    prec: [{ from: 'sample', to: 'air', type: 'FS', minLag: 0 }],
  })
  const onAir = planOf([item('sample', 'L', 600, 700), item('air', ['S', 'G'], 720, 840)])

  it('lets what a broadcast waits for go earlier with it', () => {
    const scorer = createMoveScorer(broadcast, onAir)
    expect(scorer.score({ task: 'air', start: 300 })).toMatchObject({ possible: true })
    const earlier = scorer.apply({ task: 'air', start: 300 })!
    expect(startsIn(broadcast, earlier, ['sample', 'air'])).toEqual([0, 300])
    const later = scorer.apply({ task: 'air', start: 900 })!
    expect(startsIn(broadcast, later, ['sample', 'air'])).toEqual([600, 900])
    const places = explainPlacement(broadcast, onAir, 'air')
    expect(places.find(({ params }) => params.startMin === 690)).toMatchObject({
      key: 'plan.place.costsMore',
    })
  })
})

describe('a belt in which a line goes down', () => {
  it('has hardly any work earlier than it was published', () => {
    const belt = createNamedBelt('medium', 2)
    const { plan } = solve(belt, { seed: 2, iterations: 6000 })
    const nowMin = Math.floor(belt.horizonMin * 0.3)
    const open = plan.assign.filter(({ start }) => start > nowMin)
    let earlier = 0
    let later = 0
    for (const resource of ['L1', 'L2', 'L3', 'L4', 'L5', 'L6']) {
      const down = { type: 'closed', resource, fromMin: nowMin, toMin: nowMin + 2880 } as const
      const mended = repair(belt, plan, [down], { seed: 1, nowMin, iterations: 2000 })
      expect(checkPlan(mended.problem, mended.plan)).toMatchObject({ ok: true, violations: [] })
      for (const { task, start } of open) {
        const now = startOf(mended.plan, task) ?? start
        if (now < start) earlier++
        else if (now > start) later++
      }
    }
    expect(later).toBeGreaterThan(20)
    expect(earlier).toBeLessThan(later / 2)
  })
})
