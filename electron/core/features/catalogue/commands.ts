import type { z } from 'zod'
import {
  lineInput,
  merchantInput,
  pastedSkuInput,
  type productInput,
  streamerInput,
  studioInput,
  type catalogueContract,
} from '../../../../shared/contract/catalogue.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { DAY_MS } from '../../../../shared/domain/time.ts'
import { opId } from '../../../../shared/ops/id.ts'
import type { Fields } from '../../../../shared/ops/types.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandContext, CommandHandlers } from '../../context.ts'
import { previewPaste } from './paste.ts'

/** Merchants may appeal a change of credit this long. */
const APPEAL_MS = 7 * DAY_MS
/** Of a product that was made with its first SKU; its steps are filled in later. */
const NEW_PRODUCT = { shortName: '', routing: [], returnPolicy: '7d', categoryKey: 'general' }

/** @throws Refusal `bad-refs` when the row that is referred to is gone */
function requireRow(
  ctx: CommandContext,
  table: 'liveBase' | 'factory' | 'merchant' | 'product',
  id: string,
): void {
  const row = prepared<[string], { id: string }>(
    ctx.db,
    `SELECT id FROM ${table} WHERE id = ? AND deleted = 0`,
  ).get(id)
  if (!row) throw new Refusal('bad-refs', { table, ids: [id] })
}

/** Creates, or changes the row with the id. A missing short name is cut from the name. */
function save(ctx: CommandContext, table: string, id: string | null, fields: Fields): { id: string } {
  if (id === null) return { id: ctx.write.create(table, fields) }
  ctx.write.set(table, id, fields)
  return { id }
}

const shorten = (name: string, shortName: string): string => shortName || name.slice(0, 4)

function saveStudio(ctx: CommandContext, { id, ...studio }: z.output<typeof studioInput>) {
  requireRow(ctx, 'liveBase', studio.baseId)
  return save(ctx, 'studio', id, { ...studio, shortName: shorten(studio.name, studio.shortName) })
}

function saveLine(ctx: CommandContext, { id, ...line }: z.output<typeof lineInput>) {
  requireRow(ctx, 'factory', line.factoryId)
  const able = Object.keys(line.unitsPerHour)
  const unknown =
    able.length > 1 ? able.filter((family) => !line.changeoverMin.families.includes(family)) : []
  if (unknown.length > 0) throw new Refusal('line-shape', { families: unknown })
  const fields = { ...line, shortName: shorten(line.name, line.shortName) }
  return save(
    ctx,
    'productionLine',
    id,
    id === null ? { ...fields, downFromMs: null, downUntilMs: null, downReason: null } : fields,
  )
}

function saveStreamer(ctx: CommandContext, { id, ...streamer }: z.output<typeof streamerInput>) {
  if (streamer.baseId !== null) requireRow(ctx, 'liveBase', streamer.baseId)
  return save(ctx, 'streamer', id, { ...streamer, shortName: shorten(streamer.name, streamer.shortName) })
}

function saveMerchant(ctx: CommandContext, { id, ...merchant }: z.output<typeof merchantInput>) {
  requireRow(ctx, 'liveBase', merchant.baseId)
  const fields = { ...merchant, shortName: shorten(merchant.name, merchant.shortName) }
  return save(
    ctx,
    'merchant',
    id,
    id === null ? { ...fields, creditGrade: 'B', listStatus: 'none', creditReason: '' } : fields,
  )
}

function saveProduct(ctx: CommandContext, { id, ...product }: z.output<typeof productInput>) {
  requireRow(ctx, 'merchant', product.merchantId)
  return save(ctx, 'product', id, { ...product, shortName: product.shortName || product.name.slice(0, 8) })
}

/** @param made products that this table has made already, by merchant and name */
function savePastedSku(
  ctx: CommandContext,
  { merchantId, product, ...sku }: z.output<typeof pastedSkuInput>,
  made: Map<string, string>,
) {
  const key = `${merchantId} ${product.name}`
  const productId =
    product.id ??
    made.get(key) ??
    saveProduct(ctx, {
      ...NEW_PRODUCT,
      id: null,
      name: product.name,
      merchantId,
      family: product.family,
    }).id
  made.set(key, productId)
  const { id, ...fields } = sku
  return save(ctx, 'sku', id, { ...fields, productId })
}

