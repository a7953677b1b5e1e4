import type { Model } from './model.ts'

/** Figures that a task has one of each, from `start` to `ready`: they stand first in the block. */
const FIGURES = 12

/**
 * A complete working schedule in one block of memory, so that keeping or undoing a trial is a single copy.
 * Line tasks sit in doubly linked machine sequences; `order` is one topological order of precedence and
 * machine arcs together. Air tasks hold a candidate start, a studio and streamers.
 */
export class State {
  readonly model: Model
  readonly width: number
  readonly airCount: number
  readonly crew: number
  private readonly block: Int32Array
  /** The parts of the block that belong to machines, and to air tasks and their resources. */
  private readonly machineBlock: Int32Array
  private readonly airBlock: Int32Array
  readonly start: Int32Array
  readonly end: Int32Array
  readonly mode: Int32Array
  readonly placed: Int32Array
  /** Unplaced tasks that cost only their session value. */
  readonly excused: Int32Array
  readonly setup: Int32Array
  readonly hard: Int32Array
  readonly stab: Int32Array
  readonly over: Int32Array
  /** Start bound that keeps a later task within its maximum lag. */
  readonly holdBack: Int32Array
  /** Start bound of a line task that stays where it was wished although it could be earlier; 0 for none. */
  readonly notBefore: Int32Array
  /** Start bound by all but its machines, as of when the task was last timed. */
  readonly ready: Int32Array
  readonly order: Int32Array
  readonly pos: Int32Array
  /** Machine memberships of task v: entries v*width .. v*width+width-1, -1 when unused. */
  readonly machine: Int32Array
  readonly prev: Int32Array
  readonly next: Int32Array
  readonly first: Int32Array
  readonly last: Int32Array
  readonly jobEnd: Int32Array
  readonly airCandidate: Int32Array
  readonly airStudio: Int32Array
  /** crew entries per air task. */
  readonly airStreamers: Int32Array
  readonly airCrew: Int32Array
  readonly useCount: Int32Array
  /** Air tasks on each resource by start: entries r*airCount .. */
  readonly useList: Int32Array
  readonly useHard: Int32Array
  readonly slotUse: Int32Array
  /** Exact sums: [hard, tardiness, lost value, stability, set-up, overtime, fairness]. */
  readonly sums: Float64Array
  readonly dirty: Uint8Array
  readonly dirtyList: Int32Array
  dirtyCount = 0
  /** Positions in the order that `settle` still has to look at, one bit each; empty outside of it. */
  readonly queue: Int32Array
  readonly marks: Int32Array
  stamp = 0
  readonly scratch: Int32Array
  readonly jobMarks: Int32Array
  readonly jobList: Int32Array
  jobCount = 0
  airChanged = false
  /** What may differ from the state last kept: rows of tasks, a stretch of the order, the air block. */
  private readonly changed: Uint8Array
  private readonly changedList: Int32Array
  private changedCount = 0
  private orderLow: number
  private orderHigh = -1
  airMoved = false

  constructor(model: Model) {
    this.model = model
    const { n, machines, jobs, resources } = model
    const width = (this.width = model.width)
    const airCount = (this.airCount = model.air.tasks.length)
    let crew = 1
    for (const air of model.air.tasks) {
      for (const candidate of air.candidates) crew = Math.max(crew, candidate.need)
      crew = Math.max(crew, air.fixedStreamers?.length ?? 0)
    }
    this.crew = crew
    const sizes = [
      n * (FIGURES + 2),
      n * width * 3,
      machines * 2,
      jobs,
      airCount * (3 + crew),
      resources.length * (2 + airCount),
    ]
    const slots = model.problem.slots.length
    this.block = new Int32Array(sizes.reduce((sum, size) => sum + size, slots))
    let at = 0
    const take = (size: number): Int32Array => this.block.subarray(at, (at += size))
    this.start = take(n)
    this.end = take(n)
    this.mode = take(n)
    this.placed = take(n)
    this.excused = take(n)
    this.setup = take(n)
    this.hard = take(n)
    this.stab = take(n)
    this.over = take(n)
    this.holdBack = take(n)
    this.notBefore = take(n)
    this.ready = take(n)
    this.order = take(n)
    this.pos = take(n)
    this.machine = take(n * width).fill(-1)
    this.prev = take(n * width).fill(-1)
    this.next = take(n * width).fill(-1)
    const machinesAt = at
    this.first = take(machines).fill(-1)
    this.last = take(machines).fill(-1)
    this.machineBlock = this.block.subarray(machinesAt, at)
    this.jobEnd = take(jobs)
    const airAt = at
    this.airCandidate = take(airCount).fill(-1)
    this.airStudio = take(airCount).fill(-1)
    this.airCrew = take(airCount)
    this.airStreamers = take(airCount * crew).fill(-1)
    this.useCount = take(resources.length)
    this.useHard = take(resources.length)
    this.useList = take(resources.length * airCount)
    this.slotUse = take(slots)
    this.airBlock = this.block.subarray(airAt, at)
    this.sums = new Float64Array(7)
    this.dirty = new Uint8Array(n)
    this.dirtyList = new Int32Array(n)
    this.queue = new Int32Array((n + 31) >> 5)
    this.marks = new Int32Array(n)
    this.scratch = new Int32Array(n)
    this.jobMarks = new Int32Array(jobs)
    this.jobList = new Int32Array(jobs)
    this.changed = new Uint8Array(n)
    this.changedList = new Int32Array(n)
    this.orderLow = n
  }

