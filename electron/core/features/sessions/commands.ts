import { Refusal } from '../../../../shared/contract/result.ts'
import type { SessionStatus, sessionContract } from '../../../../shared/contract/session.ts'
import { blocking, warnings } from '../../../../shared/domain/rules/evaluate.ts'
import { PRE_LIVE_RULES } from '../../../../shared/domain/rules/pre-live.ts'
import { MINUTE_MS } from '../../../../shared/domain/time.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandContext, CommandHandlers } from '../../context.ts'
import { endWaits } from '../../bookings.ts'
import { reviewHashes } from './facts.ts'
import { sessionFindings } from './queries.ts'

/** A gap longer than this divides a session in two. */
const SPLIT_MS = 5 * MINUTE_MS
const BEFORE_AIR: readonly SessionStatus[] = ['wanted', 'planned', 'announced']

interface Standing {
  readonly id: string
  readonly status: SessionStatus
  readonly merchantId: string
  readonly earliestMs: number
  readonly latestMs: number
  readonly durationMin: number
  readonly startMs: number | null
  readonly endMs: number | null
  readonly actualStartMs: number | null
}

/** @throws Refusal `not-found`, or `session-state` when the session is past the point where this may change */
function session(ctx: CommandContext, id: string, allowed: readonly SessionStatus[]): Standing {
  const row = prepared<[string], Standing>(
    ctx.db,
    `SELECT id, status, merchantId, earliestMs, latestMs, durationMin, startMs, endMs, actualStartMs
     FROM liveSession WHERE id = ? AND deleted = 0`,
  ).get(id)
  if (!row) throw new Refusal('not-found', { table: 'liveSession', id })
  if (!allowed.includes(row.status)) throw new Refusal('session-state', { status: row.status })
  return row
}

function refuseUnknown(
  ctx: CommandContext,
  table: 'studio' | 'streamer' | 'sku',
  ids: readonly string[],
): void {
  const known = prepared<[string], { id: string }>(
    ctx.db,
    `SELECT id FROM ${table} WHERE id = ? AND deleted = 0`,
  )
  const missing = ids.filter((id) => !known.get(id))
  if (missing.length > 0) throw new Refusal('bad-refs', { table, ids: missing })
}

function refuseBadWindow(earliestMs: number, latestMs: number, durationMin: number): void {
  if (latestMs - earliestMs < durationMin * MINUTE_MS)
    throw new Refusal('bad-input', { field: 'latestMs', problem: 'too-short' })
}

interface SkuPlan {
  readonly skuId: string
  readonly lowUnits: number
  readonly likelyUnits: number
  readonly highUnits: number
}

/** Makes the session's SKU list exactly this one. */
function setSkus(ctx: CommandContext, sessionId: string, skus: readonly SkuPlan[]): void {
  refuseUnknown(
    ctx,
    'sku',
    skus.map((sku) => sku.skuId),
  )
  const present = prepared<[string], { id: string; skuId: string }>(
    ctx.db,
    'SELECT id, skuId FROM sessionSku WHERE sessionId = ? AND deleted = 0',
  ).all(sessionId)
  const wanted = new Set(skus.map((sku) => sku.skuId))
  for (const row of present) if (!wanted.has(row.skuId)) ctx.write.remove('sessionSku', row.id)
  skus.forEach(({ skuId, ...forecast }, index) => {
    const row = present.find((candidate) => candidate.skuId === skuId)
    const item = { sessionId, skuId, position: index + 1 }
    if (row) ctx.write.set('sessionSku', row.id, { ...item, ...forecast })
    else ctx.write.create('sessionSku', { ...item, ...forecast, cardId: newestCard(ctx, skuId) })
  })
}

function newestCard(ctx: CommandContext, skuId: string): string | null {
  const card = prepared<[string], { id: string }>(
    ctx.db,
    'SELECT id FROM sellingPointCard WHERE skuId = ? AND deleted = 0 ORDER BY createdMs DESC, id DESC LIMIT 1',
  ).get(skuId)
  return card?.id ?? null
}

/** Gives back every slot the session holds or asks for. */
function releaseBookings(ctx: CommandContext, sessionId: string, reason: string): void {
  const rows = prepared<[string], { id: string }>(
    ctx.db,
    `SELECT booking.id FROM booking LEFT JOIN bookingState ON bookingState.bookingId = booking.id
     WHERE booking.sessionId = ? AND coalesce(bookingState.outcome, 'granted') = 'granted'
       AND NOT EXISTS (SELECT 1 FROM bookingRelease WHERE bookingRelease.bookingId = booking.id)`,
  ).all(sessionId)
  endWaits(ctx, sessionId)
  for (const { id } of rows) ctx.write.fact('bookingRelease', { bookingId: id, reason, atMs: ctx.nowMs })
}

