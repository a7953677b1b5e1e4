import { randomUUID } from 'node:crypto'
import type { PlanFigures, Scenario, ScenarioAnswer, ScenarioRun } from '../../../shared/contract/scenario.ts'
import type { scenarioContract } from '../../../shared/contract/scenario.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import type { Plan } from '../../../shared/scheduler/index.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { ActionHandlers, Actor, QueryHandlers } from '../context.ts'
import type { Services } from '../services.ts'
import type { WorkerRun } from '../workers.ts'
import { itemsOf, movedTasks } from './result.ts'
import { namesOf } from './names.ts'
import { storeProposal } from './proposals.ts'
import { standingPlans } from './basis.ts'
import { planHeads } from './repo.ts'
import type { SolveAnswer, SolveProgress, SolveRequest } from './run-solve.ts'
import { figuresOf, inReality, scenarioSentence, suppose } from './scenario.ts'
import { loadProblem, type LoadedProblem } from './solve-job.ts'

const KEPT_RUNS = 6

interface StoredAnswer extends ScenarioAnswer {
  readonly plan: Plan
}
interface StoredRun {
  readonly present: PlanFigures
  readonly presentNo: number | null
  readonly answers: readonly StoredAnswer[]
}

const requestFor = ({ built }: LoadedProblem, timeLimitMs: number): SolveRequest => ({
  kind: 'solve',
  problem: built.problem,
  seed: 1,
  timeLimitMs,
  initial: built.problem.stability?.baseline ?? null,
  simpleFirst: false,
})

/** Solves copies of the belt in the scheduler's thread, one after another, and keeps what came out side by side. */
export function startWhatIf(
  services: Services,
  actor: Actor,
  input: { readonly scenarios: readonly Scenario[]; readonly timeLimitMs: number },
): string {
  if (services.jobs('plan').length + services.jobs('what-if').length > 0) throw new Refusal('plan-running')
  const real = loadProblem(services, actor)
  const tried = input.scenarios.map((scenario) => ({
    scenario,
    loaded: loadProblem(services, actor, (snapshot) => suppose(snapshot, scenario)),
  }))
  let jobId = ''
  let ended: 'stop' | 'cancel' | null = null
  let running: WorkerRun | null = null
  const report = (share: number, step: number) =>
    services.emit({
      kind: 'progress',
      jobId,
      phase: 'what-if',
      done: Math.round(((step + share) / tried.length) * 1000),
      total: 1000,
      note: { step: step + 1, steps: tried.length },
    })
  async function solve(loaded: LoadedProblem, timeLimitMs: number, step: number): Promise<SolveAnswer> {
    running = services.startWorker('scheduler', requestFor(loaded, timeLimitMs), (value) => {
      if (timeLimitMs > 0) report((value as SolveProgress).progress, step)
    })
    const answer = (await running.result) as SolveAnswer
    running = null
    return answer
  }
  async function work(): Promise<string | null> {
    const present = await solve(real, 0, 0)
    const answers: StoredAnswer[] = []
    for (const [step, { scenario, loaded }] of tried.entries()) {
      if (ended === 'cancel') return null
      // Told that this is good enough: what is left gets no more than a plan by simple rules.
      const { plan } = await solve(loaded, ended === 'stop' ? 0 : input.timeLimitMs, step)
      answers.push(answerOf(scenario, loaded, real, plan))
    }
    if (ended === 'cancel') return null
    return keep(services, {
      present: figuresOf(real.snapshot, real.built, present.plan),
      presentNo: standingNo(services.belt().store.db),
      answers,
    })
  }
  const result = work()
  const job = services.track(
    'what-if',
    {
      stop: () => {
        ended = 'stop'
        running?.stop()
      },
      cancel: () => {
        ended = 'cancel'
        running?.cancel()
      },
    },
    result,
  )
  jobId = job.id
  result.then(
    (id) => services.emit({ kind: 'finished', jobId, outcome: id === null ? 'cancelled' : 'done' }),
    (error: unknown) => {
      if (ended !== 'cancel') services.log.error('a what-if failed', { error: String(error) })
      services.emit({ kind: 'finished', jobId, outcome: ended === 'cancel' ? 'cancelled' : 'failed' })
    },
  )
  return jobId
}

