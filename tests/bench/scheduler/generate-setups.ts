import { Random } from '../../../shared/scheduler/random.ts'
import type { ShopInstance } from '../../../shared/scheduler/shop/index.ts'

/**
 * A set-up instance from a plain one: every job gets one of ⌈jobs / 3⌉ families at random; on each machine the
 * change between two families takes 20 … 100 % of the mean duration of the shop, rounded up, shortened where a
 * detour over a third family would be shorter (triangle closure); nothing within a family; the first
 * operation of a machine needs no set-up. The seed is a hash of the instance's name, so the set is fixed.
 */
export function addSetups(shop: ShopInstance, name: string): ShopInstance {
  let hash = 2166136261
  for (const letter of name) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16777619) >>> 0
  const random = new Random(hash)
  const groups = Math.max(2, Math.ceil(shop.jobs.length / 3))
  let sum = 0
  let count = 0
  for (const job of shop.jobs) {
    for (const operation of job.operations) {
      for (const mode of operation.modes) {
        sum += mode.duration
        count++
      }
    }
  }
  const mean = sum / count
  const jobs = shop.jobs.map((job) => {
    const group = random.int(groups)
    return { ...job, operations: job.operations.map((operation) => ({ ...operation, group })) }
  })
  const between: Int32Array[] = []
  for (let k = 0; k < shop.machines; k++) {
    const matrix = new Int32Array(groups * groups)
    for (let a = 0; a < groups; a++) {
      for (let b = 0; b < groups; b++) {
        if (a !== b) matrix[a * groups + b] = Math.ceil(mean * (0.2 + 0.8 * random.float()))
      }
    }
    for (let c = 0; c < groups; c++) {
      for (let a = 0; a < groups; a++) {
        for (let b = 0; b < groups; b++) {
          const detour = matrix[a * groups + c]! + matrix[c * groups + b]!
          if (a !== b && detour < matrix[a * groups + b]!) matrix[a * groups + b] = detour
        }
      }
    }
    between.push(matrix)
  }
  return { machines: shop.machines, jobs, setups: { groups, between } }
}
