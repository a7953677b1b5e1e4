import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { BoardLane } from '../../../shared/contract/planning.ts'
import { addDays, dayKeyOf, dayStartMs, eachDay } from '../../../shared/domain/time.ts'
import { useNow } from '../../app/clock.ts'
import { displayZone } from '../../app/format.ts'
import { useSession } from '../../app/stores/session.ts'
import { useQuery } from '../../transport/use-query.ts'
import { layoutBoard, type LaneGroup, type PlacedBar } from './model/layout.ts'

/** Days before and after the anchor day that are loaded at once. */
const DAYS_BEFORE = 2
const DAYS_AFTER = 9
/** How far the loaded range moves when the view reaches its end, days. */
const SHIFT_DAYS = 5

export const BOARD_TOPICS = [
  'plan',
  'proposal',
  'currentPlan',
  'liveSession',
  'sessionSku',
  'productionOrder',
  'productionLine',
  'booking',
  'grant',
  'studio',
  'streamer',
  'dropout',
  'pin',
  'bookingState',
  'bookingRelease',
]

export const FILTERS = ['late', 'atRisk', 'tentative', 'pinned'] as const
export type BoardFilter = (typeof FILTERS)[number]

const MATCH: Record<BoardFilter, (bar: PlacedBar) => boolean> = {
  late: ({ item }) => item.plan === 'late',
  atRisk: ({ item }) => item.plan === 'at-risk',
  tentative: ({ item }) => item.record === 'tentative',
  pinned: ({ item }) => item.pinned,
}

const byName = new Intl.Collator('zh-CN', { numeric: true })
/** Rooms and people in the order of their names; lines stay with their factories. */
function sortLanes(lanes: readonly BoardLane[]): BoardLane[] {
  return [...lanes].sort((a, b) =>
    a.group === b.group && (a.group === 'studio' || a.group === 'streamer')
      ? byName.compare(a.name, b.name)
      : 0,
  )
}

/** What the board shows: the loaded range, the comparison, the filters and the selection. */
export function useBoard(proposalId: Ref<string | null>) {
  const session = useSession()
  const now = useNow()
  const shiftDays = ref(0)
  const collapsed = ref<ReadonlySet<LaneGroup>>(new Set())
  const filters = ref<ReadonlySet<BoardFilter>>(new Set())
  const selectedId = ref<string | null>(null)

  const today = computed(() => dayKeyOf(now.value, displayZone.value))
  const firstDay = computed(() => addDays(today.value, shiftDays.value - DAYS_BEFORE))
  const lastDay = computed(() => addDays(today.value, shiftDays.value + DAYS_AFTER))
  const startOf = (day: string) => dayStartMs(day, displayZone.value)
  const query = useQuery(
    'board/view',
    () => ({
      fromMs: startOf(firstDay.value),
      toMs: startOf(lastDay.value),
      baseId: session.base?.id ?? null,
      proposalId: proposalId.value,
    }),
    { topics: BOARD_TOPICS },
  )
  const midnights = computed(() => eachDay(firstDay.value, lastDay.value).map(startOf))
  const layout = computed(() =>
    layoutBoard(sortLanes(query.data.value?.lanes ?? []), query.data.value?.items ?? [], collapsed.value),
  )
  /** The selected item as it was last shown: publishing gives its work a new bar. */
  const known = shallowRef<PlacedBar['item'] | null>(null)
  const selected = computed(() => {
    const { barById, bars } = layout.value
    if (selectedId.value === null) return null
    const bar = barById.get(selectedId.value)
    if (bar || known.value?.id !== selectedId.value) return bar ?? null
    const { taskKey, laneId } = known.value
    const same = bars.filter(({ item }) => item.taskKey === taskKey)
    return same.find(({ item }) => item.laneId === laneId) ?? same[0] ?? null
  })
  watch(
    selected,
    (bar) => {
      if (!bar) return
      known.value = bar.item
      selectedId.value = bar.id
    },
    { flush: 'sync' },
  )
  const matches = computed(() => {
    const chosen = [...filters.value].map((name) => MATCH[name])
    return (bar: PlacedBar) => chosen.length === 0 || chosen.some((match) => match(bar))
  })

  function toggleGroup(group: LaneGroup) {
    const next = new Set(collapsed.value)
    if (!next.delete(group)) next.add(group)
    collapsed.value = next
  }
  function setFilter(name: BoardFilter, on: boolean) {
    const next = new Set(filters.value)
    if (on) next.add(name)
    else next.delete(name)
    filters.value = next
  }
  /** Finds the bar of a task; other screens may also name its session or its order. */
  function selectTask(key: string): PlacedBar | null {
    const find = (test: (bar: PlacedBar) => boolean) => layout.value.bars.find(test)
    const bar =
      find(({ item }) => item.taskKey === key) ??
      find(({ item }) => item.sessionId === key && item.kind === 'broadcast') ??
      find(({ item }) => item.sessionId === key || item.orderId === key) ??
      null
    selectedId.value = bar?.id ?? null
    return bar
  }
  function loadMore(side: 'past' | 'future') {
    shiftDays.value += side === 'past' ? -SHIFT_DAYS : SHIFT_DAYS
  }
  const backToToday = () => (shiftDays.value = 0)

  return {
    now,
    query,
    midnights,
    layout,
    selected,
    selectedId,
    filters,
    matches,
    toggleGroup,
    setFilter,
    selectTask,
    loadMore,
    backToToday,
  }
}
