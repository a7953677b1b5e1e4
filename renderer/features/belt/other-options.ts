import type { Concentration, Exposure, HeatCell } from '../../../shared/contract/dashboard.ts'
import type { ChartLook } from '../../charts/chart-look.ts'
import type { EChartsOption } from '../../charts/echarts.ts'

/** Lorenz curve against the line of perfect equality; the conclusion stands on the mark. */
export function lorenzOption(
  data: Concentration,
  look: ChartLook,
  words: { mark: string; equality: string; axis: string },
): EChartsOption {
  const { palette, text } = look
  const toPercent = (points: Concentration['points']) => points.map(([x, y]) => [x * 100, y * 100])
  const markX = 100 - data.tailTopPct
  const axis = {
    type: 'value' as const,
    min: 0,
    max: 100,
    interval: 25,
    axisLabel: look.axisLabel,
    splitLine: look.splitLine,
    axisLine: { show: true, ...look.axisLine },
  }
  const curve = { type: 'line' as const, showSymbol: false, animation: false }
  return {
    animation: false,
    grid: { left: 36, right: 14, top: 12, bottom: 40 },
    tooltip: {
      ...look.tooltip,
      trigger: 'axis',
      valueFormatter: (value) => `${Number(value).toFixed(1)}%`,
    },
    xAxis: {
      ...axis,
      interval: 20,
      name: words.axis,
      nameLocation: 'middle',
      nameGap: 22,
      nameTextStyle: text,
    },
    yAxis: axis,
    series: [
      {
        ...curve,
        name: words.equality,
        data: [
          [0, 0],
          [100, 100],
        ],
        lineStyle: { color: palette.line2, width: 1 },
        tooltip: { show: false },
      },
      {
        ...curve,
        data: toPercent(data.comparePoints),
        lineStyle: { color: palette.ink3, width: 1, type: [4, 3] },
        itemStyle: { color: palette.ink3 },
      },
      {
        ...curve,
        data: toPercent(data.points),
        lineStyle: { color: palette.accent, width: 1.8 },
        itemStyle: { color: palette.accent },
        areaStyle: { color: palette.accent, opacity: 0.06 },
        markPoint:
          data.tailShare === null
            ? undefined
            : {
                symbol: 'circle',
                symbolSize: 9,
                itemStyle: { color: palette.accent },
                data: [{ name: 'tail', coord: [markX, data.tailShare * 100] }],
                label: {
                  ...text,
                  show: true,
                  position: 'left' as const,
                  color: palette.ink,
                  fontWeight: 600,
                  formatter: words.mark,
                },
              },
      },
    ],
  }
}

/** Only the fullest hours carry their figure. */
const SHOW_FROM = 0.9
const DARK_FROM = 0.55

/** Share of bookable time on air by weekday and hour; figures only where it is nearly full. */
export function heatOption(
  cells: readonly HeatCell[],
  look: ChartLook,
  words: { weekday(iso: number): string; hour(hour: number): string; share(ratio: number): string },
): EChartsOption {
  const { palette } = look
  const hours = [...new Set(cells.map(({ hour }) => hour))].sort((a, b) => a - b)
  const shareOf = (cell: HeatCell) => (cell.bookableMin > 0 ? cell.broadcastMin / cell.bookableMin : 0)
  const fullest = Math.max(0, ...cells.map(shareOf))
  return {
    animation: false,
    grid: { left: 44, right: 70, top: 8, bottom: 26 },
    tooltip: {
      ...look.tooltip,
      formatter: (params) => {
        const [x, y, value] = (params as unknown as { value: [number, number, number] }).value
        return `${words.weekday(y + 1)} ${words.hour(hours[x] ?? 0)}  ${words.share(value)}`
      },
    },
    xAxis: {
      type: 'category',
      data: hours.map((hour) => words.hour(hour)),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...look.axisLabel, interval: 1 },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: [1, 2, 3, 4, 5, 6, 7].map((iso) => words.weekday(iso)),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: look.axisLabel,
    },
    visualMap: {
      min: 0,
      max: 1,
      calculable: false,
      orient: 'vertical',
      right: 8,
      top: 'middle',
      itemWidth: 10,
      itemHeight: 110,
      text: ['100%', '0'],
      textStyle: look.text,
      inRange: { color: [palette.heatLow, palette.heatHigh] },
    },
    series: [
      {
        type: 'heatmap',
        animation: false,
        itemStyle: { borderColor: palette.surface, borderWidth: 1 },
        data: cells.map((cell) => {
          const share = shareOf(cell)
          return {
            value: [hours.indexOf(cell.hour), cell.weekday - 1, share],
            label: {
              show: share > 0 && share >= fullest * SHOW_FROM,
              color: share < DARK_FROM ? palette.ink : palette.onAccent,
            },
          }
        }),
        label: {
          ...look.text,
          fontSize: 11,
          formatter: (params) => String(Math.round(((params.value as number[])[2] ?? 0) * 100)),
        },
      },
    ],
  }
}

/** A `#rrggbb` colour with an opacity; opacity of the bar itself would fade its label too. */
const withAlpha = (colour: string, opacity: number): string =>
  colour +
  Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0')

/** What missed promises would cost, by day and compensation tier: tone and decal both tell the tiers apart. */
export function exposureOption(
  exposure: Exposure,
  look: ChartLook,
  words: { tiers: readonly [string, string, string]; day(day: string): string; yuan(fen: number): string },
): EChartsOption {
  const { palette } = look
  const parts = [
    { key: 'le48Fen' as const, opacity: 1, decal: null },
    {
      key: 'h48to240Fen' as const,
      opacity: 0.75,
      decal: {
        symbol: 'rect',
        dashArrayX: [1, 0],
        dashArrayY: [3, 3],
        rotation: -Math.PI / 4,
        color: palette.surface,
      },
    },
    { key: 'gt240Fen' as const, opacity: 0.38, decal: null },
  ]
  const totals = exposure.days.map((day) => day.le48Fen + day.h48to240Fen + day.gt240Fen)
  return {
    animation: false,
    aria: { enabled: true, decal: { show: true, decals: [{ symbol: 'none' }] } },
    grid: { left: 56, right: 8, top: 26, bottom: 24 },
    tooltip: {
      ...look.tooltip,
      trigger: 'axis',
      axisPointer: { type: 'none' },
      valueFormatter: (value) => words.yuan(Number(value)),
    },
    xAxis: {
      type: 'category',
      data: exposure.days.map(({ day }) => words.day(day)),
      axisTick: { show: false },
      axisLine: look.axisLine,
      axisLabel: look.axisLabel,
    },
    yAxis: {
      type: 'value',
      splitNumber: 3,
      splitLine: look.splitLine,
      axisLabel: { ...look.axisLabel, formatter: (value: number) => words.yuan(value) },
    },
    series: parts.map((part, index) => ({
      type: 'bar',
      name: words.tiers[index],
      stack: 'exposure',
      barMaxWidth: 32,
      animation: false,
      itemStyle: { color: withAlpha(palette.late, part.opacity), decal: part.decal ?? { symbol: 'none' } },
      data: exposure.days.map((day) => day[part.key]),
      label:
        index === parts.length - 1
          ? {
              ...look.text,
              show: true,
              position: 'top' as const,
              color: palette.ink,
              fontWeight: 600,
              formatter: ({ dataIndex }: { dataIndex: number }) =>
                totals[dataIndex] ? words.yuan(totals[dataIndex]) : '',
            }
          : { show: false },
    })),
  }
}
