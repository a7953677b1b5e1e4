import { useI18n } from 'vue-i18n'
import type { KpiCell } from '../../../shared/contract/dashboard.ts'
import { kpiDefinition, type KpiUnit } from '../../../shared/domain/kpi/definitions.ts'
import { useFormat } from '../../app/format.ts'
import { useSentence } from '../../app/sentence.ts'

export interface Figure {
  readonly figure: string
  readonly unit: string
}

/** Figures, changes and texts of KPIs in the person's language. */
export function useKpiWords() {
  const { t } = useI18n()
  const format = useFormat()
  const sentence = useSentence()
  // i18n-dynamic: kpi.* belt.unit.*

  function figureOf(value: number | null, unit: KpiUnit): Figure {
    if (value === null) return { figure: '—', unit: '' }
    const f = format.value
    switch (unit) {
      case 'fen':
        return f.yuanShort(value)
      case 'ratio':
        return { figure: f.number(value * 100, 1), unit: '%' }
      case 'minutes':
      case 'hours':
      case 'days':
        return { figure: f.number(value, 1), unit: t(`belt.unit.${unit}`) }
      case 'kg':
        return { figure: f.number(value, 2), unit: 'kg' }
      case 'count':
        return { figure: f.number(value), unit: '' }
      case 'index':
        return { figure: f.number(value, value >= 10 ? 0 : 2), unit: '' }
    }
  }

  function changeOf(cell: KpiCell) {
    if (cell.change === null || cell.verdict === null) return undefined
    const size = Math.abs(cell.change)
    const text =
      cell.changeKind === 'relative'
        ? format.value.percent(size)
        : cell.changeKind === 'points'
          ? t('belt.points', { count: format.value.number(size * 100, 1) })
          : format.value.number(size, 2)
    return {
      direction:
        cell.verdict === 'same' ? ('flat' as const) : cell.change > 0 ? ('up' as const) : ('down' as const),
      effect: cell.verdict,
      text,
    }
  }

  function asOfOf(cell: KpiCell): string {
    const asOf = t('common.asOf', { time: format.value.axisDate(cell.asOfMs - 1) })
    return cell.waiting ? `${asOf} · ${sentence(cell.waiting.what)}` : asOf
  }

  function wordsOf(cell: KpiCell) {
    const { unit } = kpiDefinition(cell.id)
    return {
      id: cell.id,
      name: t(`kpi.${cell.id}.name`),
      ...figureOf(cell.value, unit),
      change: changeOf(cell),
      definition: sentence(cell.note),
      asOf: asOfOf(cell),
    }
  }
  return { wordsOf, figureOf }
}
