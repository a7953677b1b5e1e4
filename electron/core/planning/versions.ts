import type { versionsContract, VersionDifference, VersionDetail } from '../../../shared/contract/versions.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { Db } from '../../sqlite/open.ts'
import type { ActionHandlers, QueryHandlers } from '../context.ts'
import { parseTaskKey, type PlanItem } from './items.ts'
import { mendTowards } from './mend.ts'
import { planHeads } from './repo.ts'
import { readPlanItems } from './snapshot.ts'

const MOST_HEADS = 200

function headOf(db: Db, planId: string) {
  const head = planHeads(db, MOST_HEADS).find(({ id }) => id === planId)
  if (!head) throw new Refusal('not-found', { table: 'planVersion', id: planId })
  return head
}

/** Names of what a version holds; its orders may be long done. */
function labelsOf(db: Db) {
  const order = prepared<[string], { label: string }>(
    db,
    `SELECT trim(coalesce(merchant.shortName, '') || ' ' || sku.name) AS label FROM productionOrder
     JOIN sku ON sku.id = productionOrder.skuId JOIN product ON product.id = sku.productId
     LEFT JOIN merchant ON merchant.id = product.merchantId WHERE productionOrder.id = ?`,
  )
  const session = prepared<[string], { label: string }>(
    db,
    `SELECT coalesce(nullif(merchant.shortName, ''), liveSession.title) AS label FROM liveSession
     LEFT JOIN merchant ON merchant.id = liveSession.merchantId WHERE liveSession.id = ?`,
  )
  const lane = prepared<[string, string, string], { label: string }>(
    db,
    `SELECT coalesce(nullif(shortName, ''), name) AS label FROM productionLine WHERE id = ?
     UNION ALL SELECT coalesce(nullif(shortName, ''), name) FROM studio WHERE id = ?
     UNION ALL SELECT coalesce(nullif(shortName, ''), name) FROM streamer WHERE id = ?`,
  )
  return {
    task: (key: string) => {
      const name = parseTaskKey(key)
      return (name && (name.subject === 'order' ? order : session).get(name.id)?.label) || key
    },
    lane: (id: string | undefined) => (id === undefined ? '' : (lane.get(id, id, id)?.label ?? id)),
  }
}

const isSame = (a: PlanItem, b: PlanItem) => a.startMs === b.startMs && a.lanes.join() === b.lanes.join()

/** What the later of two versions does otherwise than the earlier. */
function differences(db: Db, fromId: string, toId: string): VersionDifference[] {
  const labels = labelsOf(db)
  const before = new Map(readPlanItems(db, fromId).map((item) => [item.taskKey, item]))
  const after = new Map(readPlanItems(db, toId).map((item) => [item.taskKey, item]))
  const keys = [...new Set([...before.keys(), ...after.keys()])]
  return keys
    .flatMap((taskKey): VersionDifference[] => {
      const from = before.get(taskKey)
      const to = after.get(taskKey)
      if (from && to && isSame(from, to)) return []
      const item = (to ?? from)!
      return [
        {
          taskKey,
          kind: item.kind,
          label: labels.task(taskKey),
          change: from && to ? 'moved' : to ? 'added' : 'removed',
          fromLane: from ? labels.lane(from.lanes[0]) : null,
          fromStartMs: from?.startMs ?? null,
          toLane: to ? labels.lane(to.lanes[0]) : null,
          toStartMs: to?.startMs ?? null,
          fromLateMin: from?.lateMin ?? 0,
          toLateMin: to?.lateMin ?? 0,
        },
      ]
    })
    .sort((a, b) => (a.toStartMs ?? a.fromStartMs!) - (b.toStartMs ?? b.fromStartMs!))
}

export const versionsQueries: QueryHandlers<typeof versionsContract> = {
  'plan/version': ({ planId }, { db }): VersionDetail => {
    const head = headOf(db, planId)
    const labels = labelsOf(db)
    return {
      ...head,
      lateOrders: readPlanItems(db, planId)
        .filter((item) => item.lateMin > 0)
        .map((item) => ({
          taskKey: item.taskKey,
          label: labels.task(item.taskKey),
          endMs: item.endMs,
          lateMin: item.lateMin,
        }))
        .sort((a, b) => b.lateMin - a.lateMin),
    }
  },
  'plan/compare': ({ fromId, toId }, { db }) => ({
    from: headOf(db, fromId),
    to: headOf(db, toId),
    differences: differences(db, fromId, toId),
  }),
}

export const versionsActions: ActionHandlers<typeof versionsContract> = {
  'plan/restore': async ({ planId }, { actor, services }) => {
    const { head, items } = services.read(actor, ({ db }) => ({
      head: headOf(db, planId),
      items: readPlanItems(db, planId),
    }))
    const cause = { key: 'plan.restored', params: { no: head.no } }
    return { proposalId: await mendTowards(services, actor, items, { cause }) }
  },
}
