import type { SkuMapping, UnknownSku } from '../../../shared/contract/imports.ts'

/** What the person decided for one unknown code. */
export type Choice =
  | { readonly kind: 'existing'; readonly skuId: string }
  | {
      readonly kind: 'create'
      readonly merchantId: string
      /** Null makes a product of the same name too. */
      readonly productId: string | null
      readonly name: string
      readonly family: string
      readonly priceFen: number
    }

/** A SKU made from what the file says of a code. */
export const creationOf = (
  sku: UnknownSku,
  parent: { readonly merchantId: string; readonly productId: string | null },
  family: string,
): Choice => ({
  kind: 'create',
  ...parent,
  name: (sku.productName || sku.code).slice(0, 120),
  family,
  priceFen: sku.unitPriceFen ?? 0,
})

/** The family is said once for everything that is made new; a product that is here keeps its own. */
export const withFamily = (choice: Choice, family: string): Choice =>
  choice.kind === 'create' && choice.productId === null ? { ...choice, family } : choice

/** The option a choice stands for. */
export function valueOf(choice: Choice | undefined): string | null {
  if (!choice) return null
  if (choice.kind === 'existing') return choice.skuId
  return choice.productId === null ? `new:${choice.merchantId}` : `under:${choice.productId}`
}

/** Codes left undecided stay unknown: their orders come in and wait for a SKU. */
export function mappingsOf(choices: ReadonlyMap<string, Choice>): SkuMapping[] {
  return [...choices].map(([code, choice]) =>
    choice.kind === 'existing'
      ? { code, skuId: choice.skuId }
      : {
          code,
          create: {
            productId: choice.productId,
            merchantId: choice.merchantId,
            name: choice.name,
            family: choice.family,
            priceFen: choice.priceFen,
          },
        },
  )
}
