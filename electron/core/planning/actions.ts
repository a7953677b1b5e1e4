import { Refusal } from '../../../shared/contract/result.ts'
import type { planningContract } from '../../../shared/contract/planning.ts'
import { createMoveScorer } from '../../../shared/scheduler/index.ts'
import type { Actor, ActionHandlers } from '../context.ts'
import type { Services } from '../services.ts'
import { explainTask } from './explain.ts'
import { namesOf } from './names.ts'
import { parseTaskKey } from './items.ts'
import { alternativesFor, holdAt, land, moveTo, tierDeltas, type MoveBasis } from './moves.ts'
import { readProposal } from './repo.ts'
import { loadProblem, startSolve, wantsSimpleFirst, type LoadedProblem } from './solve-job.ts'

const MOVE_MS = 900

/** The published plan on today's problem. */
const standingBasis = ({ snapshot, built: { problem } }: LoadedProblem): MoveBasis => ({
  problem,
  plan: { assign: [...(problem.stability?.baseline.assign ?? [])] },
  names: namesOf(snapshot, problem),
})

/** The proposal a move is tried on, or the published plan. */
function basisOf(services: Services, actor: Actor, proposalId: string | null): MoveBasis {
  const loaded = loadProblem(services, actor)
  if (proposalId === null) return standingBasis(loaded)
  const { problem, plan } = services.read(actor, ({ db }) => readProposal(db, proposalId))
  return { problem, plan, names: namesOf(loaded.snapshot, problem) }
}

export const planningActions: ActionHandlers<typeof planningContract> = {
  'plan/start': (input, { actor, services }) => {
    const loaded = loadProblem(services, actor)
    const simpleFirst = wantsSimpleFirst(services, actor)
    return Promise.resolve({ jobId: startSolve(services, actor, loaded, { ...input, simpleFirst }).jobId })
  },
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
    const loaded = loadProblem(services, actor)
    const basis = standingBasis(loaded)
    const move = moveTo(basis, taskKey, laneId, startMs)
    const landed = move && land(basis, move)
    if (!landed) throw new Refusal('move-not-possible')
    const built = { ...loaded.built, problem: holdAt(basis.problem, landed) }
    const { proposal } = startSolve(
      services,
      actor,
      { ...loaded, built },
      { reason, timeLimitMs: MOVE_MS, seed: 1 },
    )
    const proposalId = await proposal
    if (proposalId === null) throw new Refusal('cancelled')
    return { proposalId }
  },
}
