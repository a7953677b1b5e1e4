import type { Matter } from '../../../../shared/contract/today.ts'
import { compensationFen, promiseHoursOf } from '../../../../shared/domain/promise.ts'
import { blocking } from '../../../../shared/domain/rules/evaluate.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../shared/domain/time.ts'
import type { QueryContext } from '../../context.ts'
import {
  colleagues,
  expiringDocuments,
  lateWork,
  openDueBy,
  openPayments,
  refusedClaims,
  studioNameOf,
  verdictsSince,
  type Colleague,
  type LateWork,
  type OverdueGroup,
} from './repo.ts'
import { noticeMatters, shownOwner } from './notices.ts'
import { sourceParams, type SessionView } from './session-view.ts'

const MOST_OF_A_KIND = 5
/** Documents are mentioned this long before they end. */
const EXPIRY_NOTICE_MS = 7 * DAY_MS
/** Open orders are mentioned this long before they are due when there is no stock for them. */
const DUE_NOTICE_MS = 24 * HOUR_MS
/** A sample must be through inspection this long before air. */
const SAMPLE_MARGIN_MS = 30 * MINUTE_MS

type Task = 'review' | 'inspection' | 'planning' | 'papers'

/** Who answers for a kind of work at a base: quality first to its planners, plans and slots to its administrator. */
function ownerOf(people: readonly Colleague[], baseId: string, task: Task): Colleague | null {
  const here = people.filter((person) => person.baseId === baseId)
  const planners = here.filter((person) => person.role === 'planner')
  const heads = here.filter((person) => person.role !== 'planner')
  const first =
    task === 'planning'
      ? (heads[0] ?? planners[0])
      : task === 'inspection'
        ? (planners[1] ?? planners[0])
        : planners[0]
  return first ?? heads[0] ?? people.find((person) => person.role === 'administrator') ?? null
}

/** Everything that needs a person, most urgent first. */
export function mattersOf(
  ctx: QueryContext,
  sessions: readonly SessionView[],
  baseId: string | null,
): Matter[] {
  const { db, nowMs, actor } = ctx
  const people = colleagues(db)
  const owner = (base: string, task: Task): Matter['owner'] => shownOwner(ownerOf(people, base, task), actor)
  const isHere = (base: string) => baseId === null || base === baseId
  const late = lateWork(db).filter((work) => isHere(work.baseId))
  const matters = [
    ...sessionMatters(
      sessions.filter((session) => isHere(session.baseId)),
      owner,
    ),
    ...planMatters(late, owner),
    ...orderMatters(ctx, baseId, owner, new Set(late.map((work) => work.skuId))),
    ...slotMatters(ctx, isHere, owner),
    ...noticeMatters(ctx, isHere, people),
    ...verdictsSince(db, nowMs - DAY_MS)
      .filter((verdict) => verdict.verdict === 'failed' && isHere(verdict.baseId))
      .map((verdict): Matter => ({
        id: `verdict:${verdict.id}`,
        kind: 'risk',
        title: {
          key: 'say.matter.failedGate',
          params: { merchant: verdict.merchant, sku: verdict.sku ?? '' },
        },
        note: { key: 'say.matter.failedGateNote', params: { evidence: verdict.evidence } },
        dueMs: verdict.atMs + DAY_MS,
        owner: owner(verdict.baseId, 'inspection'),
        action: {
          key: 'say.action.openDocuments',
          target: { screen: 'documents', id: verdict.id },
          primary: false,
        },
      })),
    ...expiringDocuments(db, nowMs, nowMs + EXPIRY_NOTICE_MS)
      .filter((document) => isHere(document.baseId))
      .map((document): Matter => ({
        id: `document:${document.id}`,
        kind: 'expiring',
        title: {
          key: 'say.matter.expiring',
          params: {
            merchant: document.merchant,
            sku: document.sku ?? document.merchant,
            document: document.kind,
            days: Math.max(1, Math.ceil((document.expiresMs - nowMs) / DAY_MS)),
          },
        },
        note: { key: 'say.matter.expiringNote', params: {} },
        dueMs: document.expiresMs,
        owner: owner(document.baseId, 'papers'),
        action: {
          key: 'say.action.openDocuments',
          target: { screen: 'documents', id: document.id },
          primary: false,
        },
      })),
  ]
  return matters.sort((a, b) => a.dueMs - b.dueMs || (a.id < b.id ? -1 : 1))
}

