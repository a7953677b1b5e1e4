import type { Sentence } from '../../../shared/contract/planning.ts'
import type { PlanEventState } from '../../../shared/contract/replanning.ts'
import type { PlanEventKind } from '../../../shared/domain/plan-events.ts'
import { DAY_MS, MINUTE_MS } from '../../../shared/domain/time.ts'
import type { PlanEvent, Problem } from '../../../shared/scheduler/index.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'
import { knows, planFor, standingPlans, type StandingPlan } from './basis.ts'
import { orderTaskKey, sessionTaskKey } from './items.ts'
import type { ProposalEffect } from './repo.ts'
import type { BeltSnapshot } from './snapshot.ts'

export interface RecordedEvent {
  readonly id: string
  readonly scope: string
  readonly kind: PlanEventKind
  readonly subjectTable: string
  readonly subjectId: string
  readonly fromMs: number
  readonly untilMs: number | null
  readonly details: Readonly<Record<string, string | number | null>>
  readonly atMs: number
  /** Who reported it. */
  readonly personId: string | null
  readonly state: PlanEventState
  /** A person discarded what was worked out for it. */
  readonly turnedDown: boolean
  readonly proposalId: string | null
  readonly planId: string | null
  readonly previousPlanId: string | null
  readonly moved: number
  readonly held: Sentence | null
  readonly elapsedMs: number | null
}

interface EventRow {
  id: string
  scope: string
  kind: PlanEventKind
  subjectTable: string
  subjectId: string
  fromMs: number
  untilMs: number | null
  details: string
  atMs: number
  personId: string | null
  state: PlanEventState | null
  proposalId: string | null
  hasProposal: number
  planId: string | null
  previousPlanId: string | null
  moved: number | null
  held: string | null
  elapsedMs: number | null
}

/** A stream gap up to this long does not end a broadcast. */
const SPLIT_MS = 5 * MINUTE_MS

/** Events of the last day, newest first, with what this device did about each. */
export function readEvents(db: Db, nowMs: number): RecordedEvent[] {
  const plans = standingPlans(db)
  return prepared<[number, number], EventRow>(
    db,
    `SELECT planEvent.id, planEvent.scope, planEvent.kind, planEvent.subjectTable, planEvent.subjectId, planEvent.fromMs, planEvent.untilMs,
       planEvent.details, planEvent.atMs, op.person AS personId, replan.state, replan.proposalId, replan.planId,
       replan.previousPlanId, replan.moved, replan.held, replan.elapsedMs, proposal.id IS NOT NULL AS hasProposal
     FROM planEvent LEFT JOIN op ON op.tbl = 'planEvent' AND op.row = planEvent.id
     LEFT JOIN replan ON replan.eventId = planEvent.id
     LEFT JOIN proposal ON proposal.id = replan.proposalId AND proposal.publishedAs IS NULL
     WHERE planEvent.atMs >= ? AND planEvent.atMs <= ? AND planEvent.kind <> 'manual-move'
     ORDER BY planEvent.atMs DESC, planEvent.id DESC LIMIT 60`,
  )
    .all(nowMs - DAY_MS, nowMs + DAY_MS)
    .filter((row) => row.kind !== 'dropout' || row.untilMs === null || row.untilMs - row.fromMs > SPLIT_MS)
    .map((row) => ({
      ...row,
      details: (JSON.parse(row.details) as RecordedEvent['details'] | null) ?? {},
      held: row.held === null ? null : (JSON.parse(row.held) as Sentence | null),
      moved: row.moved ?? 0,
      state: stateOf(row, planFor(plans, row.scope)),
      turnedDown: row.state === 'proposed' && row.hasProposal === 0,
    }))
}

function stateOf(row: EventRow, plan: StandingPlan | null): PlanEventState {
  const isKnown = plan !== null && knows(plan, row)
  switch (row.state) {
    case null:
    case 'open':
    case 'failed':
      if (isKnown) return 'answered'
      return row.state ?? 'open'
    case 'proposed':
      if (row.hasProposal === 1) return 'proposed'
      return isKnown ? 'answered' : 'open'
    case 'fits':
    case 'applied':
    case 'answered':
      // Another plan took that one's place, made where the event was not known.
      return isKnown || row.planId === null || row.planId === plan?.planId ? row.state : 'open'
    case 'working':
    case 'undone':
      return row.state
  }
}

/** What an event says to a person. Names are resolved now, so that it can be kept. */
export function sentenceOf(db: Db, event: RecordedEvent): Sentence {
  const params: Record<string, string | number> = {
    name: subjectName(db, event),
    fromMs: event.fromMs,
    why: String(event.details['reason'] ?? ''),
  }
  for (const [name, value] of Object.entries(event.details))
    if (value !== null && name !== 'reason') params[name] = value
  if (event.untilMs !== null) params['untilMs'] = event.untilMs
  const isOpenEnded =
    event.untilMs === null &&
    (event.kind === 'line-down' || event.kind === 'streamer-ill' || event.kind === 'studio-closed')
  return { key: `plan.event.${event.kind}${isOpenEnded ? '-open' : ''}`, params }
}

