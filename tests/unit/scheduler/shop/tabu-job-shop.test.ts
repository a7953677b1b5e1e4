import { describe, expect, it } from 'vitest'
import { Random } from '../../../../shared/scheduler/random.ts'
import { constructRandom } from '../../../../shared/scheduler/shop/construct.ts'
import { ShopGraph } from '../../../../shared/scheduler/shop/graph.ts'
import { compileShop } from '../../../../shared/scheduler/shop/index.ts'
import { createSolution } from '../../../../shared/scheduler/shop/solution.ts'
import { JobShopTabu } from '../../../../shared/scheduler/shop/tabu-job-shop.ts'
import { randomShop } from './helpers.ts'

describe('tabu search on flat records', () => {
  it('reports schedules that a fresh graph gives the same makespan', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const shape = { jobs: 6 + (seed % 5), operations: 5, machines: 5, modes: 1, setups: false }
      const shop = compileShop(randomShop(seed, { ...shape, releases: seed % 2 === 0 }))
      const random = new Random(seed)
      const start = createSolution(shop)
      constructRandom(shop, random, 0.7, start)
      const tabu = new JobShopTabu(shop, random)
      const graph = new ShopGraph(shop)
      tabu.start(start.order, start.machine)
      graph.load(start.order, start.machine)
      expect(tabu.best.value).toBe(graph.makespan)
      let before = tabu.best.value
      for (let piece = 0; piece < 20; piece++) {
        tabu.run(100, 100_000, 0)
        graph.load(tabu.best.order, tabu.best.machine)
        expect(graph.makespan).toBe(tabu.best.value)
        expect(tabu.best.value).toBeLessThanOrEqual(before)
        before = tabu.best.value
      }
      expect([...tabu.best.order].sort((a, b) => a - b)).toEqual(Array.from({ length: shop.n }, (_, u) => u))
    }
  })

  it('stops at the target and when nothing can move', () => {
    const shop = compileShop({
      machines: 1,
      jobs: [{ operations: [{ modes: [{ machine: 0, duration: 5 }] }] }],
    })
    const tabu = new JobShopTabu(shop, new Random(1))
    tabu.start(Int32Array.of(0), Int32Array.of(0))
    expect(tabu.best.value).toBe(5)
    expect(tabu.run(100, 50, 5)).toBe(0)
    expect(tabu.run(100, 50, 0)).toBe(0)
  })
})
