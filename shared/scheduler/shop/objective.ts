import type { CompiledShop, ShopObjective } from './instance.ts'

/** Objective value of a schedule from the earliest ends of its operations. */
export function objectiveOf(shop: CompiledShop, objective: ShopObjective, end: Int32Array): number {
  const { jobs, jobStart, due, weight } = shop
  let value = 0
  if (objective === 'makespan') {
    for (let j = 1; j <= jobs; j++) {
      const e = end[jobStart[j]! - 1]!
      if (e > value) value = e
    }
    return value
  }
  for (let j = 0; j < jobs; j++) {
    const late = end[jobStart[j + 1]! - 1]! - due[j]!
    if (late > 0) value += late * weight[j]!
  }
  return value
}
