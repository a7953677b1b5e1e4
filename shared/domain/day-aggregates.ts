import { PART_COLUMNS, type Part } from './order-parts.ts'
import type { DayKey } from './time.ts'

/** Roll-ups that are told to everyone as daily totals of a base, with the word their metrics begin with. */
const TOLD = { sales: 'kpiDaySales', promise: 'kpiDayPromise', return: 'kpiDayReturn' } as const
type Word = keyof typeof TOLD
export type ToldTable = (typeof TOLD)[Word]

const WORDS = Object.keys(TOLD) as Word[]
const METRIC = /^(sales|promise|return)(?:\.(\d{1,4}))?\.([A-Za-z]+)$/

/** What one order line adds to one daily total. */
export interface Share {
  readonly baseId: string
  readonly day: DayKey
  /** `sales.paidFen`, `promise.48.kept`: promises are told by their hours. */
  readonly metric: string
  readonly value: number
}

/** A part of a roll-up as shares of daily totals; demand by SKU is told to nobody. */
export function sharesOf(part: Part): Share[] {
  const word = WORDS.find((name) => TOLD[name] === part.table)
  if (!word) return []
  const { keys, sums } = PART_COLUMNS[part.table]
  const keyOf = (name: string): string | number => part.key[keys.indexOf(name)]!
  const hours = word === 'promise' ? `.${keyOf('promiseHours')}` : ''
  return sums.map((name, index) => ({
    baseId: String(keyOf('baseId')),
    day: String(keyOf('day')),
    metric: `${word}${hours}.${name}`,
    value: part.sums[index]!,
  }))
}

export interface ToldColumn {
  readonly table: ToldTable
  readonly column: string
  readonly promiseHours: number | null
}

/** Where a metric is kept; null for metrics of a newer version. */
export function columnOf(metric: string): ToldColumn | null {
  const match = METRIC.exec(metric)
  if (!match) return null
  const table = TOLD[match[1] as Word]
  const column = match[3]!
  const isPromise = table === 'kpiDayPromise'
  if (!PART_COLUMNS[table].sums.includes(column) || isPromise !== (match[2] !== undefined)) return null
  return { table, column, promiseHours: isPromise ? Number(match[2]) : null }
}
