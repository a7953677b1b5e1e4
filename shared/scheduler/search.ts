import { construct, latestStarts, topologicalOrder } from './construct.ts'
import { NEVER } from './calendar.ts'
import { guideCost, guideWeights, lastEndOf, scoreOf } from './cost.ts'
import { HARD } from './figures.ts'
import { makeFeasible } from './finish.ts'
import { advanceAir, bringBackAir, dropAir, ejectAir, moveAir, rescueAir, swapAir } from './moves-air.ts'
import { displace, forceAway, improvePlace, joinFamily, rebuild, relocate, swapNext } from './moves-line.ts'
import { createMoveContext } from './moves.ts'
import type { Around, Move, MoveContext } from './moves.ts'
import type { Model } from './model.ts'
import { compareScores } from './problem.ts'
import type { Score } from './problem.ts'
import { logarithmOfChance, Random } from './random.ts'
import type { State } from './state.ts'

/** How many times each move is drawn out of the sum; beside them `rebuild`, as often as the size asks for. */
export const MENU: readonly [Move, number][] = [
  [relocate, 400],
  [displace, 200],
  [swapNext, 220],
  [joinFamily, 90],
  [moveAir, 60],
  [ejectAir, 10],
  [advanceAir, 20],
  [swapAir, 6],
  [rescueAir, 10],
  [dropAir, 5],
]
/** So often too where there are wishes to come back to. */
const BRING_BACK = 40
const TICKETS = MENU.reduce((sum, [, share]) => sum + share, 0)
/** A repair has no time for more of the dear `rebuild` than this; a plan draws it by the square of its tasks, up to half of all. */
const REPAIR_REBUILDS = 200
const TASKS_SQUARED_PER_REBUILD = 250
/** The last tenth of a search starts from the best plan once more, cool enough for the lower tiers. */
const LAST_PHASE = 0.9
const LAST_HEAT = 4
/** A search starts at this many times the cost of delaying a job by a task. */
const HEAT = 2
const RESORT_EVERY = 4096
/**
 * A small plan is first annealed in short turns, each from the first plan anew: long annealing of it ends in the same
 * valley each time. A turn is so many trials for a task squared, times 1, 1, 2, 1, 1, 2, 4 ... (Luby, Sinclair and
 * Zuckerman 1993); they have this share of the time, where it is long enough for some of them.
 */
