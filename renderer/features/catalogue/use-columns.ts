import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { familyLabel } from '../../../shared/domain/families.ts'
import type { WeeklyWindow } from '../../../shared/domain/shapes.ts'
import { useFormat } from '../../app/format.ts'
import { useWordOr } from '../../app/sentence.ts'
import type { Column } from '../../ui/data-table.ts'
import type { Draft, Kind, KindId } from './kinds.ts'
import type { Refs } from './use-refs.ts'

export type CatalogueRow = Draft & { readonly id: string; readonly name: string }

/** What a list shows of its rows: what tells them apart and what planning asks first. */
const SHOWN: Readonly<Record<KindId, readonly string[]>> = {
  merchants: ['baseId', 'sizeClass', 'creditGrade', 'listStatus', 'returnRatePct', 'products'],
  products: ['merchantShortName', 'family', 'routing', 'categoryKey', 'skus'],
  skus: ['code', 'merchantShortName', 'productName', 'priceFen', 'costFen', 'stock'],
  lines: ['factoryName', 'kind', 'unitsPerHour', 'shifts', 'down'],
  studios: ['baseId', 'openMin', 'areaM2', 'makeUpMin', 'resetMin', 'feeFenPerHour'],
  streamers: ['baseId', 'grade', 'families', 'weekly', 'identityVerified', 'certificates'],
  factories: ['baseId', 'auditGrade', 'lines'],
  bases: ['kind', 'networkProfile', 'openMin'],
  equipment: ['baseId', 'quantity'],
}
const WIDE = new Set([
  'unitsPerHour',
  'families',
  'shifts',
  'weekly',
  'productName',
  'factoryName',
  'routing',
])
const WIDEST = new Set(['routing', 'weekly', 'shifts'])
const FIGURES = new Set([
  'returnRatePct',
  'products',
  'skus',
  'priceFen',
  'costFen',
  'stock',
  'areaM2',
  'makeUpMin',
  'resetMin',
  'feeFenPerHour',
  'lines',
  'quantity',
  'certificates',
])
const MONEY = new Set(['priceFen', 'costFen', 'feeFenPerHour'])

export function useColumns(kind: Ref<Kind>, refs: Refs) {
  const { t, locale } = useI18n()
  const wordOr = useWordOr()
  const format = useFormat()
  const MONDAY_MS = Date.UTC(2024, 0, 1, 4)
  const weekday = (day: number) => format.value.weekday(MONDAY_MS + (day - 1) * 86_400_000)
  const family = (key: string) => familyLabel(key, locale.value)

  const shift = ({ days, fromMin, toMin }: WeeklyWindow) => {
    const first = days[0] ?? 1
    const last = days.at(-1) ?? first
    const inRow = last - first === days.length - 1
    const which =
      days.length > 2 && inRow ? `${weekday(first)}–${weekday(last)}` : days.map(weekday).join(' ')
    return `${which} ${format.value.dayMinute(fromMin)}–${format.value.dayMinute(toMin)}`
  }
  // i18n-dynamic: catalogue.value.* catalogue.list.* catalogue.step.*
  function cell(key: string, row: CatalogueRow): string {
    const value = row[key]
    if (key === 'baseId')
      return value === null
        ? t('catalogue.anyBase')
        : (refs.choices.value.bases.find(({ id }) => id === value)?.name ?? '')
    if (key === 'openMin')
      return `${format.value.dayMinute(Number(value))}–${format.value.dayMinute(Number(row['closeMin']))}`
    if (key === 'unitsPerHour')
      return Object.entries(value as Record<string, number>)
        .map(([name, rate]) => `${family(name)} ${format.value.number(rate)}`)
        .join(' · ')
    if (key === 'families') return (value as string[]).map(family).join(' · ')
    if (key === 'family') return family(String(value))
    if (key === 'shifts' || key === 'weekly') return (value as WeeklyWindow[]).map(shift).join('; ')
    if (key === 'routing')
      return (value as { op: string }[]).length === 0
        ? t('catalogue.noRouting')
        : (value as { op: string; lineIds: string[] }[])
            .map(({ op, lineIds }) => `${t(`catalogue.step.${op}`)} ${lineIds.length}`)
            .join(' → ')
    if (key === 'certificates') return format.value.number((value as unknown[]).length)
    if (key === 'identityVerified') return value === true ? t('catalogue.yes') : t('catalogue.no')
    if (key === 'down') return row['downFromMs'] == null ? '' : t('catalogue.down.short')
    if (key === 'listStatus') return t(`catalogue.list.${String(value)}`)
    if (key === 'returnRatePct') return format.value.number(Number(value), 1)
    if (MONEY.has(key)) return format.value.yuan(Number(value), 2)
    if (typeof value === 'number') return format.value.number(value, Number.isInteger(value) ? 0 : 1)
    const text = typeof value === 'string' ? value : ''
    return wordOr(`catalogue.value.${key}.${text}`, text)
  }
  // i18n-dynamic: catalogue.column.* catalogue.field.*
  const title = (key: string) => wordOr(`catalogue.column.${key}`, wordOr(`catalogue.field.${key}`, ''))
  return computed<Column<CatalogueRow>[]>(() => [
    {
      key: 'name',
      title: t('catalogue.field.name'),
      width: 'minmax(140px, 1.4fr)',
      text: (row) => row.name,
      sortBy: (row) => row.name,
    },
    ...SHOWN[kind.value.id].map((key): Column<CatalogueRow> => {
      const isFigure = FIGURES.has(key)
      return {
        key,
        title: title(key),
        width: WIDEST.has(key)
          ? 'minmax(200px, 2fr)'
          : WIDE.has(key)
            ? 'minmax(120px, 1.6fr)'
            : 'minmax(72px, 0.8fr)',
        align: isFigure ? 'end' : 'start',
        text: (row) => cell(key, row),
        sortBy: (row) => (isFigure && typeof row[key] === 'number' ? row[key] : cell(key, row)),
      }
    }),
  ])
}
