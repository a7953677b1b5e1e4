import { describe, expect, it } from 'vitest'
import {
  createShopSearch,
  type ShopInstance,
  type ShopObjective,
} from '../../../../shared/scheduler/shop/index.ts'
import { findFaults } from '../../../bench/scheduler/validate.ts'
import { bruteForce, randomShop } from './helpers.ts'

const objectives: ShopObjective[] = ['makespan', 'weighted-tardiness']

function solve(shop: ShopInstance, objective: ShopObjective, seed = 1, iterations = 30_000) {
  const search = createShopSearch(shop, { seed, objective })
  search.step(iterations)
  return search
}

describe('shop search', () => {
  for (const objective of objectives) {
    for (const setups of [false, true]) {
      it(`meets the brute-force optimum: ${objective}${setups ? ' with set-ups' : ''}`, () => {
        for (let seed = 1; seed <= 6; seed++) {
          const shape = {
            jobs: 3,
            operations: 3,
            machines: 3,
            modes: seed % 2 ? 1 : 2,
            setups,
            releases: seed > 3,
          }
          const shop = randomShop(seed, shape)
          const optimum = bruteForce(shop, objective)
          const search = solve(shop, objective, seed)
          expect(findFaults(shop, objective, search.best())).toEqual([])
          expect(search.bestValue).toBe(optimum)
          expect(search.lowerBound()).toBeLessThanOrEqual(optimum)
        }
      })
    }
  }

  it('gives the same schedule for the same seed whatever the step sizes', () => {
    for (const objective of objectives) {
      const shop = randomShop(9, {
        jobs: 8,
        operations: 5,
        machines: 4,
        modes: 2,
        setups: objective !== 'makespan',
      })
      const whole = createShopSearch(shop, { seed: 5, objective })
      const parts = createShopSearch(shop, { seed: 5, objective })
      whole.step(40_000)
      for (let i = 0; i < 40; i++) parts.step(1000)
      expect(parts.exportElite()).toEqual(whole.exportElite())
      const other = createShopSearch(shop, { seed: 6, objective })
      other.step(40_000)
      expect(Array.from(other.exportElite().order)).not.toEqual(Array.from(whole.exportElite().order))
    }
  })

  it('copes with zero durations', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const shop = randomShop(seed, { jobs: 6, operations: 4, machines: 3, modes: 2, zeroDurations: true })
      for (const objective of objectives) {
        expect(findFaults(shop, objective, solve(shop, objective, seed, 4000).best())).toEqual([])
      }
    }
  })

  it('takes in a better schedule from another search and refuses one that does not fit', () => {
    const shop = randomShop(4, { jobs: 10, operations: 6, machines: 4, modes: 2 })
    const good = solve(shop, 'makespan', 1, 20_000)
    const poor = solve(shop, 'makespan', 2, 1)
    expect(poor.bestValue).toBeGreaterThan(good.bestValue)
    poor.importElite(good.exportElite())
    expect(poor.bestValue).toBe(good.bestValue)
    expect(findFaults(shop, 'makespan', poor.best())).toEqual([])
    const broken = good.exportElite()
    broken.order.reverse()
    expect(() => poor.importElite(broken)).toThrow(RangeError)
  })

  it('starts from a given schedule', () => {
    const shop = randomShop(4, { jobs: 10, operations: 6, machines: 4, modes: 2 })
    const warmStart = solve(shop, 'makespan', 1, 20_000).exportElite()
    const search = createShopSearch(shop, { seed: 3, objective: 'makespan', warmStart })
    expect(search.bestValue).toBe(warmStart.value)
    search.step(10)
    expect(search.bestValue).toBeLessThanOrEqual(warmStart.value)
  })

  it('ends at once when nothing is left to decide', () => {
    const operations = [{ modes: [{ machine: 0, duration: 3 }] }]
    const search = solve({ machines: 1, jobs: [{ operations }] }, 'makespan')
    expect(search.proven).toBe(true)
    expect(search.bestValue).toBe(3)
    expect(solve({ machines: 1, jobs: [] }, 'makespan').bestValue).toBe(0)
  })

  it('names what is wrong with a malformed shop', () => {
    const bad = (machine: number, duration: number): ShopInstance => ({
      machines: 1,
      jobs: [{ operations: [{ modes: [{ machine, duration }] }] }],
    })
    expect(() => solve(bad(3, 1), 'makespan')).toThrow(/machine 3/)
    expect(() => solve(bad(0, -1), 'makespan')).toThrow(/duration/)
    expect(() => solve({ machines: 1, jobs: [{ operations: [{ modes: [] }] }] }, 'makespan')).toThrow(
      /no mode/,
    )
    expect(() => solve({ machines: 1, jobs: [{ operations: [] }] }, 'makespan')).toThrow(/no operation/)
  })
})
