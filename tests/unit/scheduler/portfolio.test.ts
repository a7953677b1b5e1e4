import { afterAll, describe, expect, it } from 'vitest'
import { checkPlan } from '../../../shared/checker/check.ts'
import { problemFromShop } from '../../../shared/scheduler/shop/adapter.ts'
import type { Problem } from '../../../shared/scheduler/index.ts'
import { createNamedBelt } from '../../bench/scheduler/belt-instances.ts'
import { BeltPortfolio } from '../../bench/scheduler/belt-portfolio.ts'
import { randomShop } from './shop/helpers.ts'

const portfolio = new BeltPortfolio(2)
const alone = new BeltPortfolio(1)
afterAll(() => Promise.all([portfolio.close(), alone.close()]))

const request = (problem: Problem, iterations: number, seed = 1) =>
  ({ problem, seed, iterations, seconds: 0, clock: 'wall' }) as const

describe('two workers with a budget in trials', () => {
  it('give the same certificate every time, and another one for another seed', async () => {
    const problem = createNamedBelt('small', 2)
    const certs: string[] = []
    for (const seed of [1, 1, 1, 2]) {
      const { plan } = await portfolio.solve(request(problem, 8192, seed))
      expect(checkPlan(problem, plan).ok).toBe(true)
      certs.push(plan.cert)
    }
    expect(certs[1]).toBe(certs[0])
    expect(certs[2]).toBe(certs[0])
    expect(certs[3]).not.toBe(certs[0])
  })

  it('spend the budget twice over', async () => {
    const problem = createNamedBelt('small', 4)
    const one = await alone.solve(request(problem, 4096))
    const two = await portfolio.solve(request(problem, 4096))
    expect(two.plan.score[0]).toBe(0)
    expect(two.iterations).toBe(2 * one.iterations)
  })

  it('hold on a pure shop too', async () => {
    const shape = { jobs: 8, operations: 6, machines: 6, modes: 1, setups: false }
    const problem = problemFromShop(randomShop(3, shape))
    const first = await portfolio.solve(request(problem, 8192))
    const second = await portfolio.solve(request(problem, 8192))
    expect(first.plan.cert).toBe(second.plan.cert)
    expect(checkPlan(problem, first.plan).ok).toBe(true)
  })
})
