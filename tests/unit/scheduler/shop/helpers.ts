import { Random } from '../../../../shared/scheduler/random.ts'
import type { ShopInstance, ShopJob, ShopObjective } from '../../../../shared/scheduler/shop/index.ts'

export interface RandomShop {
  jobs: number
  operations: number
  machines: number
  modes: number
  setups?: boolean
  releases?: boolean
  zeroDurations?: boolean
}

/** A seeded random shop; jobs may visit a machine twice. */
export function randomShop(seed: number, shape: RandomShop): ShopInstance {
  const random = new Random(seed)
  const low = shape.zeroDurations ? 0 : 1
  const jobs: ShopJob[] = []
  for (let j = 0; j < shape.jobs; j++) {
    const operations = []
    for (let i = 0; i < shape.operations; i++) {
      const machines = Array.from({ length: shape.machines }, (_, k) => k)
      random.shuffle(machines)
      const modes = machines
        .slice(0, random.between(1, shape.modes))
        .map((machine) => ({ machine, duration: random.between(low, 9) }))
      operations.push({ modes, group: random.int(3) })
    }
    const work = operations.reduce((sum, operation) => sum + operation.modes[0]!.duration, 0)
    const release = shape.releases ? random.int(6) : 0
    jobs.push({ operations, release, due: release + work, weight: random.between(1, 3) })
  }
  if (!shape.setups) return { machines: shape.machines, jobs }
  const between = Array.from({ length: shape.machines }, () => {
    const matrix = new Int32Array(9)
    for (let a = 0; a < 3; a++)
      for (let b = 0; b < 3; b++) matrix[a * 3 + b] = a === b ? 0 : random.between(2, 4)
    return matrix
  })
  const initial = Array.from({ length: shape.machines }, () => Int32Array.from([0, 1, 2]))
  return { machines: shape.machines, jobs, setups: { groups: 3, between, initial } }
}

/** Optimum by trying every order of operations and every machine: for a handful of operations only. */
export function bruteForce(shop: ShopInstance, objective: ShopObjective): number {
  let best = Number.MAX_SAFE_INTEGER
  const next = shop.jobs.map(() => 0)
  const ready = shop.jobs.map((job) => job.release ?? 0)
  const free = Array.from({ length: shop.machines }, () => 0)
  const last = Array.from({ length: shop.machines }, () => -1)
  const visit = (): void => {
    let open = false
    for (const [j, job] of shop.jobs.entries()) {
      const operation = job.operations[next[j]!]
      if (!operation) continue
      open = true
      for (const { machine, duration } of operation.modes) {
        const [wasReady, wasFree, wasLast] = [ready[j]!, free[machine]!, last[machine]!]
        const to = operation.group ?? 0
        const setups = shop.setups
        let change = 0
        if (setups && wasLast >= 0) change = setups.between[machine]![wasLast * setups.groups + to]!
        else if (setups) change = setups.initial?.[machine]?.[to] ?? 0
        const end = Math.max(wasReady, wasFree + change) + duration
        ready[j] = end
        free[machine] = end
        last[machine] = to
        next[j]!++
        visit()
        next[j]!--
        ready[j] = wasReady
        free[machine] = wasFree
        last[machine] = wasLast
      }
    }
    if (open) return
    let value = 0
    for (const [j, job] of shop.jobs.entries()) {
      if (objective === 'makespan') value = Math.max(value, ready[j]!)
      else value += (job.weight ?? 1) * Math.max(0, ready[j]! - (job.due ?? Number.MAX_SAFE_INTEGER))
    }
    best = Math.min(best, value)
  }
  visit()
  return best
}
