import type { CompiledShop } from './instance.ts'

/** A complete solution: a topological order of all operations and the machine of each. */
export interface ShopSolution {
  /** Objective value it was stored with. */
  value: number
  order: Int32Array
  machine: Int32Array
}

export function createSolution(shop: CompiledShop): ShopSolution {
  return { value: Number.MAX_SAFE_INTEGER, order: new Int32Array(shop.n), machine: new Int32Array(shop.n) }
}

export function copySolution(from: ShopSolution, to: ShopSolution): void {
  to.value = from.value
  to.order.set(from.order)
  to.machine.set(from.machine)
}
