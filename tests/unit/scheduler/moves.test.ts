import { describe, expect, it } from 'vitest'
import { guideWeights, scoreOf } from '../../../shared/scheduler/cost.ts'
import { construct, latestStarts } from '../../../shared/scheduler/construct.ts'
import { makeFeasible } from '../../../shared/scheduler/finish.ts'
import { compileModel } from '../../../shared/scheduler/model.ts'
import { createMoveContext } from '../../../shared/scheduler/moves.ts'
import { displace, forceAway, joinFamily, rebuild, relocate } from '../../../shared/scheduler/moves-line.ts'
import { MENU } from '../../../shared/scheduler/search.ts'
import { Random } from '../../../shared/scheduler/random.ts'
import type { State } from '../../../shared/scheduler/state.ts'
import { settle } from '../../../shared/scheduler/timing.ts'
import { createRandomProblem } from './random-problem.ts'

/** Everything that decides how a state goes on; the rest of its memory may hold leftovers. */
function contentsOf(state: State): unknown {
  const { model, airCount, crew } = state
  const uses = model.resources.map((_, r) =>
    Array.from(state.useList.subarray(r * airCount, r * airCount + state.useCount[r]!)),
  )
  const crews = model.air.tasks.map((_, a) =>
    Array.from(state.airStreamers.subarray(a * crew, a * crew + state.airCrew[a]!)),
  )
  const rows = [state.start, state.end, state.mode, state.placed, state.excused, state.setup, state.hard]
  const links = [state.stab, state.over, state.holdBack, state.order, state.pos, state.machine, state.prev]
  const rest = [state.next, state.first, state.last, state.jobEnd, state.airCandidate, state.airStudio]
  const all = [...rows, ...links, ...rest, state.useHard, state.slotUse, state.sums, state.queue]
  return { uses, crews, arrays: all.map((array) => Array.from(array)) }
}

const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1)

/** A plan of a random problem, a copy to go back to, and what moves need. */
function begin(problem: number, seed: number) {
  const model = compileModel(createRandomProblem(problem))
  const current = construct(model)
  makeFeasible(current)
  const kept = current.clone()
  current.copyFrom(kept)
  const context = createMoveContext(model, latestStarts(model), guideWeights(model))
  return { current, kept, random: new Random(seed), context }
}

describe('a trial of the search', () => {
  it.each(SEEDS)('is undone and kept without a trace of the other (problem %i)', (seed) => {
    const { current, kept, random, context } = begin(seed, seed)
    let done = 0
    for (let i = 0; i < 600; i++) {
      context.allowance = random.int(3) === 0 ? Infinity : random.int(2000)
      const before = i % 10 === 0 ? contentsOf(kept) : null
      const moved = MENU[random.int(MENU.length)]![0](current, random, context)
      if (before) expect(contentsOf(kept)).toEqual(before)
      if (moved && random.int(3) > 0) {
        done++
        current.keepIn(kept)
      } else current.revertTo(kept)
      if (i % 10 === 0) expect(contentsOf(current)).toEqual(contentsOf(kept))
    }
    expect(done).toBeGreaterThan(20)
    expect(contentsOf(current)).toEqual(contentsOf(kept))
  })

  it.each(SEEDS)('leaves sums equal to those of timing everything anew (problem %i)', (seed) => {
    const { current, kept, random, context } = begin(seed, seed + 100)
    const { model } = context
    for (let i = 0; i < 300; i++) {
      context.allowance = random.int(3000)
      if (MENU[random.int(MENU.length)]![0](current, random, context)) current.keepIn(kept)
      else current.revertTo(kept)
      if (i % 25 !== 0) continue
      const anew = current.clone()
      for (let v = 0; v < model.n; v++) anew.touch(v)
      settle(anew)
      expect(scoreOf(anew)).toEqual(scoreOf(current))
    }
  })

  it.each(SEEDS)('leaves a forced task where it was put (problem %i)', (seed) => {
    const { current, kept, random, context } = begin(seed, seed + 200)
    let forced = -1
    for (let i = 0; i < 200 && forced < 0; i++) {
      forced = forceAway(current, random, context)
      if (forced < 0) current.revertTo(kept)
    }
    expect(forced).toBeGreaterThanOrEqual(0)
    const placeOf = (state: State): number[] => [
      state.mode[forced]!,
      state.machine[forced * state.width]!,
      state.prev[forced * state.width]!,
    ]
    expect(placeOf(current)).not.toEqual(placeOf(kept))
    current.keepIn(kept)
    context.forced[forced] = 1
    const [mode, machine] = placeOf(current)
    for (let i = 0; i < 300; i++) {
      const move = [relocate, displace, joinFamily, rebuild][random.int(4)]!
      if (move(current, random, context)) current.keepIn(kept)
      else current.revertTo(kept)
      expect(placeOf(current).slice(0, 2)).toEqual([mode, machine])
    }
  })
})
