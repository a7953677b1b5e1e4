import { PLAN_SCHEMA } from '../../../shared/scheduler/problem.ts'
import type {
  Calendar,
  Interval,
  Job,
  Mode,
  Precedence,
  Problem,
  Resource,
  SetupTable,
  Slot,
  Task,
} from '../../../shared/scheduler/problem.ts'
import { Random } from '../../../shared/scheduler/random.ts'

export interface BeltShape {
  lines: number
  benches: number
  studios: number
  streamers: number
  sessions: number
  /** Approximate number of tasks. */
  tasks: number
  days: number
  /** Share (percent) of line capacity the orders take. */
  loadPct: number
}

/** Sizes of the bench; `large` is the 500-task belt of the repair bench, `huge` the 2,000-task one. */
export const BELT_SHAPES = {
  small: { lines: 4, benches: 1, studios: 2, streamers: 4, sessions: 12, tasks: 60, days: 7, loadPct: 80 },
  medium: {
    lines: 14,
    benches: 2,
    studios: 4,
    streamers: 10,
    sessions: 60,
    tasks: 250,
    days: 14,
    loadPct: 80,
  },
  large: {
    lines: 20,
    benches: 3,
    studios: 12,
    streamers: 30,
    sessions: 60,
    tasks: 500,
    days: 14,
    loadPct: 85,
  },
  huge: {
    lines: 60,
    benches: 6,
    studios: 24,
    streamers: 80,
    sessions: 220,
    tasks: 2000,
    days: 14,
    loadPct: 85,
  },
} as const satisfies Record<string, BeltShape>

export type BeltSize = keyof typeof BELT_SHAPES

const DAY = 1440
const FAMILIES_PER_TRADE = 4
const SKILLS = ['beauty', 'apparel', 'tackle', 'appliance'] as const

/**
 * A belt of `shape`, the same for the same seed. Lines run two or three shifts on six days, in four trades
 * with family set-ups; orders are quick-response chains sample -> QC -> broadcast -> production, pre-stock
 * production before a broadcast, and plain make-to-order work; about a third of the broadcasts float.
 */
