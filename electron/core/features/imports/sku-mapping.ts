import type { SkuMapping } from '../../../../shared/contract/imports.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { suggestRouting, type AbleLine } from '../../../../shared/domain/routing.ts'
import type { UnitsPerHour } from '../../../../shared/domain/shapes.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandContext } from '../../context.ts'
import { loadSkuCodes } from './resolver.ts'

/** Makes the SKUs and aliases that a person chose for codes nobody knew. Codes that mean the same already are left alone. */
export function applySkuMappings(ctx: CommandContext, source: string, mappings: readonly SkuMapping[]): void {
  if (mappings.length === 0) return
  const known = loadSkuCodes(ctx.db, source)
  for (const mapping of mappings) {
    if ('create' in mapping) {
      if (!known.has(mapping.code)) createSku(ctx, mapping.code, mapping.create)
    } else if (known.get(mapping.code)?.skuId !== mapping.skuId)
      aliasSku(ctx, source, mapping.code, mapping.skuId)
  }
}

/** From now on the source's code means that SKU. @throws Refusal `not-found` */
export function aliasSku(ctx: CommandContext, source: string, code: string, skuId: string): void {
  if (!prepared(ctx.db, 'SELECT 1 FROM sku WHERE id = ? AND deleted = 0').get(skuId))
    throw new Refusal('not-found', { table: 'sku', id: skuId })
  const alias = prepared<[string, string], { id: string }>(
    ctx.db,
    'SELECT id FROM skuAlias WHERE source = ? AND code = ? AND deleted = 0 ORDER BY id LIMIT 1',
  ).get(source, code)
  if (alias) ctx.write.set('skuAlias', alias.id, { source, code, skuId })
  else ctx.write.create('skuAlias', { source, code, skuId })
}

type Creation = Extract<SkuMapping, { create: unknown }>['create']

const ableLines = (ctx: CommandContext): AbleLine[] =>
  prepared<[], { id: string; kind: 'line' | 'qc'; unitsPerHour: string }>(
    ctx.db,
    'SELECT id, kind, unitsPerHour FROM productionLine WHERE deleted = 0 ORDER BY id',
  )
    .all()
    .map((row) => ({ ...row, unitsPerHour: (JSON.parse(row.unitsPerHour) as UnitsPerHour | null) ?? {} }))

function createSku(ctx: CommandContext, code: string, wanted: Creation): void {
  if (!prepared(ctx.db, 'SELECT 1 FROM merchant WHERE id = ? AND deleted = 0').get(wanted.merchantId))
    throw new Refusal('not-found', { table: 'merchant', id: wanted.merchantId })
  const productId =
    wanted.productId ??
    ctx.write.create('product', {
      name: wanted.name,
      shortName: [...wanted.name].slice(0, 8).join(''),
      merchantId: wanted.merchantId,
      family: wanted.family,
      routing: suggestRouting(wanted.family, ableLines(ctx)),
      returnPolicy: '7d',
      categoryKey: 'general',
    })
  ctx.write.create('sku', {
    name: wanted.name,
    productId,
    code,
    externalId: null,
    priceFen: wanted.priceFen,
    costFen: 0,
    weightG: 0,
    packaging: '',
    packagingG: 0,
  })
}
