import { HOUR_MS } from '../../../shared/domain/time.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { CommandContext } from '../context.ts'
import type { Services } from '../services.ts'
import { standingPlans } from './basis.ts'
import { failGate, recordEvent } from './report.ts'

/** An order this near, or this heavy, does not wait for the next planning round. */
const URGENT_MS = 48 * HOUR_MS
const URGENT_WEIGHT = 4
/** More demand than this share of an order is a spike, percent. */
const SPIKE_PCT = 10

/**
 * Finds what breaks the plan though nobody reported it: a verdict that failed, an urgent order nobody planned, orders
 * beyond what will be made. Only rows this device wrote count, so that one device records each.
 */
export function detectEvents(services: Services): number {
  const { store } = services.belt()
  const [standing] = standingPlans(store.db)
  if (!standing) return 0
  const since = standing.asOfMs
  const pending =
    failedVerdicts(store.db, store.author, since).length +
    urgentOrders(store.db, store.author, since, services.belt().nowMs()).length +
    spikes(store.db, store.author, since).length
  if (pending === 0) return 0
  const nobody = { connectionId: '', personId: null, role: null, baseId: null }
  return services.transact(nobody, (ctx) => recordAll(ctx, store.author, since))
}

type Db = CommandContext['db']

interface FailedVerdict {
  verdictId: string
  orderId: string
  evidence: string
}

/** Failed samples and batches whose order can be made again, not recorded yet. */
function failedVerdicts(db: Db, author: string, sinceMs: number): FailedVerdict[] {
  return prepared<[string, number], FailedVerdict>(
    db,
    `SELECT gateVerdict.id AS verdictId, gateVerdict.evidence, max(productionOrder.id) AS orderId
     FROM gateVerdict JOIN productionOrder ON productionOrder.skuId = gateVerdict.skuId
       AND productionOrder.deleted = 0 AND productionOrder.status <> 'cancelled'
       AND (gateVerdict.sessionId IS NULL OR productionOrder.sessionId = gateVerdict.sessionId)
       AND (productionOrder.kind = 'sample') = (gateVerdict.gate = 'sample-test')
     WHERE gateVerdict.verdict = 'failed' AND gateVerdict.gate IN ('sample-test', 'production-follow-up')
       AND substr(gateVerdict.id, 1, 8) = ? AND gateVerdict.createdMs > ?
       AND NOT EXISTS (SELECT 1 FROM planEvent WHERE planEvent.kind = 'gate-failed'
         AND planEvent.details ->> 'verdictId' = gateVerdict.id)
     GROUP BY gateVerdict.id`,
  ).all(author, sinceMs)
}

interface UrgentOrder {
  id: string
  scope: string
  quantity: number
  dueMs: number
}

function urgentOrders(db: Db, author: string, sinceMs: number, nowMs: number): UrgentOrder[] {
  return prepared<[string, number, number, number], UrgentOrder>(
    db,
    `SELECT id, scope, quantity, dueMs FROM productionOrder
     WHERE deleted = 0 AND status = 'open' AND kind <> 'sample' AND substr(id, 1, 8) = ? AND createdMs > ?
       AND (weight >= ? OR dueMs <= ?)
       AND NOT EXISTS (SELECT 1 FROM standingItem WHERE standingItem.orderId = productionOrder.id)
       AND NOT EXISTS (SELECT 1 FROM planEvent WHERE planEvent.subjectId = productionOrder.id)`,
  ).all(author, sinceMs, URGENT_WEIGHT, nowMs + URGENT_MS)
}

interface Spike {
  id: string
  scope: string
  quantity: number
  units: number
}

/** Orders of the plan whose SKU sold more since than is in stock and being made. */
function spikes(db: Db, author: string, sinceMs: number): Spike[] {
  return prepared<[string, number, number], Spike>(
    db,
    `WITH sold AS (
       SELECT DISTINCT skuId FROM orderLine WHERE substr(id, 1, 8) = ? AND createdMs > ? AND skuId IS NOT NULL
     ), short AS (
       SELECT sold.skuId,
         (SELECT coalesce(sum(quantity), 0) FROM orderNow WHERE orderNow.skuId = sold.skuId AND isOpen = 1)
         - max(0, (SELECT coalesce(sum(quantity), 0) FROM stockMove WHERE stockMove.skuId = sold.skuId))
         - (SELECT coalesce(sum(max(0, quantity - doneQuantity)), 0) FROM productionOrder
            WHERE productionOrder.skuId = sold.skuId AND deleted = 0 AND status IN ('open', 'running') AND kind <> 'sample') AS units
       FROM sold
     )
     SELECT min(productionOrder.id) AS id, productionOrder.scope, productionOrder.quantity,
       productionOrder.quantity + short.units AS units
     FROM short JOIN productionOrder ON productionOrder.skuId = short.skuId AND productionOrder.deleted = 0
       AND productionOrder.status IN ('open', 'running') AND productionOrder.kind <> 'sample'
     JOIN standingItem ON standingItem.orderId = productionOrder.id
     WHERE short.units * 100 >= productionOrder.quantity * ?
       AND NOT EXISTS (SELECT 1 FROM planEvent WHERE planEvent.kind = 'demand-spike'
         AND planEvent.subjectId = productionOrder.id
         AND planEvent.details ->> 'units' >= productionOrder.quantity + short.units)
     GROUP BY short.skuId`,
  ).all(author, sinceMs, SPIKE_PCT)
}

function recordAll(ctx: CommandContext, author: string, sinceMs: number): number {
  const verdicts = failedVerdicts(ctx.db, author, sinceMs)
  for (const { orderId, evidence, verdictId } of verdicts) failGate(ctx, orderId, evidence, verdictId)
  const urgent = urgentOrders(ctx.db, author, sinceMs, ctx.nowMs)
  for (const order of urgent)
    recordEvent(ctx, order, {
      kind: 'urgent-order',
      subjectTable: 'productionOrder',
      fromMs: ctx.nowMs,
      untilMs: order.dueMs,
      details: { reason: '', units: order.quantity },
    })
  const grown = spikes(ctx.db, author, sinceMs)
  for (const order of grown)
    recordEvent(ctx, order, {
      kind: 'demand-spike',
      subjectTable: 'productionOrder',
      fromMs: ctx.nowMs,
      untilMs: null,
      details: { reason: '', units: order.units, planned: order.quantity },
    })
  return verdicts.length + urgent.length + grown.length
}
