import type { z } from 'zod'
import { catalogueContract, type PasteKind } from '../../../shared/contract/catalogue.ts'
import type { Call } from '../../../shared/contract/index.ts'
import type { Result } from '../../../shared/contract/result.ts'
import { RESTRICTED_CATEGORIES } from '../../../shared/domain/rules/pre-live.ts'
import { transport } from '../../transport/transport.ts'
import type { IconName } from '../../ui/icons.ts'

/** In the order of the tabs. */
export const KIND_IDS = [
  'merchants',
  'products',
  'skus',
  'lines',
  'studios',
  'streamers',
  'factories',
  'bases',
  'equipment',
] as const
export type KindId = (typeof KIND_IDS)[number]

/** The order in which an empty belt is filled: each needs those before it. */
export const FILL_ORDER: readonly KindId[] = [
  'bases',
  'studios',
  'factories',
  'lines',
  'streamers',
  'merchants',
  'products',
  'skus',
]

/** A row being entered, by the names of the command that stores it. */
export type Draft = Record<string, unknown>

export type FieldSpec =
  | { readonly kind: 'text'; readonly key: string; readonly max: number; readonly hint?: true }
  | {
      readonly kind: 'number'
      readonly key: string
      readonly max: number
      readonly min?: number
      readonly digits?: number
      readonly step?: number
    }
  | { readonly kind: 'yuan'; readonly key: string }
  | { readonly kind: 'choice'; readonly key: string; readonly values: readonly string[] }
  | {
      readonly kind: 'ref'
      readonly key: string
      readonly of: 'bases' | 'factories' | 'merchants' | 'products'
      readonly optional?: true
    }
  | { readonly kind: 'check'; readonly key: string }
  /** A day, kept as `YYYY-MM-DD` or as the instant of its midnight. */
  | { readonly kind: 'day'; readonly key: string; readonly as: 'text' | 'ms' }
  | { readonly kind: 'hours'; readonly key: 'openMin' }
  | { readonly kind: 'family'; readonly key: string }
  | { readonly kind: 'families'; readonly key: string }
  | { readonly kind: 'rates'; readonly key: 'unitsPerHour' }
  | { readonly kind: 'shifts'; readonly key: string }
  | { readonly kind: 'routing'; readonly key: 'routing' }
  | { readonly kind: 'kit'; readonly key: 'kit' }

type SaveName =
  | 'catalogue/saveBase'
  | 'catalogue/saveFactory'
  | 'catalogue/saveLine'
  | 'catalogue/saveStudio'
  | 'catalogue/saveStreamer'
  | 'catalogue/saveEquipment'
  | 'catalogue/saveMerchant'
  | 'catalogue/saveProduct'
  | 'catalogue/saveSku'

export interface Kind {
  readonly id: KindId
  readonly icon: IconName
  /** Table of the registry, for history; the core lets all but bases be removed. */
  readonly table: 'liveBase' | Call<'catalogue/remove'>['table']
  readonly query: 'catalogue/merchants'
  /** The whole list is too long for one answer; the core filters it. */
  readonly paged: boolean
  readonly topics: readonly string[]
  /** What has to be there first. */
  readonly needs: KindId | null
  readonly paste: PasteKind | null
  readonly fields: readonly FieldSpec[]
  readonly empty: Draft
  readonly input: z.ZodType
  readonly save: (draft: Draft) => Promise<Result<{ id: string }>>
}

const saves = (name: SaveName) => ({
  input: catalogueContract[name].input as z.ZodType,
  save: (draft: Draft) => transport().request(name, draft as never) as Promise<Result<{ id: string }>>,
})
/** Every list answers rows with an id and a name; which others is the business of the columns. */
const reads = (name: string) => name as 'catalogue/merchants'

const NAMES: readonly FieldSpec[] = [
  { kind: 'text', key: 'name', max: 60 },
  { kind: 'text', key: 'shortName', max: 8, hint: true },
]
const BASE: FieldSpec = { kind: 'ref', key: 'baseId', of: 'bases' }
const named = { id: null, name: '', shortName: '' }
const WORKDAYS = [{ days: [1, 2, 3, 4, 5, 6], fromMin: 480, toMin: 1200 }]
const EVENINGS = [{ days: [1, 2, 3, 4, 5, 6, 7], fromMin: 600, toMin: 1560 }]

