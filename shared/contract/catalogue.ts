import { z } from 'zod'
import {
  changeoverSchema,
  kitItemSchema,
  routingStepSchema,
  unitsPerHourSchema,
  weeklyWindowSchema,
  type Changeover,
  type KitItem,
  type RoutingStep,
  type UnitsPerHour,
  type WeeklyWindow,
} from '../domain/shapes.ts'
import type { Rule } from '../domain/rules/rule.ts'
import { SIGNED_IN, WRITERS, command, query } from './define.ts'

export interface BaseRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly kind: 'rural' | 'cluster'
  readonly networkProfile: 'fibre' | '4g' | 'poor'
  readonly openMin: number
  readonly closeMin: number
}
export interface FactoryRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly baseId: string
  readonly auditGrade: string
  readonly lines: number
}
export interface LineRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly factoryId: string
  readonly factoryName: string
  readonly baseId: string
  readonly kind: 'line' | 'qc'
  readonly unitsPerHour: UnitsPerHour
  readonly changeoverMin: Changeover
  readonly initialFamily: string | null
  readonly shifts: readonly WeeklyWindow[]
  readonly costFenPerHour: number
  readonly kwhPerHour: number
  readonly downFromMs: number | null
  readonly downUntilMs: number | null
  readonly downReason: string | null
}
export interface StudioRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly baseId: string
  readonly areaM2: number
  readonly kit: readonly KitItem[]
  readonly powerKw: number
  readonly feeFenPerHour: number
  readonly openMin: number
  readonly closeMin: number
  readonly resetMin: number
  readonly makeUpMin: number
}
export interface StreamerRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly baseId: string | null
  readonly identityVerified: boolean
  readonly birthDate: string | null
  readonly guardianConsent: boolean
  readonly firstTrainedMs: number | null
  readonly lastTrainedMs: number | null
  readonly grade: 'S' | 'A' | 'B' | 'C'
  readonly families: readonly string[]
  readonly maxMinPerDay: number
  readonly maxStretchMin: number
  readonly minRestMin: number
  readonly weekly: readonly WeeklyWindow[]
  readonly certificates: readonly {
    readonly category: string
    readonly number: string
    readonly expiresMs: number
  }[]
}
export interface MerchantRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly baseId: string
  readonly sizeClass: 'head' | 'middle' | 'long-tail'
  readonly returnRatePct: number
  readonly creditGrade: 'A' | 'B' | 'C' | 'D'
  readonly listStatus: 'white' | 'none' | 'watch' | 'black'
  readonly creditReason: string
  readonly products: number
}
export interface ProductRow {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly merchantId: string
  readonly merchantShortName: string
  readonly family: string
  readonly routing: readonly RoutingStep[]
  readonly returnPolicy: string
  readonly categoryKey: string
  readonly skus: number
}
export interface SkuRow {
  readonly id: string
  readonly name: string
  readonly productId: string
  readonly productName: string
  readonly merchantId: string
  readonly merchantShortName: string
  readonly family: string
  readonly code: string
  readonly externalId: string | null
  readonly priceFen: number
  readonly costFen: number
  readonly weightG: number
  readonly packaging: string
  readonly packagingG: number
  readonly stock: number
}
export interface Page<T> {
  readonly rows: readonly T[]
  readonly nextCursor: string | null
}

/** Facts people look up: rules with their sources, factors, holiday years, the fair-slot policy, known families. */
export interface Reference {
  readonly rules: readonly Rule[]
  readonly factors: readonly {
    readonly id: string
    readonly kind: string
    readonly key: string
    readonly value: number
    readonly unit: string
    readonly dataYear: number
    readonly source: string
  }[]
  readonly holidayYears: readonly {
    readonly year: number
    readonly holidays: readonly string[]
    readonly makeUpWorkdays: readonly string[]
    readonly source: string
  }[]
  readonly policy: {
    readonly longTailQuotaPct: number
    readonly headCapPct: number
    readonly longTailTopPct: number
    readonly primeStartMin: number
    readonly primeEndMin: number
    readonly slotToleranceMin: number
    readonly slotDurationPct: number
  } | null
  readonly families: readonly string[]
}

