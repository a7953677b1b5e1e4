import { checkPlan } from '../../../shared/checker/check.ts'
import { planFromShop, problemFromShop, shopFromProblem } from '../../../shared/scheduler/shop/adapter.ts'
import type { ShopInstance, ShopObjective, ShopPlan } from '../../../shared/scheduler/shop/index.ts'

/** Recomputes a shop plan from the instance alone; returns what is wrong with it, empty when it is right. */
export function findFaults(shop: ShopInstance, objective: ShopObjective, plan: ShopPlan): string[] {
  const faults: string[] = []
  const byMachine: { start: number; end: number; name: string; group: number }[][] = []
  for (let k = 0; k < shop.machines; k++) byMachine.push([])
  let makespan = 0
  let tardiness = 0
  let u = 0
  for (const [j, job] of shop.jobs.entries()) {
    let ready = job.release ?? 0
    for (const [i, operation] of job.operations.entries()) {
      const name = `operation ${i} of job ${j}`
      const start = plan.start[u]
      const machine = plan.machine[u]
      u++
      if (start === undefined || machine === undefined) {
        faults.push(`${name} is missing`)
        continue
      }
      const times = operation.modes.filter((mode) => mode.machine === machine).map((mode) => mode.duration)
      if (times.length === 0) faults.push(`${name} cannot run on machine ${machine}`)
      if (!Number.isInteger(start) || start < ready)
        faults.push(`${name} starts at ${start}, before ${ready}`)
      const end = start + Math.min(...times)
      byMachine[machine]?.push({ start, end, name, group: operation.group ?? 0 })
      ready = end
    }
    makespan = Math.max(makespan, ready)
    tardiness += (job.weight ?? 1) * Math.max(0, ready - (job.due ?? Number.MAX_SAFE_INTEGER))
  }
  for (const [k, items] of byMachine.entries()) {
    items.sort((a, b) => a.start - b.start || a.end - b.end)
    for (const [i, item] of items.entries()) {
      const before = items[i - 1]
      const setups = shop.setups
      let change = 0
      if (setups) {
        change = before
          ? setups.between[k]![before.group * setups.groups + item.group]!
          : (setups.initial?.[k]?.[item.group] ?? 0)
      }
      if (item.start < (before?.end ?? 0) + change) {
        faults.push(`${item.name} overlaps ${before?.name ?? 'the first set-up'} on machine ${k}`)
      }
    }
  }
  const value = objective === 'makespan' ? makespan : tardiness
  if (value !== plan.value) faults.push(`value is ${value}, not ${plan.value}`)
  return faults
}

/** Puts the same plan, as a planning problem, before the product's own checker; returns what it objects to. */
export function checkAsProblem(shop: ShopInstance, objective: ShopObjective, plan: ShopPlan): string[] {
  const problem = problemFromShop(shop)
  const taskIds = problem.tasks.map((task) => task.id)
  const resourceIds = problem.resources.map((resource) => resource.id)
  const view = shopFromProblem(problem) ?? { shop, objective, taskIds, resourceIds, originMin: 0 }
  const { assign } = planFromShop(problem, view, plan)
  const empty = { schema: problem.schema, slots: [], unplanned: [], bounds: [], cert: '' }
  const { violations, score } = checkPlan(problem, { ...empty, assign, score: [0, 0, 0, 0, 0, 0] })
  const faults = violations.map((violation) => `checker: ${JSON.stringify(violation)}`)
  const value = objective === 'makespan' ? Math.max(...assign.map((item) => item.end)) : score[1]
  if (value !== plan.value) faults.push(`checker: value ${value}, not ${plan.value}`)
  return faults
}
