import { everyDay, expandWindows } from '../../../../shared/domain/calendar.ts'
import { carbonPerOrder } from '../../../../shared/domain/kpi/carbon.ts'
import { ratio } from '../../../../shared/domain/kpi/sales.ts'
import { isSlotHit, lineUtilisation } from '../../../../shared/domain/kpi/utilisation.ts'
import type { UnitsPerHour, WeeklyWindow } from '../../../../shared/domain/shapes.ts'
import {
  HOUR_MS,
  addDays,
  dayKeyOf,
  dayStartMs,
  daysBetween,
  isoWeekday,
} from '../../../../shared/domain/time.ts'
import type { QueryContext } from '../../context.ts'
import { readCalendar } from '../../planning/snapshot.ts'
import {
  airHours,
  factorOf,
  lineDays,
  linePlans,
  plannedSessions,
  promiseSums,
  promiseToday,
  provinceOf,
  returnSums,
  salesCells,
  slotPolicy,
  studioPlans,
  type PlannedSession,
  type SalesCell,
} from './repo.ts'

/** Orders count in a return rate once they have been signed for this long. */
export const RETURN_MATURE_DAYS = 15
const GRAMS_PER_TONNE = 1_000_000

export interface Period {
  readonly fromDay: string
  readonly toDay: string
  readonly baseId: string | null
}

export const daysOf = (period: Pick<Period, 'fromDay' | 'toDay'>): number =>
  daysBetween(period.fromDay, period.toDay) + 1

/** A figure as what it divides, so that periods and bases can be added before dividing. */
export interface Share {
  readonly part: number
  readonly whole: number
  readonly waiting: number
}

export const valueOf = (share: Share): number | null => ratio(share.part, share.whole)

export interface PeriodFigures {
  readonly sales: readonly SalesCell[]
  readonly onTime: Share & { readonly byClick: number }
  readonly returns: Share & { readonly toDay: string }
  readonly slots: Share
  readonly lines: Share & { readonly isSuspicious: boolean }
  readonly oee: number | null
  readonly studios: Share & { readonly bufferMs: number }
  readonly carbon: {
    readonly perOrderKg: number | null
    readonly shippedOrders: number
    readonly gridFactor: number | null
    readonly gridKey: string
    readonly gridYear: number | null
    readonly totalKg: number
  }
  readonly heat: readonly {
    readonly weekday: number
    readonly hour: number
    readonly airMs: number
    readonly openMs: number
  }[]
}

const sumOf = <T>(rows: readonly T[], of: (row: T) => number) => rows.reduce((sum, row) => sum + of(row), 0)

/**
 * Everything the overview shows of one period, as sums.
 *
 * @param returnsUntil last day of the return cohort, where it must not run into a later period's
 */
export function periodFigures(ctx: QueryContext, period: Period, returnsUntil?: string): PeriodFigures {
  const sales = salesCells(ctx.db, period.fromDay, period.toDay, period.baseId)
  const studios = studioFigures(ctx, period)
  const lines = lineFigures(ctx, period)
  const returns = returnFigures(ctx, period, returnsUntil)
  return {
    sales,
    onTime: onTimeFigures(ctx, period),
    returns,
    slots: slotFigures(ctx, period),
    lines: lines.share,
    oee: lines.oee,
    studios: studios.share,
    heat: studios.heat,
    carbon: carbonFigures(ctx, sales, studios.kwh, lines.kwh, returns),
  }
}

function onTimeFigures(
  { db, belt, nowMs }: QueryContext,
  { fromDay, toDay, baseId }: Period,
): PeriodFigures['onTime'] {
  const today = dayKeyOf(nowMs, belt.timeZone)
  const lastFull = toDay < today ? toDay : addDays(today, -1)
  const full = promiseSums(db, fromDay, lastFull, baseId)
  if (toDay < today) return { part: full.kept, whole: full.orders, waiting: 0, byClick: full.keptByClick }
  const due = promiseToday(db, dayStartMs(today, belt.timeZone), nowMs, baseId)
  const ahead = promiseSums(db, today, toDay, baseId)
  return {
    part: full.kept + due.kept,
    whole: full.orders + due.orders,
    waiting: Math.max(0, ahead.orders - due.orders),
    byClick: full.keptByClick + due.keptByClick,
  }
}

