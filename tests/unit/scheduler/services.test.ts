import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import {
  compareScores,
  createMoveScorer,
  createSolver,
  EXPLANATION_KEYS,
  explainLate,
  explainPlacement,
  promise,
  rankRelaxations,
  solve,
  withoutTask,
} from '../../../shared/scheduler/index.ts'
import type { Elite, Plan, Problem } from '../../../shared/scheduler/index.ts'
import { sha256Hex } from '../../../shared/scheduler/hash.ts'
import { createNamedBelt } from '../../bench/scheduler/belt-instances.ts'
import { jobsFor, problemOf, startOf, work } from './facts.ts'
import { createRandomProblem } from './random-problem.ts'

const belt = createNamedBelt('small', 3)
const { plan } = solve(belt, { seed: 1, iterations: 2000 })

describe('solve', () => {
  it('stops when told to and still returns a checked plan', () => {
    let asked = 0
    const result = solve(belt, { seed: 1, iterations: 1_000_000, shouldStop: () => ++asked >= 3 })
    expect(result.stoppedBy).toBe('cancel')
    expect(result.iterations).toBe(3 * 256)
    expect(checkPlan(belt, result.plan).ok).toBe(true)
  })

  it('reads the clock only for a time budget', () => {
    let ticks = 0
    const clock = (): number => (ticks += 5)
    expect(solve(belt, { seed: 1, timeMs: 100, now: clock }).stoppedBy).toBe('budget')
    expect(() => solve(belt, { seed: 1 })).toThrow(RangeError)
  })

  it('reports progress that never gets worse', () => {
    const tardy: number[] = []
    solve(belt, { seed: 1, iterations: 20_000, onProgress: ({ score }) => tardy.push(score[1]) })
    expect(tardy.length).toBeGreaterThan(3)
    expect(tardy).toEqual([...tardy].sort((a, b) => b - a))
  })

  it('exchanges elites at fixed barriers, the same every time', () => {
    const race = (): string => {
      const solvers = [1, 2].map((seed) => createSolver(belt, { seed, iterations: 2048 }))
      for (let barrier = 0; barrier < 4; barrier++) {
        for (const solver of solvers) for (let i = 0; i < 2; i++) solver.step()
        const [a, b] = solvers.map((solver) => solver.exportElite())
        solvers[0]!.importElite(b!)
        solvers[1]!.importElite(a!)
      }
      const plans = solvers.map((solver) => solver.plan())
      for (const known of plans) expect(checkPlan(belt, known).ok).toBe(true)
      expect(plans[0]!.score).toEqual(plans[1]!.score)
      return plans[0]!.cert
    }
    expect(race()).toBe(race())
  })

  it('anneals a small plan in turns, the same way every time, and keeps what another thread found', () => {
    const small = createRandomProblem(7)
    const run = (elite?: Elite) => {
      const solver = createSolver(small, { seed: 3, iterations: 60_000 })
      for (let steps = 0; solver.step(); steps++) if (elite && steps === 40) solver.importElite(elite)
      const { score, cert } = solver.plan()
      return { score, cert, elite: solver.exportElite() }
    }
    const once = run()
    expect(run().cert).toBe(once.cert)
    const short = solve(small, { seed: 3, iterations: 500 }).plan
    expect(compareScores(once.score, short.score)).toBeLessThanOrEqual(0)
    const other = createSolver(small, { seed: 3, iterations: 9000 })
    other.importElite(once.elite)
    while (other.step());
    expect(compareScores(other.plan().score, once.score)).toBeLessThanOrEqual(0)
    expect(compareScores(run(once.elite).score, once.score)).toBeLessThanOrEqual(0)
  })

  it('certifies with SHA-256', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(sha256Hex('直播')).not.toBe(sha256Hex('直'))
  })
})

describe('explain', () => {
  it('accounts for every minute of a late job, with known keys', () => {
    const late = explainLate(belt, plan)
    expect(late.length).toBeGreaterThan(0)
    for (const { chain, endMin, lateMin } of late) {
      for (const { key } of chain) expect(EXPLANATION_KEYS).toHaveProperty([key])
      if (endMin === null) continue
      const sum = chain.slice(1).reduce((total, part) => total + Number(part.params.minutes), 0)
      expect(sum).toBe(endMin)
      expect(lateMin).toBeGreaterThan(0)
    }
  })

  it('names the job a line was waited for', () => {
    const tasks = [work('first', 'L', 100), work('second', 'L', 50)]
    const problem = problemOf({
      resources: [{ id: 'L', kind: 'line' }],
      jobs: jobsFor(tasks, { due: 100 }),
      tasks,
    })
    const known = { assign: [startAt('first', 0, 100), startAt('second', 100, 150)] }
    const [late] = explainLate(problem, known)
    expect(late).toMatchObject({ job: 'j-second', lateMin: 50, endMin: 150 })
    expect(late!.byCause).toEqual([
      { key: 'plan.late.waitedForLine', minutes: 100 },
      { key: 'plan.late.processing', minutes: 50 },
    ])
    expect(late!.chain[1]!.params).toMatchObject({ otherTask: 'first', otherJob: 'j-first' })
  })
})

function startAt(task: string, start: number, end: number): Plan['assign'][number] {
  return { task, mode: 0, res: ['L'], start, end, setupBefore: 0 }
}

