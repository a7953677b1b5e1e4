import type { SkuMapping } from '../../../shared/contract/imports.ts'

/** What the person decided for one unknown code. */
export type Choice =
  | { readonly kind: 'existing'; readonly skuId: string }
  | {
      readonly kind: 'create'
      readonly merchantId: string
      readonly name: string
      readonly family: string
      readonly priceFen: number
    }

/** Codes left undecided stay unknown: their orders come in and wait for a SKU. */
export function mappingsOf(choices: ReadonlyMap<string, Choice>): SkuMapping[] {
  return [...choices].map(([code, choice]) =>
    choice.kind === 'existing'
      ? { code, skuId: choice.skuId }
      : {
          code,
          create: {
            productId: null,
            merchantId: choice.merchantId,
            name: choice.name,
            family: choice.family,
            priceFen: choice.priceFen,
          },
        },
  )
}
