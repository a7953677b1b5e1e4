import type { Random } from '../random.ts'
import { type ShopGraph } from './graph.ts'
import { createSolution, type ShopSolution } from './solution.ts'

const never = 0x7fffffff

/** A search around one schedule, in pieces of any size. */
export interface LocalSearch {
  readonly best: ShopSolution
  start(order: Int32Array, machine: Int32Array): void
  /**
   * Runs until the budget is used, `stallLimit` iterations in a row brought nothing better, or the target is
   * met. Returns the iterations used; fewer than `budget` means that the run is over.
   */
  run(budget: number, stallLimit: number, target: number): number
}

/**
 * What every tabu search here shares: memory, choice of the move, the main loop. A subclass offers moves
 * (operation, machine, operation to stand behind) with an estimate of the objective after them.
 *
 * Memory: machine arcs that a move within a machine reversed stay forbidden for a while, a move being tabu
 * when all the arcs it would create are; an operation does not return to a machine it just left.
 */
export abstract class TabuSearch implements LocalSearch {
  readonly graph: ShopGraph
  readonly best: ShopSolution
  protected iteration = 0
  protected readonly random: Random
  protected readonly arcTabu: Int32Array
  protected readonly arcMask: number
  protected readonly modeTabu: Int32Array
  protected readonly path: Int32Array
  protected pathLength = 0
  protected pickValue = 0
  private readonly arcTenure: number
  private readonly arcTenureSpread: number
  private stalled = 0
  private pickV = -1
  private pickK = -1
  private pickX = -1
  private pickTies = 0
  private wishV = -1
  private wishK = -1
  private wishX = -1
  protected wishValue = 0
  private anyV = -1
  private anyK = -1
  private anyX = -1
  private anyCount = 0

  constructor(graph: ShopGraph, random: Random) {
    const { n, m, jobs } = graph.shop
    this.graph = graph
    this.random = random
    this.best = createSolution(graph.shop)
    let size = 1
    while (size < n * n && size < 1 << 22) size <<= 1
    this.arcTabu = new Int32Array(size)
    this.arcMask = size - 1
    this.modeTabu = new Int32Array(n * m)
    this.path = new Int32Array(n)
    this.arcTenure = 10 + Math.floor(jobs / m)
    this.arcTenureSpread = Math.max(1, Math.floor(this.arcTenure * (jobs <= 2 * m ? 0.4 : 0.5)))
  }

  /** Objective of the present graph. */
  protected abstract value(): number

  /** Offers the moves of this iteration. */
  protected abstract scan(): void

  start(order: Int32Array, machine: Int32Array): void {
    this.graph.load(order, machine)
    this.iteration += 10_000
    this.stalled = 0
    this.graph.save(this.best, this.value())
  }

  run(budget: number, stallLimit: number, target: number): number {
    const { graph, best } = this
    for (let done = 0; done < budget; done++) {
      if (best.value <= target || this.stalled >= stallLimit) return done
      this.iteration++
      this.stalled++
      if (!this.step()) {
        this.stalled = stallLimit
        return done
      }
      const value = this.value()
      if (value < best.value) {
        graph.save(best, value)
        this.stalled = 0
      }
    }
    return budget
  }

  private step(): boolean {
    this.pickV = -1
    this.pickTies = 0
    this.pickValue = never
    this.wishV = -1
    this.wishValue = this.best.value
    this.anyCount = 0
    this.scan()
    if (this.wishV >= 0 && this.wishValue < this.pickValue && this.tryWish()) return true
    if (this.pickV >= 0) return this.apply(this.pickV, this.pickK, this.pickX)
    if (this.anyCount > 0) return this.apply(this.anyV, this.anyK, this.anyX)
    return false
  }

