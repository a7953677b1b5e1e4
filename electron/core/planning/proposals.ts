import { createHash, randomUUID } from 'node:crypto'
import type { ProposalKind, ScoreTier, Sentence } from '../../../shared/contract/planning.ts'
import type { Explanation, Plan, Problem, Score } from '../../../shared/scheduler/problem.ts'
import type { Actor } from '../context.ts'
import type { Services } from '../services.ts'
import type { PlanBasis } from './basis.ts'
import { namesOf } from './names.ts'
import type { BuiltProblem } from './problem.ts'
import { noticesOf } from './sound.ts'
import { saveProposal, type BetterPlan, type ProposalEffect } from './repo.ts'
import { itemsOf, lateOrders, movedTasks, scoreTiers } from './result.ts'
import type { BeltSnapshot } from './snapshot.ts'

export function hashProblem(problem: Problem): string {
  return createHash('sha256').update(JSON.stringify(problem)).digest('hex')
}

/** A checked plan and what is to be said of it. */
export interface NewProposal {
  readonly kind: ProposalKind
  readonly reason: string
  readonly cause: Sentence | null
  readonly seed: number
  readonly snapshot: BeltSnapshot
  readonly built: BuiltProblem
  readonly basis: PlanBasis
  readonly plan: Plan
  /** Late jobs by id: the binding chain in time order. */
  readonly why: Readonly<Record<string, readonly Explanation[]>>
  readonly baseScore: Score | null
  readonly effects?: readonly ProposalEffect[]
  readonly better?: BetterPlan | null
}

/** Keeps a plan as a proposal on this device. @returns its id */
export function storeProposal(services: Services, actor: Actor, made: NewProposal): string {
  const { snapshot, built, plan } = made
  const names = namesOf(snapshot, built.problem)
  const items = itemsOf(built, plan, snapshot)
  const sentences = (jobId: string) =>
    (made.why[jobId] ?? []).map((explanation) => names.sentence(explanation))
  const belt = services.belt()
  const baseScore: ScoreTier[] | null = made.baseScore && scoreTiers(made.baseScore)
  const id = randomUUID()
  belt.store.transact(() =>
    saveProposal(belt.store.db, {
      id,
      createdMs: belt.nowMs(),
      authorId: actor.personId,
      reason: made.reason,
      seed: made.seed,
      basis: made.basis,
      horizonFromMs: built.epochMs,
      horizonToMs: built.horizonToMs,
      problemHash: hashProblem(built.problem),
      problem: built.problem,
      plan,
      items,
      score: scoreTiers(plan.score),
      baseScore,
      moved: movedTasks(snapshot.current, items, names),
      late: lateOrders(items, built, snapshot, names, sentences),
      unplanned: [
        ...plan.unplanned.map(({ task, reason }) => ({
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
      kind: made.kind,
      cause: made.cause,
      effects: made.effects ?? [],
      better: made.better ?? null,
      notices: noticesOf(built, snapshot.pins, names),
    }),
  )
  services.emit({ kind: 'changed', topics: ['plan', 'proposal'] })
  return id
}
