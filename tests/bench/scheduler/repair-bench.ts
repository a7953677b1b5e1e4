import { checkPlan } from '../../../shared/checker/check.ts'
import { solve } from '../../../shared/scheduler/index.ts'
import type { Plan, PlanEvent, Problem, Score } from '../../../shared/scheduler/index.ts'
import { mean, percentile, round } from '../figures.ts'
import type { BeltRunOptions } from './belt-bench.ts'
import { BELT_SHAPES, createNamedBelt } from './belt-instances.ts'
import { BeltPortfolio } from './belt-portfolio.ts'
import { RepairPair } from './repair-pair.ts'

/** What was published before the line went down took at least this long to plan, whatever the budget of the repair. */
const PUBLISHED_SECONDS = 10
const REPAIR_MS = 900
const SIZE = 'large'

/** A line goes down at 30 % of a belt plan: time to the first and final plan, gap to a long repair, what moved. */
export async function runRepairBench(options: BeltRunOptions, longSeconds = 30): Promise<void> {
  const plans = await publishPlans(options)
  const pair = new RepairPair(options.workers)
  try {
    await warmUp(pair)
    await repairAll(options, plans, pair, longSeconds)
  } finally {
    await pair.close()
  }
}

async function publishPlans({ workers, seconds, seeds, clock }: BeltRunOptions): Promise<Plan[]> {
  const plans: Plan[] = []
  const portfolio = new BeltPortfolio(workers)
  try {
    for (let seed = 1; seed <= seeds; seed++) {
      const request = { problem: createNamedBelt(SIZE, seed), seed, clock }
      plans.push((await portfolio.solve({ ...request, seconds: Math.max(PUBLISHED_SECONDS, seconds) })).plan)
    }
  } finally {
    await portfolio.close()
  }
  return plans
}

async function repairAll(
  { onLine, clock }: BeltRunOptions,
  plans: readonly Plan[],
  pair: RepairPair,
  longSeconds: number,
): Promise<void> {
  const firsts: number[] = []
  const finals: number[] = []
  const gaps: number[] = []
  const extraPoints: number[] = []
  let heldMoved = 0
  for (let seed = 1; seed <= plans.length; seed++) {
    const problem = createNamedBelt(SIZE, seed)
    const plan = plans[seed - 1]!
    const nowMin = Math.floor(problem.horizonMin * 0.3)
    const announced = plan.slots.filter((_, i) => i % 2 === 0).map((use) => use.task)
    for (const lineNumber of [seed % BELT_SHAPES[SIZE].lines, (seed + 7) % BELT_SHAPES[SIZE].lines]) {
      const events: PlanEvent[] = [
        { type: 'closed', resource: `L${lineNumber}`, fromMin: nowMin, toMin: nowMin + 2880 },
      ]
      const task = { problem, plan, events, seed, nowMin, announced, clock }
      const { result, firstMs, finalMs } = await pair.repair({ ...task, timeMs: REPAIR_MS })
      finals.push(finalMs)
      firsts.push(firstMs)
      const { result: long } = await pair.repair({ ...task, timeMs: longSeconds * 1000 })
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
      const name = `${SIZE}-${seed}-L${lineNumber}`
      const emit = (metric: string, value: number, unit: string): void =>
        onLine({ bench: 'scheduler', case: name, metric, value, unit })
      emit('first_ms', Math.round(firstMs), 'ms')
      emit('gap_pct', round(gaps[gaps.length - 1]!, 2), '%')
      emit('lines_changed', result.changes.lines.length, 'count')
      emit('affected', result.affected.length, 'count')
      emit('checker_ok', checkPlan(result.problem, result.plan).ok ? 1 : 0, 'bool')
    }
  }
  const emit = (metric: string, value: number, unit: string): void =>
    onLine({ bench: 'scheduler', case: 'repair', metric, value: round(value, 2), unit })
  emit('first_p95_ms', percentile(firsts, 95), 'ms')
  emit('final_p95_ms', percentile(finals, 95), 'ms')
  emit('gap_mean_pct', mean(gaps), '%')
  emit('lines_over_affected_max_points', Math.max(0, ...extraPoints), 'points')
  emit('frozen_or_announced_moved', heldMoved, 'count')
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

/** The planning threads are long-lived: measure a repair as their second and later ones, compiled. */
async function warmUp(pair: RepairPair): Promise<void> {
  const problem = createNamedBelt('medium', 9)
  const { plan } = solve(problem, { seed: 1, iterations: 2000 })
  const events: PlanEvent[] = [{ type: 'closed', resource: 'L0', fromMin: 6000, toMin: 8000 }]
  const task = { problem, plan, events, seed: 1, nowMin: 6000, announced: [], clock: 'wall' as const }
  await pair.repair({ ...task, timeMs: REPAIR_MS })
}
