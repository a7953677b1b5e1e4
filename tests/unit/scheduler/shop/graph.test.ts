import { describe, expect, it } from 'vitest'
import { Random } from '../../../../shared/scheduler/random.ts'
import { constructRandom } from '../../../../shared/scheduler/shop/construct.ts'
import { ShopGraph } from '../../../../shared/scheduler/shop/graph.ts'
import { createSolution } from '../../../../shared/scheduler/shop/solution.ts'
import { compileShop } from '../../../../shared/scheduler/shop/instance.ts'
import { blend, byLateness, crossJobs, ElitePool } from '../../../../shared/scheduler/shop/pool.ts'
import { randomShop } from './helpers.ts'

describe('disjunctive graph', () => {
  for (const setups of [false, true]) {
    it(`keeps heads, tails and order equal to a fresh computation${setups ? ' with set-ups' : ''}`, () => {
      for (let seed = 1; seed <= 4; seed++) {
        const shape = { jobs: 6, operations: 5, machines: 4, modes: 3, setups, releases: true }
        const shop = compileShop(randomShop(seed, shape))
        const random = new Random(seed)
        const start = createSolution(shop)
        constructRandom(shop, random, 0.5, start)
        const graph = new ShopGraph(shop)
        const fresh = new ShopGraph(shop)
        const trial = new Int32Array(shop.n + 1 + shop.jobs)
        graph.load(start.order, start.machine)
        let done = 0
        let refused = 0
        for (let i = 0; i < 150; i++) {
          const v = random.int(shop.n)
          const o = random.between(shop.modeStart[v]!, shop.modeStart[v + 1]! - 1)
          const k = shop.modeMachine[o]!
          const rest = Array.from(graph.sequence.subarray(k * shop.n, k * shop.n + graph.count[k]!)).filter(
            (u) => u !== v,
          )
          const at = random.int(rest.length + 1)
          const x = at === 0 ? shop.n : rest[at - 1]!
          const before = Array.from(graph.order)
          const possible = graph.probe(v, k, x, trial)
          expect(Array.from(graph.order)).toEqual(before)
          const moved = graph.move(v, k, x)
          expect(moved).toBe(possible)
          if (moved) {
            done++
            expect(Array.from(trial.subarray(0, shop.n))).toEqual(Array.from(graph.end.subarray(0, shop.n)))
          } else refused++
          fresh.load(graph.order, graph.machine)
          for (const part of ['end', 'lead', 'duration', 'index', 'machinePred', 'machineSucc'] as const) {
            const have = Array.from(graph[part].subarray(0, shop.n))
            expect(have, part).toEqual(Array.from(fresh[part].subarray(0, shop.n)))
          }
          expect(graph.makespan).toBe(fresh.makespan)
          for (let u = 0; u < shop.n; u++) {
            expect(graph.order[graph.position[u]!]).toBe(u)
            if (shop.jobSucc[u]! < shop.n)
              expect(graph.position[u]!).toBeLessThan(graph.position[shop.jobSucc[u]!]!)
          }
        }
        expect(done).toBeGreaterThan(30)
        expect(refused).toBeGreaterThan(3)
      }
    })
  }

  it('blends two schedules into one that keeps the order both share', () => {
    const shop = compileShop(randomShop(3, { jobs: 8, operations: 6, machines: 4, modes: 2 }))
    const random = new Random(7)
    const [a, b, child] = [createSolution(shop), createSolution(shop), createSolution(shop)]
    constructRandom(shop, random, 0.5, a)
    constructRandom(shop, random, 0.5, b)
    blend(shop, a, b, 0.4, random, child)
    const places = [a, b, child].map((solution) => {
      const place = new Int32Array(shop.n)
      solution.order.forEach((u, i) => (place[u] = i))
      return place
    })
    for (let u = 0; u < shop.n; u++) {
      expect([a.machine[u], b.machine[u]]).toContain(child.machine[u])
      for (let w = 0; w < shop.n; w++) {
        const shared = places[0]![u]! < places[0]![w]! && places[1]![u]! < places[1]![w]!
        if (shared) expect(places[2]![u]!).toBeLessThan(places[2]![w]!)
      }
    }
  })

  it('crosses two schedules by whole jobs', () => {
    const shop = compileShop(randomShop(4, { jobs: 9, operations: 5, machines: 5, modes: 1 }))
    const random = new Random(3)
    const [a, b, child] = [createSolution(shop), createSolution(shop), createSolution(shop)]
    constructRandom(shop, random, 0.7, a)
    constructRandom(shop, random, 0.7, b)
    for (const share of [0, 0.4, 1]) {
      crossJobs(shop, a, b, share, random, child)
      const next = shop.jobStart.slice(0, shop.jobs)
      for (const u of child.order) expect(next[shop.jobOf[u]!]!++).toBe(u)
      if (share === 0) expect(child.order).toEqual(a.order)
      if (share === 1) expect(child.order).toEqual(b.order)
    }
  })

  it('keeps schedules in which other jobs are late, and of those alike the better', () => {
    const operation = (machine: number, duration: number) => ({ modes: [{ machine, duration }] })
    const job = (due: number) => ({ operations: [operation(0, 10)], due, weight: 1 })
    const shop = compileShop({ machines: 1, jobs: [job(10), job(20), job(25), job(60), job(60)] })
    const pool = new ElitePool(shop, 5, byLateness(shop))
    const add = (value: number, ...order: number[]) =>
      pool.add({ value, order: Int32Array.from(order), machine: new Int32Array(5) })
    expect(add(5, 0, 1, 2, 3, 4)).toBe(true)
    // The last two are in time either way.
    expect(add(5, 0, 1, 2, 4, 3)).toBe(true)
    expect(pool.members).toHaveLength(1)
    expect(add(20, 1, 2, 0, 3, 4)).toBe(true)
    expect(pool.members).toHaveLength(2)
    expect(add(21, 1, 2, 0, 4, 3)).toBe(false)
  })
})
