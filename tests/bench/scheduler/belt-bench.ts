import { checkPlan } from '../../../shared/checker/check.ts'
import { compareScores, repair, solve } from '../../../shared/scheduler/index.ts'
import type { Plan, PlanEvent, Problem, Score } from '../../../shared/scheduler/index.ts'
import { BELT_SHAPES, createNamedBelt } from './belt-instances.ts'
import type { BeltSize } from './belt-instances.ts'

export interface BenchLine {
  bench: string
  case: string
  metric: string
  value: number
  unit: string
}

export interface BeltBenchOptions {
  seconds: number
  seeds: number
  /** Monotonic milliseconds: wall or CPU time, the caller's choice. */
  now: () => number
  onLine: (line: BenchLine) => void
}

const TIER_METRICS = ['hard', 'tardy', 'stability', 'setup', 'fairness', 'makespan'] as const

/** Every belt size at the given time: score by tier, gap of tier 2 to its bound, checker verdict. */
export function runBeltBench(
  options: BeltBenchOptions,
  sizes: readonly BeltSize[] = ['small', 'medium', 'large'],
): void {
  const { now, onLine, seconds, seeds } = options
  let accepted = 0
  let total = 0
  const tardySum = new Map<BeltSize, number>()
  for (const size of sizes)
    for (let seed = 1; seed <= seeds; seed++) {
      const problem = createNamedBelt(size, seed)
      const name = `${size}-${seed}`
      const startMs = now()
      const quick = solve(problem, { seed, iterations: 0 })
      const firstMs = now() - startMs
      const { plan, iterations } = solve(problem, { seed, timeMs: seconds * 1000, now })
      total++
      if (checkPlan(problem, plan).ok && checkPlan(problem, quick.plan).ok) accepted++
      const emit = (metric: string, value: number, unit: string): void =>
        onLine({ bench: 'belt', case: name, metric, value, unit })
      emit('first_plan_ms', Math.round(firstMs), 'ms')
      emit('iterations', iterations, 'count')
      plan.score.forEach((value, tier) => emit(TIER_METRICS[tier]!, value, 'points'))
      const bound = plan.bounds.find((entry) => entry.tier === 1)
      if (bound) emit('tardy_bound', bound.value, 'points')
      emit('unplanned', plan.unplanned.length, 'count')
      tardySum.set(size, (tardySum.get(size) ?? 0) + plan.score[1])
    }
  for (const [size, sum] of tardySum)
    onLine({
      bench: 'belt',
      case: `belt-${size}`,
      metric: 'tardy_mean',
      value: Math.round(sum / seeds),
      unit: 'points',
    })
  onLine({
    bench: 'belt',
    case: 'belt',
    metric: 'checker_pct',
    value: (100 * accepted) / Math.max(1, total),
    unit: '%',
  })
}

/** A line goes down at 30 % of a belt plan: time to the first and final plan, gap to a long repair, what moved. */
export function runRepairBench(options: BeltBenchOptions, size: BeltSize = 'large', longSeconds = 30): void {
  const { now, onLine, seeds } = options
  const firsts: number[] = []
  const finals: number[] = []
  const gaps: number[] = []
  const extraPoints: number[] = []
  let heldMoved = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const problem = createNamedBelt(size, seed)
    const { plan } = solve(problem, { seed, timeMs: options.seconds * 1000, now })
    const nowMin = Math.floor(problem.horizonMin * 0.3)
    const announced = plan.slots.filter((_, i) => i % 2 === 0).map((use) => use.task)
    for (const lineNumber of [seed % BELT_SHAPES[size].lines, (seed + 7) % BELT_SHAPES[size].lines]) {
      const events: PlanEvent[] = [
        { type: 'closed', resource: `L${lineNumber}`, fromMin: nowMin, toMin: nowMin + 2880 },
      ]
      const base = { seed, nowMin, announced, now }
      const startMs = now()
      let firstMs = 0
      const result = repair(problem, plan, events, {
        ...base,
        timeMs: 900,
        onFirst: () => (firstMs = now() - startMs),
      })
      finals.push(now() - startMs)
      firsts.push(firstMs)
      const long = repair(problem, plan, events, { ...base, timeMs: longSeconds * 1000 })
      const open = result.problem.tasks.filter((task) => task.status !== 'done' && !task.session).length
      const extra = (100 * (result.changes.lines.length - result.affected.length)) / Math.max(1, open)
      gaps.push(
        Math.max(
          0,
          100 *
            (weightedOf(result.problem, result.plan.score) / weightedOf(long.problem, long.plan.score) - 1),
        ),
      )
      extraPoints.push(Math.max(0, extra))
      heldMoved += countMoved(result.problem, plan, result.plan)
      const name = `${size}-${seed}-L${lineNumber}`
      const emit = (metric: string, value: number, unit: string): void =>
        onLine({ bench: 'repair', case: name, metric, value, unit })
      emit('first_ms', Math.round(firstMs), 'ms')
      emit('gap_pct', round(gaps[gaps.length - 1]!), '%')
      emit('lines_changed', result.changes.lines.length, 'count')
      emit('affected', result.affected.length, 'count')
      emit('checker_ok', checkPlan(result.problem, result.plan).ok ? 1 : 0, 'bool')
    }
  }
  const emit = (metric: string, value: number, unit: string): void =>
    onLine({ bench: 'repair', case: 'repair', metric, value: round(value), unit })
  emit('first_p95_ms', percentile(firsts, 95), 'ms')
  emit('final_p95_ms', percentile(finals, 95), 'ms')
  emit('gap_mean_pct', gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, gaps.length), '%')
  emit('lines_over_affected_max_points', Math.max(0, ...extraPoints), 'points')
  emit('frozen_or_announced_moved', heldMoved, 'count')
}

