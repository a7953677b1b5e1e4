import { Refusal } from '../../../shared/contract/result.ts'
import type { planningContract } from '../../../shared/contract/planning.ts'
import { createMoveScorer } from '../../../shared/scheduler/index.ts'
import type { Actor, ActionHandlers } from '../context.ts'
import type { Services } from '../services.ts'
import { explainTask } from './explain.ts'
import { namesOf } from './names.ts'
import { parseTaskKey } from './items.ts'
import { alternativesFor, landingMs, moveTo, tierDeltas, type MoveBasis } from './moves.ts'
import { readProposal } from './repo.ts'
import { loadProblem, startSolve, wantsSimpleFirst } from './solve-job.ts'

const MOVE_MS = 900
const HORIZON_DAYS = 7

/** The proposal a move is tried on, or the published plan on today's problem. */
function basisOf(services: Services, actor: Actor, proposalId: string | null): MoveBasis {
  const { snapshot, built } = loadProblem(services, actor, HORIZON_DAYS)
  if (proposalId === null) {
    return {
      problem: built.problem,
      plan: { assign: [...(built.problem.stability?.baseline.assign ?? [])] },
      names: namesOf(snapshot, built.problem),
    }
  }
  const proposal = services.read(actor, ({ db }) => readProposal(db, proposalId))
  return { problem: proposal.problem, plan: proposal.plan, names: namesOf(snapshot, proposal.problem) }
}

export const planningActions: ActionHandlers<typeof planningContract> = {
  'plan/start': (input, { actor, services }) =>
    Promise.resolve({
      jobId: startSolve(services, actor, {
        ...input,
        simpleFirst: wantsSimpleFirst(services, actor),
      }).jobId,
    }),
  'plan/stop': ({ jobId, keep }, { services }) => {
    const job = services.job(jobId)
    if (!job || (job.kind !== 'plan' && job.kind !== 'what-if')) throw new Refusal('plan-not-running')
    if (keep) job.stop()
    else job.cancel()
    return Promise.resolve(null)
  },
  'plan/explain': ({ taskKey, version, proposalId }, { actor, services }) =>
    Promise.resolve(
      services.read(actor, (ctx) => explainTask(ctx, taskKey, version === 'proposal' ? proposalId : null)),
    ),
  'plan/tryMove': ({ proposalId, taskKey, laneId, startMs }, { actor, services }) => {
    const basis = basisOf(services, actor, proposalId)
    const move = moveTo(basis, taskKey, laneId, startMs)
    if (!move) throw new Refusal('not-found', { table: 'task', id: taskKey })
    const score = createMoveScorer(basis.problem, basis.plan).score(move)
    const alternatives = score.possible ? [] : alternativesFor(basis, taskKey, startMs, false)
    return Promise.resolve({
      feasible: score.possible,
      deltas: tierDeltas(score),
      broken: score.possible ? [] : score.reasons.map((reason) => basis.names.sentence(reason)),
      alternatives: alternatives.map(({ laneId: lane, startMs: at }) => ({
        laneId: lane,
        laneName: basis.names.lane(lane),
        startMs: at,
      })),
    })
  },
  'plan/move': async ({ taskKey, laneId, startMs, reason }, { actor, services }) => {
    if (!parseTaskKey(taskKey)) throw new Refusal('not-found', { table: 'task', id: taskKey })
    const basis = basisOf(services, actor, null)
    const landsMs = landingMs(basis, taskKey, moveTo(basis, taskKey, laneId, startMs))
    if (landsMs === null) throw new Refusal('move-not-possible')
    const { proposal } = startSolve(services, actor, {
      reason,
      horizonDays: HORIZON_DAYS,
      timeLimitMs: MOVE_MS,
      seed: 1,
      hold: { taskKey, laneId, startMs: landsMs },
    })
    const proposalId = await proposal
    if (proposalId === null) throw new Refusal('cancelled')
    return { proposalId }
  },
}
