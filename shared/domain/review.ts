/** One SKU of a session as its content review covers it. */
export interface ReviewedSku {
  readonly code: string
  readonly position: number
  /** Text of its selling-point card; null without one. */
  readonly script: string | null
}

/**
 * The two texts a content review signs: the SKU list and the scripts, in session order. Hashing them shows later whether
 * what was signed is what is sold; any change asks for a new signature.
 */
export function reviewTexts(skus: readonly ReviewedSku[]): { skuList: string; scripts: string } {
  const ordered = [...skus].sort((a, b) => a.position - b.position || (a.code < b.code ? -1 : 1))
  return {
    skuList: ordered.map((sku) => sku.code).join('\n'),
    scripts: ordered.map((sku) => `${sku.code}\n${sku.script ?? ''}`).join('\n\n'),
  }
}