function subjectName(db: Db, { subjectTable, subjectId }: RecordedEvent): string {
  const found = (sql: string) =>
    prepared<[string], { name: string | null }>(db, sql).get(subjectId)?.name ?? subjectId
  switch (subjectTable) {
    case 'productionLine':
      return found('SELECT name FROM productionLine WHERE id = ?')
    case 'studio':
      return found('SELECT name FROM studio WHERE id = ?')
    case 'streamer':
      return found('SELECT name FROM streamer WHERE id = ?')
    case 'liveSession':
      return found(
        `SELECT coalesce(nullif(merchant.shortName, ''), liveSession.title) AS name FROM liveSession
         LEFT JOIN merchant ON merchant.id = liveSession.merchantId WHERE liveSession.id = ?`,
      )
    case 'productionOrder':
      return found(
        `SELECT trim(coalesce(merchant.shortName, '') || ' ' || sku.name) AS name FROM productionOrder
         JOIN sku ON sku.id = productionOrder.skuId JOIN product ON product.id = sku.productId
         LEFT JOIN merchant ON merchant.id = product.merchantId WHERE productionOrder.id = ?`,
      )
    default:
      return subjectId
  }
}

export interface EngineEvents {
  readonly events: readonly PlanEvent[]
  readonly effects: readonly ProposalEffect[]
}

/** Recorded events as the engine takes them, on a problem made from the tables as they are now. */
export function engineEvents(
  recorded: readonly RecordedEvent[],
  snapshot: BeltSnapshot,
  problem: Problem,
  epochMs: number,
): EngineEvents {
  const now = problem.now ?? 0
  const toMin = (ms: number) => Math.floor((ms - epochMs) / MINUTE_MS)
  const known = new Set(problem.tasks.map((task) => task.id))
  const released = (keys: readonly string[]): PlanEvent[] => {
    const tasks = keys.filter((key) => known.has(key))
    return tasks.length > 0 ? [{ type: 'released', tasks }] : []
  }
  const closed = (resource: string, fromMs: number, untilMs: number | null): PlanEvent[] => {
    const fromMin = Math.max(now, toMin(fromMs))
    const toMin_ =
      untilMs === null
        ? problem.horizonMin
        : Math.min(problem.horizonMin, Math.ceil((untilMs - epochMs) / MINUTE_MS))
    const isKnown = problem.resources.some(({ id }) => id === resource)
    return isKnown && toMin_ > fromMin ? [{ type: 'closed', resource, fromMin, toMin: toMin_ }] : []
  }
  const effects: ProposalEffect[] = []
  const of = (event: RecordedEvent): PlanEvent[] => {
    const production = orderTaskKey(event.subjectId, 'production')
    switch (event.kind) {
      case 'line-down': {
        const line = snapshot.lines.find(({ id }) => id === event.subjectId)
        return line?.downFromMs == null ? [] : closed(line.id, line.downFromMs, line.downUntilMs)
      }
      case 'streamer-ill':
      case 'studio-closed':
        return snapshot.closures
          .filter(({ subjectId }) => subjectId === event.subjectId)
          .flatMap(({ fromMs, untilMs }) => closed(event.subjectId, fromMs, untilMs))
      case 'demand-spike': {
        const order = snapshot.orders.find(({ id }) => id === event.subjectId)
        const units = Number(event.details['units'] ?? 0)
        if (!order || !known.has(production)) return []
        // What was sold beyond the order is a wish of the proposal: publishing makes the order that large.
        if (units <= order.quantity) return released([production])
        effects.push({ orderId: order.id, quantity: units })
        const percent = Math.ceil((units * 100) / Math.max(1, order.quantity))
        return [{ type: 'demandSpike', job: `order:${order.id}`, percent }]
      }
      case 'gate-failed': {
        const keys = [
          orderTaskKey(event.subjectId, 'sample'),
          orderTaskKey(event.subjectId, 'qc'),
          production,
        ].filter((key) => known.has(key))
        return keys.length > 0 ? [{ type: 'gateFailed', tasks: keys, redoFromMin: now }] : []
      }
      case 'session-moved':
        return released([sessionTaskKey(event.subjectId)])
      case 'urgent-order':
      case 'slot-cancelled':
      case 'dropout':
      case 'manual-move':
        return []
    }
  }
  return { events: recorded.flatMap(of), effects }
}

const ABOUT_LINES: readonly PlanEventKind[] = ['line-down', 'demand-spike', 'gate-failed', 'urgent-order']

/** Whether something took a broadcast off the air, or may have: another one may take its place then. */
export const isAboutAir = (recorded: readonly RecordedEvent[]): boolean =>
  recorded.some(({ kind }) => !ABOUT_LINES.includes(kind))

/** One sentence for several events: the newest, and how many more. */
export function causeOf(db: Db, recorded: readonly RecordedEvent[]): Sentence | null {
  const [first] = recorded
  if (!first) return null
  const sentence = sentenceOf(db, first)
  return recorded.length === 1
    ? sentence
    : { key: sentence.key, params: { ...sentence.params, more: recorded.length - 1 } }
}