type OwnerOf = (baseId: string, task: Task) => Matter['owner']

function sessionMatters(sessions: readonly SessionView[], owner: OwnerOf): Matter[] {
  return sessions.flatMap((session) => {
    if (session.live || session.record === 'tentative') return []
    const found: Matter[] = []
    const blocks = blocking(session.findings)
    const first = blocks[0]
    if (first) {
      const isReview = first.ruleId === 'm117-30-review'
      found.push({
        id: `block:${session.id}`,
        kind: 'risk',
        title: {
          key: isReview ? 'say.matter.review' : 'say.matter.block',
          params: { merchant: session.merchantName, rule: first.ruleId, count: blocks.length },
        },
        note: {
          key: isReview ? 'say.matter.reviewNote' : 'say.matter.blockNote',
          params: { skus: session.skuCount, count: blocks.length, ...sourceParams(first) },
        },
        dueMs: session.startMs,
        owner: owner(session.baseId, 'review'),
        action: {
          key: isReview ? 'say.action.sign' : 'say.action.openSession',
          target: { screen: 'session', id: session.id },
          primary: true,
        },
      })
    }
    if (session.sampleOpen)
      found.push({
        id: `sample:${session.id}`,
        kind: 'risk',
        title: {
          key: 'say.matter.sample',
          params: { merchant: session.merchantName, sku: session.skuLabel },
        },
        note: { key: 'say.matter.sampleNote', params: { leadMin: SAMPLE_MARGIN_MS / MINUTE_MS } },
        dueMs: session.startMs - SAMPLE_MARGIN_MS,
        owner: owner(session.baseId, 'inspection'),
        action: { key: 'say.action.openBoard', target: { screen: 'board', id: session.id }, primary: false },
      })
    return found
  })
}

function planMatters(late: readonly LateWork[], owner: OwnerOf): Matter[] {
  return [...late]
    .sort((a, b) => (b.exposureFen ?? 0) - (a.exposureFen ?? 0))
    .slice(0, MOST_OF_A_KIND)
    .map((work) => ({
      id: `late:${work.taskKey}`,
      kind: 'late' as const,
      title: {
        key: 'say.matter.latePlan',
        params: { merchant: work.merchant, sku: work.sku, units: work.quantity, lateMin: work.lateMin },
      },
      note: { key: 'say.matter.latePlanNote', params: { exposureFen: work.exposureFen ?? 0 } },
      dueMs: work.dueMs,
      owner: owner(work.baseId, 'planning'),
      action: {
        key: 'say.action.seeAlternatives',
        target: { screen: 'board' as const, id: work.taskKey },
        primary: false,
      },
    }))
}

/** `told`: SKUs whose late work is named already. Orders that are overdue, by merchant, and SKUs with orders due within a day that the stock does not cover. */
function orderMatters(
  ctx: QueryContext,
  baseId: string | null,
  owner: OwnerOf,
  told: ReadonlySet<string>,
): Matter[] {
  const { db, nowMs } = ctx
  const scope = baseId === null ? null : `base:${baseId}`
  const overdue = mergeByMerchant(
    openDueBy(db, 0, nowMs, scope).map((group) => withExposure(ctx, group, nowMs)),
  )
  const short = openDueBy(db, nowMs, nowMs + DUE_NOTICE_MS, scope)
    .filter((group) => group.stock + group.coming < group.units && !told.has(group.skuId ?? ''))
    .map((group) => withExposure(ctx, group, nowMs + DUE_NOTICE_MS))
  return [
    ...mostCostly(overdue).map((group) => orderMatter(group, true, owner)),
    ...mostCostly(short).map((group) => orderMatter(group, false, owner)),
  ]
}

