import type { Random } from '../random.ts'
import { type ShopGraph } from './graph.ts'
import { createSolution, type ShopSolution } from './solution.ts'
import type { ShopObjective } from './instance.ts'
import { objectiveOf } from './objective.ts'

/**
 * Simulated annealing for any objective of a (flexible) job shop, with or without set-ups. A step reverses
 * one critical machine arc of a late (or last) job, pulls an operation further along its machine, or moves it
 * to another machine; every step is evaluated exactly.
 */
export class Annealer {
  readonly graph: ShopGraph
  readonly best: ShopSolution
  private readonly random: Random
  private readonly objective: ShopObjective
  private readonly trial: Int32Array
  private readonly path: Int32Array
  private pathLength = 0
  private pathFresh = false
  private readonly lateJobs: Int32Array
  private lateCount = 0
  private current = 0
  private temperature = 0
  private floor = 0
  private cooling = 1
  private stepsLeft = 0
  /** The move under trial. */
  private v = -1
  private k = -1
  private x = -1

  constructor(graph: ShopGraph, random: Random, objective: ShopObjective) {
    const { n, jobs } = graph.shop
    this.graph = graph
    this.random = random
    this.objective = objective
    this.best = createSolution(graph.shop)
    this.trial = new Int32Array(n + 1 + jobs)
    this.path = new Int32Array(n)
    this.lateJobs = new Int32Array(jobs)
  }

  /** @param heat start temperature in units of the objective; it falls to `floor` over `steps` steps. */
  start(order: Int32Array, machine: Int32Array, heat: number, floor: number, steps: number): void {
    this.graph.load(order, machine)
    this.current = objectiveOf(this.graph.shop, this.objective, this.graph.end)
    this.graph.save(this.best, this.current)
    this.temperature = heat
    this.floor = floor
    this.cooling = (floor / heat) ** (1 / Math.max(1, steps / 64))
    this.stepsLeft = steps
    this.listLate()
  }

  /** Returns the steps used; fewer than `budget` means that this annealing is over. */
  run(budget: number, target: number): number {
    const { graph, random, best } = this
    for (let done = 0; done < budget; done++) {
      if (this.stepsLeft <= 0 || best.value <= target) return done
      this.stepsLeft--
      if ((this.stepsLeft & 63) === 0) this.temperature *= this.cooling
      if (!this.propose()) continue
      const value = objectiveOf(graph.shop, this.objective, this.trial)
      const delta = value - this.current
      if (delta > 0 && random.float() >= Math.exp(-delta / this.temperature)) continue
      graph.move(this.v, this.k, this.x, false)
      this.current = value
      this.listLate()
      if (value < best.value) graph.save(best, value)
    }
    return budget
  }

  /** The jobs that cost something now. */
  private listLate(): void {
    const { end, makespan } = this.graph
    const { jobs, jobStart, due, weight } = this.graph.shop
    let count = 0
    for (let j = 0; j < jobs; j++) {
      const e = end[jobStart[j + 1]! - 1]!
      if (this.objective === 'makespan' ? e === makespan : e > due[j]! && weight[j]! > 0)
        this.lateJobs[count++] = j
    }
    this.lateCount = count
    this.pathFresh = false
  }

  /** Picks a move and tries it out into `trial`; false if there is none or it would close a cycle. */
  private propose(): boolean {
    const { graph, random, path } = this
    const { n, flexible, modeStart, jobStart } = graph.shop
    if (this.lateCount === 0) return false
    if (!this.pathFresh || (this.stepsLeft & 7) === 0) {
      this.tracePath(jobStart[this.lateJobs[random.int(this.lateCount)]! + 1]! - 1)
      this.pathFresh = true
    }
    const at = random.int(this.pathLength)
    const u = path[at]!
    if (flexible && modeStart[u + 1]! - modeStart[u]! > 1 && random.uint32() & 0x10000)
      return this.proposeMode(u)
    const before = graph.machinePred[u]!
    if (before === n || at + 1 >= this.pathLength || path[at + 1] !== before) return false
    if (before === graph.shop.jobPred[u]!) return false
    this.v = u
    this.k = graph.machine[u]!
    this.x = graph.machinePred[before]!
    return graph.probe(u, this.k, this.x, this.trial)
  }

  private proposeMode(u: number): boolean {
    const { graph, random } = this
    const { n, modeStart, modeMachine, jobPred, jobSucc } = graph.shop
    const { end, duration, sequence, count } = graph
    const begin = modeStart[u]!
    const k = modeMachine[begin + random.int(modeStart[u + 1]! - begin)]!
    if (k === graph.machine[u]!) return false
    const ready = end[jobPred[u]!]!
    const s = jobSucc[u]!
    const limit = s === n ? end[u]! + duration[u]! : end[s]!
    const base = k * n
    const size = count[k]!
    const low = graph.firstEndingAfter(k, ready)
    let last = low
    while (last < size && end[sequence[base + last]!]! - duration[sequence[base + last]!]! < limit) last++
    const slot = low + random.int(last - low + 1)
    this.v = u
    this.k = k
    this.x = slot === 0 ? n : sequence[base + slot - 1]!
    return graph.probe(u, k, this.x, this.trial)
  }

  /** A random critical path that ends with u, last operation first. */
  private tracePath(u: number): void {
    const { end, duration, machinePred, machine } = this.graph
    const { n, jobPred, setup, setupStride, group } = this.graph.shop
    const { path, random } = this
    let length = 0
    while (u < n) {
      path[length++] = u
      const r = end[u]! - duration[u]!
      const a = jobPred[u]!
      const b = machinePred[u]!
      const rb = end[b]! + setup[(machine[u]! * setupStride + group[b]!) * setupStride + group[u]!]!
      const viaMachine = b !== n && rb === r
      const viaJob = a < n && end[a]! === r
      if (viaJob && viaMachine) u = random.uint32() & 0x10000 ? a : b
      else if (viaJob) u = a
      else if (viaMachine) u = b
      else u = n
    }
    this.pathLength = length
  }
}
