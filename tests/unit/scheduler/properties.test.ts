import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import {
  compareScores,
  explainScore,
  prepareRepair,
  repair,
  solve,
  validateProblem,
} from '../../../shared/scheduler/index.ts'
import type { PlanEvent } from '../../../shared/scheduler/index.ts'
import { createRandomProblem, problems } from './random-problem.ts'

/** A fixed seed: a failure is the same failure on every machine. */
const SEED = 20261121
const RUNS = { numRuns: 60, seed: SEED }

describe('every plan the engine returns', () => {
  it('is accepted by the independent checker with the same score, and by the constraints', () => {
    fc.assert(
      fc.property(problems, fc.integer({ min: 0, max: 600 }), (problem, iterations) => {
        expect(validateProblem(problem).filter((issue) => issue.severity === 'error')).toEqual([])
        const { plan } = solve(problem, { seed: iterations + 1, iterations })
        expect(checkPlan(problem, plan)).toMatchObject({ violations: [], differs: [], ok: true })
        expect(explainScore(problem, plan).score).toEqual(plan.score)
      }),
      RUNS,
    )
  })

  it('is the same for the same seed and iteration budget', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const run = () => solve(problem, { seed: 7, iterations: 300 }).plan
        expect(run()).toEqual(run())
      }),
      { numRuns: 15, seed: SEED },
    )
  })

  it('never gets worse with a longer budget than the constructive plan', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const quick = solve(problem, { seed: 1, iterations: 0 }).plan
        const longer = solve(problem, { seed: 1, iterations: 500 }).plan
        expect(compareScores(longer.score, quick.score, problem.objective)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 25, seed: SEED },
    )
  })

  it('stays at or above its lower bounds', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { plan } = solve(problem, { seed: 2, iterations: 300 })
        for (const bound of plan.bounds) expect(plan.score[bound.tier]).toBeGreaterThanOrEqual(bound.value)
      }),
      { numRuns: 25, seed: SEED },
    )
  })

  it('taken as the start of another run is kept or improved (finish-start precedence)', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        fc.pre(problem.prec.every((arc) => (arc.type ?? 'FS') === 'FS'))
        const { plan } = solve(problem, { seed: 3, iterations: 400 })
        const again = solve(problem, { seed: 4, iterations: 0, initial: plan }).plan
        expect(compareScores(again.score, plan.score, problem.objective)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 25, seed: SEED },
    )
  })
})

describe('every repair', () => {
  const events = fc.record({
    seed: fc.integer({ min: 1, max: 100_000 }),
    nowMin: fc.integer({ min: 0, max: 4000 }),
    kind: fc.integer({ min: 0, max: 3 }),
  })

  it('is accepted by the checker for the repaired problem, frozen and announced items included', () => {
    fc.assert(
      fc.property(events, ({ seed, nowMin, kind }) => {
        const problem = createRandomProblem(seed)
        const { plan } = solve(problem, { seed: 1, iterations: 200 })
        const announced = plan.slots.map((use) => use.task).filter((_, i) => i % 2 === 0)
        const at = Math.max(nowMin, problem.now ?? 0)
        const list: PlanEvent[] = [
          { type: 'closed', resource: ['L0', 'L1', 'H0', 'S0'][kind]!, fromMin: at, toMin: at + 1440 },
          { type: 'demandSpike', job: problem.jobs[0]!.id, percent: 150 },
        ]
        const result = repair(problem, plan, list, {
          seed: 1,
          nowMin: at,
          freezeMin: 240,
          announced,
          iterations: 150,
        })
        expect(checkPlan(result.problem, result.plan)).toMatchObject({
          violations: [],
          differs: [],
          ok: true,
        })
        const { problem: prepared } = prepareRepair(problem, plan, list, {
          nowMin: at,
          freezeMin: 240,
          announced,
        })
        expect(prepared).toEqual(result.problem)
        for (const id of announced) {
          const item = result.plan.assign.find((entry) => entry.task === id)
          if (item) expect(item.start).toBe(plan.assign.find((entry) => entry.task === id)!.start)
        }
      }),
      { numRuns: 40, seed: SEED },
    )
  })
})
