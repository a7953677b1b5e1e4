import type { importsContract } from '../../../../shared/contract/imports.ts'
import { netDemand, type Need } from '../../../../shared/domain/demand.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { CommandContext, CommandHandlers } from '../../context.ts'
import {
  coveredUnitsOf,
  demandOrdersOf,
  openLinesOf,
  skusWithDemand,
  type DemandOrder,
} from './demand-repo.ts'
import { aliasSku } from './sku-mapping.ts'

interface Tally {
  created: number
  updated: number
  cancelled: number
  units: number
}

/** Weight of an order that people have paid for, among the planner's other orders. */
const PAID_ORDER_WEIGHT = 5

const isAdjustable = (order: DemandOrder) =>
  order.status === 'cancelled' || (order.status === 'open' && order.doneQuantity === 0)

/** Brings one SKU's demand orders in line with what is needed. */
function adjustSku(ctx: CommandContext, skuId: string, needs: readonly Need[], tally: Tally): void {
  const orders = demandOrdersOf(ctx.db, skuId)
  const taken = new Set(orders.filter((order) => !isAdjustable(order)).map((order) => order.sourceKey))
  const free = new Map(orders.filter(isAdjustable).map((order) => [order.sourceKey, order]))
  for (const need of needs) {
    tally.units += need.quantity
    const key = freeKey(`demand:${skuId}:${need.day}`, taken)
    const order = free.get(key)
    free.delete(key)
    if (!order) {
      createOrder(ctx, skuId, key, need)
      tally.created++
    } else if (
      order.status === 'cancelled' ||
      order.quantity !== need.quantity ||
      order.dueMs !== need.dueMs
    ) {
      ctx.write.set('productionOrder', order.id, {
        quantity: need.quantity,
        dueMs: need.dueMs,
        status: 'open',
      })
      tally.updated++
    }
  }
  for (const order of free.values()) {
    if (order.status === 'cancelled') continue
    ctx.write.set('productionOrder', order.id, { status: 'cancelled' })
    tally.cancelled++
  }
}

/** An order that is under way keeps its key; what is needed beyond it gets a numbered one. */
function freeKey(key: string, taken: ReadonlySet<string>): string {
  if (!taken.has(key)) return key
  let n = 2
  while (taken.has(`${key}#${n}`)) n++
  return `${key}#${n}`
}

function createOrder(ctx: CommandContext, skuId: string, sourceKey: string, need: Need): void {
  ctx.write.create('productionOrder', {
    skuId,
    kind: 'quick-response',
    sessionId: null,
    sourceKey,
    quantity: need.quantity,
    releaseMs: ctx.nowMs,
    dueMs: need.dueMs,
    weight: PAID_ORDER_WEIGHT,
    status: 'open',
    doneQuantity: 0,
  })
}

export const importsCommands: CommandHandlers<typeof importsContract> = {
  'import/mapSku': ({ source, code, skuId }, ctx) => {
    aliasSku(ctx, source, code, skuId)
    return null
  },

  'demand/toProductionOrders': ({ skuIds }, ctx) => {
    const tally: Tally = { created: 0, updated: 0, cancelled: 0, units: 0 }
    for (const skuId of skuIds ?? skusWithDemand(ctx.db)) {
      if (!ctx.db.prepare('SELECT 1 FROM sku WHERE id = ? AND deleted = 0').get(skuId)) {
        if (skuIds) throw new Refusal('not-found', { table: 'sku', id: skuId })
        continue
      }
      const needs = netDemand(openLinesOf(ctx.db, skuId), coveredUnitsOf(ctx.db, skuId), ctx.belt.timeZone)
      adjustSku(ctx, skuId, needs, tally)
    }
    return tally
  },
}
