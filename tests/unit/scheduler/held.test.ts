import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import { solve } from '../../../shared/scheduler/index.ts'
import type { Lock, Plan, Problem, Task } from '../../../shared/scheduler/problem.ts'
import { jobsFor, problemOf } from './facts.ts'

/** A plan that the checker accepts. */
function planFor(problem: Problem, iterations = 500): Plan {
  const { plan } = solve(problem, { seed: 1, iterations })
  expect(checkPlan(problem, plan)).toMatchObject({ ok: true, violations: [] })
  return plan
}

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
