import type { ShopInstance } from '../../../shared/scheduler/shop/index.ts'

/** A shop as JSON can carry it. */
export function plainShop(shop: ShopInstance): object {
  const setups = shop.setups && {
    groups: shop.setups.groups,
    between: shop.setups.between.map((matrix) => Array.from(matrix)),
    initial: shop.setups.initial?.map((row) => Array.from(row)),
  }
  return { ...shop, setups }
}
