import type { Model } from './model.ts'

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
  readonly marks: Int32Array
  stamp = 0
  readonly scratch: Int32Array
  readonly jobMarks: Int32Array
  readonly jobList: Int32Array
  jobCount = 0
  airChanged = false

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
      n * 12,
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
    this.order = take(n)
    this.pos = take(n)
    this.machine = take(n * width).fill(-1)
    this.prev = take(n * width).fill(-1)
    this.next = take(n * width).fill(-1)
    this.first = take(machines).fill(-1)
    this.last = take(machines).fill(-1)
    this.jobEnd = take(jobs)
    this.airCandidate = take(airCount).fill(-1)
    this.airStudio = take(airCount).fill(-1)
    this.airCrew = take(airCount)
    this.airStreamers = take(airCount * crew).fill(-1)
    this.useCount = take(resources.length)
    this.useHard = take(resources.length)
    this.useList = take(resources.length * airCount)
    this.slotUse = take(slots)
    this.sums = new Float64Array(7)
    this.dirty = new Uint8Array(n)
    this.dirtyList = new Int32Array(n)
    this.marks = new Int32Array(n)
    this.scratch = new Int32Array(n)
    this.jobMarks = new Int32Array(jobs)
    this.jobList = new Int32Array(jobs)
  }

  /** Both states must be settled (no dirty tasks) and of one model. */
  copyFrom(other: State): void {
    this.block.set(other.block)
    this.sums.set(other.sums)
    this.clearDirty()
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
    }
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

  /** Takes a line task off all its machines. */
  unlink(v: number): void {
    const from = v * this.width
    for (let e = from; e < from + this.width; e++) {
      const machine = this.machine[e]!
      if (machine < 0) continue
      const before = this.prev[e]!
      const after = this.next[e]!
      if (before >= 0) this.next[this.entryOn(before, machine)] = after
      else this.first[machine] = after
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
    if (before >= 0) this.next[this.entryOn(before, machine)] = v
    else this.first[machine] = v
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