export function createBelt(shape: BeltShape, seed: number): Problem {
  const random = new Random(seed * 7919 + 17)
  const horizonMin = shape.days * DAY
  const trades = Math.min(SKILLS.length, Math.max(1, Math.floor(shape.lines / 2)))
  const calendars = createCalendars(shape.days)
  const { setups, families } = createSetups(trades, random)
  const resources = createResources(shape, trades, families, random)
  const slots: Slot[] = []
  const jobs: Job[] = []
  const tasks: Task[] = []
  const prec: Precedence[] = []
  const linesOf = (trade: number): Resource[] =>
    resources.filter((resource) => resource.kind === 'line' && resource.site === SKILLS[trade])
  const benches = resources.filter((resource) => resource.kind === 'bench')
  const studios = resources.filter((resource) => resource.kind === 'studio').map((resource) => resource.id)

  const productionTasks = Math.max(shape.tasks - 3 * shape.sessions, shape.sessions)
  const openPerLine = calendarMinutes(calendars[0]!, horizonMin)
  const meanDur = Math.max(
    40,
    Math.floor((openPerLine * shape.lines * shape.loadPct) / 100 / productionTasks),
  )
  const productionModes = (trade: number): Mode[] => {
    const base = random.between(Math.floor(meanDur * 0.5), Math.floor(meanDur * 1.5))
    const eligible = linesOf(trade).filter((_, i, all) => all.length <= 2 || random.int(10) < 7 || i === 0)
    return eligible.map((line) => {
      const dur = Math.max(15, Math.floor((base * random.between(85, 130)) / 100 / 5) * 5)
      return { needs: [{ res: line.id }], dur, durHigh: Math.floor(dur * 1.4) }
    })
  }
  const addTask = (task: Task, after: string | null, arc: Partial<Precedence> = {}): string => {
    tasks.push(task)
    if (after !== null) prec.push({ from: after, to: task.id, type: 'FS', minLag: 0, ...arc })
    return task.id
  }

  for (let s = 0; s < shape.sessions; s++) {
    const trade = s % trades
    const job = `S${s}`
    const family = families[trade]![random.int(FAMILIES_PER_TRADE)]!
    const merchant = `M${random.int(Math.max(3, shape.sessions >> 2))}`
    const earliest = random.int(Math.max(1, shape.days - 5))
    const sample = `${job}.sample`
    const qc = `${job}.qc`
    const air = `${job}.air`
    const sampleModes = linesOf(trade).map((line) => ({
      needs: [{ res: line.id }],
      dur: random.between(4, 12) * 5,
    }))
    addTask({ id: sample, job, type: 'sample', family, modes: sampleModes, split: 'pause' }, null)
    const qcModes = benches.map((bench) => ({ needs: [{ res: bench.id }], dur: 30 }))
    addTask({ id: qc, job, type: 'qc', modes: qcModes, split: 'none' }, sample, { minLag: 60 })
    const value = random.between(2, 12)
    const dur = random.between(4, 8) * 30
    const session = {
      skills: [SKILLS[trade]!],
      needStreamers: shape.streamers >= 8 && random.int(5) === 0 ? 2 : 1,
      value,
      products: random.between(1, 8),
    }
    const optional = random.int(4) === 0
    if (random.int(3) === 0) {
      const from = (earliest + 1) * DAY + 480
      const float = { from, to: Math.min(horizonMin, from + 4 * DAY), stepMin: 30 }
      addTask({ id: air, job, type: 'broadcast', optional, session: { ...session, float, dur } }, qc)
    } else {
      const count = random.between(3, 6)
      for (let k = 0; k < count; k++) {
        const day = Math.min(shape.days - 2, earliest + 1 + random.int(4))
        const start = day * DAY + [600, 840, 1080, 1170, 1260][random.int(5)]!
        const prime = start % DAY >= 1080
        slots.push({
          id: `${job}.b${k}`,
          start,
          end: start + dur,
          channel: 'douyin',
          studios: studios
            .filter(() => random.int(3) > 0)
            .concat(studios[s % studios.length]!)
            .filter(isFirst),
          value: prime ? value : Math.max(1, value - random.between(1, 3)),
          jobs: [job],
          maxProducts: 12,
        })
      }
      addTask({ id: air, job, type: 'broadcast', optional, session }, qc)
    }
    prec[prec.length - 1]!.maxLag = 3 * DAY
    const make = `${job}.make`
    addTask({ id: make, job, type: 'production', family, modes: productionModes(trade), split: 'pause' }, air)
    const due = Math.min(horizonMin, (earliest + random.between(3, 6)) * DAY + 960)
    jobs.push({
      id: job,
      merchant,
      family,
      release: 0,
      due,
      weight: random.between(1, 8),
      tasks: [sample, qc, air, make],
    })
  }
  for (let p = 0; tasks.length < shape.tasks; p++) {
    const trade = p % trades
    const job = `P${p}`
    const family = families[trade]![random.int(FAMILIES_PER_TRADE)]!
    const id = `${job}.make`
    addTask(
      {
        id,
        job,
        type: 'production',
        family,
        modes: productionModes(trade),
        split: random.int(5) ? 'pause' : 'none',
      },
      null,
    )
    const own = [id]
    if (tasks.length < shape.tasks && random.int(3) === 0) {
      const second = `${job}.pack`
      const arc = random.int(2) === 0 ? { ratio: 0.5 } : {}
      addTask(
        { id: second, job, type: 'production', family, modes: productionModes(trade), split: 'pause' },
        id,
        arc,
      )
      own.push(second)
    }
    const release = random.int(3) === 0 ? random.int(shape.days >> 1) * DAY : 0
    const due = Math.min(horizonMin, release + random.between(1, Math.ceil(shape.days * 0.6)) * DAY + 1200)
    jobs.push({ id: job, family, release, due, weight: random.between(1, 8), tasks: own })
  }
  trimToWindows(tasks, calendars[0]!)
  return {
    schema: PLAN_SCHEMA,
    epoch: '2026-11-23T00:00:00+08:00',
    horizonMin,
    resources,
    calendars,
    setups,
    jobs,
    tasks,
    prec,
    slots,
    fairness: {
      periodMin: 7 * DAY,
      prime: Array.from({ length: shape.days }, (_, day): Interval => [day * DAY + 1140, day * DAY + 1380]),
      longTail: {
        merchants: [...new Set(jobs.flatMap((job) => job.merchant ?? []))].filter((_, i) => i % 2 === 0),
        sharePct: 30,
      },
      headCap: { sharePct: 40 },
    },
  }
}

