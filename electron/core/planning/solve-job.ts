import { createHash, randomUUID } from 'node:crypto'
import type { ScoreTier } from '../../../shared/contract/planning.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import type { Problem } from '../../../shared/scheduler/problem.ts'
import type { SolveAnswer, SolveProgress, SolveRequest } from './run-solve.ts'
import type { Actor } from '../context.ts'
import type { Services } from '../services.ts'
import type { WorkerRun } from '../workers.ts'
import { itemsOf, lateOrders, movedTasks, scoreTiers } from './result.ts'
import { namesOf } from './names.ts'
import { buildProblem, type BuildOptions } from './problem.ts'
import { currentPlanIds, saveProposal } from './repo.ts'
import { readSnapshot, type BeltSnapshot } from './snapshot.ts'
import type { BuiltProblem } from './problem.ts'

export const FROZEN_MIN = 120
const DAY_MS = 86_400_000

export function hashProblem(problem: Problem): string {
  return createHash('sha256').update(JSON.stringify(problem)).digest('hex')
}

/** Reads the belt and maps it to a problem. @throws Refusal `plan-empty` when there is nothing to place */
export function loadProblem(
  services: Services,
  actor: Actor,
  horizonDays: number,
  hold?: BuildOptions['hold'],
): { snapshot: BeltSnapshot; built: BuiltProblem } {
  return services.read(actor, ({ db, belt, nowMs }) => {
    const snapshot = readSnapshot(db, belt.timeZone, nowMs - DAY_MS, nowMs + (horizonDays + 1) * DAY_MS)
    const built = buildProblem(snapshot, { nowMs, horizonDays, frozenMin: FROZEN_MIN, hold })
    if (built.problem.tasks.length === 0) throw new Refusal('plan-empty')
    return { snapshot, built }
  })
}

export interface SolveInput {
  readonly reason: string
  readonly horizonDays: number
  readonly timeLimitMs: number
  readonly seed: number
  readonly hold?: BuildOptions['hold']
}

/** Starts a solve in the scheduler thread; when it ends, what it found is stored as a proposal. */
export function startSolve(
  services: Services,
  actor: Actor,
  input: SolveInput,
): { jobId: string; proposal: Promise<string | null> } {
  if (services.jobs('plan').length > 0) throw new Refusal('plan-running')
  const { snapshot, built } = loadProblem(services, actor, input.horizonDays, input.hold)
  const request: SolveRequest = {
    problem: built.problem,
    seed: input.seed,
    timeLimitMs: input.timeLimitMs,
    initial: built.problem.stability?.baseline ?? null,
  }
  let jobId = ''
  const run: WorkerRun = services.startWorker('scheduler', request, (value) => {
    const progress = value as SolveProgress
    services.emit({
      kind: 'progress',
      jobId,
      phase: 'plan',
      done: Math.round(progress.progress * 1000),
      total: 1000,
      note: Object.fromEntries(scoreTiers(progress.score).map(({ tier, value: points }) => [tier, points])),
    })
  })
  let cancelled = false
  const proposal = run.result.then((answer) =>
    cancelled ? null : store(services, actor, input, snapshot, built, answer as SolveAnswer),
  )
  const job = services.track(
    'plan',
    { stop: () => run.stop(), cancel: () => ((cancelled = true), run.cancel()) },
    proposal,
  )
  jobId = job.id
  proposal.then(
    (id) => services.emit({ kind: 'finished', jobId, outcome: id === null ? 'cancelled' : 'done' }),
    (error: unknown) => {
      if (!cancelled)
        services.log.error('planning failed', {
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        })
      services.emit({ kind: 'finished', jobId, outcome: cancelled ? 'cancelled' : 'failed' })
    },
  )
  return { jobId, proposal }
}

function store(
  services: Services,
  actor: Actor,
  input: SolveInput,
  snapshot: BeltSnapshot,
  built: BuiltProblem,
  answer: SolveAnswer,
): string {
  const names = namesOf(snapshot, built.problem)
  const items = itemsOf(built, answer.plan, snapshot)
  const sentences = (jobId: string) =>
    (answer.why[jobId] ?? []).map((explanation) => names.sentence(explanation))
  const belt = services.belt()
  const id = randomUUID()
  const baseScore: ScoreTier[] | null = answer.baseScore && scoreTiers(answer.baseScore)
  belt.store.transact(() =>
    saveProposal(belt.store.db, {
      id,
      createdMs: belt.nowMs(),
      authorId: actor.personId,
      reason: input.reason,
      seed: input.seed,
      basePlanId: currentPlanIds(belt.store.db)[0] ?? null,
      horizonFromMs: built.epochMs,
      horizonToMs: built.horizonToMs,
      problemHash: hashProblem(built.problem),
      problem: built.problem,
      plan: answer.plan,
      items,
      score: scoreTiers(answer.plan.score),
      baseScore,
      moved: movedTasks(snapshot.current, items, names),
      late: lateOrders(items, built, snapshot, names, sentences),
      unplanned: [
        ...answer.plan.unplanned.map(({ task, reason }) => ({
          taskKey: task,
          label: names.task(task),
          why: [names.sentence(reason)],
        })),
        ...built.unmakeable.map(({ orderId, step }) => ({
          taskKey: `order:${orderId}:${step}`,
          label: names.task(`order:${orderId}`),
          why: [{ key: 'plan.unplanned.noLine', params: { step, order: names.task(`order:${orderId}`) } }],
        })),
      ],
      publishedAs: null,
    }),
  )
  services.emit({ kind: 'changed', topics: ['plan', 'proposal'] })
  return id
}
