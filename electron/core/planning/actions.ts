import { Refusal } from '../../../shared/contract/result.ts'
import type { planningContract, ScoreTier } from '../../../shared/contract/planning.ts'
import { MINUTE_MS } from '../../../shared/domain/time.ts'
import type { ActionHandlers } from '../context.ts'
import { explainTask } from './explain.ts'
import { namesOf } from './names.ts'
import { parseTaskKey } from './items.ts'
import { scoreTiers } from './result.ts'
import type { SolveAnswer, SolveRequest } from './run-solve.ts'
import { loadProblem, startSolve } from './solve-job.ts'

const TRY_MS = 250
const MOVE_MS = 900
const HORIZON_DAYS = 7

const difference = (before: readonly ScoreTier[], after: readonly ScoreTier[]): ScoreTier[] =>
  after.map(({ tier, value }, index) => ({ tier, value: value - (before[index]?.value ?? 0) }))

export const planningActions: ActionHandlers<typeof planningContract> = {
  'plan/start': (input, { actor, services }) =>
    Promise.resolve({ jobId: startSolve(services, actor, input).jobId }),
  'plan/stop': ({ jobId, keep }, { services }) => {
    const job = services.job(jobId)
    if (!job || job.kind !== 'plan') throw new Refusal('plan-not-running')
    if (keep) job.stop()
    else job.cancel()
    return Promise.resolve(null)
  },
  'plan/explain': ({ taskKey, version, proposalId }, { actor, services }) =>
    Promise.resolve(
      services.read(actor, (ctx) => explainTask(ctx, taskKey, version === 'proposal' ? proposalId : null)),
    ),
  'plan/tryMove': async ({ taskKey, laneId, startMs }, { actor, services }) => {
    if (!parseTaskKey(taskKey)) throw new Refusal('not-found', { table: 'task', id: taskKey })
    const free = loadProblem(services, actor, HORIZON_DAYS)
    const held = loadProblem(services, actor, HORIZON_DAYS, { taskKey, laneId, startMs })
    const solve = async (problem: SolveRequest['problem']) => {
      const request: SolveRequest = {
        problem,
        seed: 1,
        timeLimitMs: TRY_MS,
        initial: problem.stability?.baseline ?? null,
      }
      return (await services.startWorker('scheduler', request, () => undefined).result) as SolveAnswer
    }
    const [before, after] = await Promise.all([solve(free.built.problem), solve(held.built.problem)])
    const names = namesOf(held.snapshot, held.built.problem)
    const placed = after.plan.assign.find((assign) => assign.task === taskKey)
    const isThere =
      placed !== undefined &&
      placed.start === Math.floor((startMs - held.built.epochMs) / MINUTE_MS) &&
      placed.res.includes(laneId)
    const feasible = isThere && after.plan.score[0] <= before.plan.score[0]
    const wanted = before.plan.assign.find((assign) => assign.task === taskKey)
    return {
      feasible,
      deltas: difference(scoreTiers(before.plan.score), scoreTiers(after.plan.score)),
      broken: after.plan.unplanned
        .filter(({ task }) => !before.plan.unplanned.some((other) => other.task === task))
        .map(({ reason }) => names.sentence(reason)),
      alternatives:
        feasible || !wanted
          ? []
          : [
              {
                laneId: wanted.res[0]!,
                laneName: names.lane(wanted.res[0]!),
                startMs: free.built.epochMs + wanted.start * MINUTE_MS,
              },
            ],
    }
  },
  'plan/move': async ({ taskKey, laneId, startMs, reason }, { actor, services }) => {
    if (!parseTaskKey(taskKey)) throw new Refusal('not-found', { table: 'task', id: taskKey })
    const { proposal } = startSolve(services, actor, {
      reason,
      horizonDays: HORIZON_DAYS,
      timeLimitMs: MOVE_MS,
      seed: 1,
      hold: { taskKey, laneId, startMs },
    })
    const proposalId = await proposal
    if (proposalId === null) throw new Refusal('cancelled')
    return { proposalId }
  },
}
