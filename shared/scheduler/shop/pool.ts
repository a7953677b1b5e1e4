import type { Random } from '../random.ts'
import type { CompiledShop } from './instance.ts'
import { createSolution, type ShopSolution } from './solution.ts'

/** Fingerprint of a schedule's structure: per operation its machine and machine predecessor. */
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

interface Member {
  solution: ShopSolution
  links: Int32Array
  age: number
}

/** A small population of good and different schedules. */
export class ElitePool {
  readonly members: Member[] = []
  private readonly shop: CompiledShop
  private readonly capacity: number
  private clock = 0

  constructor(shop: CompiledShop, capacity: number) {
    this.shop = shop
    this.capacity = capacity
  }

  get full(): boolean {
    return this.members.length >= this.capacity
  }

  /** Keeps a copy if it is good or different enough; returns whether it was kept. */
  add(solution: ShopSolution): boolean {
    const links = linksOf(this.shop, solution)
    const near = Math.max(1, Math.floor(this.shop.n / 50))
    let closest = -1
    let closestDistance = Number.MAX_SAFE_INTEGER
    let worst = 0
    for (let i = 0; i < this.members.length; i++) {
      const member = this.members[i]!
      let distance = 0
      for (let u = 0; u < links.length; u++) if (links[u] !== member.links[u]) distance++
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
    this.members[slot] = { solution: kept, links, age: this.clock++ }
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