const id = z.string().min(1)
const name = z.string().trim().min(1).max(60)
const shortName = z.string().trim().max(8).default('')
const rowId = z.string().min(1).nullable()
const base = z.object({ baseId: z.string().nullable().default(null) })
const paged = base.extend({
  text: z.string().trim().max(60).default(''),
  cursor: z.string().max(200).nullable().default(null),
  limit: z.number().int().min(1).max(500).default(100),
})
const ofMerchant = paged.extend({ merchantId: z.string().nullable().default(null) })
const weekly = z.array(weeklyWindowSchema).max(60)
const fen = z.number().int().min(0).max(1_000_000_000_00)
const minuteOfDay = z.number().int().min(0).max(1440)
const closing = z.number().int().min(1).max(2880)

export const studioInput = z
  .object({
    id: rowId,
    name,
    shortName,
    baseId: id,
    areaM2: z.number().positive().max(100_000),
    kit: z.array(kitItemSchema).max(60),
    powerKw: z.number().min(0).max(1000),
    feeFenPerHour: fen,
    openMin: minuteOfDay,
    closeMin: closing,
    resetMin: z.number().int().min(0).max(480),
    makeUpMin: z.number().int().min(0).max(480),
  })
  .refine((studio) => studio.closeMin > studio.openMin)

export const lineInput = z.object({
  id: rowId,
  name,
  shortName,
  factoryId: id,
  kind: z.enum(['line', 'qc']),
  unitsPerHour: unitsPerHourSchema,
  changeoverMin: changeoverSchema,
  initialFamily: z.string().max(40).nullable(),
  shifts: weekly.min(1),
  costFenPerHour: fen,
  kwhPerHour: z.number().min(0).max(100_000),
})

export const streamerInput = z.object({
  id: rowId,
  name,
  shortName,
  baseId: z.string().nullable(),
  identityVerified: z.boolean(),
  birthDate: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .nullable(),
  guardianConsent: z.boolean().default(false),
  firstTrainedMs: z.number().int().nullable(),
  lastTrainedMs: z.number().int().nullable(),
  grade: z.enum(['S', 'A', 'B', 'C']),
  families: z.array(z.string().min(1).max(40)).max(60),
  maxMinPerDay: z.number().int().min(30).max(1440),
  maxStretchMin: z.number().int().min(30).max(1440),
  minRestMin: z.number().int().min(0).max(1440),
  weekly: weekly.min(1),
})

export const merchantInput = z.object({
  id: rowId,
  name,
  shortName,
  baseId: id,
  sizeClass: z.enum(['head', 'middle', 'long-tail']),
  returnRatePct: z.number().min(0).max(100),
})

const family = z.string().trim().min(1).max(40)

export const productInput = z.object({
  id: rowId,
  name,
  shortName,
  merchantId: id,
  family,
  routing: z.array(routingStepSchema).max(12),
  returnPolicy: z.string().trim().max(40).default('7d'),
  categoryKey: z.string().trim().max(40).default('general'),
})

export const skuInput = z.object({
  id: rowId,
  name,
  productId: id,
  code: z.string().trim().min(1).max(60),
  externalId: z.string().trim().max(60).nullable(),
  priceFen: fen,
  costFen: fen,
  weightG: z.number().int().min(0).max(1_000_000),
  packaging: z.string().trim().max(40).default(''),
  packagingG: z.number().int().min(0).max(1_000_000),
})

/** A SKU as a table names it: the product is made with it where the merchant has none of that name. */
export const pastedSkuInput = skuInput.omit({ productId: true }).extend({
  merchantId: id,
  product: z.object({ id: rowId, name, family }),
})

export const PASTE_KINDS = ['studio', 'line', 'streamer', 'merchant', 'sku'] as const
export type PasteKind = (typeof PASTE_KINDS)[number]

/** Rows pasted from a spreadsheet, read but not stored. A row with problems is never stored. */
export interface PastePreview {
  readonly kind: PasteKind
  /** What each pasted column was taken for; null for a column nobody knows. */
  readonly columns: readonly { readonly header: string; readonly field: string | null }[]
  readonly rows: readonly {
    readonly line: number
    readonly cells: readonly string[]
    readonly problems: readonly { readonly field: string; readonly key: string; readonly value: string }[]
    readonly replaces: boolean
  }[]
  readonly usable: number
}