  /** Notes that the row of a task may differ from the state last kept. */
  mark(v: number): void {
    if (this.changed[v] === 0) {
      this.changed[v] = 1
      this.changedList[this.changedCount++] = v
    }
  }

  private markOrder(low: number, high: number): void {
    if (low < this.orderLow) this.orderLow = low
    if (high > this.orderHigh) this.orderHigh = high
  }

  /** @param order another topological order of precedence and machine arcs. */
  setOrder(order: Int32Array): void {
    order.forEach((v, p) => {
      this.order[p] = v
      this.pos[v] = p
    })
    this.markOrder(0, this.model.n - 1)
  }

  /** Undoes all that was changed since `kept` was equal to this state. */
  revertTo(kept: State): void {
    this.copyChanged(kept, this)
    this.clearDirty()
  }

  /** Takes all that was changed since `kept` was equal to this (settled) state over into it. */
  keepIn(kept: State): void {
    this.copyChanged(this, kept)
  }

  private copyChanged(from: State, to: State): void {
    const { width, changed, changedList, changedCount } = this
    const { n, jobOf } = this.model
    for (let i = 0; i < changedCount; i++) {
      const v = changedList[i]!
      changed[v] = 0
      for (let at = v; at < FIGURES * n; at += n) to.block[at] = from.block[at]!
      for (let e = v * width; e < (v + 1) * width; e++) {
        to.machine[e] = from.machine[e]!
        to.prev[e] = from.prev[e]!
        to.next[e] = from.next[e]!
      }
      to.jobEnd[jobOf[v]!] = from.jobEnd[jobOf[v]!]!
    }
    this.changedCount = 0
    for (let p = this.orderLow; p <= this.orderHigh; p++) {
      const v = from.order[p]!
      to.order[p] = v
      to.pos[v] = p
    }
    this.orderLow = this.model.n
    this.orderHigh = -1
    to.machineBlock.set(from.machineBlock)
    if (this.airMoved) to.airBlock.set(from.airBlock)
    this.airMoved = false
    to.sums.set(from.sums)
  }

  private clearChanged(): void {
    for (let i = 0; i < this.changedCount; i++) this.changed[this.changedList[i]!] = 0
    this.changedCount = 0
    this.orderLow = this.model.n
    this.orderHigh = -1
    this.airMoved = false
  }

  /** Both states must be settled (no dirty tasks) and of one model. */
  copyFrom(other: State): void {
    this.block.set(other.block)
    this.sums.set(other.sums)
    this.clearDirty()
    this.clearChanged()
  }

  exportBlock(): { block: Int32Array; sums: Float64Array } {
    return { block: this.block.slice(), sums: this.sums.slice() }
  }

  /** @throws RangeError when the block comes from another problem. */
  importBlock(elite: { block: Int32Array; sums: Float64Array }): void {
    if (elite.block.length !== this.block.length) throw new RangeError('elite of another problem')
    this.block.set(elite.block)
    this.sums.set(elite.sums)
    this.clearDirty()
    this.clearChanged()
  }

  clone(): State {
    const copy = new State(this.model)
    copy.copyFrom(this)
    return copy
  }

  clearDirty(): void {
    for (let i = 0; i < this.dirtyCount; i++) this.dirty[this.dirtyList[i]!] = 0
    this.dirtyCount = 0
    for (let i = 0; i < this.jobCount; i++) this.jobMarks[this.jobList[i]!] = 0
    this.jobCount = 0
    this.airChanged = false
  }

  touch(v: number): void {
    if (this.dirty[v] === 0) {
      this.dirty[v] = 1
      this.dirtyList[this.dirtyCount++] = v
      this.mark(v)
    }
  }

