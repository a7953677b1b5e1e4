import type { PlanReport } from '../../../shared/contract/replanning.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import { DAY_MS, MINUTE_MS } from '../../../shared/domain/time.ts'
import type { Value } from '../../../shared/ops/types.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { CommandContext } from '../context.ts'

type Report<K extends PlanReport['kind']> = Extract<PlanReport, { kind: K }>

const MAKE_UP_DAYS = 3
const LEAST_MAKE_UP_MIN = 30
const URGENT_WEIGHT = 8

interface Row {
  id: string
  scope: string
}

function rowOf<T extends Row>(ctx: CommandContext, table: string, id: string): T {
  const row = prepared<[string], T>(ctx.db, `SELECT * FROM ${table} WHERE id = ? AND deleted = 0`).get(id)
  if (!row) throw new Refusal('not-found', { table, id })
  return row
}

/** Rows of the belt (rooms, people) are reported in the caller's base, or where they are at home. */
function scopeFor(ctx: CommandContext, row: Row & { baseId?: string | null }): `base:${string}` {
  if (row.scope.startsWith('base:')) return row.scope as `base:${string}`
  const baseId =
    row.baseId ??
    ctx.actor.baseId ??
    prepared<[], { id: string }>(
      ctx.db,
      'SELECT id FROM liveBase WHERE deleted = 0 ORDER BY createdMs, id LIMIT 1',
    ).get()?.id
  if (baseId === undefined) throw new Refusal('not-found', { table: 'liveBase', id: '' })
  return `base:${baseId}`
}

export function recordEvent(
  ctx: CommandContext,
  row: Row & { baseId?: string | null },
  event: {
    kind: string
    subjectTable: string
    fromMs: number
    untilMs: number | null
    details: Readonly<Record<string, Value>>
  },
): string {
  return ctx.write
    .withScope(scopeFor(ctx, row))
    .fact('planEvent', { ...event, subjectId: row.id, atMs: ctx.nowMs })!
}

function refuseBackwards(fromMs: number, untilMs: number | null): void {
  if (untilMs !== null && untilMs <= fromMs)
    throw new Refusal('bad-input', { field: 'untilMs', problem: 'before-start' })
}

function lineDown(ctx: CommandContext, { lineId, fromMs, untilMs, reason }: Report<'line-down'>) {
  refuseBackwards(fromMs, untilMs)
  const line = rowOf<Row>(ctx, 'productionLine', lineId)
  ctx.write.set('productionLine', lineId, { downFromMs: fromMs, downUntilMs: untilMs, downReason: reason })
  const eventId = recordEvent(ctx, line, {
    kind: 'line-down',
    subjectTable: 'productionLine',
    fromMs,
    untilMs,
    details: { reason },
  })
  return { eventId, rowId: lineId }
}

function close(
  ctx: CommandContext,
  subjectTable: 'studio' | 'streamer',
  kind: 'studio-closed' | 'streamer-ill',
  id: string,
  { fromMs, untilMs, reason }: { fromMs: number; untilMs: number | null; reason: string },
) {
  refuseBackwards(fromMs, untilMs)
  const subject = rowOf<Row & { baseId: string | null }>(ctx, subjectTable, id)
  const rowId = ctx.write.create('closure', { subjectTable, subjectId: id, fromMs, untilMs, reason })
  const eventId = recordEvent(ctx, subject, { kind, subjectTable, fromMs, untilMs, details: { reason } })
  return { eventId, rowId }
}

interface SessionRow extends Row {
  baseId: string
  merchantId: string
  title: string
  platform: string
  channel: string
  studioIds: string
  streamerIds: string
  primeTime: number
  shippingPromiseHours: number
  status: string
  startMs: number | null
  endMs: number | null
  durationMin: number
}

/** Ends the broadcast where it was cut and, when wanted, asks for the rest of it within three days. */
function cutOff(ctx: CommandContext, { sessionId, atMs, makeUpMin, reason }: Report<'dropout'>) {
  const session = rowOf<SessionRow>(ctx, 'liveSession', sessionId)
  if (session.status !== 'live' && session.status !== 'ended')
    throw new Refusal('session-state', { status: session.status })
  if (session.status === 'live')
    ctx.write.set('liveSession', sessionId, { status: 'ended', actualEndMs: atMs })
  let rowId = sessionId
  if (makeUpMin >= LEAST_MAKE_UP_MIN) {
    rowId = ctx.write.create('liveSession', {
      title: session.title,
      merchantId: session.merchantId,
      baseId: session.baseId,
      platform: session.platform,
      channel: session.channel,
      earliestMs: atMs + 60 * MINUTE_MS,
      latestMs: atMs + MAKE_UP_DAYS * DAY_MS,
      durationMin: makeUpMin,
      studioIds: JSON.parse(session.studioIds) as Value,
      streamerIds: JSON.parse(session.streamerIds) as Value,
      primeTime: session.primeTime === 1,
      studioId: null,
      streamerIdsPlanned: [],
      startMs: null,
      endMs: null,
      shippingPromiseHours: session.shippingPromiseHours,
      status: 'wanted',
      actualStartMs: null,
      actualEndMs: null,
    })
    const skus = prepared<
      [string],
      {
        skuId: string
        position: number
        cardId: string | null
        lowUnits: number
        likelyUnits: number
        highUnits: number
      }
    >(
      ctx.db,
      `SELECT skuId, position, cardId, lowUnits, likelyUnits, highUnits FROM sessionSku WHERE sessionId = ? AND deleted = 0`,
    ).all(sessionId)
    const share = Math.min(1, makeUpMin / Math.max(1, session.durationMin))
    for (const { lowUnits, likelyUnits, highUnits, ...sku } of skus)
      ctx.write.create('sessionSku', {
        ...sku,
        sessionId: rowId,
        lowUnits: Math.round(lowUnits * share),
        likelyUnits: Math.round(likelyUnits * share),
        highUnits: Math.round(highUnits * share),
      })
  }
  const eventId = recordEvent(ctx, session, {
    kind: 'dropout',
    subjectTable: 'liveSession',
    fromMs: atMs,
    untilMs: null,
    details: { reason, makeUpMin },
  })
  return { eventId, rowId }
}

