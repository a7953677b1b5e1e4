import type {
  BaseRow,
  FactoryRow,
  LineRow,
  MerchantRow,
  Page,
  ProductRow,
  Reference,
  SkuRow,
  StreamerRow,
  StudioRow,
} from '../../../../shared/contract/catalogue.ts'
import { PRE_LIVE_RULES } from '../../../../shared/domain/rules/pre-live.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'

type Bound = string | number | null
type Json<T, K extends keyof T> = Omit<T, K> & { [key in K]: string }

const parse = <T>(text: string, empty: T): T => (JSON.parse(text) as T | null) ?? empty

export const listBases = (db: Db): BaseRow[] =>
  prepared<[], BaseRow>(
    db,
    `SELECT id, name, shortName, kind, networkProfile, openMin, closeMin FROM liveBase WHERE deleted = 0
     ORDER BY kind = 'rural', createdMs, id`,
  ).all()

export const listFactories = (db: Db, baseId: string | null): FactoryRow[] =>
  prepared<Bound[], FactoryRow>(
    db,
    `SELECT id, name, shortName, baseId, auditGrade,
       (SELECT count(*) FROM productionLine WHERE productionLine.factoryId = factory.id AND productionLine.deleted = 0) AS lines
     FROM factory WHERE deleted = 0 AND (? IS NULL OR baseId = ?) ORDER BY name, id`,
  ).all(baseId, baseId)

export function listLines(db: Db, baseId: string | null): LineRow[] {
  return prepared<Bound[], Json<LineRow, 'unitsPerHour' | 'changeoverMin' | 'shifts'>>(
    db,
    `SELECT productionLine.id, productionLine.name, productionLine.shortName, productionLine.factoryId, factory.name AS factoryName,
       factory.baseId, productionLine.kind, productionLine.unitsPerHour, productionLine.changeoverMin, productionLine.initialFamily,
       productionLine.shifts, productionLine.costFenPerHour, productionLine.kwhPerHour, productionLine.downFromMs,
       productionLine.downUntilMs, productionLine.downReason
     FROM productionLine JOIN factory ON factory.id = productionLine.factoryId
     WHERE productionLine.deleted = 0 AND (? IS NULL OR factory.baseId = ?) ORDER BY factory.name, productionLine.name, productionLine.id`,
  )
    .all(baseId, baseId)
    .map((row) => ({
      ...row,
      unitsPerHour: parse(row.unitsPerHour, {}),
      changeoverMin: parse(row.changeoverMin, { families: [], matrix: [] }),
      shifts: parse(row.shifts, []),
    }))
}

export function listStudios(db: Db, baseId: string | null): StudioRow[] {
  return prepared<Bound[], Json<StudioRow, 'kit'>>(
    db,
    `SELECT id, name, shortName, baseId, areaM2, kit, powerKw, feeFenPerHour, openMin, closeMin, resetMin, makeUpMin
     FROM studio WHERE deleted = 0 AND (? IS NULL OR baseId = ?) ORDER BY name, id`,
  )
    .all(baseId, baseId)
    .map((row) => ({ ...row, kit: parse(row.kit, []) }))
}

type RawStreamer = Omit<
  StreamerRow,
  'families' | 'weekly' | 'certificates' | 'identityVerified' | 'guardianConsent'
> & {
  families: string
  weekly: string
  identityVerified: number
  guardianConsent: number
}

export function listStreamers(db: Db, baseId: string | null): StreamerRow[] {
  const certificates = prepared<
    [],
    { streamerId: string; category: string; number: string; expiresMs: number }
  >(
    db,
    'SELECT streamerId, category, number, expiresMs FROM streamerCertificate WHERE deleted = 0 ORDER BY expiresMs',
  ).all()
  return prepared<Bound[], RawStreamer>(
    db,
    `SELECT id, name, shortName, baseId, identityVerified, birthDate, guardianConsent, firstTrainedMs, lastTrainedMs, grade,
       families, maxMinPerDay, maxStretchMin, minRestMin, weekly
     FROM streamer WHERE deleted = 0 AND (? IS NULL OR baseId IS NULL OR baseId = ?) ORDER BY grade = 'S' DESC, grade, name, id`,
  )
    .all(baseId, baseId)
    .map((row) => ({
      ...row,
      identityVerified: row.identityVerified === 1,
      guardianConsent: row.guardianConsent === 1,
      families: parse(row.families, []),
      weekly: parse(row.weekly, []),
      certificates: certificates
        .filter((certificate) => certificate.streamerId === row.id)
        .map(({ streamerId: _, ...certificate }) => certificate),
    }))
}

export const listEquipment = (db: Db, baseId: string | null) =>
  prepared<Bound[], { id: string; name: string; baseId: string; quantity: number }>(
    db,
    'SELECT id, name, baseId, quantity FROM equipment WHERE deleted = 0 AND (? IS NULL OR baseId = ?) ORDER BY name, id',
  ).all(baseId, baseId)

export interface PageInput {
  readonly baseId: string | null
  readonly text: string
  readonly cursor: string | null
  readonly limit: number
}

export interface MerchantPageInput extends PageInput {
  readonly merchantId: string | null
}