  /** Lets a line task that is in the plan start no earlier than then. */
  keepFrom(v: number, start: number): void {
    this.notBefore[v] = start
    this.touch(v)
  }

  touchJob(job: number): void {
    if (this.jobMarks[job] === 0) {
      this.jobMarks[job] = 1
      this.jobList[this.jobCount++] = job
    }
  }

  /** Position of task v's entry for a machine; -1 when it is not on it. */
  entryOn(v: number, machine: number): number {
    const from = v * this.width
    for (let e = from; e < from + this.width; e++) if (this.machine[e] === machine) return e
    return -1
  }

  nextOn(v: number, machine: number): number {
    return this.next[this.entryOn(v, machine)]!
  }

  prevOn(v: number, machine: number): number {
    return this.prev[this.entryOn(v, machine)]!
  }

  /** Takes a line task off all its machines; nothing keeps it from an earlier start any more. */
  unlink(v: number): void {
    this.mark(v)
    this.notBefore[v] = 0
    const from = v * this.width
    for (let e = from; e < from + this.width; e++) {
      const machine = this.machine[e]!
      if (machine < 0) continue
      const before = this.prev[e]!
      const after = this.next[e]!
      if (before >= 0) {
        this.next[this.entryOn(before, machine)] = after
        this.mark(before)
      } else this.first[machine] = after
      if (after >= 0) {
        this.prev[this.entryOn(after, machine)] = before
        this.touch(after)
      } else this.last[machine] = before
      this.machine[e] = this.prev[e] = this.next[e] = -1
    }
  }

  /** Puts a line task on one more machine, at the place its position in `order` gives. */
  link(v: number, entry: number, machine: number): void {
    const here = this.pos[v]!
    let before = this.last[machine]!
    let after = -1
    while (before >= 0 && this.pos[before]! > here) {
      after = before
      before = this.prevOn(before, machine)
    }
    const e = v * this.width + entry
    this.machine[e] = machine
    this.prev[e] = before
    this.next[e] = after
    if (before >= 0) {
      this.next[this.entryOn(before, machine)] = v
      this.mark(before)
    } else this.first[machine] = v
    if (after >= 0) {
      this.prev[this.entryOn(after, machine)] = v
      this.touch(after)
    } else this.last[machine] = v
    this.touch(v)
  }

  /**
   * Moves an unlinked task right before `x` in the order, together with everything between that must precede
   * it. False (and nothing changed) when `x` itself must precede it.
   */
  shiftBefore(v: number, x: number): boolean {
    const { order, pos, marks, model } = this
    const low = pos[x]!
    const high = pos[v]!
    const stamp = ++this.stamp
    marks[v] = stamp
    let kept = 0
    for (let p = high; p >= low; p--) {
      const u = order[p]!
      if (marks[u] !== stamp) continue
      if (u === x) return false
      this.scratch[kept++] = u
      for (let a = model.predFrom[u]!; a < model.predFrom[u + 1]!; a++) marks[model.predTask[a]!] = stamp
      const from = u * this.width
      for (let e = from; e < from + this.width; e++) if (this.prev[e]! >= 0) marks[this.prev[e]!] = stamp
    }
    this.markOrder(low, high)
    let write = high
    for (let p = high; p >= low; p--) {
      const u = order[p]!
      if (marks[u] === stamp) continue
      order[write] = u
      pos[u] = write--
    }
    for (let i = 0; i < kept; i++) {
      const u = this.scratch[i]!
      order[write] = u
      pos[u] = write--
    }
    return true
  }

  /** Mirror image of `shiftBefore`: right after `x`, with everything between that must follow it. */
  shiftAfter(v: number, x: number): boolean {
    const { order, pos, marks, model } = this
    const low = pos[v]!
    const high = pos[x]!
    const stamp = ++this.stamp
    marks[v] = stamp
    let kept = 0
    for (let p = low; p <= high; p++) {
      const u = order[p]!
      if (marks[u] !== stamp) continue
      if (u === x) return false
      this.scratch[kept++] = u
      for (let a = model.succFrom[u]!; a < model.succFrom[u + 1]!; a++) marks[model.succTask[a]!] = stamp
      const from = u * this.width
      for (let e = from; e < from + this.width; e++) if (this.next[e]! >= 0) marks[this.next[e]!] = stamp
    }
    this.markOrder(low, high)
    let write = low
    for (let p = low; p <= high; p++) {
      const u = order[p]!
      if (marks[u] === stamp) continue
      order[write] = u
      pos[u] = write++
    }
    for (let i = 0; i < kept; i++) {
      const u = this.scratch[i]!
      order[write] = u
      pos[u] = write++
    }
    return true
  }
}
