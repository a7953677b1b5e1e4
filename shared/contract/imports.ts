import { z } from 'zod'
import type { AfterSale, OrderStatus } from '../domain/orders.ts'
import type { FormatId } from '../imports/formats.ts'
import type { ProblemReason, Suggestion } from '../imports/problems.ts'
import { SIGNED_IN, WRITERS, action, command, query } from './define.ts'

/**
 * `reading` → `ready` (preview) → `committing` → `committed`, then perhaps `undoing` → `undone`. `failed` and `cancelled` left
 * nothing behind. What was interrupted while committing or undoing goes on when the belt is opened again.
 */
export const IMPORT_STATUSES = [
  'reading',
  'ready',
  'committing',
  'committed',
  'undoing',
  'undone',
  'cancelled',
  'failed',
] as const
export type ImportStatus = (typeof IMPORT_STATUSES)[number]

/** - `older`: the file is older than what is known; left as it is. `unpaid`: nobody has paid yet. `duplicate`: twice in the file. */
export const ROW_VERDICTS = [
  'new',
  'changed',
  'unchanged',
  'older',
  'unpaid',
  'duplicate',
  'problem',
] as const
export type RowVerdict = (typeof ROW_VERDICTS)[number]

export type ImportCounts = Readonly<Record<RowVerdict, number>>

export interface ImportSummary {
  readonly importId: string
  readonly status: ImportStatus
  readonly fileName: string
  readonly format: FormatId | null
  readonly source: string
  readonly encoding: string
  readonly baseId: string | null
  /** The newest instant the file speaks of: its rows hold as of then. */
  readonly asOfMs: number | null
  readonly firstOrderMs: number | null
  readonly lastOrderMs: number | null
  /** Data rows of the file; the counts add up to it. */
  readonly rows: number
  readonly counts: ImportCounts
  /** Rows taken but worth a look. */
  readonly warnings: number
  /** Sums over paid order rows of the file, to compare with the platform's own totals. */
  readonly payableFen: number
  readonly paidFen: number
  readonly refundFen: number
  readonly units: number
  readonly createdMs: number
  readonly committedMs: number | null
  /** The same file was committed before, at this instant. */
  readonly sameFileMs: number | null
}

export interface PreviewProblem {
  readonly severity: 'error' | 'warning'
  readonly column: string
  readonly excerpt: string
  readonly reason: ProblemReason
  readonly suggestion: Suggestion
}

export interface PreviewRow {
  /** Row of the file as a spreadsheet counts it: the heading is row 1. */
  readonly rowNo: number
  readonly verdict: RowVerdict
  readonly orderNo: string
  readonly subOrderNo: string
  readonly productName: string
  readonly skuCode: string
  readonly quantity: number | null
  readonly isGift: boolean
  readonly payableFen: number | null
  readonly paidFen: number | null
  readonly orderedMs: number | null
  readonly paidMs: number | null
  readonly promisedMs: number | null
  readonly status: OrderStatus | null
  readonly afterSale: AfterSale
  readonly refundFen: number | null
  readonly problems: readonly PreviewProblem[]
}

/** A code of the file that no SKU here carries. */
export interface UnknownSku {
  readonly code: string
  readonly productName: string
  readonly rows: number
  readonly units: number
  readonly unitPriceFen: number | null
}

export interface ImportPreview {
  readonly summary: ImportSummary
  readonly unknownSkus: readonly UnknownSku[]
  readonly unknownSkuCount: number
  readonly rows: readonly PreviewRow[]
  readonly nextCursor: string | null
}

export interface DemandRow {
  readonly skuId: string
  readonly code: string
  readonly name: string
  readonly productName: string
  readonly merchantId: string
  readonly merchantName: string
  /** Units paid in the period, gifts among them. */
  readonly orderedUnits: number
  readonly giftUnits: number
  /** Units paid and not shipped yet, of any day. */
  readonly openUnits: number
  readonly stockUnits: number
  /** Still to come from open and running production orders. */
  readonly productionUnits: number
  /** What nobody makes and nothing in stock covers. */
  readonly shortUnits: number
  readonly earliestDueMs: number | null
}

export interface DemandView {
  readonly rows: readonly DemandRow[]
  /** Open units of codes that no SKU carries. */
  readonly unknown: readonly {
    readonly source: string
    readonly code: string
    readonly productName: string
    readonly openUnits: number
  }[]
  readonly totals: { readonly orderedUnits: number; readonly openUnits: number; readonly shortUnits: number }
  readonly asOfMs: number | null
}