/** The cohort is as long as the period and ends where orders are old enough. */
function returnFigures(
  { db, belt, nowMs }: QueryContext,
  period: Period,
  until?: string,
): PeriodFigures['returns'] {
  const mature = addDays(dayKeyOf(nowMs, belt.timeZone), -RETURN_MATURE_DAYS)
  const last = until ?? mature
  const toDay = period.toDay < last ? period.toDay : last
  const cohort = returnSums(db, addDays(toDay, 1 - daysOf(period)), toDay, period.baseId)
  const young = returnSums(db, addDays(toDay, 1), period.toDay, period.baseId)
  return { part: cohort.returned, whole: cohort.signed, waiting: young.signed, toDay }
}

/** Whether a finished or missed session hit its slot. */
export function isHit(
  session: PlannedSession,
  policy: { slotToleranceMin: number; slotDurationPct: number },
): boolean {
  return isSlotHit(
    {
      plannedStartMs: session.startMs,
      plannedEndMs: session.endMs,
      actualStartMs: session.actualStartMs,
      actualEndMs: session.actualEndMs,
      sameStudio: session.bookedStudioId === null || session.bookedStudioId === session.studioId,
      sameStreamer:
        session.bookedStreamers === null || session.bookedStreamers === session.streamerIdsPlanned,
    },
    policy.slotToleranceMin,
    policy.slotDurationPct,
  )
}

export const spanOf = ({ belt }: QueryContext, { fromDay, toDay }: Pick<Period, 'fromDay' | 'toDay'>) => ({
  fromMs: dayStartMs(fromDay, belt.timeZone),
  toMs: dayStartMs(addDays(toDay, 1), belt.timeZone),
})

function slotFigures(ctx: QueryContext, period: Period): Share {
  const { fromMs, toMs } = spanOf(ctx, period)
  const policy = slotPolicy(ctx.db)
  const sessions = plannedSessions(ctx.db, fromMs, toMs, period.baseId)
  const over = sessions.filter((session) => session.status === 'ended' || session.endMs <= ctx.nowMs)
  return {
    part: over.filter((session) => isHit(session, policy)).length,
    whole: over.length,
    waiting: sessions.length - over.length,
  }
}

function lineFigures(ctx: QueryContext, period: Period) {
  const { fromMs, toMs } = spanOf(ctx, period)
  const calendar = readCalendar(ctx.db)
  const rows = lineDays(ctx.db, period.fromDay, period.toDay, period.baseId)
  let shiftMs = 0
  let runMs = 0
  let kwh = 0
  let idealUnits = 0
  let good = 0
  let made = 0
  for (const line of linePlans(ctx.db, period.baseId)) {
    const { windows } = expandWindows({
      patterns: (JSON.parse(line.shifts) as WeeklyWindow[] | null) ?? [],
      fromMs,
      toMs: Math.min(toMs, Math.max(fromMs + 1, ctx.nowMs)),
      timeZone: ctx.belt.timeZone,
      calendar,
      keepsHolidays: true,
    })
    shiftMs += sumOf(windows, ([from, to]) => to - from)
    const rates = (JSON.parse(line.unitsPerHour) as UnitsPerHour | null) ?? {}
    for (const row of rows.filter((candidate) => candidate.lineId === line.id && candidate.kind === 'run')) {
      runMs += row.spanMs
      kwh += (row.spanMs / HOUR_MS) * line.kwhPerHour
      idealUnits += (row.spanMs / HOUR_MS) * (rates[row.family] ?? 0)
      good += row.goodUnits
      made += row.goodUnits + row.scrapUnits
    }
  }
  const used = lineUtilisation(runMs, shiftMs)
  const parts = [ratio(runMs, shiftMs), ratio(made, idealUnits), ratio(good, made)]
  const oee = parts.every((part): part is number => part !== null)
    ? parts.reduce((product, part) => product * part, 1)
    : null
  return { share: { part: runMs, whole: shiftMs, waiting: 0, isSuspicious: used.isSuspicious }, kwh, oee }
}

