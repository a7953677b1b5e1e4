import type { WeeklyWindow } from '../domain/shapes.ts'
import type { DemoWorld } from './world.ts'

const MON_TO_SAT = [1, 2, 3, 4, 5, 6]
const DAY_SHIFT: WeeklyWindow[] = [{ days: MON_TO_SAT, fromMin: 450, toMin: 1200 }]
const LONG_SHIFT: WeeklyWindow[] = [{ days: MON_TO_SAT, fromMin: 450, toMin: 1320 }]
/** Two shifts, the second ending at 02:00 of the next day. */
const TWO_SHIFTS: WeeklyWindow[] = [{ days: MON_TO_SAT, fromMin: 480, toMin: 1560 }]
const BENCH_SHIFT: WeeklyWindow[] = [{ days: [1, 2, 3, 4, 5, 6, 7], fromMin: 480, toMin: 1140 }]

interface LinePlan {
  readonly key: string
  readonly name: string
  readonly shortName: string
  readonly rates: Readonly<Record<string, number>>
  readonly changeMin: number
  readonly shifts: WeeklyWindow[]
  readonly costYuan: number
  readonly kw: number
}

const rods = (key: string, letter: string, lure: number, hand: number, shifts = LONG_SHIFT): LinePlan => ({
  key,
  name: `竿线 ${letter}`,
  shortName: `竿${letter}`,
  rates: { 'lure-rod': lure, 'hand-rod': hand },
  changeMin: 70,
  shifts,
  costYuan: 320,
  kw: 3.3,
})
const lures = (key: string, letter: string, lure: number, float: number | null): LinePlan => ({
  key,
  name: `拟饵线 ${letter}`,
  shortName: `饵${letter}`,
  rates: float ? { lure, float } : { lure },
  changeMin: 30,
  shifts: LONG_SHIFT,
  costYuan: 260,
  kw: 2.8,
})

const FACTORIES: readonly {
  key: string
  base: string
  name: string
  shortName: string
  grade: string
  lines: LinePlan[]
}[] = [
  {
    key: 'wd-rod',
    base: '@base/wendeng',
    name: '文登竿业一厂',
    shortName: '文竿',
    grade: 'A',
    lines: [
      rods('rod-a', 'A', 48, 42),
      rods('rod-b', 'B', 52, 45, TWO_SHIFTS),
      {
        key: 'set-a',
        name: '线组线 A',
        shortName: '线A',
        rates: { line: 260 },
        changeMin: 15,
        shifts: DAY_SHIFT,
        costYuan: 150,
        kw: 0.9,
      },
    ],
  },
  {
    key: 'wd-lure',
    base: '@base/wendeng',
    name: '文登拟饵厂',
    shortName: '文饵',
    grade: 'A',
    lines: [lures('lure-a', 'A', 320, null), lures('lure-b', 'B', 280, 110)],
  },
  {
    key: 'hc-reel',
    base: '@base/huancui',
    name: '环翠渔轮厂',
    shortName: '环轮',
    grade: 'A',
    lines: [
      {
        key: 'reel-a',
        name: '轮线 A',
        shortName: '轮A',
        rates: { reel: 85 },
        changeMin: 40,
        shifts: TWO_SHIFTS,
        costYuan: 380,
        kw: 4.3,
      },
      {
        key: 'reel-b',
        name: '轮线 B',
        shortName: '轮B',
        rates: { reel: 70 },
        changeMin: 40,
        shifts: DAY_SHIFT,
        costYuan: 340,
        kw: 3.9,
      },
    ],
  },
  {
    key: 'hc-rod',
    base: '@base/huancui',
    name: '环翠碳素竿厂',
    shortName: '环竿',
    grade: 'B',
    lines: [
      rods('rod-c', 'C', 55, 38),
      rods('rod-d', 'D', 36, 50, DAY_SHIFT),
      {
        key: 'set-b',
        name: '线组线 B',
        shortName: '线B',
        rates: { line: 220, float: 90 },
        changeMin: 25,
        shifts: DAY_SHIFT,
        costYuan: 150,
        kw: 0.9,
      },
    ],
  },
  {
    key: 'rc-float',
    base: '@base/rongcheng',
    name: '荣成浮漂厂',
    shortName: '荣漂',
    grade: 'B',
    lines: [
      {
        key: 'float-a',
        name: '漂线 A',
        shortName: '漂A',
        rates: { float: 130 },
        changeMin: 20,
        shifts: DAY_SHIFT,
        costYuan: 140,
        kw: 0.8,
      },
      {
        key: 'float-b',
        name: '漂线 B',
        shortName: '漂B',
        rates: { float: 115, line: 180 },
        changeMin: 25,
        shifts: DAY_SHIFT,
        costYuan: 140,
        kw: 0.8,
      },
    ],
  },
  {
    key: 'rc-mixed',
    base: '@base/rongcheng',
    name: '荣成渔具综合厂',
    shortName: '荣综',
    grade: 'B',
    lines: [rods('rod-e', 'E', 40, 44), lures('lure-c', 'C', 240, null)],
  },
]

const BENCHES = [
  { key: 'qc-wd', factory: 'wd-rod', base: '@base/wendeng', name: '文登检测台', shortName: '文检' },
  { key: 'qc-hc', factory: 'hc-reel', base: '@base/huancui', name: '环翠检测台', shortName: '环检' },
  { key: 'qc-rc', factory: 'rc-float', base: '@base/rongcheng', name: '荣成检测台', shortName: '荣检' },
]

/** Minutes between any two different families of a line. */
const changeTable = (families: readonly string[], minutes: number) => ({
  families,
  matrix: families.map((from, row) =>
    families.map((to, column) => (from === to ? 0 : minutes + 5 * ((row + column) % 3))),
  ),
})

/** Six factories with fourteen lines, and an inspection bench at each base. */
export function addMaking(world: DemoWorld): void {
  const { drafts, lines } = world
  for (const factory of FACTORIES) {
    drafts.add('factory', `factory/${factory.key}`, {
      name: factory.name,
      shortName: factory.shortName,
      baseId: factory.base,
      auditGrade: factory.grade,
    })
    for (const plan of factory.lines) {
      const families = Object.keys(plan.rates)
      const ref = drafts.add('productionLine', `line/${plan.key}`, {
        name: plan.name,
        shortName: plan.shortName,
        factoryId: `@factory/${factory.key}`,
        kind: 'line',
        unitsPerHour: plan.rates,
        changeoverMin: changeTable(families, plan.changeMin),
        initialFamily: families[0]!,
        shifts: plan.shifts,
        costFenPerHour: plan.costYuan * 100,
        kwhPerHour: plan.kw,
        downFromMs: null,
        downUntilMs: null,
        downReason: null,
      })
      lines.push({ ref, base: factory.base, kind: 'line', unitsPerHour: plan.rates })
    }
  }
  for (const bench of BENCHES) {
    const ref = drafts.add('productionLine', `line/${bench.key}`, {
      name: bench.name,
      shortName: bench.shortName,
      factoryId: `@factory/${bench.factory}`,
      kind: 'qc',
      unitsPerHour: {},
      changeoverMin: { families: [], matrix: [] },
      initialFamily: null,
      shifts: BENCH_SHIFT,
      costFenPerHour: 6000,
      kwhPerHour: 3,
      downFromMs: null,
      downUntilMs: null,
      downReason: null,
    })
    lines.push({ ref, base: bench.base, kind: 'qc', unitsPerHour: {} })
  }
}