/** 2,000 operations: time to the first feasible plan, and the plan after two seconds. */
export function runHugeBench(options: BeltBenchOptions): void {
  const { now, onLine } = options
  const problem = createNamedBelt('huge', 1)
  const startMs = now()
  const quick = solve(problem, { seed: 1, iterations: 0 }).plan
  onLine({
    bench: 'belt',
    case: 'huge-1',
    metric: 'first_plan_ms',
    value: Math.round(now() - startMs),
    unit: 'ms',
  })
  const { plan } = solve(problem, { seed: 1, timeMs: 2000, now })
  const better = compareScores(plan.score, quick.score) <= 0 && checkPlan(problem, plan).ok
  onLine({ bench: 'belt', case: 'huge-1', metric: 'tardy', value: plan.score[1], unit: 'points' })
  onLine({ bench: 'belt', case: 'huge-1', metric: 'checker_ok', value: better ? 1 : 0, unit: 'bool' })
}

function weightedOf(problem: Problem, score: Score): number {
  const weights = problem.objective?.mode === 'weighted' ? problem.objective.weights : [1, 0, 0, 0, 0]
  return Math.max(
    1,
    weights.reduce((sum, weight, i) => sum + weight * score[i + 1]!, 0),
  )
}

/** Frozen (and not released) or announced items that no longer start where they did. */
function countMoved(problem: Problem, before: Plan, after: Plan): number {
  const rules = problem.stability!
  const starts = new Map(after.assign.map((item) => [item.task, item.start]))
  const known = new Set(problem.tasks.map((task) => task.id))
  return before.assign.filter(({ task, start }) => {
    if (!known.has(task) || starts.get(task) === start) return false
    const frozen = start < (rules.freezeUntil ?? 0) && !rules.released?.includes(task)
    return frozen || (rules.announced?.includes(task) ?? false)
  }).length
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil((share / 100) * sorted.length) - 1)] ?? 0
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** Entry of `bench -- scheduler --set belt|repair`; 1 when the checker refused a plan or a held item moved. */
export async function runBelt(options: {
  set: string
  seconds: number
  seeds: number
  json: boolean
  clock: 'wall' | 'cpu'
}): Promise<number> {
  let faults = 0
  const onLine = (line: BenchLine): void => {
    if (line.metric === 'checker_pct' && line.value < 100) faults++
    if (line.metric === 'checker_ok' && line.value === 0) faults++
    if (line.metric === 'frozen_or_announced_moved' && line.value > 0) faults++
    console.log(
      options.json ? JSON.stringify(line) : `${line.case}\t${line.metric}\t${line.value} ${line.unit}`,
    )
  }
  const now = options.clock === 'cpu' ? () => process.cpuUsage().user / 1000 : () => performance.now()
  const bench: BeltBenchOptions = { seconds: options.seconds, seeds: options.seeds, now, onLine }
  if (options.set === 'repair') {
    warmUp()
    runRepairBench(bench, 'large')
  } else {
    runBeltBench(bench)
    runHugeBench(bench)
  }
  return faults > 0 ? 1 : 0
}

/** The planning worker is long-lived: measure a repair as its second and later ones, compiled. */
function warmUp(): void {
  const problem = createNamedBelt('medium', 9)
  const { plan } = solve(problem, { seed: 1, iterations: 2000 })
  const events: PlanEvent[] = [{ type: 'closed', resource: 'L0', fromMin: 6000, toMin: 8000 }]
  repair(problem, plan, events, { seed: 1, nowMin: 6000, iterations: 500 })
}
