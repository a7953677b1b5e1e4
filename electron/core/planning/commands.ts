import { Refusal } from '../../../shared/contract/result.ts'
import type { planningContract } from '../../../shared/contract/planning.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { CommandHandlers } from '../context.ts'
import { parseTaskKey, type PlanItem } from './items.ts'
import { publishProposal } from './publish.ts'
import { readProposal } from './repo.ts'
import { readCurrentItems } from './snapshot.ts'

export const planningCommands: CommandHandlers<typeof planningContract> = {
  'plan/publish': ({ proposalId, reason }, ctx) => {
    ctx.touch('proposal')
    return publishProposal(ctx, proposalId, reason)
  },
  'plan/discard': ({ proposalId }, { db, touch }) => {
    touch('proposal')
    const proposal = readProposal(db, proposalId)
    if (proposal.publishedAs !== null) throw new Refusal('plan-not-proposal', { id: proposalId })
    prepared(db, 'DELETE FROM proposal WHERE id = ?').run(proposalId)
    return null
  },
  'plan/pin': ({ taskKey, pinned, reason }, { db, write }) => {
    const name = parseTaskKey(taskKey)
    if (!name) throw new Refusal('not-found', { table: 'task', id: taskKey })
    const existing = prepared<[string], { id: string }>(
      db,
      'SELECT id FROM pin WHERE taskKey = ? AND deleted = 0',
    ).get(taskKey)
    if (existing) write.remove('pin', existing.id)
    if (!pinned) return null
    const item: PlanItem | undefined = readCurrentItems(db).find((candidate) => candidate.taskKey === taskKey)
    const table = name.subject === 'order' ? 'productionOrder' : 'liveSession'
    const scope = prepared<[string], { scope: string }>(db, `SELECT scope FROM ${table} WHERE id = ?`).get(
      name.id,
    )?.scope
    if (!item || !scope) throw new Refusal('not-found', { table: 'task', id: taskKey })
    write.withScope(scope as `base:${string}`).create('pin', {
      subjectTable: table,
      subjectId: name.id,
      taskKey,
      resourceId: item.lanes[0] ?? null,
      startMs: item.startMs,
      strength: 'hard',
      reason,
    })
    return null
  },
}