const TURN_TRIALS = 2.8
const LEAST_TURN = 2000
const LEAST_TURNS = 5
const TURNS_SHARE = 0.6
/** So many tasks are looked at for one that can be forced out of its place. */
const FORCE_TRIES = 40

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
  /** Measured when the search begins: a plan that is only built does not need it. */
  private hot: number | null = null
  private polishing = false
  private readonly first: State
  /** Trials of the shortest turn; the turn that is on, counted from 1 (0: none yet), and its first and last trial. */
  private readonly turnTrials: number
  private turn = 0
  private turnFrom = 0
  private turnTo: number
  /** When annealing that has the rest of the time began, as a share of all time. */
  private longFrom = 0
  private readonly menu: readonly [Move, number][]
  private readonly tickets: number

  /**
   * @param initial a feasible start; built by `construct` when absent.
   * @param around given for a repair: what it is about. It has less time for dear moves, and moves what strayed, and what
   *   shares a line that these tasks could take, more often.
   */
  constructor(model: Model, seed: number, initial?: State, around?: Around) {
    this.model = model
    const rebuilds = around
      ? REPAIR_REBUILDS
      : Math.min(TICKETS, Math.ceil(model.n ** 2 / TASKS_SQUARED_PER_REBUILD))
    const backs = model.problem.stability ? BRING_BACK : 0
    this.menu = [[rebuild, rebuilds], ...MENU, [bringBackAir, backs]]
    this.tickets = TICKETS + rebuilds + backs
    this.turnTrials = this.turnTo = Math.max(LEAST_TURN, Math.ceil(TURN_TRIALS * model.n ** 2))
    this.random = new Random(seed)
    const urgency = latestStarts(model)
    if (initial) this.current = initial.clone()
    else {
      this.current = construct(model)
      makeFeasible(this.current)
    }
    this.best = this.current.clone()
    this.saved = this.current.clone()
    this.first = this.current.clone()
    this.bestScore = scoreOf(this.best)
    this.weights = guideWeights(model)
    this.context = createMoveContext(model, urgency, this.weights, around)
    this.currentCost = this.weigh()
  }

  /** Cost of the current plan, which prices are compared with from now on. */
  private weigh(): number {
    this.context.lastEnd = lastEndOf(this.current)
    return guideCost(this.current, this.weights)
  }

  /** What the lesser of the worsening moves cost: no search starts hotter. */
  private measureHeat(): number {
    const rises: number[] = []
    for (let i = 0; i < 120; i++) {
      const moved = this.drawMove()(this.current, this.random, this.context)
      const rise = moved ? guideCost(this.current, this.weights) - this.currentCost : 0
      if (rise > 0) rises.push(rise)
      this.current.revertTo(this.saved)
    }
    rises.sort((a, b) => a - b)
    return Math.max(1, rises[Math.floor(rises.length / 5)] ?? 1)
  }

  private drawMove(): Move {
    let ticket = this.random.int(this.tickets)
    for (const [move, share] of this.menu) {
      if (ticket < share) return move
      ticket -= share
    }
    return relocate
  }

  /** Runs `count` trials at a progress (0..1) of the whole budget. */
  run(count: number, progress: number): void {
    this.runAt(count, this.temperatureAt(progress))
  }

  /** Runs `count` trials at a temperature in points of the guide cost. */
  runAt(count: number, temperature: number): void {
    const { current, saved, random, context, weights } = this
    context.temperature = temperature
    for (let i = 0; i < count; i++) {
      this.iterations++
      if (this.iterations % RESORT_EVERY === 0) this.resort()
      context.allowance = temperature * logarithmOfChance(random)
      if (!this.drawMove()(current, random, context)) {
        current.revertTo(saved)
        continue
      }
      const limit = this.currentCost + context.allowance
      const cost = guideCost(current, weights, limit)
      if (cost > limit) {
        current.revertTo(saved)
        continue
      }
      this.keep(cost)
    }
  }

  /** Takes over an elite from elsewhere: to go on from, but in a turn, which is to find something else, only as the best. */
  welcome(state: State): void {
    if (this.turn === 0 || this.turnTo === Infinity) return this.adopt(state)
    this.best.copyFrom(state)
    this.bestScore = scoreOf(state)
  }

  /** Replaces the current plan. */
  adopt(state: State): void {
    this.current.copyFrom(state)
    this.saved.copyFrom(state)
    this.currentCost = this.weigh()
    if (this.improvesBest()) {
      this.best.copyFrom(state)
      this.bestScore = scoreOf(state)
    }
  }

  /** The temperature at which a plan is begun. */
  heat(): number {
    return (this.hot ??= Math.min(this.measureHeat(), HEAT * delayCost(this.model, this.weights)))
  }

  /** Puts each of some tasks into its cheapest place where that is better, once through. */
  improvePlaces(tasks: readonly number[], stop: () => boolean): void {
    const { current, saved, context, weights } = this
    for (const v of tasks.toSorted((a, b) => current.start[a]! - current.start[b]! || a - b)) {
      if (stop()) return
      const cost = improvePlace(current, v, context) ? guideCost(current, weights) : Infinity
      if (cost < this.currentCost) this.keep(cost)
      else current.revertTo(saved)
    }
  }

  /** Goes on from the current plan, which costs so much. */
  private keep(cost: number): void {
    const { current, saved, context } = this
    this.currentCost = cost
    context.lastEnd = lastEndOf(current)
    current.keepIn(saved)
    if (!this.improvesBest()) return
    this.best.copyFrom(current)
    this.bestScore = scoreOf(current)
  }

  /** Forces a task out of its place, where it stays away until `letGo`; false when none can be. */
  forceOne(): boolean {
    const { current, saved, random, context } = this
    for (let i = 0; i < FORCE_TRIES; i++) {
      const v = forceAway(current, random, context)
      if (v >= 0 && current.sums[HARD]! <= this.bestScore[0]) {
        context.forced[v] = 1
        current.keepIn(saved)
        this.currentCost = this.weigh()
        return true
      }
      current.revertTo(saved)
    }
    return false
  }

  letGo(): void {
    this.context.forced.fill(0)
  }

  private improvesBest(): boolean {
    const { sums } = this.current
    if (sums[0]! > this.bestScore[0]) return false
    if (!this.model.weights && sums[0]! === this.bestScore[0] && sums[1]! + sums[2]! > this.bestScore[1])
      return false
    return compareScores(scoreOf(this.current), this.bestScore, this.model.problem.objective) < 0
  }

  private temperatureAt(progress: number): number {
    if (progress < LAST_PHASE) return this.heat() * powerOf(1 / 400, this.shareCooled(progress / LAST_PHASE))
    if (!this.polishing) {
      this.polishing = true
      this.adopt(this.best)
    }
    return LAST_HEAT * powerOf(1 / 4000, Math.min(1, (progress - LAST_PHASE) / (1 - LAST_PHASE)))
  }

  /** How far the annealing that is on has come, 0..1, when so much of the time for all of it has passed. */
  private shareCooled(share: number): number {
    if (this.iterations >= this.turnTo) this.beginTurn(share)
    if (this.turn === 0 || this.turnTo === Infinity)
      return Math.max(0, (share - this.longFrom) / (1 - this.longFrom))
    return (this.iterations - this.turnFrom) / (this.turnTo - this.turnFrom)
  }

  private beginTurn(share: number): void {
    const most = this.turn === 0 ? TURNS_SHARE / LEAST_TURNS : TURNS_SHARE
    const isLong = share > most
    this.turnFrom = this.iterations
    this.turnTo = isLong ? Infinity : this.iterations + this.turnTrials * lubyTerm(this.turn + 1)
    if (isLong && this.turn === 0) return
    this.turn++
    this.longFrom = share
    this.adopt(this.first)
  }

  /** Keeps the order close to the clock, so that moves shift short stretches of it. */
  private resort(): void {
    const { current, saved } = this
    const key = Float64Array.from(current.start)
    const order = machineOrder(current, key)
    current.setOrder(order)
    current.keepIn(saved)
  }
}

/** The sequence 1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8 ..., counted from 1. */
function lubyTerm(i: number): number {
  let length = 1
  while (2 * length + 1 <= i) length = 2 * length + 1
  return length === i ? (length + 1) / 2 : lubyTerm(i - length)
}

/** What it costs on average that a job with a due date waits for a line task. */
function delayCost(model: Model, weights: Float64Array): number {
  const mean = (values: Iterable<number>): number => {
    let sum = 0
    let count = 0
    for (const value of values) {
      sum += value
      count++
    }
    return sum / Math.max(1, count)
  }
  const due = model.jobWeight.filter((_, job) => model.jobDue[job]! < NEVER)
  return Math.max(1, weights[1]! * mean(due) * mean(model.modeDur.filter((dur) => dur > 0)))
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

/** base ** share by repeated square roots: exact operations only. */
export function powerOf(base: number, share: number): number {
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
