import type { PasteKind } from '../../../../shared/contract/catalogue.ts'
import { familyKey } from '../../../../shared/domain/families.ts'
import { parseYuan } from '../../../../shared/domain/money.ts'
import type { WeeklyWindow } from '../../../../shared/domain/shapes.ts'
import { isDayKey } from '../../../../shared/domain/time.ts'

/** What a cell was understood as; undefined when it could not be read. */
type Read = (cell: string) => unknown

export interface PasteColumn {
  readonly field: string
  /** Headers people write, without blanks and units in brackets. */
  readonly headers: readonly string[]
  readonly read: Read
  readonly required?: boolean
  /** Taken where the column is missing or the cell empty. */
  readonly fallback?: unknown
}

const text: Read = (cell) => cell
const number: Read = (cell) => {
  const value = Number(cell.replace(/,/g, ''))
  return Number.isFinite(value) ? value : undefined
}
const whole: Read = (cell) => {
  const value = number(cell)
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined
}
const yuan: Read = (cell) => parseYuan(cell) ?? undefined
const yes: Read = (cell) =>
  /^(是|有|已|已核验|true|yes|y|1|√)$/i.test(cell)
    ? true
    : /^(否|无|未|未核验|false|no|n|0|×)$/i.test(cell)
      ? false
      : undefined
const families: Read = (cell) =>
  cell
    .split(/[、,，/;；\s]+/)
    .filter((part) => part !== '')
    .map(familyKey)

const CLOCK = /^(次日)?(\d{1,2})(?:[:：](\d{2}))?$/

/** `08:00`, `26:00` or `次日02:00` → minutes from midnight. */
export function parseClock(cell: string): number | undefined {
  const match = CLOCK.exec(cell.replace(/\s/g, ''))
  if (!match) return undefined
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0) + (match[1] ? 1440 : 0)
  return Number(match[3] ?? 0) < 60 && minutes <= 2880 ? minutes : undefined
}

/** `08:00-20:00` or `08:00–次日02:00` every day, or with weekdays before it: `1-6 08:00-20:00`. */
export function parseShift(cell: string): WeeklyWindow[] | undefined {
  const windows = cell.split(/[;；]/).map((part): WeeklyWindow | undefined => {
    const match = /^(?:周?([1-7])(?:[-–~至]周?([1-7]))?\s+)?(\S+?)\s*[-–~至]\s*(\S+)$/.exec(part.trim())
    if (!match) return undefined
    const [fromDay, toDay] = [Number(match[1] ?? 1), Number(match[2] ?? match[1] ?? 7)]
    const [fromMin, openEnd] = [parseClock(match[3]!), parseClock(match[4]!)]
    if (fromMin === undefined || openEnd === undefined || fromMin > 1440 || toDay < fromDay) return undefined
    // An end before its start is the next morning.
    const toMin = openEnd <= fromMin ? openEnd + 1440 : openEnd
    if (toMin - fromMin > 1440) return undefined
    return {
      days: Array.from({ length: toDay - fromDay + 1 }, (_, index) => fromDay + index),
      fromMin,
      toMin,
    }
  })
  return windows.every((window): window is WeeklyWindow => window !== undefined) ? windows : undefined
}

/** `路亚竿 48、手竿 42` → units per hour by family. */
function rates(cell: string): Record<string, number> | undefined {
  const pairs = cell
    .split(/[、,，;；]+/)
    .map((part) => /^\s*(.+?)\s*[:：\s]\s*(\d+(?:\.\d+)?)\s*$/.exec(part))
  if (pairs.some((pair) => !pair)) return undefined
  return Object.fromEntries(pairs.map((pair) => [familyKey(pair![1]!), Number(pair![2])]))
}