const standingNo = (db: Db): number | null => planHeads(db, 50).find((head) => !head.superseded)?.no ?? null

function answerOf(scenario: Scenario, loaded: LoadedProblem, real: LoadedProblem, plan: Plan): StoredAnswer {
  const { snapshot, built } = loaded
  const names = namesOf(snapshot, built.problem)
  const { moved, added } = movedTasks(real.snapshot.current, itemsOf(built, plan, snapshot), names)
  const what = scenarioSentence(scenario, real.snapshot, names)
  const isReal = inReality(real.built.problem, plan) !== null
  return {
    scenario,
    what,
    figures: figuresOf(snapshot, built, plan),
    moved: moved.length,
    added: added.length,
    real: isReal,
    whyNot: isReal ? null : { ...what, key: what.key.replace('plan.scenario.', 'plan.scenarioNotReal.') },
    plan,
  }
}

function keep(services: Services, run: StoredRun): string {
  const belt = services.belt()
  const id = randomUUID()
  const { db } = belt.store
  belt.store.transact(() => {
    prepared(db, 'INSERT INTO scenarioRun (id, createdMs, basePlanId, answers) VALUES (?, ?, ?, ?)').run(
      id,
      belt.nowMs(),
      standingPlans(db)[0]?.planId ?? null,
      JSON.stringify(run),
    )
    prepared(
      db,
      `DELETE FROM scenarioRun WHERE id NOT IN (SELECT id FROM scenarioRun ORDER BY createdMs DESC, id LIMIT ${KEPT_RUNS})`,
    ).run()
  })
  services.emit({ kind: 'changed', topics: ['scenario'] })
  return id
}

type Row = { id: string; createdMs: number; basePlanId: string | null; answers: string }

const withoutPlan = ({ plan: _, ...answer }: StoredAnswer): ScenarioAnswer => answer

export const scenarioQueries: QueryHandlers<typeof scenarioContract> = {
  'plan/scenarios': (_, { db }) => {
    const [standing] = standingPlans(db)
    return prepared<[], Row>(db, 'SELECT * FROM scenarioRun ORDER BY createdMs DESC, id')
      .all()
      .map((row): ScenarioRun => {
        const { answers, ...run } = JSON.parse(row.answers) as StoredRun
        return {
          ...run,
          id: row.id,
          createdMs: row.createdMs,
          answers: answers.map(withoutPlan),
          outdated: row.basePlanId !== (standing?.planId ?? null),
        }
      })
  },
}

export const scenarioActions: ActionHandlers<typeof scenarioContract> = {
  'plan/whatIf': (input, { actor, services }) =>
    Promise.resolve({ jobId: startWhatIf(services, actor, input) }),
  'plan/adoptScenario': ({ runId, index, reason }, { actor, services }) => {
    const row = services.read(actor, ({ db }) =>
      prepared<[string], Row>(db, 'SELECT * FROM scenarioRun WHERE id = ?').get(runId),
    )
    const answer = row && (JSON.parse(row.answers) as StoredRun).answers[index]
    if (!answer) throw new Refusal('not-found', { table: 'scenarioRun', id: runId })
    const { snapshot, built, basis } = loadProblem(services, actor)
    const plan = inReality(built.problem, answer.plan)
    if (!plan) throw new Refusal('scenario-not-real')
    const proposalId = storeProposal(services, actor, {
      kind: 'what-if',
      reason,
      cause: answer.what,
      seed: 1,
      snapshot,
      built,
      basis,
      plan,
      why: {},
      baseScore: null,
    })
    return Promise.resolve({ proposalId })
  },
}