const REMOVABLE = [
  'factory',
  'productionLine',
  'studio',
  'equipment',
  'streamer',
  'merchant',
  'product',
  'sku',
] as const

export const catalogueContract = {
  'catalogue/bases': query(z.object({}), SIGNED_IN).returns<BaseRow[]>(),
  'catalogue/factories': query(base, SIGNED_IN).returns<FactoryRow[]>(),
  'catalogue/lines': query(base, SIGNED_IN).returns<LineRow[]>(),
  'catalogue/studios': query(base, SIGNED_IN).returns<StudioRow[]>(),
  'catalogue/streamers': query(base, SIGNED_IN).returns<StreamerRow[]>(),
  'catalogue/equipment': query(base, SIGNED_IN).returns<
    { id: string; name: string; baseId: string; quantity: number }[]
  >(),
  'catalogue/merchants': query(paged, SIGNED_IN).returns<Page<MerchantRow>>(),
  'catalogue/products': query(ofMerchant, WRITERS).returns<Page<ProductRow>>(),
  /** Costs are in it: not for officials. */
  'catalogue/skus': query(ofMerchant, WRITERS).returns<Page<SkuRow>>(),
  'catalogue/reference': query(z.object({}), SIGNED_IN).returns<Reference>(),
  'catalogue/saveBase': command(
    z.object({
      id: rowId,
      name,
      shortName,
      kind: z.enum(['rural', 'cluster']),
      networkProfile: z.enum(['fibre', '4g', 'poor']),
      openMin: minuteOfDay,
      closeMin: closing,
    }),
    WRITERS,
  ).returns<{ id: string }>(),
  'catalogue/saveFactory': command(
    z.object({ id: rowId, name, shortName, baseId: id, auditGrade: z.string().trim().max(10).default('') }),
    WRITERS,
  ).returns<{ id: string }>(),
  'catalogue/saveLine': command(lineInput, WRITERS).returns<{ id: string }>(),
  /** Marks a line as down (or up again with nulls). */
  'catalogue/setLineDown': command(
    z.object({
      id,
      downFromMs: z.number().int().nullable(),
      downUntilMs: z.number().int().nullable(),
      reason: z.string().trim().max(200).nullable(),
    }),
    WRITERS,
  ).returns<null>(),
  'catalogue/saveStudio': command(studioInput, WRITERS).returns<{ id: string }>(),
  'catalogue/saveStreamer': command(streamerInput, WRITERS).returns<{ id: string }>(),
  'catalogue/saveEquipment': command(
    z.object({ id: rowId, name, baseId: id, quantity: z.number().int().min(0).max(10_000) }),
    WRITERS,
  ).returns<{ id: string }>(),
  'catalogue/saveMerchant': command(merchantInput, WRITERS).returns<{ id: string }>(),
  /** Changes credit grade or list status; the reason is kept and an appeal window of seven days opens. */
  'catalogue/setCredit': command(
    z.object({
      merchantId: id,
      creditGrade: z.enum(['A', 'B', 'C', 'D']),
      listStatus: z.enum(['white', 'none', 'watch', 'black']),
      reason: z.string().trim().min(2).max(200),
    }),
    WRITERS,
  ).returns<null>(),
  'catalogue/saveProduct': command(productInput, WRITERS).returns<{ id: string }>(),
  'catalogue/saveSku': command(skuInput, WRITERS).returns<{ id: string }>(),
  'catalogue/remove': command(z.object({ table: z.enum(REMOVABLE), id }), WRITERS).returns<null>(),
  'catalogue/restore': command(z.object({ table: z.enum(REMOVABLE), id }), WRITERS).returns<null>(),
  'catalogue/parsePaste': query(
    z.object({ kind: z.enum(PASTE_KINDS), baseId: id, text: z.string().min(1).max(200_000) }),
    SIGNED_IN,
  ).returns<PastePreview>(),
  /**
   * Stores the usable rows of the same text; a row whose name (a SKU: whose code) exists at the base replaces it. `steps` are
   * what `history/undoSteps` takes to put all of it back.
   */
  'catalogue/addPasted': command(
    z.object({ kind: z.enum(PASTE_KINDS), baseId: id, text: z.string().min(1).max(200_000) }),
    WRITERS,
  ).returns<{ added: number; replaced: number; skipped: number; steps: string[] }>(),
}
