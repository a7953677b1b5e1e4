import type {
  BeltOverview,
  Concentration,
  Exposure,
  FamilyDays,
  KpiCell,
} from '../../../../shared/contract/dashboard.ts'
import type { Sentence } from '../../../../shared/contract/planning.ts'
import { KNOWN_FAMILIES } from '../../../../shared/domain/families.ts'
import { cr4, gini, hhi, longTailShare, lorenz } from '../../../../shared/domain/kpi/concentration.ts'
import {
  kpiChange,
  kpiDefinition,
  kpiVerdict,
  type KpiId,
} from '../../../../shared/domain/kpi/definitions.ts'
import { netFen } from '../../../../shared/domain/kpi/sales.ts'
import { compensationTier } from '../../../../shared/domain/promise.ts'
import { MINUTE_MS, addDays, dayKeyOf, dayStartMs, eachDay } from '../../../../shared/domain/time.ts'
import type { QueryContext } from '../../context.ts'
import { daysOf, periodFigures, valueOf, type Period, type PeriodFigures } from './period.ts'
import {
  countBases,
  exposureRows,
  firstSalesDay,
  lastPaidMs,
  longTailTopPct,
  merchantsOf,
  type SalesCell,
} from './repo.ts'

/** Sales of the last days are still coming in: the platform's daily figures settle two days later. */
const UNSETTLED_DAYS = 2
const EXPOSURE_DAYS = 6
const EXPOSED_MERCHANTS = 5
const TOP_MERCHANTS = 10

const sumOf = <T>(rows: readonly T[], of: (row: T) => number) => rows.reduce((sum, row) => sum + of(row), 0)

/** Paid sales of every merchant of the period, those without any as zero. */
function amountsOf(sales: readonly SalesCell[], merchantIds: readonly string[]): Map<string, number> {
  const amounts = new Map(merchantIds.map((id) => [id, 0]))
  for (const row of sales)
    if (row.merchantId !== '') amounts.set(row.merchantId, (amounts.get(row.merchantId) ?? 0) + row.paidFen)
  return amounts
}

interface CellInput {
  readonly id: KpiId
  readonly value: number | null
  readonly before: number | null
  readonly numerator?: number
  readonly denominator?: number
  readonly asOfMs: number
  readonly waiting?: { count: number; key: string } | null
  readonly note: Sentence
}

function cellOf(input: CellInput): KpiCell {
  const definition = kpiDefinition(input.id)
  const change = kpiChange(definition, input.value, input.before)
  return {
    id: input.id,
    value: input.value,
    numerator: input.numerator ?? null,
    denominator: input.denominator ?? null,
    change,
    changeKind: definition.change,
    verdict: kpiVerdict(definition, change),
    asOfMs: input.asOfMs,
    waiting:
      input.waiting && input.waiting.count > 0
        ? {
            count: input.waiting.count,
            what: { key: input.waiting.key, params: { count: input.waiting.count } },
          }
        : null,
    note: input.note,
  }
}

interface Compared {
  readonly now: PeriodFigures
  readonly before: PeriodFigures
}

const note = (key: string, params: Sentence['params'] = {}): Sentence => ({ key: `say.kpi.${key}`, params })

