import { describe, expect, it } from 'vitest'
import { lowerBounds } from '../../../shared/scheduler/bounds.ts'
import { solve, validateProblem } from '../../../shared/scheduler/index.ts'
import type { Problem } from '../../../shared/scheduler/index.ts'
import { compileModel } from '../../../shared/scheduler/model.ts'
import { jobsFor, problemOf, work } from './facts.ts'

const line = { id: 'L', kind: 'line' } as const

function issuesOf(parts: Partial<Problem>): string[] {
  return validateProblem(problemOf(parts)).map(
    (issue) => `${issue.severity}:${issue.code}:${issue.culprits.join(',')}`,
  )
}

describe('bad input is named, never thrown', () => {
  const tasks = [work('a', 'L', 60), work('b', 'L', 60), work('c', 'L', 60)]
  const base = { resources: [line], jobs: jobsFor(tasks), tasks }

  it('accepts a sound problem and warns of an empty one', () => {
    expect(issuesOf(base)).toEqual([])
    expect(issuesOf({})).toEqual(['warning:empty:'])
    expect(solve(problemOf({}), { seed: 1, iterations: 10 }).plan).toMatchObject({
      assign: [],
      score: [0, 0, 0, 0, 0, 0],
    })
  })

  it('a cycle, in order', () => {
    const prec = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'c' },
      { from: 'c', to: 'b' },
    ]
    expect(issuesOf({ ...base, prec })).toEqual(['error:cycle:b,c'])
    expect(issuesOf({ ...base, prec: [{ from: 'a', to: 'a' }] })).toEqual(['error:cycle:a'])
  })

  it('numbers: negative, fractional, absurd', () => {
    const bad = [work('a', 'L', -5), work('b', 'L', 1.5), work('c', 'L', 99_999_999)]
    expect(issuesOf({ ...base, tasks: bad })).toEqual(['error:number:a', 'error:number:b', 'error:number:c'])
    expect(issuesOf({ ...base, jobs: jobsFor(tasks, { due: Number.NaN }) })).toHaveLength(3)
    expect(issuesOf({ ...base, prec: [{ from: 'a', to: 'b', minLag: 20, maxLag: 10 }] })).toEqual([
      'error:number:a,b',
    ])
  })

  it('references and duplicates', () => {
    expect(issuesOf({ ...base, prec: [{ from: 'a', to: 'zzz' }] })).toEqual(['error:unknownRef:a>zzz,zzz'])
    expect(issuesOf({ ...base, resources: [line, line] })).toEqual(['error:duplicateId:L'])
    expect(issuesOf({ ...base, resources: [{ ...line, calendar: 'none' }] })).toEqual([
      'error:unknownRef:L,none',
    ])
  })

  it('an order no line can make, work longer than any shift, a line that never opens: planned around, with a reason', () => {
    const hopeless = [
      { id: 'a', job: 'j-a', modes: [] },
      work('b', 'L', 600),
      work('c', 'M', 60),
      work('d', 'L', 60),
    ]
    const problem = problemOf({
      resources: [
        { ...line, calendar: 'short' },
        { id: 'M', kind: 'line', calendar: 'closed' },
      ],
      calendars: [
        {
          id: 'short',
          open: [
            [0, 300],
            [1440, 1740],
          ],
        },
        { id: 'closed', open: [] },
      ],
      jobs: jobsFor(hopeless),
      tasks: hopeless,
    })
    expect(validateProblem(problem).map((issue) => [issue.severity, issue.code, issue.culprits[0]])).toEqual([
      ['warning', 'noOpenTime', 'M'],
      ['unplannable', 'noMode', 'a'],
      ['unplannable', 'tooLong', 'b'],
      ['unplannable', 'noOpenTime', 'c'],
    ])
    const { plan } = solve(problem, { seed: 1, iterations: 20 })
    expect(plan.assign.map((entry) => entry.task)).toEqual(['d'])
    expect(plan.unplanned.map((entry) => [entry.task, entry.reason.key])).toEqual([
      ['a', 'plan.unplanned.noMode'],
      ['b', 'plan.unplanned.noOpenTime'],
      ['c', 'plan.unplanned.noOpenTime'],
    ])
  })

  it('a session nobody can present, or without any start', () => {
    const session = { float: { from: 0, to: 600, stepMin: 30 }, dur: 60, skills: ['tackle'] }
    const air = [
      { id: 'a', job: 'j-a', session },
      { id: 'b', job: 'j-b', session: {} },
    ]
    const resources = [{ id: 'S', kind: 'studio' } as const]
    expect(issuesOf({ resources, jobs: jobsFor(air), tasks: air })).toEqual([
      'unplannable:noStreamer:a,j-a',
      'unplannable:noStart:b,j-b',
    ])
  })

  it('a set-up table that breaks the triangle inequality is a warning with the detour', () => {
    const setups = [
      {
        id: 's',
        families: ['x', 'y', 'z'],
        matrix: [
          [0, 10, 90],
          [10, 0, 10],
          [10, 10, 0],
        ],
      },
    ]
    expect(validateProblem(problemOf({ ...base, setups }))).toEqual([
      { code: 'triangle', severity: 'warning', culprits: ['s'], details: { from: 'x', via: 'y', to: 'z' } },
    ])
  })

  it('10,000 orders get a plan', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => work(`t${i}`, `L${i % 40}`, 30 + (i % 7) * 10))
    const resources = Array.from({ length: 40 }, (_, i) => ({ id: `L${i}`, kind: 'line' }) as const)
    const problem = problemOf({
      horizonMin: 20_160,
      resources,
      jobs: jobsFor(many, { due: 5000 }),
      tasks: many,
    })
    expect(validateProblem(problem)).toEqual([])
    const { plan } = solve(problem, { seed: 1, iterations: 0 })
    expect(plan.assign).toHaveLength(10_000)
    expect(plan.unplanned).toEqual([])
  })
})