/** Rows are ordered by id: the order in which they were made; the cursor is the last id. */
function pageOf<T extends { id: string }>(rows: readonly T[], limit: number): Page<T> {
  const page = rows.slice(0, limit)
  return { rows: page, nextCursor: rows.length > limit ? page.at(-1)!.id : null }
}

const like = (text: string) => `%${text.replace(/[\\%_]/g, (character) => `\\${character}`)}%`

export const listMerchants = (db: Db, { baseId, text, cursor, limit }: PageInput): Page<MerchantRow> =>
  pageOf(
    prepared<Bound[], MerchantRow>(
      db,
      `SELECT id, name, shortName, baseId, sizeClass, returnRatePct, creditGrade, listStatus, creditReason,
         (SELECT count(*) FROM product WHERE product.merchantId = merchant.id AND product.deleted = 0) AS products
       FROM merchant WHERE deleted = 0 AND (? IS NULL OR baseId = ?) AND (name LIKE ? ESCAPE '\\' OR shortName LIKE ? ESCAPE '\\')
         AND id > ? ORDER BY id LIMIT ?`,
    ).all(baseId, baseId, like(text), like(text), cursor ?? '', limit + 1),
    limit,
  )

export function listProducts(
  db: Db,
  { baseId, merchantId, text, cursor, limit }: MerchantPageInput,
): Page<ProductRow> {
  const rows = prepared<Bound[], Json<ProductRow, 'routing'>>(
    db,
    `SELECT product.id, product.name, product.shortName, product.merchantId, coalesce(merchant.shortName, '') AS merchantShortName,
       product.family, product.routing, product.returnPolicy, product.categoryKey,
       (SELECT count(*) FROM sku WHERE sku.productId = product.id AND sku.deleted = 0) AS skus
     FROM product LEFT JOIN merchant ON merchant.id = product.merchantId
     WHERE product.deleted = 0 AND (? IS NULL OR merchant.baseId = ?) AND (? IS NULL OR product.merchantId = ?) AND (product.name LIKE ? ESCAPE '\\' OR merchant.name LIKE ? ESCAPE '\\')
       AND product.id > ? ORDER BY product.id LIMIT ?`,
  ).all(baseId, baseId, merchantId, merchantId, like(text), like(text), cursor ?? '', limit + 1)
  return pageOf(
    rows.map((row) => ({ ...row, routing: parse(row.routing, []) })),
    limit,
  )
}

export const listSkus = (
  db: Db,
  { baseId, merchantId, text, cursor, limit }: MerchantPageInput,
): Page<SkuRow> =>
  pageOf(
    prepared<Bound[], SkuRow>(
      db,
      `SELECT sku.id, sku.name, sku.productId, coalesce(product.name, '') AS productName, coalesce(product.merchantId, '') AS merchantId,
         coalesce(merchant.shortName, '') AS merchantShortName, coalesce(product.family, '') AS family, sku.code, sku.externalId,
         sku.priceFen, sku.costFen, sku.weightG, sku.packaging, sku.packagingG,
         coalesce((SELECT sum(quantity) FROM stockMove WHERE stockMove.skuId = sku.id), 0) AS stock
       FROM sku LEFT JOIN product ON product.id = sku.productId LEFT JOIN merchant ON merchant.id = product.merchantId
       WHERE sku.deleted = 0 AND (? IS NULL OR merchant.baseId = ?) AND (? IS NULL OR product.merchantId = ?)
         AND (sku.name LIKE ? ESCAPE '\\' OR sku.code LIKE ? ESCAPE '\\' OR merchant.name LIKE ? ESCAPE '\\')
         AND sku.id > ? ORDER BY sku.id LIMIT ?`,
    ).all(
      baseId,
      baseId,
      merchantId,
      merchantId,
      like(text),
      like(text),
      like(text),
      cursor ?? '',
      limit + 1,
    ),
    limit,
  )

/** What people look up: rules with their sources, factors, holiday years, the policy and the families in use. */
export function readReference(db: Db): Reference {
  const years = prepared<[], { year: number; holidays: string; makeUpWorkdays: string; source: string }>(
    db,
    'SELECT year, holidays, makeUpWorkdays, source FROM holidayYear WHERE deleted = 0 ORDER BY year',
  ).all()
  return {
    rules: PRE_LIVE_RULES,
    factors: prepared<[], Reference['factors'][number]>(
      db,
      'SELECT id, kind, key, value, unit, dataYear, source FROM factor WHERE deleted = 0 ORDER BY kind, key, dataYear',
    ).all(),
    holidayYears: years.map((row) => ({
      ...row,
      holidays: parse(row.holidays, []),
      makeUpWorkdays: parse(row.makeUpWorkdays, []),
    })),
    policy:
      prepared<[], NonNullable<Reference['policy']>>(
        db,
        `SELECT longTailQuotaPct, headCapPct, longTailTopPct, primeStartMin, primeEndMin, slotToleranceMin, slotDurationPct
         FROM fairSlotPolicy WHERE deleted = 0 ORDER BY createdMs, id LIMIT 1`,
      ).get() ?? null,
    families: prepared<[], { family: string }>(
      db,
      'SELECT DISTINCT family FROM product WHERE deleted = 0 ORDER BY family',
    )
      .all()
      .map((row) => row.family),
  }
}
