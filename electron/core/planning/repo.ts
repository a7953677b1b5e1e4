import type {
  LateOrder,
  MovedTask,
  PlanHead,
  ProposalDetail,
  ProposalHead,
  ProposalKind,
  ScoreTier,
  Sentence,
} from '../../../shared/contract/planning.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import type { Plan, Problem } from '../../../shared/scheduler/problem.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { RollupHooks } from '../store/rollups.ts'
import { isOutdated, standingPlans, type PlanBasis } from './basis.ts'
import type { PlanItem } from './items.ts'

export interface StoredProposal {
  readonly id: string
  readonly createdMs: number
  readonly authorId: string | null
  readonly reason: string
  readonly seed: number
  /** Null for a proposal of an earlier version of the program: it is out of date. */
  readonly basis: PlanBasis | null
  readonly horizonFromMs: number
  readonly horizonToMs: number
  readonly problemHash: string
  readonly problem: Problem
  readonly plan: Plan
  readonly items: readonly PlanItem[]
  readonly score: readonly ScoreTier[]
  readonly baseScore: readonly ScoreTier[] | null
  readonly moved: { readonly moved: readonly MovedTask[]; readonly added: readonly MovedTask[] }
  readonly late: readonly LateOrder[]
  readonly unplanned: readonly {
    readonly taskKey: string
    readonly label: string
    readonly why: readonly Sentence[]
  }[]
  readonly publishedAs: string | null
  readonly kind: ProposalKind
  readonly cause: Sentence | null
  readonly effects: readonly ProposalEffect[]
  readonly better: BetterPlan | null
  /** What is odd about the data: a line that never opens, a year without known holidays. */
  readonly notices: readonly Sentence[]
}

/** What publishing changes besides the plan: an order grows to what was sold. */
export interface ProposalEffect {
  readonly orderId: string
  readonly quantity: number
}

/** The optimiser's proposal beside a simple one. */
export interface BetterPlan {
  readonly proposalId: string
  readonly score: readonly ScoreTier[]
  readonly late: number
  readonly unplanned: number
}

type ProposalRow = Record<
  | 'kind'
  | 'cause'
  | 'effects'
  | 'better'
  | 'notices'
  | 'basis'
  | 'id'
  | 'reason'
  | 'problemHash'
  | 'problem'
  | 'plan'
  | 'items'
  | 'score'
  | 'moved'
  | 'late'
  | 'unplanned',
  string
> & {
  createdMs: number
  seed: number
  authorId: string | null
  horizonFromMs: number
  horizonToMs: number
  baseScore: string | null
  publishedAs: string | null
}

const KEPT_PROPOSALS = 12

