import { DAY_MS } from '../../../shared/domain/time.ts'
import type { Problem } from '../../../shared/scheduler/problem.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { parseTaskKey } from './items.ts'
import type { BeltSnapshot } from './snapshot.ts'

/** A plan that stands for its scope, and what was known when it was made. */
export interface StandingPlan {
  readonly planId: string
  /** `belt`, or the base that published it. */
  readonly planScope: string
  readonly publishedMs: number
  /** The belt's present when it was read for the plan. */
  readonly asOfMs: number
  /** Ids of the events known then; null for a plan that does not say. */
  readonly seen: ReadonlySet<string> | null
  /** Scopes whose work it places; null for a plan that does not say. */
  readonly covers: ReadonlySet<string> | null
}

/** What a plan is made from; kept with its proposal. */
export interface PlanBasis {
  readonly asOfMs: number
  /** The plans that stood. */
  readonly planIds: readonly string[]
  readonly seen: readonly string[]
  readonly covers: readonly string[]
}

const setOf = (text: string): ReadonlySet<string> | null => {
  const list = JSON.parse(text) as string[] | null
  return list && new Set(list)
}

/** Every plan that stands now, newest first; a pointer whose plan has not arrived yet points at nothing. */
export function standingPlans(db: Db): StandingPlan[] {
  return prepared<[], Omit<StandingPlan, 'seen' | 'covers'> & { seen: string; covers: string }>(
    db,
    'SELECT * FROM standingPlan ORDER BY publishedMs DESC, planId DESC',
  )
    .all()
    .map((row) => ({ ...row, seen: setOf(row.seen), covers: setOf(row.covers) }))
}

/** The newest plan that places the work of a scope, or the newest of all when none does; null before there is one. */
export function planFor(plans: readonly StandingPlan[], scope: string): StandingPlan | null {
  return plans.find((plan) => plan.covers?.has(scope) ?? true) ?? plans[0] ?? null
}

/** Whether a plan was made knowing an event. */
export const knows = (plan: StandingPlan, event: { readonly id: string; readonly atMs: number }): boolean =>
  plan.seen?.has(event.id) ?? plan.publishedMs > event.atMs

/** What a plan made now is made from. Events older than a day are history to everyone. */
export function readBasis(db: Db, nowMs: number, snapshot: BeltSnapshot, problem: Problem): PlanBasis {
  const events = prepared<[number], { id: string }>(
    db,
    'SELECT id FROM planEvent WHERE atMs >= ? ORDER BY id',
  ).all(nowMs - DAY_MS)
  return {
    asOfMs: nowMs,
    planIds: standingPlans(db).map(({ planId }) => planId),
    seen: events.map(({ id }) => id),
    covers: scopesOf(snapshot, problem),
  }
}

function scopesOf({ orders, sessions }: BeltSnapshot, problem: Problem): string[] {
  const bases = new Map([...orders, ...sessions].map(({ id, baseId }) => [id, baseId]))
  const planned = problem.tasks.flatMap((task) => bases.get(parseTaskKey(task.id)?.id ?? '') ?? [])
  return [...new Set(planned)].sort().map((baseId) => `base:${baseId}`)
}

/** Whether another plan for the same work, or for the same scope, stands since a plan was made. */
export function isOutdated(db: Db, basis: PlanBasis, planScope: string | null): boolean {
  const known = new Set(basis.planIds)
  return standingPlans(db).some(
    (plan) =>
      !known.has(plan.planId) &&
      (plan.covers === null ||
        plan.planScope === planScope ||
        basis.covers.some((scope) => plan.covers?.has(scope))),
  )
}
