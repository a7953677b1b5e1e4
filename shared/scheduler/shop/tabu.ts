import type { Random } from '../random.ts'
import { createSolution, type ShopGraph, type ShopSolution } from './graph.ts'

/** Tunable parts of the makespan tabu search; the defaults are what the benches were tuned to. */
export interface TabuOptions {
  /** Shortest tabu tenure of an arc; a random share of it is added. */
  arcTenure: number
  modeTenure: number
}

/**
 * Tabu search for the makespan of a (flexible) job shop without set-ups. Moves: N7 on the blocks of one
 * random critical path (Balas-Vazacopoulos estimates) and re-assignment of critical operations to another
 * machine (Mastrolilli-Gambardella interval, heads and tails of the present graph as upper bounds).
 */
export class MakespanTabu {
  readonly graph: ShopGraph
  readonly best: ShopSolution
  /** Iterations since the start; tabu stamps refer to it. */
  iteration = 0
  private readonly random: Random
  private readonly arcTabu: Int32Array
  private readonly arcMask: number
  private readonly modeTabu: Int32Array
  private readonly path: Int32Array
  private readonly listed: Int32Array
  private readonly newHead: Int32Array
  private readonly arcTenure: number
  private readonly arcTenureSpread: number
  private pathLength = 0
  private stalled = 0
  /** Candidate kept by `offer`: operation, machine, operation to stand behind. */
  private pickV = -1
  private pickK = -1
  private pickX = -1
  private pickValue = 0
  private pickTies = 0
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
    this.listed = new Int32Array(n)
    this.newHead = new Int32Array(n)
    this.arcTenure = 10 + Math.floor(jobs / m)
    this.arcTenureSpread = Math.max(1, Math.floor(this.arcTenure * (jobs <= 2 * m ? 0.4 : 0.5)))
  }

  start(order: Int32Array, machine: Int32Array): void {
    this.graph.load(order, machine)
    this.iteration += 10_000
    this.stalled = 0
    this.graph.save(this.best, this.graph.makespan)
  }

  /**
   * Runs until the budget is used, `stallLimit` iterations in a row brought no better makespan, or the
   * target is met. Returns the iterations used; fewer than `budget` means that the run is over.
   */
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
      if (graph.makespan < best.value) {
        graph.save(best, graph.makespan)
        this.stalled = 0
      }
    }
    return budget
  }

  private step(): boolean {
    const { graph, random } = this
    this.tracePath()
    this.pickV = -1
    this.pickTies = 0
    this.pickValue = 0x7fffffff
    this.anyCount = 0
    this.scanBlocks()
    if (graph.shop.flexible) this.scanModes()
    let v = this.pickV
    let k = this.pickK
    let x = this.pickX
    if (v < 0) {
      if (this.anyCount === 0) return false
      v = this.anyV
      k = this.anyK
      x = this.anyX
    }
    const { machine, machineSucc, index, sequence } = graph
    const n = graph.shop.n
    const from = machine[v]!
    if (from !== k) {
      if (!graph.move(v, k, x)) return this.retry(v, from)
      const spread = this.pathLength + graph.shop.modeStart[v + 1]! - graph.shop.modeStart[v]!
      this.modeTabu[v * graph.shop.m + from] = this.iteration + (spread >> 1) + random.int(spread + 1)
      return true
    }
    const tenure = this.arcTenure + random.int(this.arcTenureSpread + 1)
    const until = this.iteration + tenure
    const old = index[v]!
    if (!graph.move(v, k, x)) return this.retry(v, from)
    const now = index[v]!
    const base = k * n
    const { arcTabu, arcMask } = this
    if (now > old) {
      for (let i = old; i < now; i++) arcTabu[(v * n + sequence[base + i]!) & arcMask] = until
    } else {
      for (let i = now + 1; i <= old; i++) arcTabu[(sequence[base + i]! * n + v) & arcMask] = until
    }
    void machineSucc
    return true
  }

  /** A move that would close a cycle (possible with zero durations only): forbid it and go on. */
  private retry(v: number, k: number): boolean {
    this.modeTabu[v * this.graph.shop.m + k] = this.iteration + 10
    return true
  }

  /** One random critical path, first operation first. */
  private tracePath(): void {
    const { end, duration, machinePred, makespan } = this.graph
    const { n, jobs, jobStart, jobPred } = this.graph.shop
    const { path, random } = this
    let seen = 0
    let u = n
    for (let j = 1; j <= jobs; j++) {
      const w = jobStart[j]! - 1
      if (end[w]! === makespan && (++seen === 1 || random.int(seen) === 0)) u = w
    }
    let at = n
    while (u !== n) {
      path[--at] = u
      const r = end[u]! - duration[u]!
      const a = jobPred[u]!
      const b = machinePred[u]!
      const viaJob = a < n && end[a]! === r
      const viaMachine = b !== n && end[b]! === r
      if (viaJob && viaMachine) u = random.uint32() & 0x10000 ? a : b
      else if (viaJob) u = a
      else if (viaMachine) u = b
      else u = n
    }
    this.pathLength = n - at
    path.copyWithin(0, at, n)
  }

  private scanBlocks(): void {
    const { path, pathLength: length } = this
    const { machinePred, end, lead } = this.graph
    const { jobPred, jobSucc } = this.graph.shop
    let start = 0
    while (start < length) {
      let stop = start
      while (stop + 1 < length && machinePred[path[stop + 1]!] === path[stop]!) stop++
      if (stop > start) {
        const first = path[start]!
        const last = path[stop]!
        const openFront = start > 0
        const openBack = stop < length - 1
        const two = stop === start + 1
        if (openBack || two) {
          const limit = lead[last]!
          for (let i = start; i < stop; i++) {
            const u = path[i]!
            const s = jobSucc[u]!
            if (s !== last && limit >= lead[s]!) this.tryRight(u, last)
          }
        }
        if (openFront && !two) {
          const limit = end[first]!
          for (let i = start + 1; i <= stop; i++) {
            const v = path[i]!
            const s = jobPred[v]!
            if (s !== first && limit >= end[s]!) this.tryLeft(v, first)
          }
        }
        if (!two) {
          if (openFront) {
            const s = jobSucc[first]!
            const need = lead[s]!
            for (let i = start + 1; i < stop; i++) {
              const v = path[i]!
              if (s === v || lead[v]! < need) break
              this.tryRight(first, v)
            }
          }
          if (openBack) {
            const s = jobPred[last]!
            const need = end[s]!
            for (let i = stop - 1; i > start; i--) {
              const u = path[i]!
              if (s === u || end[u]! < need) break
              this.tryLeft(last, u)
            }
          }
        }
      }
      start = stop + 1
    }
  }

  /** Estimates u moved directly behind v, which stands later on the same machine. */
  private tryRight(u: number, v: number): void {
    const { end, lead, duration, machinePred, machineSucc } = this.graph
    const { n, jobPred, jobSucc } = this.graph.shop
    const { listed, newHead, arcTabu, arcMask, iteration } = this
    const before = machinePred[u]!
    let ready = end[before]!
    let w = machineSucc[u]!
    let count = 0
    let tabu = false
    for (;;) {
      const a = jobPred[w]!
      let r = end[a]!
      if (ready > r) r = ready
      newHead[count] = r
      listed[count++] = w
      ready = r + duration[w]!
      if (arcTabu[(w * n + u) & arcMask]! > iteration) tabu = true
      if (w === v) break
      w = machineSucc[w]!
    }
    const a = jobPred[u]!
    let r = end[a]!
    if (ready > r) r = ready
    const after = machineSucc[v]!
    const s = jobSucc[u]!
    let q = lead[s]!
    const qa = lead[after]!
    if (qa > q) q = qa
    let value = r + duration[u]! + q
    let behind = q + duration[u]!
    for (let i = count - 1; i >= 0; i--) {
      w = listed[i]!
      const t = jobSucc[w]!
      q = lead[t]!
      if (behind > q) q = behind
      behind = q + duration[w]!
      const through = newHead[i]! + behind
      if (through > value) value = through
    }
    this.offer(u, this.graph.machine[u]!, v, value, tabu)
  }

  /** Estimates v moved directly before u, which stands earlier on the same machine. */
  private tryLeft(v: number, u: number): void {
    const { end, lead, duration, machinePred, machineSucc } = this.graph
    const { n, jobPred, jobSucc } = this.graph.shop
    const { listed, newHead, arcTabu, arcMask, iteration } = this
    const after = machineSucc[v]!
    let behind = lead[after]!
    let w = machinePred[v]!
    let count = 0
    let tabu = false
    for (;;) {
      const s = jobSucc[w]!
      let q = lead[s]!
      if (behind > q) q = behind
      newHead[count] = q
      listed[count++] = w
      behind = q + duration[w]!
      if (arcTabu[(v * n + w) & arcMask]! > iteration) tabu = true
      if (w === u) break
      w = machinePred[w]!
    }
    const s = jobSucc[v]!
    let q = lead[s]!
    if (behind > q) q = behind
    const before = machinePred[u]!
    const a = jobPred[v]!
    let r = end[a]!
    const rb = end[before]!
    if (rb > r) r = rb
    let value = r + duration[v]! + q
    let ready = r + duration[v]!
    for (let i = count - 1; i >= 0; i--) {
      w = listed[i]!
      const t = jobPred[w]!
      r = end[t]!
      if (ready > r) r = ready
      ready = r + duration[w]!
      const through = ready + newHead[i]!
      if (through > value) value = through
    }
    this.offer(v, this.graph.machine[v]!, before, value, tabu)
  }

  private scanModes(): void {
    const { path, pathLength, modeTabu, iteration, random } = this
    const { end, lead, machine, sequence, count } = this.graph
    const { n, m, jobPred, jobSucc, modeStart, modeMachine, modeDuration } = this.graph.shop
    for (let i = 0; i < pathLength; i++) {
      const v = path[i]!
      const begin = modeStart[v]!
      const stop = modeStart[v + 1]!
      if (stop - begin < 2) continue
      const a = jobPred[v]!
      const s = jobSucc[v]!
      let ready = end[a]!
      const behind = lead[s]!
      for (let o = begin; o < stop; o++) {
        const k = modeMachine[o]!
        if (k === machine[v]!) continue
        const tabu = modeTabu[v * m + k]! > iteration
        const p = modeDuration[o]!
        const base = k * n
        const size = count[k]!
        let low = 0
        let high = size
        while (low < high) {
          const mid = (low + high) >> 1
          const x = sequence[base + mid]!
          if (end[x]! > ready) high = mid
          else low = mid + 1
        }
        const firstLater = low
        low = 0
        high = size
        while (low < high) {
          const mid = (low + high) >> 1
          const x = sequence[base + mid]!
          if (lead[x]! > behind) low = mid + 1
          else high = mid
        }
        const endEarlier = low
        if (firstLater >= endEarlier) {
          const slot = firstLater === endEarlier ? low : endEarlier + random.int(firstLater - endEarlier + 1)
          this.offer(v, k, slot === 0 ? n : sequence[base + slot - 1]!, ready + p + behind, tabu)
          continue
        }
        for (let slot = firstLater; slot <= endEarlier; slot++) {
          let r = ready
          let q = behind
          let x = n
          if (slot > 0) {
            x = sequence[base + slot - 1]!
            const e = end[x]!
            if (e > r) r = e
          }
          if (slot < size) {
            const y = sequence[base + slot]!
            const e = lead[y]!
            if (e > q) q = e
          }
          this.offer(v, k, x, r + p + q, tabu)
        }
      }
    }
  }

  private offer(v: number, k: number, x: number, value: number, tabu: boolean): void {
    if (tabu && value >= this.best.value) {
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
