import type { PromiseDate, PromiseView, promiseContract } from '../../../shared/contract/promise.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import { SHIPPING_RULE } from '../../../shared/domain/promise.ts'
import { productionMin, type RoutingStep } from '../../../shared/domain/shapes.ts'
import { DAY_MS, MINUTE_MS, addDays, atMinute, dayKeyOf } from '../../../shared/domain/time.ts'
import {
  explainLate,
  promise,
  type Assignment,
  type Problem,
  type PromiseAnswer,
  type PromiseRequest,
} from '../../../shared/scheduler/index.ts'
import { prepared } from '../../sqlite/prepared.ts'
import type { Db } from '../../sqlite/open.ts'
import type { ActionHandlers, Actor, CommandHandlers, QueryHandlers } from '../context.ts'
import type { Services } from '../services.ts'
import { namesOf } from './names.ts'
import { createOrder, recordEvent } from './report.ts'
import type { BeltSnapshot } from './snapshot.ts'
import { readStanding } from './standing.ts'

const JOB = 'order:promise'
const TASK = 'order:promise:production'
/** Pace assumed for the safe date while a line has too little history, percent of its rate. */
const ASSUMED_PACE_PCT = 85
const LEAST_RUNS = 5
const HISTORY_MS = 30 * DAY_MS
const ORDER_WEIGHT = 2

interface Sku {
  id: string
  name: string
  family: string
  routing: RoutingStep[]
  merchant: string
}

function skuOf(db: Db, skuId: string): Sku {
  const row = prepared<[string], Omit<Sku, 'routing'> & { routing: string }>(
    db,
    `SELECT sku.id, sku.name, product.family, product.routing, coalesce(merchant.shortName, '') AS merchant
     FROM sku JOIN product ON product.id = sku.productId LEFT JOIN merchant ON merchant.id = product.merchantId
     WHERE sku.id = ? AND sku.deleted = 0`,
  ).get(skuId)
  if (!row) throw new Refusal('not-found', { table: 'sku', id: skuId })
  return { ...row, routing: (JSON.parse(row.routing) as RoutingStep[] | null) ?? [] }
}

/** The pace a line falls to on one day in five, percent of its rate; the assumed one while its history is short. */
function slowPacePct(db: Db, lineIds: readonly string[], nowMs: number): number {
  const runs = prepared<[string, number], { pace: number | null }>(
    db,
    `SELECT lineRun.goodUnits * 3600000.0 / max(1, lineRun.endMs - lineRun.startMs)
       / (productionLine.unitsPerHour ->> product.family) AS pace
     FROM lineRun JOIN productionLine ON productionLine.id = lineRun.lineId
     JOIN sku ON sku.id = lineRun.skuId JOIN product ON product.id = sku.productId
     WHERE lineRun.lineId = ? AND lineRun.kind = 'run' AND lineRun.startMs > ? AND lineRun.goodUnits > 0`,
  )
  const paces = lineIds
    .flatMap((id) => runs.all(id, nowMs - HISTORY_MS).flatMap(({ pace }) => pace ?? []))
    .sort((a, b) => a - b)
  if (paces.length < LEAST_RUNS) return ASSUMED_PACE_PCT
  return Math.round(Math.min(1, Math.max(0.5, paces[Math.floor(paces.length / 5)]!)) * 100)
}

function requestOf(
  sku: Sku,
  quantity: number,
  snapshot: BeltSnapshot,
  pacePct: number,
): PromiseRequest | null {
  const step = sku.routing.find(({ op }) => op === 'production')
  const modes = (step?.lineIds ?? []).flatMap((lineId) => {
    const rate = snapshot.lines.find(({ id }) => id === lineId)?.unitsPerHour[sku.family]
    if (rate === undefined) return []
    const dur = productionMin(quantity, rate)
    return [{ needs: [{ res: lineId }], dur, durHigh: Math.ceil((dur * 100) / pacePct) }]
  })
  if (modes.length === 0) return null
  return {
    job: { id: JOB, tasks: [TASK], family: sku.family, qty: quantity },
    tasks: [{ id: TASK, job: JOB, type: 'production', family: sku.family, modes, split: 'pause' }],
    prec: [],
  }
}

/** Couriers come once a day; what is ready later goes the next day. */
function nextPickUpMs(endMs: number, timeZone: string): number {
  const day = dayKeyOf(endMs, timeZone)
  const round = atMinute(day, SHIPPING_RULE.sameDayCutOffMin, timeZone)
  return endMs <= round ? round : atMinute(addDays(day, 1), SHIPPING_RULE.sameDayCutOffMin, timeZone)
}

