import type { Calendar, Interval } from './problem.ts'

const INDEX_SHIFT = 6

/** "Never": later than every real instant, small enough to add durations without overflow. */
export const NEVER = 1 << 29

/** Open windows with a prefix sum of open minutes; every query is one binary search. */
export interface OpenTime {
  always: boolean
  starts: Int32Array
  ends: Int32Array
  /** Open minutes before window i. */
  before: Int32Array
  /** First window ending after minute i * 64: where a search for a minute begins. */
  index: Int32Array
  /** Overtime windows with the same prefix sums; null when there are none. */
  overtime: OpenTime | null
}

export const ALWAYS_OPEN: OpenTime = {
  always: true,
  starts: new Int32Array(0),
  ends: new Int32Array(0),
  before: new Int32Array(0),
  index: new Int32Array(0),
  overtime: null,
}

/** Sorts and joins windows. */
export function joinWindows(windows: readonly Interval[]): Interval[] {
  const joined: [number, number][] = []
  for (const [start, end] of [...windows].sort((a, b) => a[0] - b[0])) {
    const last = joined[joined.length - 1]
    if (end <= start) continue
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else joined.push([start, end])
  }
  return joined
}

/** Common parts of two joined lists. */
export function intersectWindows(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const common: Interval[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const start = Math.max(a[i]![0], b[j]![0])
    const end = Math.min(a[i]![1], b[j]![1])
    if (start < end) common.push([start, end])
    if (a[i]![1] < b[j]![1]) i++
    else j++
  }
  return common
}

export function buildOpenTime(windows: readonly Interval[], overtime: readonly Interval[] = []): OpenTime {
  const joined = joinWindows(windows)
  const extra = intersectWindows(joined, joinWindows(overtime))
  const table: OpenTime = {
    always: false,
    starts: Int32Array.from(joined, (window) => window[0]),
    ends: Int32Array.from(joined, (window) => window[1]),
    before: new Int32Array(joined.length),
    index: new Int32Array(((joined.at(-1)?.[1] ?? 0) >> INDEX_SHIFT) + 1),
    overtime: extra.length > 0 ? buildOpenTime(extra) : null,
  }
  let sum = 0
  joined.forEach(([start, end], i) => {
    table.before[i] = sum
    sum += end - start
  })
  for (let cell = 0, i = 0; cell < table.index.length; cell++) {
    while (i < joined.length && joined[i]![1] <= cell << INDEX_SHIFT) i++
    table.index[cell] = i
  }
  return table
}

export function openTimeOf(calendar: Calendar | undefined): OpenTime {
  return calendar ? buildOpenTime(calendar.open, calendar.overtime) : ALWAYS_OPEN
}

/** Time open in all of them; overtime is the union of their overtime inside it. */
export function intersectOpenTimes(tables: readonly OpenTime[]): OpenTime {
  const limited = tables.filter((table) => !table.always)
  if (limited.length === 0) return ALWAYS_OPEN
  if (limited.length === 1) return limited[0]!
  const windows = limited.map(listWindows).reduce(intersectWindows)
  const overtime = limited.flatMap((table) => (table.overtime ? listWindows(table.overtime) : []))
  return buildOpenTime(windows, overtime)
}

export function listWindows(table: OpenTime): Interval[] {
  return Array.from(table.starts, (start, i): Interval => [start, table.ends[i]!])
}

/** Index of the first window ending after `t` (count of windows when none). */
function windowAfter(table: OpenTime, t: number): number {
  const { ends, index } = table
  const cell = t >> INDEX_SHIFT
  if (cell >= index.length) return ends.length
  let i = cell <= 0 ? 0 : index[cell]!
  while (i < ends.length && ends[i]! <= t) i++
  return i
}

/** Open minutes before `t`. */
export function openBefore(table: OpenTime, t: number): number {
  if (table.always) return t
  const i = windowAfter(table, t)
  if (i === table.ends.length)
    return i === 0 ? 0 : table.before[i - 1]! + table.ends[i - 1]! - table.starts[i - 1]!
  return table.before[i]! + Math.max(0, t - table.starts[i]!)
}

export function openBetween(table: OpenTime, from: number, to: number): number {
  return to <= from ? 0 : openBefore(table, to) - openBefore(table, from)
}

/** The instant at which `work` open minutes have passed since `t`; `t` itself for no work; NEVER past the last window. */
export function advance(table: OpenTime, t: number, work: number): number {
  if (t >= NEVER) return NEVER
  if (work <= 0) return t
  if (table.always) return t + work
  const { starts, ends, before } = table
  let i = windowAfter(table, t)
  const n = ends.length
  if (i === n) return NEVER
  const begin = t > starts[i]! ? t : starts[i]!
  if (begin + work <= ends[i]!) return begin + work
  const target = before[i]! + begin - starts[i]! + work
  for (i++; i < n; i++)
    if (before[i]! + ends[i]! - starts[i]! >= target) return starts[i]! + target - before[i]!
  return NEVER
}

/** First start >= `t` of a task of `dur` minutes: inside one window, or (pausing) at any open minute. */
export function fitStart(table: OpenTime, t: number, dur: number, pausing: boolean): number {
  if (t >= NEVER) return NEVER
  if (table.always) return t
  const { starts, ends } = table
  for (let i = windowAfter(table, t); i < ends.length; i++) {
    const start = t > starts[i]! ? t : starts[i]!
    if (pausing || start + dur <= ends[i]!) return start
  }
  return NEVER
}

/** When a task of `dur` minutes is over that begins at `begin`, a start that fits. */
export function endFrom(table: OpenTime, begin: number, dur: number, pausing: boolean): number {
  return begin >= NEVER ? NEVER : pausing ? advance(table, begin, dur) : begin + dur
}

/** Earliest start bound so that the task ends at `minEnd` or later. */
export function startForEnd(table: OpenTime, minEnd: number, dur: number, pausing: boolean): number {
  if (!pausing || table.always || minEnd >= NEVER) return minEnd >= NEVER ? NEVER : minEnd - dur
  const { starts, ends, before } = table
  const n = ends.length
  if (n === 0 || minEnd > ends[n - 1]!) return NEVER
  const i = windowAfter(table, minEnd - 1)
  const closed = minEnd <= starts[i]!
  const target = before[i]! + (closed ? 1 : minEnd - starts[i]!) - dur
  if (target <= 0) return 0
  let low = 0
  let high = n
  while (low < high) {
    const mid = (low + high) >> 1
    if (before[mid]! + ends[mid]! - starts[mid]! > target) high = mid
    else low = mid + 1
  }
  return low === n ? NEVER : starts[low]! + Math.max(0, target - before[low]!)
}

export function isOpenThroughout(table: OpenTime, from: number, to: number): boolean {
  if (table.always) return true
  const i = windowAfter(table, from)
  return i < table.ends.length && table.starts[i]! <= from && table.ends[i]! >= to
}

/** Overtime minutes worked between two instants. */
export function overtimeBetween(table: OpenTime, from: number, to: number): number {
  return table.overtime === null || to >= NEVER ? 0 : openBetween(table.overtime, from, to)
}
