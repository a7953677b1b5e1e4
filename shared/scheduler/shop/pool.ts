import type { Random } from '../random.ts'
import type { CompiledShop } from './instance.ts'
import { createSolution, type ShopSolution } from './solution.ts'

/** What two schedules are compared by, and in how many places they may differ and still be alike. */
export interface Likeness {
  fingerprint: (solution: ShopSolution) => Int32Array
  near: number
}

export const byLinks = (shop: CompiledShop): Likeness => ({
  fingerprint: (solution) => linksOf(shop, solution),
  near: Math.max(1, Math.floor(shop.n / 50)),
})

/** What is in time may stand in any order without being another answer: schedules differ by the jobs that pay. */
export const byLateness = (shop: CompiledShop): Likeness => ({
  fingerprint: (solution) => latenessOf(shop, solution),
  near: Math.floor(shop.jobs / 5),
})

/** Per operation its machine and machine predecessor. */
function linksOf(shop: CompiledShop, solution: ShopSolution): Int32Array {
  const { n, m } = shop
  const last = new Int32Array(m).fill(n)
  const links = new Int32Array(n)
  for (let i = 0; i < n; i++) {
    const u = solution.order[i]!
    const k = solution.machine[u]!
    links[u] = k * (n + 1) + last[k]!
    last[k] = u
  }
  return links
}

/** How late each job is; for one machine per operation, without set-ups. */
function latenessOf(shop: CompiledShop, solution: ShopSolution): Int32Array {
  const { n, m, jobs, jobOf, due, release, durationOn } = shop
  const free = new Int32Array(m)
  const end = release.slice(0, jobs)
  for (let i = 0; i < n; i++) {
    const u = solution.order[i]!
    const k = solution.machine[u]!
    const j = jobOf[u]!
    end[j] = free[k] = Math.max(end[j]!, free[k]!) + durationOn[u * m + k]!
  }
  return end.map((e, j) => Math.max(0, e - due[j]!))
}

interface Member {
  solution: ShopSolution
  print: Int32Array
  age: number
}

/** A small population of good and different schedules. */
export class ElitePool {
  readonly members: Member[] = []
  private readonly shop: CompiledShop
  private readonly capacity: number
  private readonly likeness: Likeness
  private clock = 0

  constructor(shop: CompiledShop, capacity: number, likeness: Likeness) {
    this.shop = shop
    this.capacity = capacity
    this.likeness = likeness
  }

  get full(): boolean {
    return this.members.length >= this.capacity
  }

  /** Keeps a copy if it is good or different enough; returns whether it was kept. */
  add(solution: ShopSolution): boolean {
    const { near } = this.likeness
    const print = this.likeness.fingerprint(solution)
    let closest = -1
    let closestDistance = Number.MAX_SAFE_INTEGER
    let worst = 0
    for (let i = 0; i < this.members.length; i++) {
      const member = this.members[i]!
      let distance = 0
      for (let at = 0; at < print.length; at++) if (print[at] !== member.print[at]) distance++
      if (distance < closestDistance) {
        closestDistance = distance
        closest = i
      }
      const top = this.members[worst]!
      if (
        member.solution.value > top.solution.value ||
        (member.solution.value === top.solution.value && member.age < top.age)
      ) {
        worst = i
      }
    }
    let slot = this.members.length
    if (closestDistance <= near) {
      if (solution.value > this.members[closest]!.solution.value) return false
      slot = closest
    } else if (this.full) {
      if (solution.value > this.members[worst]!.solution.value) return false
      slot = worst
    }
    const kept = this.members[slot]?.solution ?? createSolution(this.shop)
    kept.value = solution.value
    kept.order.set(solution.order)
    kept.machine.set(solution.machine)
    this.members[slot] = { solution: kept, print, age: this.clock++ }
    return true
  }

  best(): ShopSolution | undefined {
    let best: ShopSolution | undefined
    for (const { solution } of this.members) if (!best || solution.value < best.value) best = solution
    return best
  }

  clear(): void {
    this.members.length = 0
  }
}

/**
 * A schedule between two others: operations sorted by a weighted mean of their two positions, which respects
 * every order that both share; where the machines differ, `share` is the chance of the second one's.
 */
export function blend(
  shop: CompiledShop,
  a: ShopSolution,
  b: ShopSolution,
  share: number,
  random: Random,
  into: ShopSolution,
): void {
  const n = shop.n
  const key = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    key[a.order[i]!]! += (1 - share) * i
    key[b.order[i]!]! += share * i
  }
  for (let u = 0; u < n; u++) into.machine[u] = (random.float() < share ? b : a).machine[u]!
  into.order.set(a.order)
  into.order.sort((u, w) => key[u]! - key[w]! || u - w)
}

/**
 * A schedule with the operations of some jobs where one parent has them, and the others in the order of the second parent
 * (job order crossover, Ono et al. 1996). For one machine per operation.
 */
export function crossJobs(
  shop: CompiledShop,
  a: ShopSolution,
  b: ShopSolution,
  share: number,
  random: Random,
  into: ShopSolution,
): void {
  const { n, jobs, jobOf } = shop
  const fromB = new Uint8Array(jobs)
  for (let j = 0; j < jobs; j++) fromB[j] = random.float() < share ? 1 : 0
  into.machine.set(a.machine)
  let at = 0
  for (let i = 0; i < n; i++) {
    const u = a.order[i]!
    if (fromB[jobOf[u]!] === 0) {
      into.order[i] = u
      continue
    }
    while (fromB[jobOf[b.order[at]!]!] === 0) at++
    into.order[i] = b.order[at++]!
  }
}