export const KINDS: Readonly<Record<KindId, Kind>> = {
  merchants: {
    id: 'merchants',
    icon: 'person',
    table: 'merchant',
    query: reads('catalogue/merchants'),
    paged: true,
    topics: ['merchant', 'product'],
    needs: null,
    paste: 'merchant',
    fields: [
      ...NAMES,
      BASE,
      { kind: 'choice', key: 'sizeClass', values: ['head', 'middle', 'long-tail'] },
      { kind: 'number', key: 'returnRatePct', max: 100, digits: 1 },
    ],
    empty: { ...named, baseId: null, sizeClass: 'long-tail', returnRatePct: 10 },
    ...saves('catalogue/saveMerchant'),
  },
  products: {
    id: 'products',
    icon: 'archive',
    table: 'product',
    query: reads('catalogue/products'),
    paged: true,
    topics: ['product', 'sku', 'merchant'],
    needs: 'merchants',
    paste: 'sku',
    fields: [
      ...NAMES,
      { kind: 'ref', key: 'merchantId', of: 'merchants' },
      { kind: 'family', key: 'family' },
      { kind: 'routing', key: 'routing' },
      { kind: 'choice', key: 'returnPolicy', values: ['7d', '15d', 'none'] },
      { kind: 'choice', key: 'categoryKey', values: ['general', ...Object.keys(RESTRICTED_CATEGORIES)] },
    ],
    empty: {
      ...named,
      merchantId: null,
      family: '',
      routing: [],
      returnPolicy: '7d',
      categoryKey: 'general',
    },
    ...saves('catalogue/saveProduct'),
  },
  skus: {
    id: 'skus',
    icon: 'fulfil',
    table: 'sku',
    query: reads('catalogue/skus'),
    paged: true,
    topics: ['sku', 'product', 'stockMove'],
    needs: 'products',
    paste: 'sku',
    fields: [
      { kind: 'text', key: 'name', max: 60 },
      { kind: 'ref', key: 'productId', of: 'products' },
      { kind: 'text', key: 'code', max: 60, hint: true },
      { kind: 'text', key: 'externalId', max: 60 },
      { kind: 'yuan', key: 'priceFen' },
      { kind: 'yuan', key: 'costFen' },
      { kind: 'number', key: 'weightG', max: 1_000_000, step: 10 },
      { kind: 'text', key: 'packaging', max: 40 },
      { kind: 'number', key: 'packagingG', max: 1_000_000, step: 10 },
    ],
    empty: {
      id: null,
      name: '',
      productId: null,
      code: '',
      externalId: null,
      priceFen: 0,
      costFen: 0,
      weightG: 0,
      packaging: '',
      packagingG: 0,
    },
    ...saves('catalogue/saveSku'),
  },
  lines: {
    id: 'lines',
    icon: 'factory',
    table: 'productionLine',
    query: reads('catalogue/lines'),
    paged: false,
    topics: ['productionLine', 'factory'],
    needs: 'factories',
    paste: 'line',
    fields: [
      ...NAMES,
      { kind: 'ref', key: 'factoryId', of: 'factories' },
      { kind: 'choice', key: 'kind', values: ['line', 'qc'] },
      { kind: 'rates', key: 'unitsPerHour' },
      { kind: 'shifts', key: 'shifts' },
      { kind: 'yuan', key: 'costFenPerHour' },
      { kind: 'number', key: 'kwhPerHour', max: 100_000, digits: 1 },
    ],
    empty: {
      ...named,
      factoryId: null,
      kind: 'line',
      unitsPerHour: {},
      changeoverMin: { families: [], matrix: [] },
      initialFamily: null,
      shifts: WORKDAYS,
      costFenPerHour: 0,
      kwhPerHour: 0,
    },
    ...saves('catalogue/saveLine'),
  },
  studios: {
    id: 'studios',
    icon: 'video',
    table: 'studio',
    query: reads('catalogue/studios'),
    paged: false,
    topics: ['studio'],
    needs: null,
    paste: 'studio',
    fields: [
      ...NAMES,
      BASE,
      { kind: 'hours', key: 'openMin' },
      { kind: 'number', key: 'makeUpMin', max: 480, step: 5 },
      { kind: 'number', key: 'resetMin', max: 480, step: 5 },
      { kind: 'number', key: 'areaM2', max: 100_000, min: 1 },
      { kind: 'yuan', key: 'feeFenPerHour' },
      { kind: 'number', key: 'powerKw', max: 1000, digits: 1 },
      { kind: 'kit', key: 'kit' },
    ],
    empty: {
      ...named,
      baseId: null,
      areaM2: 40,
      kit: [],
      powerKw: 5,
      feeFenPerHour: 0,
      openMin: 480,
      closeMin: 1680,
      resetMin: 20,
      makeUpMin: 30,
    },
    ...saves('catalogue/saveStudio'),
  },
  streamers: {
    id: 'streamers',
    icon: 'live',
    table: 'streamer',
    query: reads('catalogue/streamers'),
    paged: false,
    topics: ['streamer', 'streamerCertificate'],
    needs: null,
    paste: 'streamer',
    fields: [
      ...NAMES,
      { ...BASE, optional: true },
      { kind: 'choice', key: 'grade', values: ['S', 'A', 'B', 'C'] },
      { kind: 'families', key: 'families' },
      { kind: 'shifts', key: 'weekly' },
      { kind: 'number', key: 'maxMinPerDay', min: 30, max: 1440, step: 30 },
      { kind: 'number', key: 'maxStretchMin', min: 30, max: 1440, step: 30 },
      { kind: 'number', key: 'minRestMin', max: 1440, step: 30 },
      { kind: 'check', key: 'identityVerified' },
      { kind: 'day', key: 'birthDate', as: 'text' },
      { kind: 'check', key: 'guardianConsent' },
      { kind: 'day', key: 'firstTrainedMs', as: 'ms' },
      { kind: 'day', key: 'lastTrainedMs', as: 'ms' },
    ],
    empty: {
      ...named,
      baseId: null,
      identityVerified: false,
      birthDate: null,
      guardianConsent: false,
      firstTrainedMs: null,
      lastTrainedMs: null,
      grade: 'B',
      families: [],
      maxMinPerDay: 390,
      maxStretchMin: 240,
      minRestMin: 60,
      weekly: EVENINGS,
    },
    ...saves('catalogue/saveStreamer'),
  },
  factories: {
    id: 'factories',
    icon: 'factory',
    table: 'factory',
    query: reads('catalogue/factories'),
    paged: false,
    topics: ['factory', 'productionLine'],
    needs: null,
    paste: null,
    fields: [...NAMES, BASE, { kind: 'text', key: 'auditGrade', max: 10 }],
    empty: { ...named, baseId: null, auditGrade: '' },
    ...saves('catalogue/saveFactory'),
  },
  bases: {
    id: 'bases',
    icon: 'house',
    table: 'liveBase',
    query: reads('catalogue/bases'),
    paged: false,
    topics: ['liveBase'],
    needs: null,
    paste: null,
    fields: [
      ...NAMES,
      { kind: 'choice', key: 'kind', values: ['rural', 'cluster'] },
      { kind: 'choice', key: 'networkProfile', values: ['fibre', '4g', 'poor'] },
      { kind: 'hours', key: 'openMin' },
    ],
    empty: { ...named, kind: 'rural', networkProfile: '4g', openMin: 480, closeMin: 1680 },
    ...saves('catalogue/saveBase'),
  },
  equipment: {
    id: 'equipment',
    icon: 'archive',
    table: 'equipment',
    query: reads('catalogue/equipment'),
    paged: false,
    topics: ['equipment'],
    needs: null,
    paste: null,
    fields: [{ kind: 'text', key: 'name', max: 60 }, BASE, { kind: 'number', key: 'quantity', max: 10_000 }],
    empty: { id: null, name: '', baseId: null, quantity: 1 },
    ...saves('catalogue/saveEquipment'),
  },
}

/** The fields of a stored row that its command takes back. */
export function draftOfRow(kind: Kind, row: Draft): Draft {
  const keys = Object.keys(kind.empty)
  return Object.fromEntries(keys.map((key) => [key, structuredClone(row[key] ?? kind.empty[key])]))
}

/** Field → `required` when it is empty, `wrong` when its value is not one the core takes. */
export function checkRow(kind: Kind, draft: Draft): Record<string, 'required' | 'wrong'> {
  const result = kind.input.safeParse(draft)
  if (result.success) return {}
  const problems: Record<string, 'required' | 'wrong'> = {}
  for (const issue of result.error.issues) {
    const path = String(issue.path[0] ?? 'openMin')
    const key =
      path === 'changeoverMin' || path === 'initialFamily'
        ? 'unitsPerHour'
        : path === 'closeMin'
          ? 'openMin'
          : path
    const value = draft[path]
    const isEmpty = value === null || value === '' || (Array.isArray(value) && value.length === 0)
    problems[key] = isEmpty ? 'required' : 'wrong'
  }
  return problems
}