export interface OrderRow {
  readonly id: string
  readonly source: string
  readonly orderNo: string
  readonly subOrderNo: string
  readonly productName: string
  readonly skuId: string | null
  readonly skuCode: string
  readonly sessionId: string | null
  readonly merchantId: string | null
  readonly quantity: number
  readonly isGift: boolean
  readonly orderedMs: number
  readonly paidMs: number | null
  readonly payableFen: number
  readonly paidFen: number
  readonly dueMs: number
  readonly status: OrderStatus
  readonly afterSale: AfterSale
  readonly refundFen: number
  readonly clickedShipMs: number | null
  readonly pickedUpMs: number | null
  readonly asOfMs: number
}

const id = z.string().min(1).max(80)
const code = z.string().min(1).max(80)

/** A code of the file → a SKU that is here, or one to be made. */
export const skuMappingSchema = z.union([
  z.object({ code, skuId: id }),
  z.object({
    code,
    create: z.object({
      /** Makes the SKU under this product; without it a product of that merchant is made too. */
      productId: id.nullable().default(null),
      merchantId: id,
      name: z.string().trim().min(1).max(120),
      family: z.string().trim().max(40).default(''),
      priceFen: z.number().int().min(0).default(0),
    }),
  }),
])
export type SkuMapping = z.output<typeof skuMappingSchema>

export const orderFilterSchema = z.object({
  fromMs: z.number().int().nullable().default(null),
  toMs: z.number().int().nullable().default(null),
  skuId: id.nullable().default(null),
  sessionId: id.nullable().default(null),
  onlyOpen: z.boolean().default(false),
  /** The beginning of an order or sub-order number. */
  text: z.string().trim().max(80).default(''),
})
export type OrderFilter = z.output<typeof orderFilterSchema>

const cursor = z.string().max(200).nullable().default(null)

export const importsContract = {
  /**
   * Reads a handed file into a preview. Events `progress` (phase `reading`, then `comparing`) and `finished` carry the job id;
   * then `import/preview` has it, or refuses with the reason why the file cannot be imported.
   */
  'import/start': action(
    z.object({ fileHandle: z.string().min(1), baseId: id.nullable().default(null) }),
    WRITERS,
  ).returns<{ jobId: string; importId: string }>(),
  /**
   * Takes a preview over into the belt. Answered when every row is stored; events `progress` (phase `committing`) carry the
   * import's id as their job id.
   */
  'import/commit': action(
    z.object({ importId: id, skuMappings: z.array(skuMappingSchema).max(2000).default([]) }),
    WRITERS,
  ).returns<ImportSummary>(),
  /** Stops the reading, or drops a preview. */
  'import/cancel': action(z.object({ importId: id }), WRITERS).returns<null>(),
  /** Takes a committed import back: its orders are withdrawn, older knowledge about changed ones returns. */
  'import/undo': action(z.object({ importId: id }), WRITERS).returns<ImportSummary>(),
  /** Refuses with a `file-…` code when the file could not be read. */
  'import/preview': query(
    z.object({
      importId: id,
      filter: z.enum(['all', ...ROW_VERDICTS, 'warning']).default('all'),
      cursor,
      limit: z.number().int().min(1).max(500).default(100),
    }),
    SIGNED_IN,
  ).returns<ImportPreview>(),
  'import/history': query(
    z.object({ cursor, limit: z.number().int().min(1).max(200).default(50) }),
    SIGNED_IN,
  ).returns<{ rows: ImportSummary[]; nextCursor: string | null }>(),
  /** The problem rows of a preview or import as CSV, ready for download. */
  'import/exportProblems': action(z.object({ importId: id }), SIGNED_IN).returns<{
    handle: string
    name: string
    rows: number
  }>(),
  /** Says which SKU a platform's code means, for rows already here and for later imports. */
  'import/mapSku': command(
    z.object({ source: z.string().max(40), code, skuId: id }),
    WRITERS,
  ).returns<null>(),
  'order/list': query(
    orderFilterSchema.extend({ cursor, limit: z.number().int().min(1).max(500).default(100) }),
    SIGNED_IN,
  ).returns<{ rows: OrderRow[]; nextCursor: string | null }>(),
  /** Order rows as CSV, ready for download; Chanbo reads the file back. */
  'order/export': action(orderFilterSchema, WRITERS).returns<{
    handle: string
    name: string
    rows: number
  }>(),
  'demand/bySku': query(
    z.object({
      fromMs: z.number().int(),
      toMs: z.number().int(),
      baseId: id.nullable().default(null),
    }),
    SIGNED_IN,
  ).returns<DemandView>(),
  /**
   * Makes or adjusts quick-response production orders for what open orders need beyond stock and work under way. Running it
   * again changes nothing.
   */
  'demand/toProductionOrders': command(
    z.object({ skuIds: z.array(id).max(2000).nullable().default(null) }),
    WRITERS,
  ).returns<{ created: number; updated: number; cancelled: number; units: number }>(),
}
