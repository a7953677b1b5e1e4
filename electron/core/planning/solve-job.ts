import { Refusal } from '../../../shared/contract/result.ts'
import { compareScores } from '../../../shared/scheduler/index.ts'
import type { Actor } from '../context.ts'
import type { Services } from '../services.ts'
import type { WorkerRun } from '../workers.ts'
import { readBasis, type PlanBasis } from './basis.ts'
import { horizonOf } from './horizon.ts'
import { namesOf } from './names.ts'
import { buildProblem, type BuiltProblem } from './problem.ts'
import { storeProposal } from './proposals.ts'
import { noteBetter } from './repo.ts'
import { scoreTiers } from './result.ts'
import type { SimplePlan, SolveAnswer, SolveProgress, SolveRequest } from './run-solve.ts'
import { readSnapshot, type BeltSnapshot } from './snapshot.ts'
import { refuseSlips, refuseUnsound } from './sound.ts'

const DAY_MS = 86_400_000

export interface LoadedProblem {
  readonly snapshot: BeltSnapshot
  readonly built: BuiltProblem
  readonly basis: PlanBasis
}

/**
 * Reads the belt and maps it to a problem that can be solved.
 * @throws Refusal `plan-empty` when there is nothing to place, `plan-invalid` naming what makes no sense
 */
export function loadProblem(
  services: Services,
  actor: Actor,
  change: (snapshot: BeltSnapshot, nowMs: number) => BeltSnapshot = (snapshot) => snapshot,
): LoadedProblem {
  return services.read(actor, ({ db, belt, nowMs }) => {
    const horizonToMs = horizonOf(db, belt.timeZone, nowMs)
    const snapshot = change(readSnapshot(db, belt.timeZone, nowMs - DAY_MS, horizonToMs + DAY_MS), nowMs)
    refuseSlips(snapshot)
    const built = buildProblem(snapshot, nowMs, horizonToMs)
    if (built.problem.tasks.length === 0) throw new Refusal('plan-empty')
    refuseUnsound(built.problem, namesOf(snapshot, built.problem))
    return { snapshot, built, basis: readBasis(db, nowMs, snapshot, built.problem) }
  })
}

export interface SolveInput {
  readonly reason: string
  readonly timeLimitMs: number
  readonly seed: number
  /** A plan by simple rules first, the optimiser's beside it. */
  readonly simpleFirst?: boolean
}

/** Belts that have not grown into planning yet get a plan they can follow by eye. */
export function wantsSimpleFirst(services: Services, actor: Actor): boolean {
  const tier = services.read(actor, ({ db }) => db.prepare('SELECT tier FROM belt LIMIT 1').get()) as
    { tier: string } | undefined
  return tier?.tier === 'primary'
}

/** Starts a solve in the scheduler thread; when it ends, what it found is stored as a proposal. */
export function startSolve(
  services: Services,
  actor: Actor,
  { snapshot, built, basis }: LoadedProblem,
  input: SolveInput,
): { jobId: string; proposal: Promise<string | null> } {
  if (services.jobs('plan').length > 0) throw new Refusal('plan-running')
  const request: SolveRequest = {
    kind: 'solve',
    problem: built.problem,
    seed: input.seed,
    timeLimitMs: input.timeLimitMs,
    initial: built.problem.stability?.baseline ?? null,
    simpleFirst: input.simpleFirst ?? false,
  }
  let jobId = ''
  let cancelled = false
  let simple: { id: string; score: SimplePlan['plan']['score'] } | null = null
  const common = { reason: input.reason, cause: null, seed: input.seed, snapshot, built, basis }
  const run: WorkerRun = services.startWorker('scheduler', request, (value) => {
    if (isSimple(value)) {
      if (!cancelled)
        simple = {
          id: storeProposal(services, actor, { ...common, kind: 'simple', ...value.simple }),
          score: value.simple.plan.score,
        }
      return
    }
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
  const finish = (answer: SolveAnswer): string => {
    const isBetter =
      simple === null || compareScores(answer.plan.score, simple.score, built.problem.objective) < 0
    if (simple && !isBetter) return simple.id
    const id = storeProposal(services, actor, { ...common, kind: 'solve', ...answer })
    if (!simple) return id
    const simpleId = simple.id
    const { store } = services.belt()
    store.transact(() =>
      noteBetter(store.db, simpleId, {
        proposalId: id,
        score: scoreTiers(answer.plan.score),
        late: Object.keys(answer.why).length,
        unplanned: answer.plan.unplanned.length,
      }),
    )
    services.emit({ kind: 'changed', topics: ['proposal'] })
    return simpleId
  }
  const proposal = run.result.then((answer) => (cancelled ? null : finish(answer as SolveAnswer)))
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

const isSimple = (value: unknown): value is { simple: SimplePlan } =>
  typeof value === 'object' && value !== null && 'simple' in value
