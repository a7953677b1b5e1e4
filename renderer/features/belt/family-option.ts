import type { FamilyDays } from '../../../shared/contract/dashboard.ts'
import type { ChartLook } from '../../charts/chart-look.ts'
import type { EChartsOption } from '../../charts/echarts.ts'

const COLUMNS = 3

interface Words {
  family(key: string): string
  day(day: string): string
  amount(fen: number): string
  change(ratio: number): string
  axis(fen: number): string
  current: string
  compare: string
}

/** The next 1, 2, 4, 6 or 8 of its power of ten, so that half of it is a round figure too. */
export function roundUp(value: number): number {
  if (value <= 0) return 2
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 4, 6, 8].find((step) => step * power >= value) ?? 10)
}

/** Small multiples: one panel a family, one scale for all; what is not settled yet is dotted and hollow. */
export function familyOption(families: readonly FamilyDays[], look: ChartLook, words: Words): EChartsOption {
  const shown = families.slice(0, 6)
  const rows = Math.ceil(shown.length / COLUMNS)
  const { palette, text } = look
  const largest = Math.max(
    ...shown.flatMap(({ days, compare }) => [...days.map(({ fen }) => fen), ...compare]),
  )
  const top = roundUp(largest)
  const place = (index: number) => ({
    left: `${(index % COLUMNS) * (100 / COLUMNS) + 4}%`,
    width: `${100 / COLUMNS - 5.4}%`,
    top: `${Math.floor(index / COLUMNS) * (96 / rows) + 15}%`,
    height: `${96 / rows - 26}%`,
  })
  const series = shown.flatMap(({ days, compare, family }, index) => {
    const firstOpen = days.findIndex(({ settled }) => !settled)
    const solid = days.map(({ fen, settled }) => (settled ? fen : null))
    const open = days.map(({ fen }, at) => (firstOpen >= 0 && at >= firstOpen - 1 ? fen : null))
    const axes = { xAxisIndex: index, yAxisIndex: index }
    const bare = { type: 'line' as const, showSymbol: false, animation: false, ...axes }
    return [
      {
        ...bare,
        name: `${words.compare} ${words.family(family)}`,
        data: [...compare],
        lineStyle: { color: palette.ink3, width: 1, type: [4, 3] as number[] },
        itemStyle: { color: palette.ink3 },
      },
      {
        ...bare,
        name: `${words.current} ${words.family(family)}`,
        data: solid,
        lineStyle: { color: palette.accent, width: 1.8 },
        itemStyle: { color: palette.accent },
      },
      {
        ...bare,
        name: `${words.current} ${words.family(family)}`,
        data: open.map((value, at) =>
          at === open.length - 1 && value !== null
            ? { value, symbol: 'circle', symbolSize: 7 }
            : { value, symbol: 'none' },
        ),
        showSymbol: true,
        showAllSymbol: true,
        lineStyle: { color: palette.accent, width: 1.5, type: [2, 3] as number[] },
        itemStyle: { color: palette.surface, borderColor: palette.accent, borderWidth: 1.5 },
        tooltip: { show: false },
      },
    ]
  })
  return {
    animation: false,
    tooltip: { ...look.tooltip, trigger: 'axis', valueFormatter: (value) => words.amount(Number(value)) },
    title: shown.map((family, index) => ({
      ...{ left: place(index).left, top: `${Math.floor(index / COLUMNS) * (96 / rows) + 2}%`, padding: 0 },
      text: `{name|${words.family(family.family)}}  {sum|${words.amount(family.totalFen)}}  ${
        family.change === null ? '' : `{${family.change >= 0 ? 'up' : 'down'}|${words.change(family.change)}}`
      }`,
      textStyle: {
        fontFamily: text.fontFamily,
        fontSize: 12,
        rich: {
          name: { ...text, color: palette.ink, fontWeight: 600 },
          sum: { ...text, color: palette.ink2 },
          up: { ...text, color: palette.ok },
          down: { ...text, color: palette.late },
        },
      },
    })),
    grid: shown.map((_, index) => place(index)),
    xAxis: shown.map(({ days }, index) => ({
      type: 'category',
      gridIndex: index,
      data: days.map(({ day }) => words.day(day)),
      axisTick: { show: false },
      axisLine: look.axisLine,
      axisLabel: {
        ...look.axisLabel,
        show: Math.floor(index / COLUMNS) === rows - 1,
        interval: Math.max(1, Math.floor(days.length / 2) - 1),
        hideOverlap: true,
      },
    })),
    yAxis: shown.map((_, index) => ({
      type: 'value',
      gridIndex: index,
      min: 0,
      max: top,
      interval: top / 2,
      splitLine: look.splitLine,
      axisLabel: { ...look.axisLabel, formatter: (value: number) => words.axis(value) },
    })),
    series,
  }
}
