import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

type Values = Record<string, unknown>
export interface Goods {
  readonly input: Values
  readonly replacesId: string | null
  readonly problem: { readonly field: string; readonly key: string; readonly value: string } | null
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What a row leaves out stays as it is where the row stands already. */
const keep = (values: Values, given: ReadonlySet<string>, standing: Values | undefined): Values =>
  standing
    ? { ...values, ...Object.fromEntries(Object.entries(standing).filter(([name]) => !given.has(name))) }
    : values

const merchantNamed = (db: Db, baseId: string, name: string): { id: string } | undefined =>
  prepared<[string, string, string, string], { id: string }>(
    db,
    `SELECT id FROM merchant WHERE deleted = 0 AND baseId = ? AND (name = ? OR shortName = ?)
     ORDER BY name <> ?, createdMs, id LIMIT 1`,
  ).get(baseId, name, name, name)

/** Goods follow their merchant, who may be another base's. */
function strangerOf(db: Db, name: string): NonNullable<Goods['problem']> {
  const elsewhere = prepared<[string, string], { base: string }>(
    db,
    `SELECT liveBase.name AS base FROM merchant JOIN liveBase ON liveBase.id = merchant.baseId
     WHERE merchant.deleted = 0 AND (merchant.name = ? OR merchant.shortName = ?) ORDER BY merchant.createdMs, merchant.id LIMIT 1`,
  ).get(name, name)
  return elsewhere
    ? { field: 'merchant', key: 'paste.otherBase', value: `${name} · ${elsewhere.base}` }
    : { field: 'merchant', key: 'paste.unknownMerchant', value: name }
}

/** @param given fields that the row says something about */
export function readMerchant(db: Db, baseId: string, values: Values, given: ReadonlySet<string>): Goods {
  // By its full name only: a short name would rename it.
  const { id = null, ...standing } =
    prepared<[string, string], Values & { id: string }>(
      db,
      `SELECT id, shortName, sizeClass, returnRatePct FROM merchant WHERE deleted = 0 AND baseId = ? AND name = ?
       ORDER BY createdMs, id LIMIT 1`,
    ).get(baseId, textOf(values['name'])) ?? {}
  return {
    input: { ...keep(values, given, id === null ? undefined : standing), baseId },
    replacesId: id,
    problem: null,
  }
}

/** A SKU is known by its code at its merchant; its product by its name, and is made with the first SKU that names it. */
export function readSku(db: Db, baseId: string, values: Values, given: ReadonlySet<string>): Goods {
  const { merchant: named, product: of, family, ...rest } = values
  const [merchant, product] = [textOf(named), textOf(of)]
  const merchantId = merchant === '' ? null : (merchantNamed(db, baseId, merchant)?.id ?? null)
  const found =
    merchantId === null
      ? undefined
      : prepared<[string, string, string], { id: string; family: string }>(
          db,
          `SELECT id, family FROM product WHERE deleted = 0 AND merchantId = ? AND (name = ? OR shortName = ?)
           ORDER BY createdMs, id LIMIT 1`,
        ).get(merchantId, product, product)
  const standing =
    merchantId === null
      ? undefined
      : prepared<[string, string], Values & { id: string }>(
          db,
          `SELECT sku.id, sku.name, sku.code, sku.externalId, sku.priceFen, sku.costFen, sku.weightG, sku.packaging, sku.packagingG
           FROM sku JOIN product ON product.id = sku.productId
           WHERE sku.deleted = 0 AND product.merchantId = ? AND sku.code = ? ORDER BY sku.createdMs, sku.id LIMIT 1`,
        ).get(merchantId, textOf(values['code']))
  const { id: replacesId = null, ...fields } = standing ?? {}
  const isGone = merchant !== '' && merchantId === null
  const lacksFamily = !found && textOf(family) === ''
  return {
    input: {
      ...keep({ ...rest, name: textOf(rest['name']) || product }, given, standing ? fields : undefined),
      merchantId: merchantId ?? '-',
      product: { id: found?.id ?? null, name: product, family: textOf(family) || (found?.family ?? '') },
    },
    replacesId,
    problem: isGone
      ? strangerOf(db, merchant)
      : lacksFamily
        ? { field: 'family', key: 'paste.missing', value: '' }
        : null,
  }
}
