import type { CompiledShop } from './instance.ts'
import type { ShopSolution } from './solution.ts'

/**
 * The disjunctive graph of one complete solution: machine sequences, a topological order, heads (earliest
 * starts) and tails (longest way to the end), both stored with the operation's own duration added. Index n
 * stands for "none"; indices above it are the jobs' sources.
 */
export class ShopGraph {
  readonly shop: CompiledShop
  readonly machinePred: Int32Array
  readonly machineSucc: Int32Array
  readonly machine: Int32Array
  readonly duration: Int32Array
  /** Earliest end of each operation. */
  readonly end: Int32Array
  /** Longest way from the start of each operation to the end of the schedule. */
  readonly lead: Int32Array
  readonly order: Int32Array
  readonly position: Int32Array
  /** `sequence[k * n + i]`: the i-th operation of machine k. */
  readonly sequence: Int32Array
  readonly count: Int32Array
  readonly index: Int32Array
  makespan = 0
  private readonly mark: Int32Array
  private stamp = 0
  private readonly kept: Int32Array
  private readonly moved: Int32Array

  constructor(shop: CompiledShop) {
    const n = shop.n
    this.shop = shop
    this.machinePred = new Int32Array(n + 1).fill(n)
    this.machineSucc = new Int32Array(n + 1).fill(n)
    this.machine = new Int32Array(n + 1).fill(-1)
    this.duration = new Int32Array(n + 1)
    this.end = new Int32Array(n + 1 + shop.jobs)
    this.end.set(shop.release, n + 1)
    this.lead = new Int32Array(n + 1)
    this.order = new Int32Array(n)
    this.position = new Int32Array(n + 1)
    this.sequence = new Int32Array(shop.m * n)
    this.count = new Int32Array(shop.m)
    this.index = new Int32Array(n + 1)
    this.mark = new Int32Array(n + 1 + shop.jobs)
    this.kept = new Int32Array(n)
    this.moved = new Int32Array(n)
  }

  /** Set-up minutes on machine k between two operations; n stands for none. */
  setupBetween(k: number, a: number, b: number): number {
    const { hasSetups, setupStride, setup, group } = this.shop
    return hasSetups ? setup[(k * setupStride + group[a]!) * setupStride + group[b]!]! : 0
  }

  /** Index of the first operation of machine k that ends after a time. */
  firstEndingAfter(k: number, time: number): number {
    const base = k * this.shop.n
    let low = 0
    let high = this.count[k]!
    while (low < high) {
      const mid = (low + high) >> 1
      if (this.end[this.sequence[base + mid]!]! > time) high = mid
      else low = mid + 1
    }
    return low
  }

  /** Takes over a solution; its order must respect the jobs. */
  load(order: ArrayLike<number>, machine: ArrayLike<number>): void {
    const { n, m, durationOn } = this.shop
    this.count.fill(0)
    for (let i = 0; i < n; i++) {
      const u = order[i]!
      const k = machine[u]!
      const length = this.count[k]!
      this.order[i] = u
      this.position[u] = i
      this.machine[u] = k
      this.duration[u] = durationOn[u * m + k]!
      const before = length > 0 ? this.sequence[k * n + length - 1]! : n
      this.machinePred[u] = before
      this.machineSucc[u] = n
      if (before !== n) this.machineSucc[before] = u
      this.sequence[k * n + length] = u
      this.index[u] = length
      this.count[k] = length + 1
    }
    this.sweepHeads(0)
    this.sweepTails(n - 1)
  }

  save(into: ShopSolution, value: number): void {
    into.value = value
    into.order.set(this.order)
    into.machine.set(this.machine.subarray(0, this.shop.n))
  }

  /** Earliest start. */
  headOf(u: number): number {
    return this.end[u]! - this.duration[u]!
  }

  /** Recomputes heads from a position on, and the makespan. */
  sweepHeads(from: number): void {
    const { n, jobs, jobPred, jobStart, hasSetups, setup, setupStride, group } = this.shop
    const { order, end, duration, machinePred, machine } = this
    if (hasSetups) {
      for (let i = from; i < n; i++) {
        const u = order[i]!
        const b = machinePred[u]!
        const ra = end[jobPred[u]!]!
        const rb = end[b]! + setup[(machine[u]! * setupStride + group[b]!) * setupStride + group[u]!]!
        end[u] = (rb > ra ? rb : ra) + duration[u]!
      }
    } else {
      // Maxima without branches: which way they go cannot be predicted.
      for (let i = from; i < n; i++) {
        const u = order[i]!
        const ra = end[jobPred[u]!]!
        const d = ra - end[machinePred[u]!]!
        end[u] = ra - (d & (d >> 31)) + duration[u]!
      }
    }
    let makespan = 0
    for (let j = 1; j <= jobs; j++) {
      const c = end[jobStart[j]! - 1]!
      if (c > makespan) makespan = c
    }
    this.makespan = makespan
  }