describe('what no answer would come to in useful time', () => {
  const task = (more: object) => [{ id: 'air', job: 'j-air', session: { dur: 60, ...more } }]

  it('is refused by name: starts, units, families', () => {
    const starts = task({ float: { from: 0, to: 9_000_000, stepMin: 1 } })
    expect(issuesOf({ jobs: jobsFor(starts), tasks: starts })).toContain('error:number:air')
    const pool = { id: 'lamps', kind: 'pool', capacity: 100_000 } as const
    expect(issuesOf({ resources: [pool] })).toContain('error:number:lamps')
    const families = Array.from({ length: 2000 }, (_, i) => `f${i}`)
    const matrix = families.map(() => families.map(() => 0))
    expect(issuesOf({ setups: [{ id: 'wide', families, matrix }] })).toContain('error:number:wide')
  })

  it('does not include long chains, nor many ways through', () => {
    const chain = Array.from({ length: 12_000 }, (_, i) => work(`c${i}`, 'L', 1))
    const follow = chain.slice(1).map((next, i) => ({ from: chain[i]!.id, to: next.id }))
    const long = problemOf({
      horizonMin: 20_000,
      resources: [line],
      jobs: jobsFor(chain),
      tasks: chain,
      prec: follow,
    })
    expect(lowerBounds(compileModel(long)).find(({ tier }) => tier === 5)).toBeDefined()
    const layers = Array.from({ length: 60 }, (_, i) => [work(`l${i}`, 'L', 1), work(`r${i}`, 'L', 1)])
    const tasks = layers.flat()
    const prec = layers
      .slice(1)
      .flatMap((next, i) => layers[i]!.flatMap((from) => next.map((to) => ({ from: from.id, to: to.id }))))
    const jobs = jobsFor(tasks, { due: 10, weight: 1 })
    const lattice = problemOf({ resources: [line], jobs, tasks, prec })
    expect(lowerBounds(compileModel(lattice)).find(({ tier }) => tier === 1)!.value).toBeGreaterThan(0)
  })
})

describe('an objective', () => {
  it('names its mode and has a weight for every soft tier', () => {
    const wrong = [{ mode: 'weighted' }, { mode: 'weighted', weights: [1, 2] }, { mode: 'some' }]
    for (const objective of wrong)
      expect(issuesOf({ objective: objective as never }).join()).toMatch(/error:(number|schema):objective/)
    expect(issuesOf({ objective: { mode: 'weighted', weights: [1, 1, 1, 0, 0] } })).toEqual([
      'warning:empty:',
    ])
  })
})
