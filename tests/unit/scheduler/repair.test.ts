import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import { advanceClock, compareScores, repair, solve } from '../../../shared/scheduler/index.ts'
import type { Plan, Problem, Task } from '../../../shared/scheduler/index.ts'
import { createNamedBelt } from '../../bench/scheduler/belt-instances.ts'
import { item, jobsFor, planOf, problemOf, startOf, work } from './facts.ts'

const belt = createNamedBelt('small', 3)
const { plan } = solve(belt, { seed: 1, iterations: 2000 })

describe('repair', () => {
  const nowMin = 2000
  const announced = plan.slots.map((use) => use.task)

  it('keeps the frozen zone and announced starts when a line goes down, and says what moved', () => {
    const first: Plan[] = []
    const result = repair(
      belt,
      plan,
      [{ type: 'closed', resource: 'L0', fromMin: nowMin, toMin: nowMin + 2000 }],
      {
        seed: 1,
        nowMin,
        announced,
        iterations: 1500,
        onFirst: (known) => first.push(known),
      },
    )
    expect(first).toHaveLength(1)
    expect(checkPlan(result.problem, first[0]!).violations).toEqual([])
    expect(checkPlan(result.problem, result.plan).ok).toBe(true)
    const touched = new Set(result.affected)
    for (const entry of plan.assign) {
      const frozen = entry.start < nowMin + 480 && !touched.has(entry.task)
      const held = announced.includes(entry.task) && startOf(result.plan, entry.task) !== undefined
      const free = result.problem.stability!.released!.includes(entry.task)
      if ((frozen && !free) || held) expect(startOf(result.plan, entry.task), entry.task).toBe(entry.start)
    }
    const closed = result.plan.assign.filter((entry) => entry.res.includes('L0') && entry.start >= nowMin)
    expect(closed.every((entry) => entry.start >= nowMin + 2000)).toBe(true)
  })

  it('leaves alone what is named frozen, unless it cannot stay', () => {
    const held: Problem = { ...belt, stability: { baseline: plan, frozen: announced } }
    const without = (resource: string) =>
      repair(held, plan, [{ type: 'closed', resource, fromMin: nowMin, toMin: nowMin + 2000 }], {
        seed: 1,
        nowMin,
        iterations: 1500,
      })
    const stays = (result: ReturnType<typeof without>) => {
      expect(checkPlan(result.problem, result.plan)).toMatchObject({ ok: true, violations: [] })
      const released = new Set(result.problem.stability!.released)
      const kept = plan.assign.filter(({ task }) => announced.includes(task) && !released.has(task))
      const after = new Map(result.plan.assign.map((item) => [item.task, item]))
      for (const { task, start, res } of kept) expect(after.get(task), task).toMatchObject({ start, res })
      return kept.length
    }
    expect(stays(without('L0'))).toBeGreaterThan(0)
    const withoutRoom = without('S0')
    expect(stays(withoutRoom)).toBeLessThan(announced.length)
    expect(
      withoutRoom.plan.assign.filter(
        ({ res, start, end }) => res.includes('S0') && start < nowMin + 2000 && end > nowMin,
      ),
    ).toEqual([])
  })

  it('lets the inspections behind one that is held up go on when they were to', () => {
    const inspected = ['a', 'b', 'c', 'd'].map((id) => ({ ...work(`${id}.qc`, 'Q', 30), job: `j-${id}` }))
    const sample = { ...work('a', 'L', 100), job: 'j-a' }
    const tasks = [sample, ...inspected]
    const [first, ...others] = jobsFor(inspected, { due: 5000 })
    const problem = problemOf({
      resources: [
        { id: 'L', kind: 'line' },
        { id: 'Q', kind: 'bench' },
      ],
      jobs: [{ ...first!, tasks: ['a', 'a.qc'] }, ...others],
      tasks,
      prec: [{ from: 'a', to: 'a.qc' }],
    })
    const published = planOf([
      item('a', 'L', 600, 700),
      item('a.qc', 'Q', 700, 730),
      item('b.qc', 'Q', 730, 760),
      item('c.qc', 'Q', 760, 790),
      item('d.qc', 'Q', 790, 820),
    ])
    const down = { type: 'closed', resource: 'L', fromMin: 500, toMin: 1500 } as const
    const { plan: mended, problem: asked } = repair(problem, published, [down], {
      seed: 1,
      nowMin: 500,
      freezeMin: 0,
      iterations: 4000,
    })
    expect(checkPlan(asked, mended)).toMatchObject({ ok: true, violations: [] })
    expect(['b.qc', 'c.qc', 'd.qc'].map((id) => startOf(mended, id))).toEqual([730, 760, 790])
    expect(startOf(mended, 'a.qc')).toBe(1600)
  })

  it('ends the same way each time and never worse than it began, however long it goes on', () => {
    const medium = createNamedBelt('medium', 3)
    const published = solve(medium, { seed: 3, iterations: 6000 }).plan
    const closedMin = Math.floor(medium.horizonMin * 0.3)
    const mend = (iterations: number) => {
      const first: Plan[] = []
      const options = { seed: 1, nowMin: closedMin, iterations, onFirst: (plan: Plan) => first.push(plan) }
      const down = { type: 'closed', resource: 'L10', fromMin: closedMin, toMin: closedMin + 2880 } as const
      const result = repair(medium, published, [down], options)
      expect(checkPlan(result.problem, result.plan)).toMatchObject({ ok: true, violations: [] })
      expect(compareScores(result.plan.score, first[0]!.score, result.problem.objective)).toBeLessThanOrEqual(
        0,
      )
      return result
    }
    const short = mend(4096)
    const long = mend(20_000)
    expect(mend(20_000).plan.cert).toBe(long.plan.cert)
    expect(compareScores(long.plan.score, short.plan.score, long.problem.objective)).toBeLessThan(0)
  })

  it.each([
    [3, 'L10'],
    [5, 'L8'],
  ])(
    'no announced broadcast falls out because its sample has to be made elsewhere: medium %i, %s',
    (seed, line) => {
      const medium = createNamedBelt('medium', seed)
      const published = solve(medium, { seed, iterations: 6000 }).plan
      const closedMin = Math.floor(medium.horizonMin * 0.3)
      const toCome = published.slots
        .map((use) => use.task)
        .filter((task) => startOf(published, task)! >= closedMin)
      const missing = (known: Plan) =>
        toCome.filter((task) => startOf(known, task) !== startOf(published, task))
      const first: Plan[] = []
      const { plan: repaired } = repair(
        medium,
        published,
        [{ type: 'closed', resource: line, fromMin: closedMin, toMin: closedMin + 2880 }],
        {
          seed,
          nowMin: closedMin,
          announced: toCome,
          iterations: 500,
          onFirst: (known) => first.push(known),
        },
      )
      expect(toCome.length).toBeGreaterThan(5)
      expect(first.map(missing)).toEqual([[]])
      expect(missing(repaired)).toEqual([])
    },
  )

  it('puts on air what the plan had left out only where a broadcast is what it is about', () => {
    const onAir = belt.tasks.filter(({ id, optional }) => optional && startOf(plan, id)! > nowMin + 480)
    const [left, kept] = onAir.map(({ id }) => id)
    const followers = new Set([left])
    for (const { from, to } of belt.prec) if (followers.has(from)) followers.add(to)
    const published = {
      assign: plan.assign.filter(({ task }) => !followers.has(task)),
      slots: plan.slots.filter(({ task }) => task !== left),
    }
    const streamer = plan.assign
      .find(({ task }) => task === kept)!
      .res.find((id) =>
        belt.resources.some((resource) => resource.id === id && resource.kind === 'streamer'),
      )!
    const without = (resource: string) => {
      const event = { type: 'closed' as const, resource, fromMin: nowMin, toMin: nowMin + 3000 }
      const mended = repair(belt, published, [event], { seed: 1, nowMin, iterations: 1500 })
      expect(checkPlan(mended.problem, mended.plan).violations).toEqual([])
      return mended
    }
    for (const line of ['L0', 'L1', 'L2', 'L3'])
      expect(startOf(without(line).plan, left!), line).toBeUndefined()
    expect(without(streamer).affected).toContain(kept)
    expect(startOf(without(streamer).plan, left!)).toBeDefined()
  })

  it('an ill streamer is replaced at the announced time', () => {
    const use = plan.slots.find((entry) => startOf(plan, entry.task)! > nowMin + 480)!
    const ill = use.streamers[0]!
    const result = repair(belt, plan, [{ type: 'closed', resource: ill, fromMin: nowMin, toMin: 10_080 }], {
      seed: 1,
      nowMin,
      announced,
      iterations: 800,
    })
    expect(checkPlan(result.problem, result.plan).ok).toBe(true)
    expect(
      result.plan.slots.every(
        (entry) => startOf(result.plan, entry.task)! < nowMin || !entry.streamers.includes(ill),
      ),
    ).toBe(true)
    const moved = result.plan.slots.find((entry) => entry.task === use.task)
    if (moved) expect(startOf(result.plan, use.task)).toBe(startOf(plan, use.task))
  })

  it('takes a cut session, an urgent order, a failed gate and a demand spike', () => {
    const byStart = [...plan.assign].sort((a, b) => a.start - b.start)
    const onAir = new Set(plan.slots.map((use) => use.task))
    const aired = byStart.find((entry) => onAir.has(entry.task))!
    const at = aired.start + 30
    const urgent: Task = {
      id: 'U.make',
      job: 'U',
      modes: [{ needs: [{ res: 'L1' }], dur: 60 }],
      split: 'pause',
    }
    const chain = byStart.findLast((entry) => entry.task.endsWith('.qc'))!
    const result = repair(
      belt,
      plan,
      [
        { type: 'sessionCut', task: aired.task, atMin: at, remainderMin: 60 },
        {
          type: 'urgentOrder',
          job: { id: 'U', due: at + 1440, weight: 9, tasks: ['U.make'] },
          tasks: [urgent],
          prec: [],
        },
        { type: 'gateFailed', tasks: [chain.task], redoFromMin: at + 600 },
        { type: 'demandSpike', job: belt.jobs[0]!.id, percent: 180 },
      ],
      { seed: 1, nowMin: at, iterations: 800 },
    )
    expect(checkPlan(result.problem, result.plan).ok).toBe(true)
    expect(startOf(result.plan, 'U.make')).toBeGreaterThanOrEqual(at)
    expect(result.problem.tasks.find((task) => task.id === aired.task)?.status).toBe('done')
    const redone = startOf(result.plan, chain.task)
    if (redone !== undefined) expect(redone).toBeGreaterThanOrEqual(at + 600)
  })

  it('changes nothing that need not change', () => {
    const result = repair(belt, plan, [], {
      seed: 1,
      nowMin,
      announced,
      iterations: 0,
      objective: { mode: 'weighted', weights: [0, 1, 0, 0, 0] },
    })
    expect(result.changes).toEqual({ lines: [], streamers: [], shifted: [], dropped: [] })
  })

  it('sees begun work as running with its open minutes done', () => {
    const begun = plan.assign.find((entry) => entry.start < nowMin && entry.end > nowMin)!
    const later = advanceClock(belt, plan, nowMin)
    const task = later.tasks.find((entry) => entry.id === begun.task)!
    expect(task.status).toBe('running')
    expect(task.actual).toMatchObject({ start: begun.start })
    const { plan: next } = solve(later, { seed: 1, iterations: 0 })
    expect(next.assign.find((entry) => entry.task === begun.task)).toMatchObject({
      start: begun.start,
      end: begun.end,
    })
  })
})
