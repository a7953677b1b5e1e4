import { checkPlan } from '../../../shared/checker/check.ts'
import { compareScores, solve } from '../../../shared/scheduler/index.ts'
import type { Plan, Problem } from '../../../shared/scheduler/index.ts'
import { mean, round } from '../figures.ts'
import { createNamedBelt } from './belt-instances.ts'
import type { BeltSize } from './belt-instances.ts'
import { BeltPortfolio } from './belt-portfolio.ts'
import { readClock, type Clock } from './clock.ts'
import { solveBeltWithCpSat } from './peer-cpsat.ts'
import { runRepairBench } from './repair-bench.ts'

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

export interface BeltRunOptions extends BeltBenchOptions {
  workers: number
  clock: Clock
  only: string
  /** 'cp-sat' (WebAssembly) or 'cp-sat-native' to measure it beside; otherwise the reference is an own run of three times the time. */
  peer: string
  peerSeconds: number
}

const TIER_METRICS = ['hard', 'tardy', 'stability', 'setup', 'fairness', 'makespan'] as const

/**
 * Every belt size at the given time: score by tier, checker verdict and the gap of tier 2 (weighted tardiness
 * plus lost session value) to the peer, or else to an own run of three times the time.
 */
async function runBeltBench(
  options: BeltRunOptions,
  sizes: readonly BeltSize[] = ['small', 'medium', 'large'],
): Promise<void> {
  const { now, onLine, seconds, seeds, clock, workers } = options
  const gaps = new Map<BeltSize, number[]>()
  let worse = 0
  const portfolio = new BeltPortfolio(workers)
  try {
    for (const size of sizes)
      for (let seed = 1; seed <= seeds; seed++) {
        const name = `${size}-${seed}`
        if (!name.includes(options.only)) continue
        const problem = createNamedBelt(size, seed)
        const startMs = now()
        const quick = solve(problem, { seed, iterations: 0 })
        const firstMs = now() - startMs
        const { plan, iterations } = await portfolio.solve({ problem, seed, seconds, clock })
        const emit = (metric: string, value: number, unit: string): void =>
          onLine({ bench: 'scheduler', case: name, metric, value, unit })
        emit('checker_ok', checkPlan(problem, plan).ok && checkPlan(problem, quick.plan).ok ? 1 : 0, 'bool')
        emit('first_plan_ms', Math.round(firstMs), 'ms')
        emit('iterations', iterations, 'count')
        plan.score.forEach((value, tier) => emit(TIER_METRICS[tier]!, value, 'points'))
        const bound = plan.bounds.find((entry) => entry.tier === 1)
        if (bound) emit('tardy_bound', bound.value, 'points')
        emit('unplanned', plan.unplanned.length, 'count')
        const peerValue = options.peer ? await comparePeer(problem, options, emit) : null
        let reference = peerValue
        if (reference === null) {
          const long = await portfolio.solve({ problem, seed, seconds: 3 * seconds, clock })
          reference = Math.min(long.plan.score[1], plan.score[1])
          emit('tardy_after_3x', reference, 'points')
        }
        const gap = reference > 0 ? 100 * (plan.score[1] / reference - 1) : plan.score[1] > 0 ? 100 : 0
        if (peerValue !== null && gap > 0) worse++
        emit('gap_pct', round(gap, 2), '%')
        gaps.set(size, [...(gaps.get(size) ?? []), gap])
      }
  } finally {
    await portfolio.close()
  }
  const metric = 'gap_mean_pct'
  for (const [size, own] of gaps)
    onLine({ bench: 'scheduler', case: `belt-${size}`, metric, value: round(mean(own), 2), unit: '%' })
  const all = [...gaps.values()].flat()
  if (options.peer) {
    onLine({ bench: 'scheduler', case: 'belt', metric: 'worse_than_peer', value: worse, unit: 'cases' })
  }
  if (all.length > 0)
    onLine({ bench: 'scheduler', case: 'belt', metric, value: round(mean(all), 2), unit: '%' })
}

/** What the peer makes of the problem's second tier; null when it found no plan in its time. */
async function comparePeer(
  problem: Problem,
  options: BeltRunOptions,
  emit: (metric: string, value: number, unit: string) => void,
): Promise<number | null> {
  const peer = await solveBeltWithCpSat(
    problem,
    options.peerSeconds,
    options.workers,
    options.peer === 'cp-sat-native',
  )
  const name = `peer ${peer.label}`
  emit(`${name} time`, round(peer.seconds, 2), 's')
  emit(`${name} found`, peer.plan === null ? 0 : 1, 'bool')
  if (peer.plan === null || peer.value === null) return null
  const { violations, score } = checkPeer(problem, peer.plan)
  const isSound = violations.length === 0 && score[1] <= peer.value
  // Stopped early it may claim more lateness than its plan has.
  const value = isSound ? score[1] : peer.value
  emit(`${name} tardy`, value, 'points')
  emit(`${name} bound`, peer.bound ?? 0, 'points')
  emit(`${name} checker_ok`, isSound ? 1 : 0, 'bool')
  return value
}

/** What the independent checker makes of a peer's plan. */
function checkPeer(
  problem: Problem,
  plan: Pick<Plan, 'assign' | 'slots' | 'unplanned'>,
): ReturnType<typeof checkPlan> {
  const empty = { schema: problem.schema, bounds: [], cert: '', score: [0, 0, 0, 0, 0, 0] as const }
  return checkPlan(problem, { ...empty, ...plan })
}

/** 2,000 operations: time to the first feasible plan, and the plan after two seconds. */
function runHugeBench(options: BeltBenchOptions): void {
  const { now, onLine } = options
  const problem = createNamedBelt('huge', 1)
  const startMs = now()
  const quick = solve(problem, { seed: 1, iterations: 0 }).plan
  onLine({
    bench: 'scheduler',
    case: 'huge-1',
    metric: 'first_plan_ms',
    value: Math.round(now() - startMs),
    unit: 'ms',
  })
  const { plan } = solve(problem, { seed: 1, timeMs: 2000, now })
  const better = compareScores(plan.score, quick.score) <= 0 && checkPlan(problem, plan).ok
  onLine({ bench: 'scheduler', case: 'huge-1', metric: 'tardy', value: plan.score[1], unit: 'points' })
  onLine({ bench: 'scheduler', case: 'huge-1', metric: 'checker_ok', value: better ? 1 : 0, unit: 'bool' })
}

/** Entry of `bench -- scheduler --set belt|repair`; 1 when the checker refused a plan or a held item moved. */
export async function runBelt(options: {
  set: string
  seconds: number
  seeds: number
  json: boolean
  clock: Clock
  workers: number
  only: string
  peer: string
  peerSeconds: number
  quick?: boolean
}): Promise<number> {
  let faults = 0
  const onLine = (line: BenchLine): void => {
    if (line.metric.endsWith('checker_ok') && line.value === 0) faults++
    if (line.metric === 'frozen_or_announced_moved' && line.value > 0) faults++
    console.log(
      options.json
        ? JSON.stringify(line)
        : `${line.case.padEnd(20)} ${line.metric.padEnd(24)} ${line.value} ${line.unit}`,
    )
  }
  const now = readClock(options.clock)
  const bench: BeltRunOptions = { ...options, now, onLine }
  if (options.set === 'repair') {
    await runRepairBench(bench, options.quick ? 5 : 30)
  } else {
    await runBeltBench(bench, options.quick ? ['small', 'medium'] : undefined)
    if (!options.quick && 'huge'.includes(options.only)) runHugeBench(bench)
  }
  return faults > 0 ? 1 : 0
}