export function saveProposal(db: Db, proposal: StoredProposal): void {
  const json = (value: unknown) => JSON.stringify(value)
  prepared(
    db,
    `INSERT INTO proposal (id, createdMs, authorId, reason, seed, basis, horizonFromMs, horizonToMs, problemHash, problem, plan, items, score,
       baseScore, moved, late, unplanned, publishedAs, kind, cause, effects, better, notices)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    proposal.id,
    proposal.createdMs,
    proposal.authorId,
    proposal.reason,
    proposal.seed,
    json(proposal.basis),
    proposal.horizonFromMs,
    proposal.horizonToMs,
    proposal.problemHash,
    json(proposal.problem),
    json(proposal.plan),
    json(proposal.items),
    json(proposal.score),
    proposal.baseScore && json(proposal.baseScore),
    json(proposal.moved),
    json(proposal.late),
    json(proposal.unplanned),
    proposal.publishedAs,
    proposal.kind,
    json(proposal.cause),
    json(proposal.effects),
    json(proposal.better),
    json(proposal.notices),
  )
  prepared(
    db,
    `DELETE FROM proposal WHERE id NOT IN (SELECT id FROM proposal ORDER BY createdMs DESC, id LIMIT ${KEPT_PROPOSALS})
       AND coalesce(publishedAs, '') NOT IN (SELECT planId FROM standingPlan)`,
  ).run()
}

/** @throws Refusal `not-found` */
export function readProposal(db: Db, id: string): StoredProposal {
  const row = prepared<[string], ProposalRow>(db, 'SELECT * FROM proposal WHERE id = ?').get(id)
  if (!row) throw new Refusal('not-found', { table: 'proposal', id })
  return {
    ...row,
    problem: JSON.parse(row.problem) as Problem,
    plan: JSON.parse(row.plan) as Plan,
    items: JSON.parse(row.items) as PlanItem[],
    score: JSON.parse(row.score) as ScoreTier[],
    baseScore: row.baseScore === null ? null : (JSON.parse(row.baseScore) as ScoreTier[]),
    moved: JSON.parse(row.moved) as StoredProposal['moved'],
    late: JSON.parse(row.late) as LateOrder[],
    unplanned: JSON.parse(row.unplanned) as StoredProposal['unplanned'],
    kind: row.kind as ProposalKind,
    cause: JSON.parse(row.cause) as Sentence | null,
    effects: JSON.parse(row.effects) as ProposalEffect[],
    better: JSON.parse(row.better) as BetterPlan | null,
    notices: JSON.parse(row.notices) as Sentence[],
    basis: JSON.parse(row.basis) as PlanBasis | null,
  }
}

/** The proposal that the newest standing plan was published from; null when it was made on another machine or long ago. */
export function readPublishedProposal(db: Db): StoredProposal | null {
  const planId = standingPlans(db)[0]?.planId
  if (planId === undefined) return null
  const row = prepared<[string], { id: string }>(db, 'SELECT id FROM proposal WHERE publishedAs = ?').get(
    planId,
  )
  return row ? readProposal(db, row.id) : null
}

/** The plan that stands for a scope; null before the first publication. */
export function currentPlanId(db: Db, planScope: string): string | null {
  const row = prepared<[string], { planId: string }>(
    db,
    'SELECT planId FROM currentPlan WHERE deleted = 0 AND planScope = ?',
  ).get(planScope)
  return row?.planId ?? null
}

export function planHeads(db: Db, limit: number): PlanHead[] {
  const standing = new Set(standingPlans(db).map(({ planId }) => planId))
  return prepared<
    [number],
    {
      id: string
      no: number
      publishedMs: number
      author: string | null
      reason: string
      score: string
      cause: string
      items: number
      late: number
    }
  >(
    db,
    `SELECT planVersion.id, planVersion.planNo AS no, planVersion.publishedMs, person.name AS author, planVersion.reason, planVersion.score, planVersion.cause,
       json_array_length(planVersion.items) AS items, json_array_length(planVersion.late) AS late
     FROM planVersion LEFT JOIN op ON op.tbl = 'planVersion' AND op.row = planVersion.id LEFT JOIN person ON person.id = op.person
     ORDER BY planVersion.publishedMs DESC, planVersion.id DESC LIMIT ?`,
  )
    .all(limit)
    .map((row) => ({
      ...row,
      author: row.author ?? '',
      score: JSON.parse(row.score) as ScoreTier[],
      cause: JSON.parse(row.cause) as Sentence | null,
      superseded: !standing.has(row.id),
    }))
}

export function headOf(db: Db, proposal: StoredProposal): ProposalHead {
  return {
    id: proposal.id,
    createdMs: proposal.createdMs,
    reason: proposal.reason,
    score: proposal.score,
    baseScore: proposal.baseScore,
    tasks: proposal.items.length,
    moved: proposal.moved.moved.length,
    added: proposal.moved.added.length,
    late: proposal.late.length,
    unplanned: proposal.unplanned.length,
    kind: proposal.kind,
    cause: proposal.cause,
    better: proposal.better,
    outdated: proposal.basis === null || isOutdated(db, proposal.basis, null),
  }
}

export function detailOf(db: Db, proposal: StoredProposal): ProposalDetail {
  return {
    ...headOf(db, proposal),
    movedTasks: [...proposal.moved.moved, ...proposal.moved.added],
    lateOrders: proposal.late,
    unplannedTasks: proposal.unplanned,
    notices: proposal.notices,
  }
}

/** Proposals that wait, newest first; an optimiser's twin is reached through its simple plan. */
export function openProposalIds(db: Db): string[] {
  return prepared<[], { id: string }>(
    db,
    `SELECT id FROM proposal WHERE publishedAs IS NULL
       AND id NOT IN (SELECT better ->> 'proposalId' FROM proposal WHERE better <> 'null')
     ORDER BY createdMs DESC, id`,
  )
    .all()
    .map((row) => row.id)
}

/** Lays a plan version's items out as rows when its fact arrives. */
export const planningRollups: RollupHooks = {
  facts: {
    planVersion: (db, row, sign) => {
      if (sign < 0) {
        prepared(db, 'DELETE FROM planItem WHERE planId = ?').run(row['id'])
        return
      }
      const insert = prepared(
        db,
        `INSERT OR REPLACE INTO planItem (planId, taskKey, kind, lanes, startMs, endMs, setupMin, sessionId, orderId, lateMin, slackMin)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      for (const item of (JSON.parse(String(row['items'])) as PlanItem[] | null) ?? [])
        insert.run(
          row['id'],
          item.taskKey,
          item.kind,
          JSON.stringify(item.lanes),
          item.startMs,
          item.endMs,
          item.setupMin,
          item.sessionId,
          item.orderId,
          item.lateMin,
          item.slackMin,
        )
    },
  },
}

/** Says beside a simple plan what the optimiser found. */
export function noteBetter(db: Db, proposalId: string, better: BetterPlan): void {
  prepared(db, 'UPDATE proposal SET better = ? WHERE id = ? AND publishedAs IS NULL').run(
    JSON.stringify(better),
    proposalId,
  )
}