export const sessionCommands: CommandHandlers<typeof sessionContract> = {
  'session/create': ({ merchantId, skus, title, platform, channel, shippingPromiseHours, ...wish }, ctx) => {
    const merchant = prepared<[string], { baseId: string; listStatus: string }>(
      ctx.db,
      'SELECT baseId, listStatus FROM merchant WHERE id = ? AND deleted = 0',
    ).get(merchantId)
    if (!merchant) throw new Refusal('not-found', { table: 'merchant', id: merchantId })
    if (merchant.listStatus === 'black') throw new Refusal('merchant-blocked')
    refuseBadWindow(wish.earliestMs, wish.latestMs, wish.durationMin)
    refuseUnknown(ctx, 'studio', wish.studioIds)
    refuseUnknown(ctx, 'streamer', wish.streamerIds)
    const id = ctx.write.create('liveSession', {
      title,
      merchantId,
      baseId: merchant.baseId,
      platform,
      channel,
      ...wish,
      studioId: null,
      streamerIdsPlanned: [],
      startMs: null,
      endMs: null,
      shippingPromiseHours,
      status: 'wanted',
      actualStartMs: null,
      actualEndMs: null,
    })
    setSkus(ctx, id, skus)
    return { id }
  },
  'session/update': ({ sessionId, skus, ...fields }, ctx) => {
    const row = session(ctx, sessionId, BEFORE_AIR)
    refuseBadWindow(
      fields.earliestMs ?? row.earliestMs,
      fields.latestMs ?? row.latestMs,
      fields.durationMin ?? row.durationMin,
    )
    refuseUnknown(ctx, 'studio', fields.studioIds ?? [])
    refuseUnknown(ctx, 'streamer', fields.streamerIds ?? [])
    ctx.write.set(
      'liveSession',
      sessionId,
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    )
    if (skus) setSkus(ctx, sessionId, skus)
    return null
  },
  'session/cancel': ({ sessionId, reason }, ctx) => {
    const row = session(ctx, sessionId, BEFORE_AIR)
    ctx.write.set('liveSession', sessionId, { status: 'cancelled' })
    releaseBookings(ctx, sessionId, reason)
    if (row.startMs !== null)
      ctx.write.withScope(scopeOf(ctx, sessionId)).fact('planEvent', {
        kind: 'slot-cancelled',
        subjectTable: 'liveSession',
        subjectId: sessionId,
        fromMs: row.startMs,
        untilMs: row.endMs,
        details: { reason },
        atMs: ctx.nowMs,
      })
    return null
  },
  'session/signReview': ({ sessionId, verdict, note }, ctx) => {
    session(ctx, sessionId, [...BEFORE_AIR, 'live'])
    const id = ctx.write.fact('contentReview', {
      sessionId,
      ...reviewHashes(ctx.db, sessionId),
      verdict,
      note,
      atMs: ctx.nowMs,
    })
    return { id: id! }
  },
  'session/mark': ({ sessionId, item, done, note }, ctx) => {
    session(ctx, sessionId, [...BEFORE_AIR, 'live'])
    ctx.write.fact('checklistMark', { sessionId, item, done, note, atMs: ctx.nowMs })
    return null
  },
  'session/override': ({ sessionId, ruleId, reason }, ctx) => {
    session(ctx, sessionId, [...BEFORE_AIR, 'live'])
    const rule = PRE_LIVE_RULES.find((candidate) => candidate.id === ruleId)
    if (!rule) throw new Refusal('not-found', { table: 'rule', id: ruleId })
    if (rule.action !== 'warn') throw new Refusal('rule-blocked', { rule: ruleId, count: 1 })
    ctx.write.withScope(scopeOf(ctx, sessionId)).fact('ruleOverride', {
      ruleId,
      subjectTable: 'liveSession',
      subjectId: sessionId,
      reason,
      atMs: ctx.nowMs,
    })
    return null
  },
  'session/startLive': ({ sessionId }, ctx) => {
    session(ctx, sessionId, ['planned', 'announced'])
    const findings = sessionFindings(ctx.db, sessionId, ctx.nowMs)
    const blocks = blocking(findings)
    if (blocks.length > 0) throw new Refusal('rule-blocked', refusalDetails(blocks))
    const open = warnings(findings)
    if (open.length > 0) throw new Refusal('rule-warned', refusalDetails(open))
    ctx.write.set('liveSession', sessionId, { status: 'live', actualStartMs: ctx.nowMs })
    return null
  },
  'session/endLive': ({ sessionId }, ctx) => {
    session(ctx, sessionId, ['live'])
    ctx.write.set('liveSession', sessionId, { status: 'ended', actualEndMs: ctx.nowMs })
    return null
  },
  'session/logDropout': ({ sessionId, startMs, endMs, cause }, ctx) => {
    const row = session(ctx, sessionId, ['live', 'ended'])
    if (startMs < (row.actualStartMs ?? 0))
      throw new Refusal('bad-input', { field: 'startMs', problem: 'before-live' })
    const id = ctx.write.fact('dropout', { sessionId, startMs, endMs, cause })!
    ctx.write.withScope(scopeOf(ctx, sessionId)).fact('planEvent', {
      kind: 'dropout',
      subjectTable: 'liveSession',
      subjectId: sessionId,
      fromMs: startMs,
      untilMs: endMs,
      details: { cause },
      atMs: ctx.nowMs,
    })
    return { id, splits: endMs - startMs > SPLIT_MS }
  },
}

function refusalDetails(findings: readonly { ruleId: string; reason: string }[]) {
  return {
    rule: findings[0]!.ruleId,
    reason: findings[0]!.reason,
    rules: findings.map((finding) => finding.ruleId),
    count: findings.length,
  }
}

function scopeOf(ctx: CommandContext, sessionId: string): `base:${string}` {
  const row = prepared<[string], { baseId: string }>(
    ctx.db,
    'SELECT baseId FROM liveSession WHERE id = ?',
  ).get(sessionId)
  return `base:${row?.baseId ?? ''}`
}