export function createNamedBelt(size: BeltSize, seed: number): Problem {
  return createBelt(BELT_SHAPES[size], seed)
}

/** A task that may not be split must fit one shift. */
function trimToWindows(tasks: Task[], calendar: Calendar): void {
  const longest = Math.max(...calendar.open.map(([start, end]) => end - start))
  tasks.forEach((task, i) => {
    if (task.split !== 'none' || !task.modes) return
    tasks[i] = {
      ...task,
      modes: task.modes.map((mode) => ({ ...mode, dur: Math.min(mode.dur, longest), durHigh: null })),
    }
  })
}

function isFirst(value: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(value) === index
}

function calendarMinutes(calendar: Calendar, horizonMin: number): number {
  return calendar.open.reduce((sum, [start, end]) => sum + (start < horizonMin ? end - start : 0), 0)
}

function createCalendars(days: number): Calendar[] {
  const daily = (shifts: readonly Interval[], skipSunday: boolean): Interval[] =>
    Array.from({ length: days * 2 }, (_, day) =>
      skipSunday && day % 7 === 6
        ? []
        : shifts.map(([start, end]): Interval => [day * DAY + start, day * DAY + end]),
    ).flat()
  return [
    {
      id: 'two-shifts',
      open: daily(
        [
          [480, 720],
          [780, 1200],
        ],
        true,
      ),
    },
    {
      id: 'long-shifts',
      open: daily(
        [
          [480, 720],
          [780, 1320],
        ],
        true,
      ),
      overtime: daily([[1200, 1320]], true),
    },
    { id: 'bench', open: daily([[480, 1080]], false) },
    { id: 'studio', open: daily([[480, 1680]], false).map(([start, end]): Interval => [start, end]) },
    { id: 'morning', open: daily([[480, 1140]], false) },
    { id: 'evening', open: daily([[780, 1560]], false) },
  ]
}

function createSetups(trades: number, random: Random): { setups: SetupTable[]; families: string[][] } {
  const families = Array.from({ length: trades }, (_, t) =>
    Array.from({ length: FAMILIES_PER_TRADE }, (_, f) => `${SKILLS[t]}-${f}`),
  )
  const setups = families.map((own, t) => {
    const base = [60, 90, 30, 75][t % 4]!
    const matrix = own.map((_, i) => own.map((_, j) => (i === j ? 0 : base + random.int(base + 1))))
    for (let k = 0; k < own.length; k++)
      for (let i = 0; i < own.length; i++)
        for (let j = 0; j < own.length; j++)
          matrix[i]![j] = Math.min(matrix[i]![j]!, matrix[i]![k]! + matrix[k]![j]!)
    return { id: `setup-${SKILLS[t]}`, by: 'family' as const, families: own, matrix }
  })
  return { setups, families }
}

function createResources(shape: BeltShape, trades: number, families: string[][], random: Random): Resource[] {
  const resources: Resource[] = []
  for (let i = 0; i < shape.lines; i++) {
    const trade = i % trades
    resources.push({
      id: `L${i}`,
      kind: 'line',
      site: SKILLS[trade],
      calendar: random.int(4) === 0 ? 'long-shifts' : 'two-shifts',
      setup: `setup-${SKILLS[trade]}`,
      initialState: families[trade]![random.int(FAMILIES_PER_TRADE)]!,
    })
  }
  for (let i = 0; i < shape.benches; i++) resources.push({ id: `Q${i}`, kind: 'bench', calendar: 'bench' })
  for (let i = 0; i < shape.studios; i++)
    resources.push({ id: `S${i}`, kind: 'studio', calendar: 'studio', turnaroundMin: 30 })
  for (let i = 0; i < shape.streamers; i++) {
    const own = i % SKILLS.length
    resources.push({
      id: `H${i}`,
      kind: 'streamer',
      calendar: random.int(2) === 0 ? 'morning' : 'evening',
      leadMin: 30,
      skills: random.int(2) === 0 ? [SKILLS[own]!] : [SKILLS[own]!, SKILLS[(own + 1) % SKILLS.length]!],
      maxMinPerDay: 390,
      minRestMin: 480,
      maxConsecutiveMin: 300,
      quotaMin: { min: 60, target: 300, max: 900 },
    })
  }
  return resources
}
