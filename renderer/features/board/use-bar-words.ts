import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { BoardItem, BoardLane } from '../../../shared/contract/planning.ts'
import { useFormat } from '../../app/format.ts'
import type { PlacedBar } from './model/layout.ts'

/** The words for bars: kind, place, time and states, in the person's language. */
export function useBarWords() {
  const { t } = useI18n()
  const format = useFormat()
  // i18n-dynamic: common.state.* common.chain.*
  const kindKeys = {
    sample: 'sample',
    qc: 'inspection',
    broadcast: 'broadcast',
    production: 'production',
    ship: 'pickup',
  } as const
  const planKeys = { 'on-time': 'onTime', 'at-risk': 'atRisk', late: 'late' } as const

  const kind = (item: BoardItem) => t(`common.chain.${kindKeys[item.kind]}`)
  const plan = (item: BoardItem) => t(`common.state.${planKeys[item.plan]}`)
  const states = (item: BoardItem) => [
    plan(item),
    ...(item.record === 'confirmed' ? [] : [t(`common.state.${item.record}`)]),
    ...(item.lease === 'none' ? [] : [t('studio-calendar.lease.tag')]),
    ...(item.pinned ? [t('common.state.pinned')] : []),
    ...(item.frozen ? [t('common.state.frozen')] : []),
  ]
  const range = (startMs: number, endMs: number) =>
    `${format.value.date(startMs)} ${format.value.timeRange(startMs, endMs)}`

  function describe(bar: PlacedBar, lane: BoardLane): string {
    const { item } = bar
    return [
      item.label,
      bar.form === 'span' ? t('board.wholeSession') : kind(item),
      lane.name,
      range(bar.startMs, bar.endMs),
      ...states(item),
      ...(bar.proposed ? [t('board.proposal')] : []),
    ].join(', ')
  }
  return computed(() => ({ kind, plan, states, range, describe })).value
}
