import type { PlanEventView, replanningContract } from '../../../shared/contract/replanning.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import type { Value } from '../../../shared/ops/types.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { ActionHandlers, CommandHandlers, QueryContext, QueryHandlers } from '../context.ts'
import { readEvents, sentenceOf } from './events.ts'
import { planningPolicyId, readPlanningPolicy } from './policy.ts'
import { planScopeOf, standAgain } from './publish.ts'
import { answerEvents } from './replan.ts'
import { currentPlanId } from './repo.ts'
import { report } from './report.ts'

function eventViews({ actor, db, nowMs }: QueryContext): PlanEventView[] {
  const own = currentPlanId(db, planScopeOf({ actor, db }))
  return readEvents(db, nowMs).map((event) => ({
    id: event.id,
    kind: event.kind,
    atMs: event.atMs,
    what: sentenceOf(db, event),
    state: event.state,
    proposalId: event.state === 'proposed' ? event.proposalId : null,
    moved: event.moved,
    held: event.held,
    elapsedMs: event.elapsedMs,
    undoable: event.state === 'applied' && event.planId === own,
  }))
}

export const replanningCommands: CommandHandlers<typeof replanningContract> = {
  'plan/report': (input, ctx) => report(ctx, input),
  'plan/reopen': ({ table, id }, { db, write, nowMs }) => {
    if (table === 'productionLine') {
      write.set('productionLine', id, { downFromMs: null, downUntilMs: null, downReason: null })
      return null
    }
    const rows = prepared<[string, string, number], { id: string }>(
      db,
      'SELECT id FROM closure WHERE deleted = 0 AND subjectTable = ? AND subjectId = ? AND coalesce(untilMs, 9e15) > ?',
    ).all(table, id, nowMs)
    for (const row of rows) write.remove('closure', row.id)
    return null
  },
  'plan/undo': ({ eventId }, ctx) => {
    const event = readEvents(ctx.db, ctx.nowMs).find((candidate) => candidate.id === eventId)
    if (!event) throw new Refusal('not-found', { table: 'planEvent', id: eventId })
    if (event.state !== 'applied' || currentPlanId(ctx.db, planScopeOf(ctx)) !== event.planId)
      throw new Refusal('plan-outdated')
    standAgain(ctx, event.previousPlanId)
    prepared(ctx.db, `UPDATE replan SET state = 'undone' WHERE planId = ?`).run(event.planId)
    ctx.touch('replan')
    return { planId: event.previousPlanId }
  },
  'plan/savePolicy': ({ weights, ...policy }, { db, write }) => {
    const id = planningPolicyId(db)
    const fields = { ...policy, weights: weights as unknown as Value }
    if (id === null) write.create('planningPolicy', fields)
    else write.set('planningPolicy', id, fields)
    return null
  },
}

export const replanningQueries: QueryHandlers<typeof replanningContract> = {
  'plan/events': (_, ctx) => eventViews(ctx),
  'plan/policy': (_, { db }) => readPlanningPolicy(db),
}

export const replanningActions: ActionHandlers<typeof replanningContract> = {
  'plan/repair': async (_, { services }) => ({
    proposalId: await answerEvents(services, { again: true }),
  }),
}