function moveSession(ctx: CommandContext, input: Report<'session-moved'>) {
  const { sessionId, earliestMs, latestMs, reason } = input
  const session = rowOf<SessionRow>(ctx, 'liveSession', sessionId)
  if (session.status !== 'wanted' && session.status !== 'planned')
    throw new Refusal('session-state', { status: session.status })
  if (latestMs - earliestMs < session.durationMin * MINUTE_MS)
    throw new Refusal('bad-input', { field: 'latestMs', problem: 'window-too-short' })
  ctx.write.set('liveSession', sessionId, { earliestMs, latestMs })
  const eventId = recordEvent(ctx, session, {
    kind: 'session-moved',
    subjectTable: 'liveSession',
    fromMs: earliestMs,
    untilMs: latestMs,
    details: { reason },
  })
  return { eventId, rowId: sessionId }
}

interface OrderRow extends Row {
  skuId: string
  kind: string
  sessionId: string | null
  quantity: number
  doneQuantity: number
  status: string
  dueMs: number
}

const OPEN = ['open', 'running']

function spike(ctx: CommandContext, { orderId, quantity, reason }: Report<'demand-spike'>) {
  const order = rowOf<OrderRow>(ctx, 'productionOrder', orderId)
  if (!OPEN.includes(order.status)) throw new Refusal('conflict', { table: 'productionOrder', id: orderId })
  ctx.write.set('productionOrder', orderId, { quantity })
  const eventId = recordEvent(ctx, order, {
    kind: 'demand-spike',
    subjectTable: 'productionOrder',
    fromMs: ctx.nowMs,
    untilMs: null,
    details: { reason, units: quantity, planned: order.quantity },
  })
  return { eventId, rowId: orderId }
}

/** A sample or a batch that did not pass is made again: the order is open once more and nothing of it counts as done. */
export function failGate(ctx: CommandContext, orderId: string, reason: string, verdictId: string | null) {
  const order = rowOf<OrderRow>(ctx, 'productionOrder', orderId)
  if (order.status === 'cancelled') throw new Refusal('conflict', { table: 'productionOrder', id: orderId })
  if (order.status !== 'open' || order.doneQuantity > 0)
    ctx.write.set('productionOrder', orderId, { status: 'open', doneQuantity: 0 })
  const eventId = recordEvent(ctx, order, {
    kind: 'gate-failed',
    subjectTable: 'productionOrder',
    fromMs: ctx.nowMs,
    untilMs: null,
    details: { reason, verdictId },
  })
  return { eventId, rowId: orderId }
}

function urgentOrder(ctx: CommandContext, { skuId, quantity, dueMs, reason }: Report<'urgent-order'>) {
  rowOf<Row>(ctx, 'sku', skuId)
  if (dueMs <= ctx.nowMs) throw new Refusal('bad-input', { field: 'dueMs', problem: 'past' })
  const rowId = createOrder(ctx, { skuId, quantity, dueMs, weight: URGENT_WEIGHT })
  const eventId = recordEvent(ctx, rowOf<Row>(ctx, 'productionOrder', rowId), {
    kind: 'urgent-order',
    subjectTable: 'productionOrder',
    fromMs: ctx.nowMs,
    untilMs: dueMs,
    details: { reason, units: quantity },
  })
  return { eventId, rowId }
}

export function createOrder(
  ctx: CommandContext,
  order: { skuId: string; quantity: number; dueMs: number; weight: number },
): string {
  return ctx.write.create('productionOrder', {
    ...order,
    kind: 'c2m',
    sessionId: null,
    sourceKey: null,
    releaseMs: ctx.nowMs,
    status: 'open',
    doneQuantity: 0,
  })
}

/** Writes down what happened, with what it changes in the tables. Planning hears of it after commit. */
export function report(ctx: CommandContext, input: PlanReport): { eventId: string; rowId: string } {
  switch (input.kind) {
    case 'line-down':
      return lineDown(ctx, input)
    case 'streamer-ill':
      return close(ctx, 'streamer', 'streamer-ill', input.streamerId, input)
    case 'studio-closed':
      return close(ctx, 'studio', 'studio-closed', input.studioId, input)
    case 'dropout':
      return cutOff(ctx, input)
    case 'session-moved':
      return moveSession(ctx, input)
    case 'demand-spike':
      return spike(ctx, input)
    case 'gate-failed':
      return failGate(ctx, input.orderId, input.reason, null)
    case 'urgent-order':
      return urgentOrder(ctx, input)
  }
}
