import type { Random } from '../random.ts'
import type { ShopGraph } from './graph.ts'
import { TabuSearch } from './tabu.ts'

const never = 0x7fffffff

/**
 * Tabu search for the makespan of a (flexible) job shop without set-ups. Moves: N7 on the blocks of one
 * random critical path (Balas-Vazacopoulos estimates) and re-assignment of critical operations to another
 * machine (Mastrolilli-Gambardella interval, heads and tails of the present graph as upper bounds).
 */
export class MakespanTabu extends TabuSearch {
  private readonly listed: Int32Array
  private readonly newHead: Int32Array

  constructor(graph: ShopGraph, random: Random) {
    super(graph, random)
    this.listed = new Int32Array(graph.shop.n)
    this.newHead = new Int32Array(graph.shop.n)
  }

  protected override value(): number {
    return this.graph.makespan
  }

  protected override scan(): void {
    this.tracePath(this.randomLast())
    this.scanBlocks()
    if (!this.graph.shop.flexible) return
    this.scanModes(false)
    if (this.nothingOffered()) this.scanModes(true)
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
    let tabu = true
    for (;;) {
      const d = ready - end[jobPred[w]!]!
      const r = ready - (d & (d >> 31))
      newHead[count] = r
      listed[count++] = w
      ready = r + duration[w]!
      if (arcTabu[(w * n + u) & arcMask]! <= iteration) tabu = false
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
    // A move that is not tabu counts only if it is as good as the best so far.
    const cut = tabu ? never : this.pickValue
    if (value > cut) return
    let behind = q + duration[u]!
    for (let i = count - 1; i >= 0; i--) {
      w = listed[i]!
      const d = behind - lead[jobSucc[w]!]!
      behind += duration[w]! - (d & (d >> 31))
      const through = newHead[i]! + behind
      if (through > value) {
        value = through
        if (value > cut) return
      }
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
    let tabu = true
    for (;;) {
      const d = behind - lead[jobSucc[w]!]!
      const q = behind - (d & (d >> 31))
      newHead[count] = q
      listed[count++] = w
      behind = q + duration[w]!
      if (arcTabu[(v * n + w) & arcMask]! <= iteration) tabu = false
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
    const cut = tabu ? never : this.pickValue
    if (value > cut) return
    let ready = r + duration[v]!
    for (let i = count - 1; i >= 0; i--) {
      w = listed[i]!
      const d = ready - end[jobPred[w]!]!
      ready += duration[w]! - (d & (d >> 31))
      const through = ready + newHead[i]!
      if (through > value) {
        value = through
        if (value > cut) return
      }
    }
    this.offer(v, this.graph.machine[v]!, before, value, tabu)
  }

  /** Passes over what cannot be chosen, unless told to be thorough. */
  private scanModes(thorough: boolean): void {
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
      const ready = end[a]!
      const behind = lead[s]!
      for (let o = begin; o < stop; o++) {
        const k = modeMachine[o]!
        if (k === machine[v]!) continue
        const tabu = modeTabu[v * m + k]! > iteration
        const p = modeDuration[o]!
        const least = ready + p + behind
        if (!thorough && least > (tabu ? this.wishValue : this.pickValue)) continue
        const base = k * n
        const size = count[k]!
        // Two binary searches without branches, because these could not be predicted.
        let firstLater = 0
        for (let left = size; left > 0;) {
          const half = left >> 1
          const below = (end[sequence[base + firstLater + half]!]! - ready - 1) >> 31
          firstLater += (half + 1) & below
          left = half + ((left - 2 * half - 1) & below)
        }
        let endEarlier = 0
        for (let left = size; left > 0;) {
          const half = left >> 1
          const above = (behind - lead[sequence[base + endEarlier + half]!]!) >> 31
          endEarlier += (half + 1) & above
          left = half + ((left - 2 * half - 1) & above)
        }
        if (firstLater >= endEarlier) {
          const slot =
            firstLater === endEarlier ? firstLater : endEarlier + random.int(firstLater - endEarlier + 1)
          this.offer(v, k, slot === 0 ? n : sequence[base + slot - 1]!, least, tabu)
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
}