function studioFigures(ctx: QueryContext, period: Period) {
  const { fromMs, toMs } = spanOf(ctx, period)
  const endMs = Math.min(toMs, Math.max(fromMs + 1, ctx.nowMs))
  const plans = new Map(studioPlans(ctx.db, period.baseId).map((plan) => [plan.id, plan]))
  const air = airHours(ctx.db, period.fromDay, period.toDay).filter((row) => plans.has(row.studioId))
  const heat = new Map<string, { weekday: number; hour: number; airMs: number; openMs: number }>()
  const cell = (weekday: number, hour: number) => {
    const key = `${weekday}:${hour}`
    let found = heat.get(key)
    if (!found) heat.set(key, (found = { weekday, hour, airMs: 0, openMs: 0 }))
    return found
  }
  let openMs = 0
  for (const plan of plans.values()) {
    const { windows } = expandWindows({
      patterns: everyDay(plan.openMin, plan.closeMin),
      fromMs,
      toMs: endMs,
      timeZone: ctx.belt.timeZone,
      calendar: readCalendar(ctx.db),
      keepsHolidays: false,
    })
    openMs += sumOf(windows, ([from, to]) => to - from)
    for (let index = 0; index < daysOf(period); index++) {
      const day = addDays(period.fromDay, index)
      const midnight = dayStartMs(day, ctx.belt.timeZone)
      for (let hour = Math.floor(plan.openMin / 60); hour * 60 < plan.closeMin; hour++) {
        const from = Math.max(plan.openMin * 60_000, hour * HOUR_MS)
        const to = Math.min(plan.closeMin * 60_000, (hour + 1) * HOUR_MS, endMs - midnight)
        if (to > from) cell(isoWeekday(day), hour).openMs += to - from
      }
    }
  }
  for (const row of air) cell(isoWeekday(row.day), row.hour).airMs += row.airMs
  const airMs = sumOf(air, (row) => row.airMs)
  const sessions = plannedSessions(ctx.db, fromMs, endMs, null).filter(
    (session) => session.status === 'ended' && plans.has(session.studioId),
  )
  return {
    share: {
      part: airMs,
      whole: openMs,
      waiting: 0,
      bufferMs: sumOf(sessions, (session) => {
        const plan = plans.get(session.studioId)!
        return (plan.resetMin + plan.makeUpMin) * 60_000
      }),
    },
    kwh: sumOf(air, (row) => (row.airMs / HOUR_MS) * (plans.get(row.studioId)?.powerKw ?? 0)),
    heat: [...heat.values()].sort((a, b) => a.weekday - b.weekday || a.hour - b.hour),
  }
}

function carbonFigures(
  { db }: QueryContext,
  sales: readonly SalesCell[],
  studioKwh: number,
  lineKwh: number,
  returns: Share,
): PeriodFigures['carbon'] {
  const shippedOrders = sumOf(sales, (row) => row.shippedLines)
  const grid = factorOf(db, 'grid', provinceOf(db), '全国')
  const packaging = factorOf(db, 'packaging', 'carton', 'carton')
  const transport = factorOf(db, 'transport', 'road', 'road')
  const distance = factorOf(db, 'distance', 'average', 'average')
  const gridKey = grid?.key ?? ''
  if (!grid || !packaging || !transport || !distance)
    return {
      perOrderKg: null,
      shippedOrders,
      gridFactor: grid?.value ?? null,
      gridKey,
      gridYear: grid?.dataYear ?? null,
      totalKg: 0,
    }
  const outboundG = sumOf(sales, (row) => row.weightG + row.packagingG)
  const outboundTkm = (outboundG / GRAMS_PER_TONNE) * distance.value
  const result = carbonPerOrder(
    {
      studioKwh,
      lineKwh,
      packagingKg: sumOf(sales, (row) => row.packagingG) / 1000,
      outboundTkm,
      returnTkm: outboundTkm * (valueOf(returns) ?? 0),
      shippedOrders,
    },
    { gridPerKwh: grid.value, packagingPerKg: packaging.value, transportPerTkm: transport.value },
  )
  return {
    perOrderKg: result.perOrderKg,
    shippedOrders,
    gridFactor: grid.value,
    gridKey,
    gridYear: grid.dataYear,
    totalKg: result.totalKg,
  }
}