  /** Recomputes tails from a position down to the start. */
  sweepTails(from: number): void {
    const { jobSucc, hasSetups, setup, setupStride, group } = this.shop
    const { order, lead, duration, machineSucc, machine } = this
    if (hasSetups) {
      for (let i = from; i >= 0; i--) {
        const u = order[i]!
        const b = machineSucc[u]!
        const qa = lead[jobSucc[u]!]!
        const qb = lead[b]! + setup[(machine[u]! * setupStride + group[u]!) * setupStride + group[b]!]!
        lead[u] = (qb > qa ? qb : qa) + duration[u]!
      }
    } else {
      for (let i = from; i >= 0; i--) {
        const u = order[i]!
        const qa = lead[jobSucc[u]!]!
        const d = qa - lead[machineSucc[u]!]!
        lead[u] = qa - (d & (d >> 31)) + duration[u]!
      }
    }
  }

  /**
   * Takes v out of its machine and puts it on machine k directly behind x (n: first). Heads, tails and order
   * are brought up to date. Returns false, with nothing changed, if that would close a cycle.
   */
  move(v: number, k: number, x: number, withTails = true): boolean {
    const { n, m, durationOn } = this.shop
    const { machinePred, machineSucc, position, sequence, count, index, machine } = this
    const a = machinePred[v]!
    const b = machineSucc[v]!
    const from = machine[v]!
    machineSucc[a] = b
    machinePred[b] = a
    let y: number
    if (x === n) {
      y = count[k]! > 0 ? sequence[k * n]! : n
      if (y === v) y = b
    } else y = machineSucc[x]!
    machinePred[v] = x
    machineSucc[v] = y
    machineSucc[x] = v
    machinePred[y] = v

    let low = position[v]!
    let high = low
    let fits = true
    if (x !== n && position[x]! > low) {
      high = position[x]!
      fits = this.shiftRight(v, low, high)
    } else if (y !== n && position[y]! < high) {
      low = position[y]!
      fits = this.shiftLeft(v, low, high)
    }
    if (!fits) {
      machineSucc[x] = y
      machinePred[y] = x
      machinePred[v] = a
      machineSucc[v] = b
      machineSucc[a] = v
      machinePred[b] = v
      return false
    }

    const fromBase = from * n
    const toBase = k * n
    const old = index[v]!
    if (from === k) {
      let target = x === n ? 0 : index[x]! + 1
      if (target > old) {
        target--
        for (let i = old; i < target; i++) {
          const w = sequence[fromBase + i + 1]!
          sequence[fromBase + i] = w
          index[w] = i
        }
      } else {
        for (let i = old; i > target; i--) {
          const w = sequence[fromBase + i - 1]!
          sequence[fromBase + i] = w
          index[w] = i
        }
      }
      sequence[fromBase + target] = v
      index[v] = target
    } else {
      const last = count[from]! - 1
      for (let i = old; i < last; i++) {
        const w = sequence[fromBase + i + 1]!
        sequence[fromBase + i] = w
        index[w] = i
      }
      count[from] = last
      const target = x === n ? 0 : index[x]! + 1
      for (let i = count[k]!; i > target; i--) {
        const w = sequence[toBase + i - 1]!
        sequence[toBase + i] = w
        index[w] = i
      }
      sequence[toBase + target] = v
      index[v] = target
      count[k] = count[k]! + 1
      machine[v] = k
      this.duration[v] = durationOn[v * m + k]!
    }

    if (b !== n && position[b]! < low) low = position[b]!
    if (a !== n && position[a]! > high) high = position[a]!
    this.sweepHeads(low)
    if (withTails) this.sweepTails(high)
    return true
  }

