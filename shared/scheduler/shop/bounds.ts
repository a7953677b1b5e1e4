import type { CompiledShop } from './instance.ts'

/** A lower bound on the makespan from job lengths, machine loads and one-machine relaxations. */
export function lowerBound(shop: CompiledShop): number {
  const { n, m, jobs, jobStart, modeStart, modeMachine, modeDuration, release } = shop
  const shortest = new Int32Array(n + 1)
  for (let u = 0; u < n; u++) {
    let p = 0x7fffffff
    for (let o = modeStart[u]!; o < modeStart[u + 1]!; o++) p = Math.min(p, modeDuration[o]!)
    shortest[u] = p
  }
  const head = new Int32Array(n)
  const tail = new Int32Array(n)
  let bound = 0
  for (let j = 0; j < jobs; j++) {
    let r = release[j]!
    for (let u = jobStart[j]!; u < jobStart[j + 1]!; u++) {
      head[u] = r
      r += shortest[u]!
    }
    bound = Math.max(bound, r)
    let q = 0
    for (let u = jobStart[j + 1]! - 1; u >= jobStart[j]!; u--) {
      tail[u] = q
      q += shortest[u]!
    }
  }
  let total = 0
  for (let u = 0; u < n; u++) total += shortest[u]!
  bound = Math.max(bound, Math.ceil(total / m))
  for (let k = 0; k < m; k++) {
    const members: number[] = []
    for (let u = 0; u < n; u++) {
      if (modeStart[u + 1]! - modeStart[u]! === 1 && modeMachine[modeStart[u]!]! === k) members.push(u)
    }
    bound = Math.max(bound, preemptiveBound(members, head, shortest, tail))
  }
  return bound
}

/** Jackson's preemptive schedule on one machine: its end with tails, in minutes. */
export function preemptiveBound(
  members: readonly number[],
  head: ArrayLike<number>,
  duration: ArrayLike<number>,
  tail: ArrayLike<number>,
): number {
  const byHead = [...members].sort((a, b) => head[a]! - head[b]!)
  const left = new Map<number, number>()
  const ready: number[] = []
  let time = 0
  let bound = 0
  let next = 0
  while (next < byHead.length || ready.length > 0) {
    if (ready.length === 0) time = Math.max(time, head[byHead[next]!]!)
    while (next < byHead.length && head[byHead[next]!]! <= time) {
      const u = byHead[next++]!
      left.set(u, duration[u]!)
      ready.push(u)
    }
    let at = 0
    for (let i = 1; i < ready.length; i++) if (tail[ready[i]!]! > tail[ready[at]!]!) at = i
    const u = ready[at]!
    const limit = next < byHead.length ? head[byHead[next]!]! : Number.MAX_SAFE_INTEGER
    const run = Math.min(left.get(u)!, limit - time)
    time += run
    const rest = left.get(u)! - run
    left.set(u, rest)
    if (rest === 0) {
      bound = Math.max(bound, time + tail[u]!)
      ready[at] = ready[ready.length - 1]!
      ready.pop()
    }
  }
  return bound
}

/** A lower bound on the weighted tardiness: every job alone in the shop. */
export function tardinessBound(shop: CompiledShop): number {
  const { jobs, jobStart, modeStart, modeDuration, release, due, weight } = shop
  let sum = 0
  for (let j = 0; j < jobs; j++) {
    let ready = release[j]!
    for (let u = jobStart[j]!; u < jobStart[j + 1]!; u++) {
      ready += Math.min(...modeDuration.subarray(modeStart[u], modeStart[u + 1]))
    }
    sum += weight[j]! * Math.max(0, ready - due[j]!)
  }
  return sum
}