interface CostedGroup extends OverdueGroup {
  readonly exposureFen: number
}

const mostCostly = (groups: readonly CostedGroup[]): CostedGroup[] =>
  [...groups].sort((a, b) => b.exposureFen - a.exposureFen).slice(0, MOST_OF_A_KIND)

function mergeByMerchant(groups: readonly CostedGroup[]): CostedGroup[] {
  const merged = new Map<string, CostedGroup>()
  for (const group of groups) {
    const key = `${group.baseId}:${group.merchantId ?? ''}`
    const other = merged.get(key)
    merged.set(
      key,
      other
        ? {
            ...other,
            skuId: null,
            orders: other.orders + group.orders,
            units: other.units + group.units,
            firstDueMs: Math.min(other.firstDueMs, group.firstDueMs),
            exposureFen: other.exposureFen + group.exposureFen,
          }
        : group,
    )
  }
  return [...merged.values()]
}

function orderMatter(group: CostedGroup, isLate: boolean, owner: OwnerOf): Matter {
  return {
    id: `${isLate ? 'overdue' : 'short'}:${group.baseId}:${isLate ? (group.merchantId ?? '') : (group.skuId ?? '')}`,
    kind: isLate ? 'late' : 'risk',
    title: {
      key: isLate ? 'say.matter.overdue' : 'say.matter.short',
      params: { merchant: group.merchant ?? '', sku: group.sku ?? '', orders: group.orders },
    },
    note: {
      key: isLate ? 'say.matter.overdueNote' : 'say.matter.shortNote',
      params: { units: group.units, stock: Math.max(0, group.stock), exposureFen: group.exposureFen },
    },
    dueMs: group.firstDueMs,
    owner: owner(group.baseId, 'planning'),
    action: {
      key: 'say.action.openBoard',
      target: { screen: 'board', id: group.skuId ?? '' },
      primary: false,
    },
  }
}

function withExposure(ctx: QueryContext, group: OverdueGroup, untilMs: number): CostedGroup {
  const payments = group.skuId === null ? [] : openPayments(ctx.db, group.skuId, untilMs)
  const exposureFen = payments.reduce(
    (sum, order) =>
      sum + compensationFen(order.paidFen, promiseHoursOf(order.paidMs, order.dueMs, ctx.belt.timeZone)),
    0,
  )
  return { ...group, exposureFen }
}

function slotMatters(ctx: QueryContext, isHere: (baseId: string) => boolean, owner: OwnerOf): Matter[] {
  return refusedClaims(ctx.db, ctx.nowMs)
    .filter((claim) => isHere(claim.baseId))
    .slice(0, MOST_OF_A_KIND)
    .map((claim) => {
      const [first, second] = JSON.parse(claim.alternatives) as (
        { studioId: string; startMs: number } | undefined
      )[]
      const studioName = (id: string | undefined) => (id === undefined ? '' : studioNameOf(ctx.db, id))
      return {
        id: `refused:${claim.id}`,
        kind: 'refused' as const,
        title: {
          key: 'say.matter.refused',
          params: { merchant: claim.label, studio: claim.studio, startMs: claim.startMs },
        },
        note: {
          key: first
            ? second
              ? 'say.matter.refusedNote2'
              : 'say.matter.refusedNote1'
            : 'say.matter.refusedNote',
          params: {
            reason: claim.reason,
            holder: claim.heldBy ?? '',
            answeredMs: claim.atMs,
            studio1: studioName(first?.studioId),
            start1Ms: first?.startMs ?? 0,
            studio2: studioName(second?.studioId),
            start2Ms: second?.startMs ?? 0,
          },
        },
        dueMs: Math.min(claim.startMs, claim.atMs + DAY_MS),
        owner: owner(claim.baseId, 'planning'),
        action: {
          key: 'say.action.chooseOther',
          target: { screen: 'studio-calendar' as const, id: claim.id, atMs: claim.startMs },
          primary: false,
        },
        ...(claim.ownAndOver === 1 ? { settleId: claim.id } : {}),
      }
    })
}
