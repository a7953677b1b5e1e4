import { construct, latestStarts, topologicalOrder } from './construct.ts'
import { guideCost, guideWeights, scoreOf } from './cost.ts'
import { makeFeasible } from './finish.ts'
import { dropAir, ejectAir, moveAir, rescueAir, swapAir } from './moves-air.ts'
import { joinFamily, rebuild, relocate, swapNext } from './moves-line.ts'
import { createMoveContext } from './moves.ts'
import type { Move, MoveContext } from './moves.ts'
import type { Model } from './model.ts'
import { compareScores } from './problem.ts'
import type { Score } from './problem.ts'
import { Random } from './random.ts'
import type { State } from './state.ts'

/** How many times each move is drawn out of the sum. */
const MENU: readonly [Move, number][] = [
  [relocate, 36],
  [swapNext, 16],
  [joinFamily, 10],
  [moveAir, 12],
  [ejectAir, 4],
  [swapAir, 1],
  [rebuild, 18],
  [rescueAir, 2],
  [dropAir, 1],
]
const CYCLES = [0.12, 0.4, 0.85, 1] as const
const RESORT_EVERY = 4096

/** A resumable annealing search over complete plans. */
export class Search {
  readonly model: Model
  readonly current: State
  readonly best: State
  bestScore: Score
  iterations = 0
  private readonly saved: State
  private readonly random: Random
  private readonly context: MoveContext
  private readonly weights: Float64Array
  private currentCost: number
  private hot: number
  private readonly cold: number
  private cycle = 0
  private readonly style: 'plan' | 'repair'

  /**
   * @param initial a feasible start; built by `construct` when absent.
   * @param style 'repair' stays close to the start: one short, cool cycle.
   */
  constructor(model: Model, seed: number, initial?: State, style: 'plan' | 'repair' = 'plan') {
    this.model = model
    this.style = style
    this.random = new Random(seed)
    const urgency = latestStarts(model)
    if (initial) this.current = initial.clone()
    else {
      this.current = construct(model)
      makeFeasible(this.current)
    }
    this.best = this.current.clone()
    this.saved = this.current.clone()
    this.bestScore = scoreOf(this.best)
    this.context = createMoveContext(model, urgency)
    this.weights = guideWeights(model)
    this.currentCost = guideCost(this.current, this.weights)
    this.cold = 1e-4
    this.hot = this.measureHeat()
  }

  /** Median worsening of random moves: the temperature a search starts from. */
  private measureHeat(): number {
    const rises: number[] = []
    for (let i = 0; i < 120; i++) {
      const moved = this.drawMove()(this.current, this.random, this.context)
      const rise = moved ? guideCost(this.current, this.weights) - this.currentCost : 0
      if (rise > 0) rises.push(rise)
      this.current.copyFrom(this.saved)
    }
    rises.sort((a, b) => a - b)
    return Math.max(1, rises[Math.floor(rises.length / 5)] ?? 1)
  }

  private drawMove(): Move {
    let ticket = this.random.int(100)
    for (const [move, share] of MENU) {
      if (ticket < share) return move
      ticket -= share
    }
    return relocate
  }

  /** Runs `count` trials at a progress (0..1) of the whole budget. */
  run(count: number, progress: number): void {
    const temperature = this.temperatureAt(progress)
    const { current, saved, random, context, weights } = this
    for (let i = 0; i < count; i++) {
      this.iterations++
      if (this.iterations % RESORT_EVERY === 0) this.resort()
      if (!this.drawMove()(current, random, context)) {
        current.copyFrom(saved)
        continue
      }
      const cost = guideCost(current, weights)
      if (!accepts(cost - this.currentCost, temperature, random)) {
        current.copyFrom(saved)
        continue
      }
      this.currentCost = cost
      saved.copyFrom(current)
      if (this.improvesBest()) {
        this.best.copyFrom(current)
        this.bestScore = scoreOf(current)
      }
    }
  }

  /** Replaces the current plan (an elite from elsewhere). */
  adopt(state: State): void {
    this.current.copyFrom(state)
    this.saved.copyFrom(state)
    this.currentCost = guideCost(state, this.weights)
    if (this.improvesBest()) {
      this.best.copyFrom(state)
      this.bestScore = scoreOf(state)
    }
  }

  private improvesBest(): boolean {
    const { sums } = this.current
    if (sums[0]! > this.bestScore[0]) return false
    if (!this.model.weights && sums[0]! === this.bestScore[0] && sums[1]! + sums[2]! > this.bestScore[1])
      return false
    return compareScores(scoreOf(this.current), this.bestScore, this.model.problem.objective) < 0
  }

  private temperatureAt(progress: number): number {
    if (this.style === 'repair') return 60 * powerOf(0.01, Math.min(1, Math.max(0, progress)))
    const last = CYCLES.length - 1
    let cycle = 0
    while (cycle < last && progress >= CYCLES[cycle]!) cycle++
    const from = cycle === 0 ? 0 : CYCLES[cycle - 1]!
    if (cycle !== this.cycle) {
      this.cycle = cycle
      this.adopt(this.best)
    }
    const share = Math.min(1, Math.max(0, (progress - from) / (CYCLES[cycle]! - from)))
    const hot = cycle === last ? 4 : this.hot / (1 + cycle)
    const cold = cycle === last ? 1e-3 : 2
    return hot * powerOf(Math.min(1, cold / hot), share)
  }

  /** Keeps the order close to the clock, so that moves shift short stretches of it. */
  private resort(): void {
    const { current, saved } = this
    const key = Float64Array.from(current.start)
    const order = machineOrder(current, key)
    order.forEach((v, p) => {
      current.order[p] = v
      current.pos[v] = p
    })
    saved.copyFrom(current)
  }
}

/** Topological order of precedence and machine arcs, earliest start first. */
function machineOrder(state: State, key: Float64Array): Int32Array {
  const { model, width } = state
  const from = new Int32Array(model.n + 1)
  const tasks: number[] = []
  const waiting = new Int32Array(model.n)
  for (let v = 0; v < model.n; v++) {
    for (let a = model.succFrom[v]!; a < model.succFrom[v + 1]!; a++) tasks.push(model.succTask[a]!)
    for (let e = v * width; e < (v + 1) * width; e++) if (state.next[e]! >= 0) tasks.push(state.next[e]!)
    from[v + 1] = tasks.length
  }
  for (const w of tasks) waiting[w]!++
  const predFrom = new Int32Array(model.n + 1)
  for (let v = 0; v < model.n; v++) predFrom[v + 1] = predFrom[v]! + waiting[v]!
  const view = { n: model.n, predFrom, succFrom: from, succTask: Int32Array.from(tasks) }
  return topologicalOrder(view, key)
}

/** Metropolis rule with a rational stand-in for exp, so that every machine decides alike. */
function accepts(rise: number, temperature: number, random: Random): boolean {
  if (rise <= 0) return true
  const x = rise / temperature
  if (x > 16) return false
  return random.float() * (1 + x * (1 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24 + x / 120))))) < 1
}

/** base ** share by repeated square roots: exact operations only. */
function powerOf(base: number, share: number): number {
  let result = 1
  let root = base
  let rest = share
  for (let bit = 0; bit < 20; bit++) {
    root = Math.sqrt(root)
    rest *= 2
    if (rest >= 1) {
      result *= root
      rest -= 1
    }
  }
  return share >= 1 ? base : result
}
