/** How a figure is written: fen, a ratio 0..1, minutes, hours, kilograms, days or a plain count. */
export type KpiUnit = 'fen' | 'ratio' | 'minutes' | 'hours' | 'kg' | 'days' | 'count' | 'index'

/**
 * A KPI as data. Its texts are `kpi.<id>.name`, `.formula` (shown beside the number), `.short` (one line) and `.source`.
 */
export interface KpiDefinition {
  readonly id: string
  readonly unit: KpiUnit
  readonly better: 'up' | 'down' | 'none'
  /** How a change against another period is told. */
  readonly change: 'relative' | 'points' | 'absolute'
  /** Changes smaller than this (in the unit of `change`) are "level". */
  readonly levelWithin: number
  /** Tables the figure is computed from. */
  readonly tables: readonly string[]
  /** Where the definition comes from: a platform's, a law's, or our own convention. */
  readonly origin: 'compass' | 'doudian' | 'industry' | 'own'
}

const kpi = <Id extends string>(
  id: Id,
  unit: KpiUnit,
  better: KpiDefinition['better'],
  tables: readonly string[],
  origin: KpiDefinition['origin'],
  levelWithin?: number,
) => {
  const change =
    unit === 'ratio'
      ? ('points' as const)
      : unit === 'kg' || unit === 'index'
        ? ('absolute' as const)
        : ('relative' as const)
  return {
    id,
    unit,
    better,
    tables,
    origin,
    change,
    levelWithin: levelWithin ?? (change === 'absolute' ? 0.01 : 0.002),
  }
}

export const KPI_LIST = [
  kpi('gmvOrder', 'fen', 'up', ['orderLine'], 'doudian'),
  kpi('gmvPaid', 'fen', 'up', ['orderLine'], 'compass'),
  kpi('gmvNet', 'fen', 'up', ['orderLine', 'orderState'], 'compass'),
  kpi('gmvSettled', 'fen', 'up', ['orderLine', 'orderState'], 'doudian'),
  kpi('conversionByPeople', 'ratio', 'up', ['minuteMetric', 'orderLine'], 'compass'),
  kpi('conversionByViews', 'ratio', 'up', ['minuteMetric', 'orderLine'], 'compass'),
  kpi('gpm', 'fen', 'up', ['minuteMetric'], 'compass'),
  kpi('averageOrder', 'fen', 'up', ['orderLine'], 'compass'),
  kpi('onTimeRate', 'ratio', 'up', ['orderLine', 'orderState'], 'doudian'),
  kpi('returnRate', 'ratio', 'down', ['orderLine', 'returnItem', 'orderState'], 'industry'),
  kpi('lineUtilisation', 'ratio', 'up', ['lineRun', 'productionLine'], 'industry'),
  kpi('oee', 'ratio', 'up', ['lineRun', 'productionLine'], 'industry'),
  kpi('studioUtilisation', 'ratio', 'up', ['liveSession', 'studio'], 'own'),
  kpi('slotHitRate', 'ratio', 'up', ['liveSession', 'booking'], 'own'),
  kpi('longTailShare', 'ratio', 'up', ['orderLine', 'merchant'], 'own'),
  kpi('gini', 'index', 'down', ['orderLine', 'merchant'], 'industry'),
  kpi('cr4', 'ratio', 'down', ['orderLine', 'merchant'], 'industry'),
  kpi('hhi', 'index', 'down', ['orderLine', 'merchant'], 'industry', 1),
  kpi('revisionOnClock', 'ratio', 'up', ['revision'], 'own'),
  kpi('complaintMedian', 'hours', 'down', ['complaint'], 'own'),
  kpi('dropoutsPerHour', 'index', 'down', ['dropout', 'liveSession'], 'own'),
  kpi('certifiedStreamers', 'ratio', 'up', ['streamer'], 'own'),
  kpi('firstPassYield', 'ratio', 'up', ['gateVerdict'], 'industry'),
  kpi('carbonPerOrder', 'kg', 'down', ['liveSession', 'lineRun', 'orderLine', 'factor'], 'own'),
] as const satisfies readonly KpiDefinition[]

export type KpiId = (typeof KPI_LIST)[number]['id']

export const KPIS: ReadonlyMap<string, KpiDefinition> = new Map(KPI_LIST.map((row) => [row.id, row]))

/** The definition of that id. @throws RangeError for an unknown one. */
export function kpiDefinition(id: string): KpiDefinition {
  const found = KPIS.get(id)
  if (!found) throw new RangeError(`unknown KPI ${id}`)
  return found
}

/** Change of a figure as its definition tells it: share of the old value, percentage points (as a ratio), or difference. */
export function kpiChange(
  definition: KpiDefinition,
  value: number | null,
  before: number | null,
): number | null {
  if (value === null || before === null) return null
  if (definition.change !== 'relative') return value - before
  return before === 0 ? null : (value - before) / Math.abs(before)
}

/** Whether a change is good: depends on the KPI, not on up or down. */
export function kpiVerdict(
  definition: KpiDefinition,
  change: number | null,
): 'better' | 'worse' | 'same' | null {
  if (change === null) return null
  if (Math.abs(change) <= definition.levelWithin || definition.better === 'none') return 'same'
  return change > 0 === (definition.better === 'up') ? 'better' : 'worse'
}