  /** A tabu move that promises a new best is made only if it keeps its promise: estimates are optimistic. */
  private tryWish(): boolean {
    const { graph } = this
    const v = this.wishV
    const from = graph.machine[v]!
    const before = graph.machinePred[v]!
    const old = graph.index[v]!
    if (!graph.move(v, this.wishK, this.wishX)) return false
    if (this.value() < this.best.value) {
      this.remember(v, from, old)
      return true
    }
    graph.move(v, from, before)
    return false
  }

  private apply(v: number, k: number, x: number): boolean {
    const { graph } = this
    const from = graph.machine[v]!
    const old = graph.index[v]!
    if (!graph.move(v, k, x)) {
      // Zero durations can hide a cycle from the estimates; such a move is just passed over.
      this.modeTabu[v * graph.shop.m + k] = this.iteration + 10
      return true
    }
    this.remember(v, from, old)
    return true
  }

  /** Forbids what would undo the move just made. */
  private remember(v: number, from: number, old: number): void {
    const { graph, random, arcTabu, arcMask } = this
    const { machine, index, sequence } = graph
    const { n, m, modeStart } = graph.shop
    const k = machine[v]!
    if (from !== k) {
      const spread = this.pathLength + modeStart[v + 1]! - modeStart[v]!
      this.modeTabu[v * m + from] = this.iteration + (spread >> 1) + random.int(spread + 1)
      return
    }
    const until = this.iteration + this.arcTenure + random.int(this.arcTenureSpread + 1)
    const now = index[v]!
    const base = k * n
    if (now > old) {
      for (let i = old; i < now; i++) arcTabu[(v * n + sequence[base + i]!) & arcMask] = until
    } else {
      for (let i = now + 1; i <= old; i++) arcTabu[(sequence[base + i]! * n + v) & arcMask] = until
    }
  }

  /** One random longest path that ends with u, first operation first. */
  protected tracePath(u: number): void {
    const { end, duration, machinePred, machine } = this.graph
    const { n, jobPred, hasSetups, setup, setupStride, group } = this.graph.shop
    const { path, random } = this
    let at = n
    while (u < n) {
      path[--at] = u
      const r = end[u]! - duration[u]!
      const a = jobPred[u]!
      const b = machinePred[u]!
      let rb = end[b]!
      if (hasSetups) rb += setup[(machine[u]! * setupStride + group[b]!) * setupStride + group[u]!]!
      const viaJob = a < n && end[a]! === r
      const viaMachine = b !== n && rb === r
      if (viaJob && viaMachine) u = random.uint32() & 0x10000 ? a : b
      else if (viaJob) u = a
      else if (viaMachine) u = b
      else u = n
    }
    this.pathLength = n - at
    path.copyWithin(0, at, n)
  }

  /** Last operation of a random job that ends with the schedule. */
  protected randomLast(): number {
    const { end, makespan } = this.graph
    const { n, jobs, jobStart } = this.graph.shop
    let seen = 0
    let u = n
    for (let j = 1; j <= jobs; j++) {
      const w = jobStart[j]! - 1
      if (end[w]! === makespan && (++seen === 1 || this.random.int(seen) === 0)) u = w
    }
    return u
  }

  protected nothingOffered(): boolean {
    return this.pickV < 0 && this.anyCount === 0
  }

  /** Takes note of a move and of what the objective may become. */
  protected offer(v: number, k: number, x: number, value: number, tabu: boolean): void {
    if (tabu) {
      if (value < this.wishValue) {
        this.wishValue = value
        this.wishV = v
        this.wishK = k
        this.wishX = x
      }
      if (++this.anyCount === 1 || this.random.int(this.anyCount) === 0) {
        this.anyV = v
        this.anyK = k
        this.anyX = x
      }
      return
    }
    if (value > this.pickValue) return
    if (value < this.pickValue) {
      this.pickValue = value
      this.pickTies = 1
    } else if (this.random.int(++this.pickTies) !== 0) return
    this.pickV = v
    this.pickK = k
    this.pickX = x
  }
}
