import type { Random } from '../random.ts'
import type { ShopGraph } from './graph.ts'
import type { ShopObjective } from './instance.ts'
import { objectiveOf } from './objective.ts'
import { TabuSearch } from './tabu.ts'

/**
 * Tabu search for any objective, with or without set-ups: every move is tried out exactly. Moves: an
 * operation of a critical block to any other place of the block that the heads and tails show to be free of
 * cycles, and critical operations to other machines. Weighted tardiness follows one random critical path of
 * each late job, the makespan one of the whole schedule.
 */
export class ExactTabu extends TabuSearch {
  private readonly objective: ShopObjective
  private readonly tried: Int32Array
  private readonly trial: Int32Array

  constructor(graph: ShopGraph, random: Random, objective: ShopObjective) {
    super(graph, random)
    this.objective = objective
    this.tried = new Int32Array(this.arcMask + 1)
    this.trial = new Int32Array(graph.shop.n + 1 + graph.shop.jobs)
  }

  protected override value(): number {
    return objectiveOf(this.graph.shop, this.objective, this.graph.end)
  }

  protected override scan(): void {
    if (this.objective === 'makespan') {
      this.scanPath(this.randomLast())
      return
    }
    const { end, shop } = this.graph
    for (let j = 0; j < shop.jobs; j++) {
      const last = shop.jobStart[j + 1]! - 1
      if (end[last]! > shop.due[j]! && shop.weight[j]! > 0) this.scanPath(last)
    }
  }

  private scanPath(last: number): void {
    this.tracePath(last)
    this.scanBlocks()
    if (this.graph.shop.flexible) {
      for (let i = 0; i < this.pathLength; i++) this.tryMachines(this.path[i]!)
    }
  }

  /** True the first time in this iteration that the pair is met. */
  private isNew(u: number, v: number): boolean {
    const at = (u * this.graph.shop.n + v) & this.arcMask
    if (this.tried[at] === this.iteration) return false
    this.tried[at] = this.iteration
    return true
  }

  private scanBlocks(): void {
    const { path, pathLength: length } = this
    const { machinePred, end, lead } = this.graph
    const { jobPred, jobSucc } = this.graph.shop
    let start = 0
    while (start < length) {
      let stop = start
      while (stop + 1 < length && machinePred[path[stop + 1]!] === path[stop]!) stop++
      for (let i = start; i < stop; i++) {
        const u = path[i]!
        const s = jobSucc[u]!
        for (let o = i + 1; o <= stop; o++) {
          const v = path[o]!
          if (s === v || lead[v]! < lead[s]!) break
          if (this.isNew(u, v)) this.tryRight(u, v)
        }
      }
      for (let o = start + 2; o <= stop; o++) {
        const v = path[o]!
        const s = jobPred[v]!
        for (let i = o - 2; i >= start; i--) {
          const u = path[i]!
          if (s === u || end[u]! < end[s]!) break
          if (this.isNew(v, u)) this.tryLeft(v, u)
        }
      }
      start = stop + 1
    }
  }

  /** u directly behind v, which stands later on the same machine. */
  private tryRight(u: number, v: number): void {
    const { machineSucc, machine, shop } = this.graph
    let tabu = true
    for (let w = machineSucc[u]!; ; w = machineSucc[w]!) {
      if (this.arcTabu[(w * shop.n + u) & this.arcMask]! <= this.iteration) tabu = false
      if (w === v) break
    }
    this.offerExact(u, machine[u]!, v, tabu)
  }

  /** v directly before u, which stands earlier on the same machine. */
  private tryLeft(v: number, u: number): void {
    const { machinePred, machineSucc, machine, shop } = this.graph
    let tabu = true
    for (let w = u; w !== v; w = machineSucc[w]!) {
      if (this.arcTabu[(v * shop.n + w) & this.arcMask]! <= this.iteration) tabu = false
    }
    this.offerExact(v, machine[v]!, machinePred[u]!, tabu)
  }

  private offerExact(v: number, k: number, x: number, tabu: boolean): void {
    if (!this.graph.probe(v, k, x, this.trial)) return
    this.offer(v, k, x, objectiveOf(this.graph.shop, this.objective, this.trial), tabu)
  }

  /** v on each other machine, at every place between what ends before it is ready and its job successor. */
  private tryMachines(v: number): void {
    const { end, duration, machine, sequence, count } = this.graph
    const { n, m, jobPred, jobSucc, modeStart, modeMachine } = this.graph.shop
    if (modeStart[v + 1]! - modeStart[v]! < 2 || !this.isNew(v, v)) return
    const ready = end[jobPred[v]!]!
    const s = jobSucc[v]!
    const latest = s === n ? end[v]! + duration[v]! : end[s]!
    for (let o = modeStart[v]!; o < modeStart[v + 1]!; o++) {
      const k = modeMachine[o]!
      if (k === machine[v]!) continue
      const tabu = this.modeTabu[v * m + k]! > this.iteration
      const base = k * n
      const size = count[k]!
      for (let slot = this.graph.firstEndingAfter(k, ready); slot <= size; slot++) {
        const x = slot > 0 ? sequence[base + slot - 1]! : n
        this.offerExact(v, k, x, tabu)
        if (slot < size && end[sequence[base + slot]!]! - duration[sequence[base + slot]!]! >= latest) break
      }
    }
  }
}
