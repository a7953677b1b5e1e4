import { describe, expect, it } from 'vitest'
import { Random } from '../../../../shared/scheduler/random.ts'
import { TardinessAnnealer } from '../../../../shared/scheduler/shop/anneal-tardiness.ts'
import { constructRandom } from '../../../../shared/scheduler/shop/construct.ts'
import { ShopGraph } from '../../../../shared/scheduler/shop/graph.ts'
import { compileShop, type CompiledShop } from '../../../../shared/scheduler/shop/index.ts'
import { AFTER, DURATION, SIZE } from '../../../../shared/scheduler/shop/job-shop-records.ts'
import { objectiveOf } from '../../../../shared/scheduler/shop/objective.ts'
import { createSolution, type ShopSolution } from '../../../../shared/scheduler/shop/solution.ts'
import { TardinessTabu } from '../../../../shared/scheduler/shop/tabu-tardiness.ts'
import { TardinessRecords } from '../../../../shared/scheduler/shop/tardiness-records.ts'
import { randomShop } from './helpers.ts'

function prepare(seed: number, zeroDurations = false) {
  const shape = { jobs: 6 + (seed % 5), operations: 5, machines: 5, modes: 1, releases: seed % 2 === 0 }
  const shop = compileShop(randomShop(seed, { ...shape, zeroDurations }))
  const random = new Random(seed)
  const start = createSolution(shop)
  constructRandom(shop, random, 0.7, start)
  return { shop, random, start }
}

function costOf(shop: CompiledShop, solution: ShopSolution): number {
  const graph = new ShopGraph(shop)
  graph.load(solution.order, solution.machine)
  return objectiveOf(shop, 'weighted-tardiness', graph.end)
}

/** Tries out every swap of machine neighbours that touch, then makes one of them. */
class Trials extends TardinessRecords {
  walk(start: ShopSolution, random: Random, moves: number): { promised: number; kept: ShopSolution }[] {
    const seen: { promised: number; kept: ShopSolution }[] = []
    this.load(start.order, start.machine)
    for (let i = 0; i < moves; i++) {
      const records = this.memory.slice(0, this.none)
      const pairs: [number, number][] = []
      for (const [at, u] of this.operationAt.entries()) {
        const v = this.memory[at * SIZE + AFTER]!
        if (u < 0 || v === this.none || v === (at + 1) * SIZE) continue
        if (this.memory[v]! - this.memory[v + DURATION]! === this.memory[at * SIZE]!)
          pairs.push([at * SIZE, v])
      }
      for (const [u, v] of pairs) {
        this.trySwap(u, v)
        this.undoTrial(u)
      }
      expect(this.memory.slice(0, this.none)).toEqual(records)
      if (pairs.length === 0) return seen
      const [u, v] = pairs[random.int(pairs.length)]!
      const promised = this.trySwap(u, v)
      expect(this.move(u, v)).toBe(true)
      expect(this.cost).toBe(promised)
      const kept = createSolution(this.shop)
      this.saveTo(kept, this.cost)
      seen.push({ promised, kept })
    }
    return seen
  }
}

describe('weighted tardiness on flat records', () => {
  it('tries a swap out to the value that a fresh graph gives, and leaves no trace', () => {
    let swaps = 0
    for (let seed = 1; seed <= 8; seed++) {
      const { shop, random, start } = prepare(seed)
      for (const { promised, kept } of new Trials(shop).walk(start, random, 40)) {
        expect(kept.value).toBe(promised)
        expect(costOf(shop, kept)).toBe(promised)
        swaps++
      }
    }
    expect(swaps).toBeGreaterThan(200)
  })

  it.each([false, true])('reports schedules worth what they say (zero durations: %s)', (zero) => {
    for (let seed = 1; seed <= 10; seed++) {
      const { shop, random, start } = prepare(seed, zero)
      const tabu = new TardinessTabu(shop, random)
      const annealer = new TardinessAnnealer(shop, random)
      tabu.start(start.order, start.machine)
      expect(tabu.best.value).toBe(costOf(shop, start))
      annealer.start(start.order, start.machine, 20, 2, 5000)
      for (let piece = 0; piece < 5; piece++) {
        tabu.run(200, 1000, 0)
        annealer.run(1000, 0)
        expect(costOf(shop, tabu.best)).toBe(tabu.best.value)
        expect(costOf(shop, annealer.best)).toBe(annealer.best.value)
      }
      expect(tabu.best.value).toBeLessThanOrEqual(costOf(shop, start))
      expect(annealer.run(1000, 0)).toBe(0)
    }
  })

  it('stops at the target and when nothing can move', () => {
    const operations = [{ modes: [{ machine: 0, duration: 5 }] }]
    const shop = compileShop({ machines: 1, jobs: [{ operations, due: 3, weight: 2 }] })
    const tabu = new TardinessTabu(shop, new Random(1))
    tabu.start(Int32Array.of(0), Int32Array.of(0))
    expect(tabu.best.value).toBe(4)
    expect(tabu.run(100, 50, 4)).toBe(0)
    expect(tabu.run(100, 50, 0)).toBe(0)
  })
})