const day: Read = (cell) => {
  const key = cell.replace(/[/.]/g, '-').replace(/-(\d)(?=-|$)/g, '-0$1')
  return isDayKey(key) ? key : undefined
}
const kind: Read = (cell) => (/检|qc|bench/i.test(cell) ? 'qc' : /线|line/i.test(cell) ? 'line' : undefined)
const percent: Read = (cell) => number(cell.replace(/[%％]$/, ''))
const SIZES: readonly (readonly [RegExp, string])[] = [
  [/头部|^大|head/i, 'head'],
  [/长尾|尾部|^小|long/i, 'long-tail'],
  [/腰部|中|middle/i, 'middle'],
]
const size: Read = (cell) => SIZES.find(([known]) => known.test(cell))?.[1]
const grams: Read = (cell) => {
  const match = /^([\d.,]+)\s*(kg|千克|公斤|g|克)?$/i.exec(cell)
  const value = match && number(match[1]!)
  if (typeof value !== 'number') return undefined
  return Math.round(/^(kg|千克|公斤)$/i.test(match![2] ?? '') ? value * 1000 : value)
}
/** A number that names something: exports put a TAB or an apostrophe before it; once a spreadsheet has rounded it, it is lost. */
const code: Read = (cell) => {
  const text_ = cell.replace(/^'/, '').trim()
  return /^\d(\.\d+)?E\+\d+$/i.test(text_) || text_ === '' ? undefined : text_
}
const grade: Read = (cell) => (/^[SABC]$/i.test(cell) ? cell.toUpperCase() : undefined)

const NAME: PasteColumn = {
  field: 'name',
  headers: ['名称', '姓名', '直播间', '产线', '主播', 'name'],
  read: text,
  required: true,
}
const SHORT: PasteColumn = {
  field: 'shortName',
  headers: ['简称', 'shortname', 'short'],
  read: text,
  fallback: '',
}

/** Columns of each kind of pasted table. The first that knows a header takes it. */
export const PASTE_COLUMNS: Readonly<Record<PasteKind, readonly PasteColumn[]>> = {
  studio: [
    NAME,
    SHORT,
    { field: 'areaM2', headers: ['面积', '平米', 'area'], read: number, required: true },
    { field: 'openMin', headers: ['开放', '开门', '开始', 'open'], read: parseClock, fallback: 480 },
    { field: 'closeMin', headers: ['关闭', '关门', '结束', 'close'], read: parseClock, fallback: 1560 },
    { field: 'feeFenPerHour', headers: ['费用', '时租', '元/小时', 'fee'], read: yuan, fallback: 0 },
    { field: 'resetMin', headers: ['复位', '清场', 'reset'], read: whole, fallback: 20 },
    { field: 'makeUpMin', headers: ['化妆', '准备', 'makeup'], read: whole, fallback: 30 },
    { field: 'powerKw', headers: ['功率', 'kw', 'power'], read: number, fallback: 3 },
  ],
  line: [
    NAME,
    SHORT,
    { field: 'factory', headers: ['工厂', 'factory'], read: text, required: true },
    { field: 'kind', headers: ['类型', 'kind'], read: kind, fallback: 'line' },
    {
      field: 'unitsPerHour',
      headers: ['产能', '每小时', '品类产能', 'rates', 'unitsperhour'],
      read: rates,
      fallback: {},
    },
    { field: 'shifts', headers: ['班次', '工时', 'shifts'], read: parseShift, required: true },
    { field: 'changeMin', headers: ['换型', '换线', 'changeover'], read: whole, fallback: 30 },
    { field: 'costFenPerHour', headers: ['成本', '每小时成本', 'cost'], read: yuan, fallback: 0 },
    { field: 'kwhPerHour', headers: ['电耗', '功率', 'kwh'], read: number, fallback: 0 },
  ],
  streamer: [
    NAME,
    SHORT,
    { field: 'families', headers: ['品类', '擅长', 'families'], read: families, required: true },
    { field: 'grade', headers: ['等级', 'grade'], read: grade, fallback: 'B' },
    { field: 'birthDate', headers: ['出生', '生日', 'birth'], read: day, fallback: null },
    { field: 'identityVerified', headers: ['实名', '核验', 'verified'], read: yes, fallback: false },
    {
      field: 'maxMinPerDay',
      headers: ['日上限', '每日上限', '每日分钟', 'maxperday'],
      read: whole,
      fallback: 390,
    },
    {
      field: 'weekly',
      headers: ['可播', '时段', 'availability'],
      read: parseShift,
      fallback: [{ days: [1, 2, 3, 4, 5, 6, 7], fromMin: 480, toMin: 1560 }],
    },
  ],
  merchant: [
    {
      field: 'name',
      headers: ['商家', '商家名称', '店铺', '店铺名称', '公司', '供应商', '名称', 'merchant', 'shop', 'name'],
      read: text,
      required: true,
    },
    { ...SHORT, headers: [...SHORT.headers, '商家简称', '店铺简称'] },
    { field: 'sizeClass', headers: ['规模', '类型', '层级', 'size'], read: size, fallback: 'middle' },
    {
      field: 'returnRatePct',
      headers: ['退货率', '退货', 'returns', 'returnrate'],
      read: percent,
      fallback: 0,
    },
  ],
  sku: [
    {
      field: 'code',
      headers: ['编码', '货号', 'sku编码', '商家编码', '规格编码', 'code', 'skucode'],
      read: code,
      required: true,
    },
    {
      field: 'merchant',
      headers: ['商家', '店铺', '商家名称', 'merchant', 'shop'],
      read: text,
      required: true,
    },
    { field: 'product', headers: ['商品', '商品名称', '款', '款式', 'product'], read: text, required: true },
    {
      field: 'name',
      headers: ['规格', '规格名称', 'sku', 'sku名称', '名称', 'name'],
      read: text,
      fallback: '',
    },
    {
      field: 'family',
      headers: ['品类', '类目', 'family', 'category'],
      read: (cell) => familyKey(cell),
      fallback: '',
    },
    { field: 'priceFen', headers: ['售价', '价格', '单价', 'price'], read: yuan, fallback: 0 },
    { field: 'costFen', headers: ['成本', '进价', 'cost'], read: yuan, fallback: 0 },
    { field: 'weightG', headers: ['重量', '克重', 'weight'], read: grams, fallback: 0 },
    { field: 'packagingG', headers: ['包装重', '包装重量', 'packagingweight'], read: grams, fallback: 0 },
    { field: 'packaging', headers: ['包装', 'packaging'], read: text, fallback: '' },
    {
      field: 'externalId',
      headers: ['平台编码', '平台商品id', '商品id', 'skuid', 'externalid'],
      read: code,
      fallback: null,
    },
  ],
}

const plain = (header: string) =>
  header
    .replace(/[（(].*?[)）]/g, '')
    .replace(/\s/g, '')
    .toLowerCase()

/** The column a pasted header means: an exact name first, then one that is contained. */
export function columnFor(kindOfTable: PasteKind, header: string): PasteColumn | null {
  const name = plain(header)
  if (name === '') return null
  const columns = PASTE_COLUMNS[kindOfTable]
  return (
    columns.find((column) => column.headers.some((known) => plain(known) === name)) ??
    columns.find((column) => column.headers.some((known) => name.includes(plain(known)))) ??
    null
  )
}
