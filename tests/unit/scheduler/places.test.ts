import { describe, expect, it } from 'vitest'
import { construct, latestStarts } from '../../../shared/scheduler/construct.ts'
import { guideCost, guideWeights } from '../../../shared/scheduler/cost.ts'
import { insertLine, precedenceBound } from '../../../shared/scheduler/insert.ts'
import { compileModel } from '../../../shared/scheduler/model.ts'
import { createMoveContext } from '../../../shared/scheduler/moves.ts'
import type { MoveContext } from '../../../shared/scheduler/moves.ts'
import { swapCost } from '../../../shared/scheduler/place-cost.ts'
import { beginPlaces, drawPlace, listPlaces, places } from '../../../shared/scheduler/places.ts'
import type { Job, Problem, Task } from '../../../shared/scheduler/problem.ts'
import { Random } from '../../../shared/scheduler/random.ts'
import { solve } from '../../../shared/scheduler/solve.ts'
import { State } from '../../../shared/scheduler/state.ts'
import { settle } from '../../../shared/scheduler/timing.ts'
import { createRandomProblem } from './random-problem.ts'

const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1)
const TASKS = 24

/** Orders of one task each on lines with shifts, set-ups and overtime: nothing follows a task but the work behind it. */
function createLineWork(seed: number): Problem {
  const random = new Random(seed)
  const frame = createRandomProblem(seed)
  const jobs: Job[] = []
  const tasks: Task[] = []
  for (let j = 0; j < TASKS; j++) {
    const lines = ['L0', 'L1', 'L2'].filter((_, i) => i === j % 3 || random.int(2) === 0)
    const due = random.between(300, 4000)
    jobs.push({ id: `J${j}`, weight: random.between(1, 8), due, release: random.int(800), tasks: [`T${j}`] })
    tasks.push({
      id: `T${j}`,
      job: `J${j}`,
      family: `f${random.int(3)}`,
      modes: lines.map((res) => ({ needs: [{ res }], dur: random.between(2, 20) * 10 })),
      split: random.int(3) ? 'pause' : 'none',
    })
  }
  return { ...frame, jobs, tasks, prec: [], slots: [] }
}

/** The same work, wished to stay as a plan has it. */
function createWishedWork(seed: number): Problem {
  const free = createLineWork(seed)
  const { assign } = solve(free, { seed, iterations: 200 }).plan
  return { ...free, stability: { baseline: { assign }, wStart: 1, wRes: 200, toleranceMin: 30 } }
}

/** A first plan, in which nothing is where it was wished but by chance, and what moves need. */
function begin(problem: Problem): { state: State; context: MoveContext } {
  const model = compileModel(problem)
  const weights = guideWeights(model)
  // The end of the whole plan is priced only where a move puts it off.
  weights[5] = 0
  const state = new State(model)
  state.copyFrom(construct({ ...model, keptStart: new Int32Array(model.n) }))
  return { state, context: createMoveContext(model, latestStarts(model), weights) }
}

/** Lists every place of a task and asks for each what it costs really. */
function eachPlace(
  state: State,
  context: MoveContext,
  v: number,
  visit: (price: number, real: number) => void,
) {
  const { model } = context
  const before = guideCost(state, context.weights)
  for (let mode = model.modeFrom[v]!; mode < model.modeFrom[v + 1]!; mode++) {
    beginPlaces(state, v, context, Infinity)
    listPlaces(state, v, mode, precedenceBound(state, v), context, Infinity)
    for (let i = 0; i < places.count; i++) {
      const trial = state.clone()
      trial.unlink(v)
      const { machine, before: left, after, keptFrom } = places
      trial.keepFrom(v, keptFrom[i]!)
      expect(insertLine(trial, v, mode, machine[i]!, left[i]!, after[i]!)).toBe(true)
      settle(trial)
      visit(places.cost[i]!, guideCost(trial, context.weights) - before)
    }
  }
}

describe('the price of a place', () => {
  it.each(SEEDS)('is what it costs to put the task there (problem %i)', (seed) => {
    const { state, context } = begin(createWishedWork(seed))
    let dearer = 0
    let cheaper = 0
    for (let v = 0; v < TASKS; v++)
      eachPlace(state, context, v, (price, real) => {
        expect(price).toBeCloseTo(real, 4)
        if (real > 0) dearer++
        else if (real < 0) cheaper++
      })
    expect(dearer).toBeGreaterThan(50)
    expect(cheaper).toBeGreaterThan(5)
  })

  it.each(SEEDS)('is what it costs to swap a task with the next (problem %i)', (seed) => {
    const { state, context } = begin(createWishedWork(seed))
    const before = guideCost(state, context.weights)
    let swapped = 0
    for (let v = 0; v < TASKS; v++) {
      const machine = state.machine[v * state.width]!
      const next = state.nextOn(v, machine)
      if (next < 0) continue
      const price = swapCost(state, context, v, machine)
      const trial = state.clone()
      const beyond = trial.nextOn(next, machine)
      trial.unlink(v)
      expect(insertLine(trial, v, trial.mode[v]!, machine, next, beyond)).toBe(true)
      settle(trial)
      expect(price).toBeCloseTo(guideCost(trial, context.weights) - before, 4)
      swapped++
    }
    expect(swapped).toBeGreaterThan(10)
  })

  it.each(SEEDS)('keeps dear places off the list without losing a cheap one (problem %i)', (seed) => {
    // With wishes or overtime, work that is pushed back may also cost less: only then is a cheap place lost.
    const work = createLineWork(seed)
    const calendars = work.calendars.map((calendar) => ({ ...calendar, overtime: [] }))
    const { state, context } = begin({ ...work, calendars })
    for (let v = 0; v < TASKS; v++) {
      const prices: number[] = []
      eachPlace(state, context, v, (price) => prices.push(price))
      const most = 500
      beginPlaces(state, v, context, 40)
      const { modeFrom } = context.model
      for (let mode = modeFrom[v]!; mode < modeFrom[v + 1]!; mode++)
        listPlaces(state, v, mode, precedenceBound(state, v), context, most)
      const least = Math.min(Infinity, ...prices.filter((price) => price <= most))
      expect(places.count > 0).toBe(least < Infinity)
      if (places.count === 0) continue
      expect(places.least).toBeCloseTo(least, 6)
      const drawn = drawPlace(new Random(seed))
      expect(places.cost[drawn]!).toBeLessThanOrEqual(Math.min(most, least + 200) + 1e-6)
    }
  })
})