describe('placement', () => {
  it('says what keeps a broadcast from every nearby start, in known keys and with exact differences', () => {
    const scorer = createMoveScorer(belt, plan)
    const seen = new Set<string>()
    for (const use of plan.slots) {
      const [chosen, ...others] = explainPlacement(belt, plan, use.task)
      expect(chosen).toMatchObject({
        key: 'plan.place.chosen',
        params: { startMin: startOf(plan, use.task), studio: use.studio },
      })
      for (const { key, params } of others) {
        seen.add(key)
        expect(EXPLANATION_KEYS).toHaveProperty([key])
        if (key !== 'plan.place.costsMore') continue
        const told = scorer.score({ task: use.task, start: Number(params.startMin) })
        const tier = told.difference.findIndex((value) => value !== 0)
        expect(told.difference[Math.max(0, tier)]).toBe(params.difference)
      }
    }
    expect(seen).toContain('plan.place.costsMore')
    expect(seen.size).toBeGreaterThan(1)
  })
})

describe('promise', () => {
  const request = {
    job: { id: 'X', tasks: ['x1', 'x2'] },
    tasks: [
      {
        id: 'x1',
        job: 'X',
        family: 'beauty-1',
        split: 'pause' as const,
        modes: [{ needs: [{ res: 'L0' }], dur: 120, durHigh: 300 }],
      },
      { id: 'x2', job: 'X', modes: [{ needs: [{ res: 'Q0' }], dur: 30 }] },
    ],
    prec: [{ from: 'x1', to: 'x2', minLag: 15 }],
  }

  it('is a date the checker accepts in the old plan, with nothing announced moved and no job later', () => {
    const held: Problem = {
      ...belt,
      stability: { baseline: plan, announced: plan.slots.map((use) => use.task) },
    }
    const { likely, safe } = promise(held, plan, request)
    expect(likely.endMin).not.toBeNull()
    expect(safe.endMin!).toBeGreaterThanOrEqual(likely.endMin!)
    expect(likely.moved.filter((id) => plan.slots.some((use) => use.task === id))).toEqual([])
    const extended: Problem = {
      ...belt,
      jobs: [...belt.jobs, { ...request.job, due: likely.endMin, weight: 1 }],
      tasks: [...belt.tasks, ...request.tasks],
      prec: [...belt.prec, ...request.prec],
    }
    if (likely.moved.length > 0) return
    const whole = { ...plan, assign: [...plan.assign, ...likely.assign] }
    const checked = checkPlan(extended, whole)
    expect(checked.violations).toEqual([])
    expect(checked.score[1]).toBe(plan.score[1])
  })

  it('refuses what no calendar has room for', () => {
    const endless = {
      ...request,
      tasks: [{ ...request.tasks[0]!, modes: [{ needs: [{ res: 'L0' }], dur: 900_000 }] }],
    }
    const { likely } = promise(belt, plan, { ...endless, job: { id: 'X', tasks: ['x1'] }, prec: [] })
    expect(likely).toMatchObject({ endMin: null, assign: [] })
  })
})

describe('manual moves', () => {
  const scorer = createMoveScorer(belt, plan)

  it('foretell exactly the score of the plan they lead to', () => {
    let compared = 0
    for (const entry of plan.assign) {
      const move = { task: entry.task, start: entry.start + 600 }
      const told = scorer.score(move)
      expect(told.before).toEqual(plan.score)
      const after = scorer.apply(move)
      if (!told.possible || !after || told.after[0] !== 0) continue
      expect(checkPlan(belt, after).ok).toBe(true)
      if (after.unplanned.length !== plan.unplanned.length) continue
      expect(after.score).toEqual(told.after)
      compared++
    }
    expect(compared).toBeGreaterThan(10)
  })

  it('refuse a line that cannot make it, a locked task and a start that is not offered', () => {
    const any = plan.assign.find((entry) => entry.task.endsWith('.make'))!
    expect(scorer.score({ task: any.task, resource: 'Q0' })).toMatchObject({ possible: false })
    expect(scorer.score({ task: plan.slots[0]!.task, start: 1 }).reasons[0]!.key).toBe('plan.move.impossible')
    const locked: Problem = {
      ...belt,
      tasks: belt.tasks.map((task) =>
        task.id === any.task
          ? { ...task, lock: { start: any.start, mode: any.mode, strength: 'hard' } }
          : task,
      ),
    }
    expect(createMoveScorer(locked, plan).score({ task: any.task, start: 0 }).reasons[0]!.key).toBe(
      'plan.move.locked',
    )
  })

  it('leaving a task out is a checked plan too', () => {
    const without = withoutTask(belt, plan, plan.slots[0]!.task)
    expect(without.unplanned.map((entry) => entry.task)).toContain(plan.slots[0]!.task)
    expect(checkPlan(belt, without).ok).toBe(true)
  })
})

describe('relaxations', () => {
  it('rank what would help, each with a gain', () => {
    const ranked = rankRelaxations(belt, plan, { seed: 1, iterations: 200 })
    expect(ranked.length).toBeGreaterThan(0)
    for (const { gain, change } of ranked) {
      expect(gain.find((value) => value !== 0)).toBeGreaterThan(0)
      expect(EXPLANATION_KEYS).toHaveProperty([change.key])
    }
    for (let i = 1; i < ranked.length; i++)
      expect(ranked[i]!.score[1]).toBeGreaterThanOrEqual(ranked[i - 1]!.score[1])
  })
})