export function promiseFor(
  services: Services,
  actor: Actor,
  input: { readonly skuId: string; readonly quantity: number; readonly wishMs: number | null },
): PromiseView {
  const beganMs = performance.now()
  const { snapshot, built, plan } = readStanding(services, actor)
  const { problem, epochMs } = built
  const { sku, pacePct } = services.read(actor, ({ db, nowMs }) => {
    const found = skuOf(db, input.skuId)
    const lines = found.routing.find(({ op }) => op === 'production')?.lineIds ?? []
    return { sku: found, pacePct: slowPacePct(db, lines, nowMs) }
  })
  const names = namesOf(snapshot, problem)
  const skuName = `${sku.merchant} ${sku.name}`.trim()
  const view = { skuName, quantity: input.quantity, safePacePct: pacePct, wishMs: input.wishMs }
  const took = () => Math.round(performance.now() - beganMs)
  const request = requestOf(sku, input.quantity, snapshot, pacePct)
  if (!request)
    return {
      ...view,
      likely: null,
      safe: null,
      chain: [],
      byCause: [],
      reasons: [{ key: 'plan.promise.noLine', params: { name: skuName } }],
      elapsedMs: took(),
    }
  const answer = promise(problem, plan, request)
  const date = (found: PromiseAnswer): PromiseDate | null => {
    const placed = found.assign[0]
    if (found.endMin === null || !placed) return null
    const endMs = epochMs + found.endMin * MINUTE_MS
    return {
      endMs,
      pickUpMs: nextPickUpMs(endMs, snapshot.timeZone),
      startMs: epochMs + placed.start * MINUTE_MS,
      lineName: names.lane(placed.res[0] ?? ''),
      moved: found.moved.length,
    }
  }
  const why = explain(problem, plan.assign, request, answer.likely)
  const naming = { ...names, task: (key: string) => (key.startsWith(JOB) ? skuName : names.task(key)) }
  return {
    ...view,
    likely: date(answer.likely),
    safe: date(answer.safe),
    chain: why.chain.flatMap((step) => {
      const minutes = Number(step.params['minutes'] ?? 0)
      const params = Object.fromEntries(
        Object.entries(step.params).map(([name, value]) => [
          name,
          typeof value === 'string' && value.startsWith(JOB) ? naming.task(value) : value,
        ]),
      )
      return minutes > 0 ? [{ cause: names.sentence({ ...step, params }), minutes }] : []
    }),
    byCause: why.byCause,
    reasons:
      answer.likely.endMin === null
        ? [{ key: 'plan.promise.tooMuch', params: { name: skuName, days: snapshot.planning.horizonDays } }]
        : [],
    elapsedMs: took(),
  }
}

/** What the promised work waits for from now on: the late chain of the same work due at once. */
function explain(
  problem: Problem,
  assign: readonly Assignment[],
  request: PromiseRequest,
  answer: PromiseAnswer,
) {
  if (answer.endMin === null) return { chain: [], byCause: [] }
  const extended: Problem = {
    ...problem,
    jobs: [...problem.jobs, { ...request.job, due: problem.now ?? 0, weight: 0 }],
    tasks: [...problem.tasks, ...request.tasks],
  }
  const [late] = explainLate(extended, { assign: [...assign, ...answer.assign] }, [JOB])
  return { chain: late?.chain ?? [], byCause: late?.byCause ?? [] }
}

/** Reads the plan and answers a question nobody asked, so that the first one a customer waits for is as quick as the next. */
function makeReady(services: Services, actor: Actor): void {
  const sku = services.read(actor, ({ db }) =>
    db.prepare(`SELECT skuId FROM productionOrder WHERE status = 'open' AND deleted = 0 LIMIT 1`).get(),
  ) as { skuId: string } | undefined
  if (sku) promiseFor(services, actor, { skuId: sku.skuId, quantity: 1, wishMs: null })
}

export const promiseActions: ActionHandlers<typeof promiseContract> = {
  'plan/promise': (input, { actor, services }) => Promise.resolve(promiseFor(services, actor, input)),
  'plan/promiseReady': (_input, { actor, services }) => {
    makeReady(services, actor)
    return Promise.resolve(null)
  },
}

export const promiseCommands: CommandHandlers<typeof promiseContract> = {
  'plan/order': ({ skuId, quantity, dueMs, reason }, ctx) => {
    const sku = prepared<[string], { id: string; scope: string }>(
      ctx.db,
      'SELECT id, scope FROM sku WHERE id = ? AND deleted = 0',
    ).get(skuId)
    if (!sku) throw new Refusal('not-found', { table: 'sku', id: skuId })
    if (dueMs <= ctx.nowMs) throw new Refusal('bad-input', { field: 'dueMs', problem: 'past' })
    const orderId = createOrder(ctx, { skuId, quantity, dueMs, weight: ORDER_WEIGHT })
    recordEvent(
      ctx,
      { id: orderId, scope: sku.scope },
      {
        kind: 'urgent-order',
        subjectTable: 'productionOrder',
        fromMs: ctx.nowMs,
        untilMs: dueMs,
        details: { reason, units: quantity },
      },
    )
    return { orderId }
  },
}

export const promiseQueries: QueryHandlers<typeof promiseContract> = {
  'plan/skus': ({ text }, { db }) =>
    prepared<[string, string, string], { id: string; name: string; code: string; merchant: string }>(
      db,
      `SELECT sku.id, sku.name, sku.code, coalesce(merchant.shortName, '') AS merchant
       FROM sku JOIN product ON product.id = sku.productId LEFT JOIN merchant ON merchant.id = product.merchantId
       WHERE sku.deleted = 0 AND product.routing LIKE '%"production"%'
         AND (instr(sku.name, ?) > 0 OR instr(sku.code, ?) > 0 OR instr(coalesce(merchant.name, ''), ?) > 0)
       ORDER BY merchant.shortName, sku.name, sku.id LIMIT 60`,
    ).all(text, text, text),
}
