import type { Random } from '../random.ts'
import type { CompiledShop } from './instance.ts'
import type { ShopSolution } from './solution.ts'

/**
 * A random semi-greedy schedule: operations are appended in a random order that respects the jobs, each to
 * the machine where it would end first (set-ups included), ties at random. `greed` in 0 … 1 is the chance
 * that, of two random candidates, the one that can end earlier is taken.
 */
export function constructRandom(shop: CompiledShop, random: Random, greed: number, into: ShopSolution): void {
  const { n, m, jobs, jobStart, modeStart, modeMachine, modeDuration, release } = shop
  const { hasSetups, setup, setupStride, group } = shop
  const free = new Float64Array(m)
  const lastGroup = new Int32Array(m).fill(setupStride - 1)
  const jobReady = Float64Array.from(release)
  const next = Int32Array.from(jobStart.subarray(0, jobs))
  const open: number[] = []
  for (let j = 0; j < jobs; j++) if (jobStart[j]! < jobStart[j + 1]!) open.push(j)
  let bestMachine = -1
  let bestEnd = 0
  const evaluate = (u: number, ready: number): void => {
    bestMachine = -1
    let ties = 0
    for (let o = modeStart[u]!; o < modeStart[u + 1]!; o++) {
      const k = modeMachine[o]!
      const change = hasSetups ? setup[(k * setupStride + lastGroup[k]!) * setupStride + group[u]!]! : 0
      const end = Math.max(ready, free[k]! + change) + modeDuration[o]!
      if (bestMachine < 0 || end < bestEnd) {
        bestMachine = k
        bestEnd = end
        ties = 1
      } else if (end === bestEnd && random.int(++ties) === 0) bestMachine = k
    }
  }
  for (let i = 0; i < n; i++) {
    let at = random.int(open.length)
    let j = open[at]!
    let u = next[j]!
    evaluate(u, jobReady[j]!)
    if (open.length > 1 && random.float() < greed) {
      const machine = bestMachine
      const end = bestEnd
      const otherAt = random.int(open.length)
      const other = open[otherAt]!
      const w = next[other]!
      evaluate(w, jobReady[other]!)
      if (end <= bestEnd) {
        bestMachine = machine
        bestEnd = end
      } else {
        at = otherAt
        j = other
        u = w
      }
    }
    into.order[i] = u
    into.machine[u] = bestMachine
    free[bestMachine] = bestEnd
    lastGroup[bestMachine] = group[u]!
    jobReady[j] = bestEnd
    next[j] = u + 1
    if (u + 1 === jobStart[j + 1]!) {
      open[at] = open[open.length - 1]!
      open.pop()
    }
  }
}
