import fc from 'fast-check'
import { PLAN_SCHEMA } from '../../../shared/scheduler/problem.ts'
import type {
  Interval,
  Job,
  Mode,
  Precedence,
  Problem,
  Resource,
  Slot,
  Task,
} from '../../../shared/scheduler/problem.ts'
import { Random } from '../../../shared/scheduler/random.ts'

const DAY = 1440

/** Small problems that use every feature at once; the same seed gives the same problem. */
export function createRandomProblem(seed: number): Problem {
  const random = new Random(seed)
  const days = 4
  const now = random.int(3) * 200
  const shift = (from: number, to: number): Interval[] =>
    Array.from({ length: days * 2 }, (_, day): Interval => [day * DAY + from, day * DAY + to])
  const families = ['f0', 'f1', 'f2']
  const resources: Resource[] = [
    { id: 'L0', kind: 'line', calendar: 'day', setup: 'su', initialState: 'f0' },
    {
      id: 'L1',
      kind: 'line',
      calendar: random.int(2) ? 'long' : null,
      setup: 'su',
      availableFrom: random.int(600),
    },
    { id: 'L2', kind: 'line', calendar: 'day' },
    { id: 'Q', kind: 'bench', capacity: 2, calendar: 'long' },
    { id: 'MOULD', kind: 'pool', capacity: 2 },
    { id: 'S0', kind: 'studio', calendar: 'air', turnaroundMin: 30 },
    { id: 'S1', kind: 'studio', leadMin: 15 },
    {
      id: 'H0',
      kind: 'streamer',
      skills: ['a'],
      leadMin: 30,
      maxMinPerDay: 300,
      minRestMin: 600,
      quotaMin: { min: 60, target: 120, max: 240 },
    },
    { id: 'H1', kind: 'streamer', skills: ['a', 'b'], maxConsecutiveMin: 200, calendar: 'air' },
    { id: 'H2', kind: 'streamer', skills: ['b'] },
    { id: 'CAM', kind: 'pool', capacity: 2 },
  ]
  const jobs: Job[] = []
  const tasks: Task[] = []
  const prec: Precedence[] = []
  const slots: Slot[] = []
  const pick = <T>(items: readonly T[]): T => items[random.int(items.length)]!
  const lineModes = (): Mode[] =>
    ['L0', 'L1', 'L2']
      .filter((_, i) => i === 0 || random.int(2) === 0)
      .map((res) => ({
        needs: random.int(4) === 0 ? [{ res }, { res: 'MOULD', qty: 1 + random.int(2) }] : [{ res }],
        dur: random.between(1, 30) * 10,
        durHigh: random.int(2) ? random.between(10, 40) * 10 : null,
      }))
  const jobCount = random.between(1, 9)
  for (let j = 0; j < jobCount; j++) {
    const id = `J${j}`
    const own: string[] = []
    const link = (task: Task, arc: Partial<Precedence> = {}): void => {
      const before = own[own.length - 1]
      tasks.push(task)
      own.push(task.id)
      if (before) prec.push({ from: before, to: task.id, ...arc })
    }
    const split = (): 'none' | 'pause' => pick(['none', 'pause'] as const)
    const family = random.int(5) ? pick(families) : null
    link({ id: `${id}a`, job: id, family, modes: lineModes(), split: split() })
    if (random.int(2))
      link({ id: `${id}b`, job: id, modes: [{ needs: [{ res: 'Q' }], dur: 40 }] }, { minLag: random.int(50) })
    if (random.int(3)) {
      const arc: Partial<Precedence> = random.int(2) ? { maxLag: 1500 } : {}
      const dur = random.between(2, 6) * 30
      const base = {
        skills: random.int(2) ? [pick(['a', 'b'])] : [],
        needStreamers: 1 + (random.int(4) === 0 ? 1 : 0),
        kit: random.int(2) ? [{ res: 'CAM', qty: 1 + random.int(2) }] : [],
      }
      const optional = random.int(2) === 0
      if (random.int(2)) {
        const start = random.int(days * 24) * 60
        slots.push({ id: `${id}s1`, start, end: start + dur, jobs: [id], value: 4 })
        slots.push({
          id: `${id}s2`,
          start: start + 1200,
          end: start + 1200 + dur,
          jobs: [id],
          value: 7,
          studios: ['S1'],
        })
        link({ id: `${id}c`, job: id, optional, session: base }, arc)
      } else {
        const float = { from: 600, to: days * DAY, stepMin: 60 }
        link({ id: `${id}c`, job: id, optional, session: { ...base, float, dur, value: 5 } }, arc)
      }
    }
    const kind = random.int(4)
    const arc: Partial<Precedence> =
      kind === 0
        ? { ratio: 0.5 }
        : kind === 1
          ? { type: 'SS', minLag: 20 }
          : kind === 2
            ? { type: 'FF', minLag: 10 }
            : { maxLag: 900 }
    if (random.int(2))
      link({ id: `${id}d`, job: id, family: pick(families), modes: lineModes(), split: split() }, arc)
    jobs.push({
      id,
      merchant: `M${j % 3}`,
      release: random.int(2) * random.int(900),
      due: random.int(5) ? random.between(600, days * DAY) : null,
      hardDue: random.int(6) ? null : random.between(2000, 8000),
      weight: random.between(0, 5),
      tasks: own,
    })
  }
  return {
    schema: PLAN_SCHEMA,
    epoch: '2026-11-23T00:00:00+08:00',
    horizonMin: days * DAY,
    now,
    forecast: pick(['likely', 'high'] as const),
    resources,
    calendars: [
      { id: 'day', open: shift(480, 1000) },
      { id: 'long', open: shift(400, 1300), overtime: shift(1100, 1300) },
      { id: 'air', open: shift(540, 1430) },
    ],
    setups: [
      {
        id: 'su',
        families,
        matrix: [
          [0, 20, 45],
          [30, 0, 40],
          [25, 35, 0],
        ],
      },
    ],
    jobs,
    tasks,
    prec,
    slots,
    fairness: {
      periodMin: 2 * DAY,
      prime: shift(1140, 1380),
      longTail: { merchants: ['M0'], sharePct: 30 },
      headCap: { sharePct: 50 },
    },
    objective: random.int(3) ? { mode: 'lexicographic' } : { mode: 'weighted', weights: [5, 1, 1, 0, 1] },
  }
}

export const problems = fc.integer({ min: 1, max: 1_000_000 }).map(createRandomProblem)