function cells(
  ctx: QueryContext,
  period: Period,
  { now, before }: Compared,
  tail: { now: number | null; before: number | null; topPct: number; merchants: number },
): KpiCell[] {
  const endOf = (day: string) => Math.min(ctx.nowMs, dayStartMs(addDays(day, 1), ctx.belt.timeZone))
  const asOfMs = endOf(period.toDay)
  const gmv = (id: KpiId, of: (row: SalesCell) => number) =>
    cellOf({
      id,
      value: sumOf(now.sales, of),
      before: before.sales.length === 0 ? null : sumOf(before.sales, of),
      asOfMs,
      waiting: { count: sumOf(now.sales, (row) => row.openLines), key: 'say.kpi.waitingOrders' },
      note: note(id),
    })
  const share = (
    id: KpiId,
    of: (figures: PeriodFigures) => PeriodFigures['slots'],
    extra: Pick<CellInput, 'asOfMs' | 'note'> & { waitingKey: string },
  ) =>
    cellOf({
      id,
      value: valueOf(of(now)),
      // A period before the first record says nothing, not zero.
      before: of(before).part === 0 ? null : valueOf(of(before)),
      numerator: of(now).part,
      denominator: of(now).whole,
      waiting: { count: of(now).waiting, key: extra.waitingKey },
      asOfMs: extra.asOfMs,
      note: extra.note,
    })
  return [
    gmv('gmvPaid', (row) => row.paidFen),
    share('onTimeRate', (figures) => figures.onTime, {
      asOfMs,
      waitingKey: 'say.kpi.waitingDue',
      note: note(now.onTime.byClick > 0 ? 'onTimeUpperBound' : 'onTimeRate', { count: now.onTime.byClick }),
    }),
    share('returnRate', (figures) => figures.returns, {
      asOfMs: endOf(now.returns.toDay),
      waitingKey: 'say.kpi.waitingMature',
      note: note('returnRate'),
    }),
    share('slotHitRate', (figures) => figures.slots, {
      asOfMs,
      waitingKey: 'say.kpi.waitingSessions',
      note: note('slotHitRate', { hit: now.slots.part, all: now.slots.whole }),
    }),
    cellOf({
      id: 'longTailShare',
      value: tail.now,
      before: tail.before,
      asOfMs,
      note: note('longTailShare', { topPct: tail.topPct, merchants: tail.merchants }),
    }),
    cellOf({
      id: 'carbonPerOrder',
      value: now.carbon.perOrderKg,
      before: before.carbon.perOrderKg,
      numerator: now.carbon.totalKg,
      denominator: now.carbon.shippedOrders,
      asOfMs,
      note: note(now.carbon.gridFactor === null ? 'carbonNoFactor' : 'carbonPerOrder', {
        province: now.carbon.gridKey,
        factor: now.carbon.gridFactor ?? 0,
        year: now.carbon.gridYear ?? 0,
      }),
    }),
    share('lineUtilisation', (figures) => figures.lines, {
      asOfMs,
      waitingKey: 'say.kpi.waitingOrders',
      note: note(now.lines.isSuspicious ? 'lineOverShift' : 'lineUtilisation', {
        hours: Math.round(now.lines.part / 3_600_000),
        shiftHours: Math.round(now.lines.whole / 3_600_000),
      }),
    }),
    share('studioUtilisation', (figures) => figures.studios, {
      asOfMs,
      waitingKey: 'say.kpi.waitingSessions',
      note: note('studioUtilisation', { bufferHours: Math.round(now.studios.bufferMs / 3_600_000) }),
    }),
    gmv('gmvOrder', (row) => row.orderFen),
    gmv('gmvNet', (row) => netFen(row.orderFen, row.refundHourFen)),
    gmv('gmvSettled', (row) => row.settledFen),
    cellOf({ id: 'oee', value: now.oee, before: before.oee, asOfMs, note: note('oee') }),
  ]
}

/** Families in the order of their sales; days without any are zero. */
function families(
  period: Period,
  comparePeriod: Period,
  { now, before }: Compared,
  lastSettled: string,
): FamilyDays[] {
  const days = eachDay(period.fromDay, period.toDay)
  const compareDays = eachDay(comparePeriod.fromDay, comparePeriod.toDay)
  const known = KNOWN_FAMILIES.map((family) => family.key as string)
  const keys = [...new Set([...now.sales, ...before.sales].map((row) => row.family))]
  const perDay = (sales: readonly SalesCell[], family: string) => {
    const amounts = new Map<string, number>()
    for (const row of sales)
      if (row.family === family) amounts.set(row.day, (amounts.get(row.day) ?? 0) + row.paidFen)
    return amounts
  }
  return keys
    .map((family): FamilyDays => {
      const current = perDay(now.sales, family)
      const earlier = perDay(before.sales, family)
      const totalFen = sumOf([...current.values()], (fen) => fen)
      const compareFen = sumOf([...earlier.values()], (fen) => fen)
      return {
        family,
        totalFen,
        compareFen,
        change: compareFen === 0 ? null : (totalFen - compareFen) / compareFen,
        days: days.map((day) => ({ day, fen: current.get(day) ?? 0, settled: day <= lastSettled })),
        compare: before.sales.length === 0 ? [] : compareDays.map((day) => earlier.get(day) ?? 0),
      }
    })
    .sort(
      (a, b) =>
        b.totalFen - a.totalFen ||
        known.indexOf(a.family) - known.indexOf(b.family) ||
        (a.family < b.family ? -1 : 1),
    )
}

function concentrationOf(now: readonly number[], before: readonly number[], topPct: number): Concentration {
  const hasBefore = before.some((amount) => amount > 0)
  return {
    points: lorenz(now),
    comparePoints: hasBefore ? lorenz(before) : [],
    merchants: now.length,
    cr4: cr4(now),
    hhi: hhi(now),
    gini: gini(now),
    compareGini: hasBefore ? gini(before) : null,
    tailTopPct: topPct,
    tailShare: longTailShare(now, topPct),
  }
}