  /**
   * Earliest ends after `move(v, k, x)`, written to `into` (length n + 1 + jobs) without changing the graph;
   * false if the move would close a cycle.
   */
  probe(v: number, k: number, x: number, into: Int32Array): boolean {
    const { n, m, jobPred, jobSucc, durationOn, setup, setupStride, group } = this.shop
    const { machinePred, machineSucc, machine, duration, order, position, mark, kept, moved, end } = this
    const a = machinePred[v]!
    const b = machineSucc[v]!
    const from = machine[v]!
    machineSucc[a] = b
    machinePred[b] = a
    let y: number
    if (x === n) {
      y = this.count[k]! > 0 ? this.sequence[k * n]! : n
      if (y === v) y = b
    } else y = machineSucc[x]!
    machinePred[v] = x
    machineSucc[v] = y
    machineSucc[x] = v
    machinePred[y] = v
    machine[v] = k
    const oldDuration = duration[v]!
    duration[v] = durationOn[v * m + k]!

    const at = position[v]!
    let low = at
    let high = at
    let keptCount = 0
    let movedCount = 0
    let fits = true
    const stamp = ++this.stamp
    mark[v] = stamp
    if (x !== n && position[x]! > at) {
      high = position[x]!
      moved[movedCount++] = v
      for (let i = low + 1; i <= high; i++) {
        const u = order[i]!
        if (mark[jobPred[u]!] === stamp || mark[machinePred[u]!] === stamp) {
          mark[u] = stamp
          moved[movedCount++] = u
        } else kept[keptCount++] = u
      }
      fits = mark[x] !== stamp
      for (let i = 0; i < movedCount; i++) kept[keptCount + i] = moved[i]!
    } else if (y !== n && position[y]! < at) {
      low = position[y]!
      // Filled from the back: what v depends on ends up in front, the rest behind, both in their old order.
      let back = high - low
      moved[movedCount++] = v
      for (let i = high - 1; i >= low; i--) {
        const u = order[i]!
        if (mark[jobSucc[u]!] === stamp || mark[machineSucc[u]!] === stamp) {
          mark[u] = stamp
          moved[movedCount++] = u
        } else kept[back--] = u
      }
      fits = mark[y] !== stamp
      for (let i = 0; i < movedCount; i++) kept[back - i] = moved[i]!
    } else kept[0] = v

    if (fits) {
      let first = low
      if (b !== n && position[b]! < first) first = position[b]!
      into.set(end)
      if (!this.shop.hasSetups) {
        // Maxima without branches: which way they go cannot be predicted.
        for (let i = first; i < n; i++) {
          const u = i < low || i > high ? order[i]! : kept[i - low]!
          const ra = into[jobPred[u]!]!
          const d = ra - into[machinePred[u]!]!
          into[u] = ra - (d & (d >> 31)) + duration[u]!
        }
      }
      for (let i = this.shop.hasSetups ? first : n; i < n; i++) {
        const u = i < low || i > high ? order[i]! : kept[i - low]!
        const w = machinePred[u]!
        const ra = into[jobPred[u]!]!
        const rb = into[w]! + setup[(machine[u]! * setupStride + group[w]!) * setupStride + group[u]!]!
        into[u] = (rb > ra ? rb : ra) + duration[u]!
      }
    }
    machineSucc[x] = y
    machinePred[y] = x
    machinePred[v] = a
    machineSucc[v] = b
    machineSucc[a] = v
    machinePred[b] = v
    machine[v] = from
    duration[v] = oldDuration
    return fits
  }

  /** Moves v and what now depends on it within [low, high] behind position high; false on a cycle. */
  private shiftRight(v: number, low: number, high: number): boolean {
    const { order, position, mark, kept, moved, machinePred } = this
    const jobPred = this.shop.jobPred
    const stamp = ++this.stamp
    const goal = order[high]!
    mark[v] = stamp
    moved[0] = v
    let keptCount = 0
    let movedCount = 1
    for (let i = low + 1; i <= high; i++) {
      const u = order[i]!
      if (mark[jobPred[u]!] === stamp || mark[machinePred[u]!] === stamp) {
        mark[u] = stamp
        moved[movedCount++] = u
      } else kept[keptCount++] = u
    }
    if (mark[goal] === stamp) return false
    for (let i = 0; i < keptCount; i++) {
      const u = kept[i]!
      order[low + i] = u
      position[u] = low + i
    }
    const base = low + keptCount
    for (let i = 0; i < movedCount; i++) {
      const u = moved[i]!
      order[base + i] = u
      position[u] = base + i
    }
    return true
  }

  /** Moves v and what it now depends on within [low, high] before position low; false on a cycle. */
  private shiftLeft(v: number, low: number, high: number): boolean {
    const { order, position, mark, kept, moved, machineSucc } = this
    const jobSucc = this.shop.jobSucc
    const stamp = ++this.stamp
    const goal = order[low]!
    mark[v] = stamp
    moved[0] = v
    let keptCount = 0
    let movedCount = 1
    for (let i = high - 1; i >= low; i--) {
      const u = order[i]!
      if (mark[jobSucc[u]!] === stamp || mark[machineSucc[u]!] === stamp) {
        mark[u] = stamp
        moved[movedCount++] = u
      } else kept[keptCount++] = u
    }
    if (mark[goal] === stamp) return false
    for (let i = 0; i < keptCount; i++) {
      const u = kept[i]!
      order[high - i] = u
      position[u] = high - i
    }
    const base = high - keptCount
    for (let i = 0; i < movedCount; i++) {
      const u = moved[i]!
      order[base - i] = u
      position[u] = base - i
    }
    return true
  }
}