export const catalogueCommands: CommandHandlers<typeof catalogueContract> = {
  'catalogue/saveBase': ({ id, ...base }, ctx) =>
    save(ctx, 'liveBase', id, { ...base, shortName: shorten(base.name, base.shortName) }),
  'catalogue/saveFactory': ({ id, ...factory }, ctx) => {
    requireRow(ctx, 'liveBase', factory.baseId)
    return save(ctx, 'factory', id, { ...factory, shortName: shorten(factory.name, factory.shortName) })
  },
  'catalogue/saveLine': (input, ctx) => saveLine(ctx, input),
  'catalogue/setLineDown': ({ id, downFromMs, downUntilMs, reason }, ctx) => {
    if (downFromMs !== null && downUntilMs !== null && downUntilMs <= downFromMs)
      throw new Refusal('bad-input', { field: 'downUntilMs', problem: 'before-start' })
    ctx.write.set('productionLine', id, {
      downFromMs,
      downUntilMs,
      downReason: downFromMs === null ? null : (reason ?? ''),
    })
    if (downFromMs !== null)
      ctx.write.withScope(scopeOfLine(ctx, id)).fact('planEvent', {
        kind: 'line-down',
        subjectTable: 'productionLine',
        subjectId: id,
        fromMs: downFromMs,
        untilMs: downUntilMs,
        details: { reason: reason ?? '' },
        atMs: ctx.nowMs,
      })
    return null
  },
  'catalogue/saveStudio': (input, ctx) => saveStudio(ctx, input),
  'catalogue/saveStreamer': (input, ctx) => saveStreamer(ctx, input),
  'catalogue/saveEquipment': ({ id, ...equipment }, ctx) => {
    requireRow(ctx, 'liveBase', equipment.baseId)
    return save(ctx, 'equipment', id, equipment)
  },
  'catalogue/saveMerchant': (input, ctx) => saveMerchant(ctx, input),
  'catalogue/setCredit': ({ merchantId, creditGrade, listStatus, reason }, ctx) => {
    const before = prepared<[string], { creditGrade: string; listStatus: string }>(
      ctx.db,
      'SELECT creditGrade, listStatus FROM merchant WHERE id = ? AND deleted = 0',
    ).get(merchantId)
    if (!before) throw new Refusal('not-found', { table: 'merchant', id: merchantId })
    ctx.write.set('merchant', merchantId, { creditGrade, listStatus, creditReason: reason })
    ctx.write.fact('creditChange', {
      merchantId,
      fromGrade: before.creditGrade,
      toGrade: creditGrade,
      fromList: before.listStatus,
      toList: listStatus,
      reason,
      atMs: ctx.nowMs,
      appealUntilMs: ctx.nowMs + APPEAL_MS,
    })
    return null
  },
  'catalogue/saveProduct': (input, ctx) => saveProduct(ctx, input),
  'catalogue/saveSku': ({ id, ...sku }, ctx) => {
    requireRow(ctx, 'product', sku.productId)
    return save(ctx, 'sku', id, sku)
  },
  'catalogue/remove': ({ table, id }, ctx) => {
    ctx.write.remove(table, id)
    return null
  },
  'catalogue/restore': ({ table, id }, ctx) => {
    ctx.write.restore(table, id)
    return null
  },
  'catalogue/addPasted': (input, ctx) => {
    requireRow(ctx, 'liveBase', input.baseId)
    const { rows } = previewPaste(ctx.db, input)
    const usable = rows.filter((row) => row.problems.length === 0)
    if (usable.length === 0) throw new Refusal('paste-empty')
    const lastN = newestStep(ctx)
    const made = new Map<string, string>()
    for (const row of usable) {
      if (input.kind === 'studio') saveStudio(ctx, studioInput.parse(row.input))
      else if (input.kind === 'line') saveLine(ctx, lineInput.parse(row.input))
      else if (input.kind === 'streamer') saveStreamer(ctx, streamerInput.parse(row.input))
      else if (input.kind === 'merchant') saveMerchant(ctx, merchantInput.parse(row.input))
      else savePastedSku(ctx, pastedSkuInput.parse(row.input), made)
    }
    const replaced = usable.filter((row) => row.replacesId !== null).length
    return {
      added: usable.length - replaced,
      replaced,
      skipped: rows.length - usable.length,
      steps: stepsAfter(ctx, lastN),
    }
  },
}

const newestStep = ({ db }: CommandContext): number =>
  prepared<[], { n: number }>(db, 'SELECT coalesce(max(n), 0) AS n FROM op').get()!.n

/** Ids of the ops that this transaction has written since. */
const stepsAfter = ({ db }: CommandContext, n: number): string[] =>
  prepared<[number], { author: string; stream: number; seq: number }>(
    db,
    'SELECT author, stream, seq FROM op WHERE n > ? ORDER BY n',
  )
    .all(n)
    .map(opId)

function scopeOfLine(ctx: CommandContext, lineId: string): `base:${string}` {
  const row = prepared<[string], { baseId: string }>(
    ctx.db,
    'SELECT factory.baseId FROM productionLine JOIN factory ON factory.id = productionLine.factoryId WHERE productionLine.id = ?',
  ).get(lineId)
  return `base:${row?.baseId ?? ''}`
}