/** Open orders due in the coming days; what is overdue already is counted on the first. */
function exposureOf(ctx: QueryContext, baseId: string | null): Exposure {
  const today = dayKeyOf(ctx.nowMs, ctx.belt.timeZone)
  const days = eachDay(today, addDays(today, EXPOSURE_DAYS - 1))
  const rows = exposureRows(ctx.db, days.at(-1)!, baseId)
  const fenOf = (day: string, tier: string) =>
    sumOf(
      rows.filter(
        (row) =>
          (row.day < today ? today : row.day) === day && compensationTier(row.promiseHours).tier === tier,
      ),
      (row) => row.fen,
    )
  const merchants = new Map<string, { name: string; orders: number; fen: number; hours: Set<number> }>()
  for (const row of rows) {
    const entry = merchants.get(row.merchantId) ?? {
      name: row.merchant,
      orders: 0,
      fen: 0,
      hours: new Set<number>(),
    }
    entry.orders += row.orders
    entry.fen += row.fen
    entry.hours.add(row.promiseHours)
    merchants.set(row.merchantId, entry)
  }
  const ranked = [...merchants].sort((a, b) => b[1].fen - a[1].fen || (a[0] < b[0] ? -1 : 1))
  const rest = ranked.slice(EXPOSED_MERCHANTS)
  return {
    totalFen: sumOf(rows, (row) => row.fen),
    orders: sumOf(rows, (row) => row.orders),
    days: days.map((day) => ({
      day,
      le48Fen: fenOf(day, 'le48'),
      h48to240Fen: fenOf(day, 'h48to240'),
      gt240Fen: fenOf(day, 'gt240'),
      orders: sumOf(
        rows.filter((row) => (row.day < today ? today : row.day) === day),
        (row) => row.orders,
      ),
    })),
    merchants: ranked.slice(0, EXPOSED_MERCHANTS).map(([id, entry]) => ({
      id,
      name: entry.name,
      promiseHours: entry.hours.size === 1 ? [...entry.hours][0]! : null,
      orders: entry.orders,
      fen: entry.fen,
    })),
    others: {
      merchants: rest.length,
      orders: sumOf(rest, ([, entry]) => entry.orders),
      fen: sumOf(rest, ([, entry]) => entry.fen),
    },
  }
}

/** A period that is only partly recorded would make everything look like growth: it is not compared with. */
const isRecorded = (db: QueryContext['db'], { fromDay }: Period): boolean => {
  const first = firstSalesDay(db)
  return first !== null && first <= fromDay
}
const BEFORE_ALL_RECORDS: Period = { fromDay: '1970-01-01', toDay: '1970-01-01', baseId: null }

export function beltOverview(ctx: QueryContext, period: Period, compareFromDay: string | null): BeltOverview {
  const length = daysOf(period)
  const from = compareFromDay ?? addDays(period.fromDay, -length)
  const comparePeriod = { fromDay: from, toDay: addDays(from, length - 1), baseId: period.baseId }
  const figures = periodFigures(ctx, period)
  const compared = {
    now: figures,
    before: isRecorded(ctx.db, comparePeriod)
      ? periodFigures(ctx, comparePeriod, addDays(figures.returns.toDay, -length))
      : periodFigures(ctx, BEFORE_ALL_RECORDS),
  }
  const merchants = merchantsOf(ctx.db, period.baseId)
  const ids = merchants.map((merchant) => merchant.id)
  const now = amountsOf(compared.now.sales, ids)
  const before = amountsOf(compared.before.sales, ids)
  const topPct = longTailTopPct(ctx.db)
  const concentration = concentrationOf([...now.values()], [...before.values()], topPct)
  const today = dayKeyOf(ctx.nowMs, ctx.belt.timeZone)
  const lastSettled = addDays(today, -1 - UNSETTLED_DAYS)
  const total = sumOf([...now.values()], (fen) => fen)
  const byId = new Map(merchants.map((merchant) => [merchant.id, merchant]))
  return {
    fromDay: period.fromDay,
    toDay: period.toDay,
    compareFromDay: comparePeriod.fromDay,
    compareToDay: comparePeriod.toDay,
    cells: cells(ctx, period, compared, {
      now: concentration.tailShare,
      before: longTailShare([...before.values()], topPct),
      topPct,
      merchants: merchants.length,
    }),
    families: families(period, comparePeriod, compared, lastSettled),
    unsettledDays: eachDay(period.fromDay, period.toDay).filter((day) => day > lastSettled).length,
    concentration,
    heat: compared.now.heat.map((cell) => ({
      weekday: cell.weekday,
      hour: cell.hour,
      broadcastMin: Math.round(cell.airMs / MINUTE_MS),
      bookableMin: Math.round(cell.openMs / MINUTE_MS),
    })),
    bufferMin: Math.round(compared.now.studios.bufferMs / MINUTE_MS),
    exposure: exposureOf(ctx, period.baseId),
    topMerchants: [...now]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, TOP_MERCHANTS)
      .filter(([, fen]) => fen > 0)
      .map(([id, paidFen]) => ({
        id,
        name: byId.get(id)?.shortName ?? '',
        sizeClass: byId.get(id)?.sizeClass ?? '',
        paidFen,
        share: total === 0 ? 0 : paidFen / total,
        orders: sumOf(
          compared.now.sales.filter((row) => row.merchantId === id),
          (row) => row.lines,
        ),
      })),
    merchants: merchants.length,
    bases: countBases(ctx.db),
    dataUntilMs: lastPaidMs(ctx.db) ?? ctx.nowMs,
    asOfMs: ctx.nowMs,
  }
}
