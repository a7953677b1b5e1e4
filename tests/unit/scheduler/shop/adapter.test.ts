import { describe, expect, it } from 'vitest'
import { checkPlan } from '../../../../shared/checker/check.ts'
import { solve, validateProblem, type Problem } from '../../../../shared/scheduler/index.ts'
import { planFromShop, problemFromShop, shopFromProblem } from '../../../../shared/scheduler/shop/adapter.ts'
import { createShopSearch } from '../../../../shared/scheduler/shop/index.ts'
import { randomShop } from './helpers.ts'

const shape = { jobs: 5, operations: 4, machines: 3, modes: 2, releases: true }
const withoutDues = (problem: Problem): Problem => ({
  ...problem,
  jobs: problem.jobs.map((job) => ({ ...job, due: null })),
})

describe('shop adapter', () => {
  it.each([false, true])('hands a plan of a pure shop to the checker (set-ups: %s)', (setups) => {
    for (let seed = 1; seed <= 3; seed++) {
      const problem = problemFromShop(randomShop(seed, { ...shape, setups }))
      expect(validateProblem(problem).filter((issue) => issue.severity === 'error')).toEqual([])
      const view = shopFromProblem(problem)!
      expect(view.objective).toBe('weighted-tardiness')
      const search = createShopSearch(view.shop, { seed, objective: view.objective })
      search.step(20_000)
      const known = planFromShop(problem, view, search.best())
      const { plan } = solve(problem, { seed, iterations: 0, initial: known })
      const verdict = checkPlan(problem, plan)
      expect(verdict.violations).toEqual([])
      expect(verdict.ok).toBe(true)
      expect(plan.score[1]).toBeLessThanOrEqual(search.bestValue)
    }
  })

  it('takes the makespan when nothing has a due date', () => {
    const problem = withoutDues(problemFromShop(randomShop(7, shape)))
    const view = shopFromProblem(problem)!
    expect(view.objective).toBe('makespan')
    const search = createShopSearch(view.shop, { seed: 1, objective: view.objective })
    search.step(5000)
    const known = planFromShop(problem, view, search.best())
    const { plan } = solve(problem, { seed: 1, iterations: 0, initial: known })
    expect(Math.max(...plan.assign.map((item) => item.end))).toBeLessThanOrEqual(search.bestValue)
  })

  it('counts from now', () => {
    const plain = problemFromShop(randomShop(7, { ...shape, releases: false }))
    const view = shopFromProblem({ ...plain, now: 100 })!
    expect(view.originMin).toBe(100)
    expect(view.shop.jobs[0]!.due).toBe(plain.jobs[0]!.due! - 100)
    const search = createShopSearch(view.shop, { seed: 1, objective: view.objective })
    search.step(1000)
    const { assign } = planFromShop(plain, view, search.best())
    expect(Math.min(...assign.map((item) => item.start))).toBeGreaterThanOrEqual(100)
  })

  it('refuses anything that is not a pure shop', () => {
    const plain = problemFromShop(randomShop(2, shape))
    const change = (patch: Partial<Problem>) => shopFromProblem({ ...plain, ...patch })
    const [first, ...rest] = plain.tasks
    expect(shopFromProblem(plain)).not.toBeNull()
    expect(change({ prec: [{ ...plain.prec[0]!, minLag: 5 }, ...plain.prec.slice(1)] })).toBeNull()
    expect(change({ prec: [...plain.prec, { from: 'j0.0', to: 'j0.3' }] })).toBeNull()
    expect(change({ tasks: [{ ...first!, window: [0, 500] }, ...rest] })).toBeNull()
    expect(change({ tasks: [{ ...first!, status: 'done' }, ...rest] })).toBeNull()
    expect(change({ resources: plain.resources.map((one) => ({ ...one, capacity: 2 })) })).toBeNull()
    expect(change({ stability: { baseline: { assign: [] } } })).toBeNull()
    expect(change({ jobs: plain.jobs.map((job) => ({ ...job, hardDue: 400 })) })).toBeNull()
    const changing = withoutDues(problemFromShop(randomShop(2, { ...shape, setups: true })))
    expect(shopFromProblem(changing)).toBeNull()
  })
})

describe('solve on a pure shop', () => {
  it('reaches what the shop search reaches, the same way each time', () => {
    const problem = problemFromShop(randomShop(11, { jobs: 8, operations: 5, machines: 4, modes: 2 }))
    const view = shopFromProblem(problem)!
    const search = createShopSearch(view.shop, { seed: 2, objective: view.objective })
    search.step(60_000)
    const first = solve(problem, { seed: 2, iterations: 20_000 }).plan
    const second = solve(problem, { seed: 2, iterations: 20_000 }).plan
    expect(second.cert).toBe(first.cert)
    expect(checkPlan(problem, first).ok).toBe(true)
    expect(first.score[1]).toBeLessThanOrEqual(search.bestValue)
  })
})
