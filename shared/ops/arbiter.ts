import { holdsThroughout } from './lease.ts'
import type { Fields, Value } from './types.ts'

/** A booking as the arbiter reads it. Times are epoch ms, half-open; buffers are minutes kept free around the broadcast. */
export interface ClaimRequest {
  readonly bookingId: string
  readonly baseId: string
  readonly merchantId: string | null
  readonly studioId: string
  readonly streamerIds: readonly string[]
  readonly kit: readonly { readonly equipmentId: string; readonly quantity: number }[]
  readonly startMs: number
  readonly endMs: number
  readonly beforeMin: number
  readonly afterMin: number
  /** Hub time after which an unanswered claim lapses; null for never. */
  readonly expiresMs: number | null
}

/** One unit of a resource taken for an interval that already includes the buffers. */
export interface HeldGrant {
  readonly bookingId: string
  readonly resourceKey: string
  readonly unit: number
  readonly startMs: number
  readonly endMs: number
}

export interface StudioFacts {
  readonly id: string
  /** Minutes from local midnight; closing may pass 1440. */
  readonly openMin: number
  readonly closeMin: number
}

/** Everything a decision depends on. */
export interface ArbiterWorld {
  readonly nowMs: number
  /** Live grants that overlap `searchWindow(claim)`, of any resource in the claim and of any alternative studio. */
  readonly held: readonly HeldGrant[]
  /** What a lease holds, when the claim is to be met out of that alone. */
  readonly within?: readonly GrantedUnit[]
  /** Known studios, the claimed one and those that may stand in. */
  readonly studios: readonly StudioFacts[]
  /** Known streamers; null when unknown ones are accepted. */
  readonly streamerIds: ReadonlySet<string> | null
  /** Units of each known piece of equipment. */
  readonly quantities: ReadonlyMap<string, number>
  readonly blockedMerchantIds: ReadonlySet<string>
  /** Local midnight = UTC midnight - this many minutes. */
  readonly zoneOffsetMin: number
}

export const REFUSAL_REASONS = [
  'studio-taken',
  'streamer-taken',
  'kit-short',
  'merchant-blocked',
  'closed',
  'expired',
  'unknown-resource',
  'bad-interval',
] as const
export type RefusalReason = (typeof REFUSAL_REASONS)[number]

export type Alternative = { readonly studioId: string; readonly startMs: number; readonly endMs: number }
export type GrantedUnit = Omit<HeldGrant, 'bookingId'>

export type Decision =
  | { readonly outcome: 'granted'; readonly units: readonly GrantedUnit[] }
  | {
      readonly outcome: 'refused'
      readonly reason: RefusalReason
      readonly heldBy: string | null
      readonly alternatives: readonly Alternative[]
    }

export const studioKey = (id: string): string => `studio:${id}`
export const streamerKey = (id: string): string => `streamer:${id}`
export const kitKey = (id: string): string => `kit:${id}`

const MINUTE_MS = 60_000
const STEP_MS = 30 * MINUTE_MS
const DAY_MIN = 1440
const SEARCH_MS = 24 * 60 * MINUTE_MS
const MAX_ALTERNATIVES = 3
const MAX_CLAIM_MS = 7 * 24 * 60 * MINUTE_MS

const asNumber = (value: Value | undefined, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise
const asText = (value: Value | undefined): string => (typeof value === 'string' ? value : '')

/** Reads a `booking` row; malformed parts become values that `decide` refuses. */
export function claimOf(bookingId: string, fields: Fields): ClaimRequest {
  const kit = Array.isArray(fields.kit) ? (fields.kit as readonly Value[]) : []
  const streamers = Array.isArray(fields.streamerIds) ? (fields.streamerIds as readonly Value[]) : []
  return {
    bookingId,
    baseId: asText(fields.baseId),
    merchantId: typeof fields.merchantId === 'string' ? fields.merchantId : null,
    studioId: asText(fields.studioId),
    streamerIds: [...new Set(streamers.map((id) => asText(id)))].sort(),
    kit: mergeKit(kit),
    startMs: asNumber(fields.startMs, Number.NaN),
    endMs: asNumber(fields.endMs, Number.NaN),
    beforeMin: asNumber(fields.beforeMin, 0),
    afterMin: asNumber(fields.afterMin, 0),
    expiresMs: typeof fields.expiresMs === 'number' ? fields.expiresMs : null,
  }
}

function mergeKit(items: readonly Value[]): ClaimRequest['kit'] {
  const quantities = new Map<string, number>()
  for (const item of items) {
    const { equipmentId, quantity } = (item ?? {}) as { equipmentId?: Value; quantity?: Value }
    const id = asText(equipmentId)
    quantities.set(id, (quantities.get(id) ?? 0) + asNumber(quantity, Number.NaN))
  }
  return [...quantities].map(([equipmentId, quantity]) => ({ equipmentId, quantity })).sort(byEquipment)
}

const byEquipment = (a: { equipmentId: string }, b: { equipmentId: string }): number =>
  a.equipmentId < b.equipmentId ? -1 : a.equipmentId > b.equipmentId ? 1 : 0

/** The time for which grants must be known to decide and to find alternatives. */
export function searchWindow(claim: ClaimRequest): { startMs: number; endMs: number } {
  return { startMs: claim.startMs - SEARCH_MS, endMs: claim.endMs + SEARCH_MS }
}

/** Whether what the claim asks for makes sense at all; a null means it does. */
function malformed(claim: ClaimRequest): RefusalReason | null {
  const times = [claim.startMs, claim.endMs, claim.beforeMin, claim.afterMin]
  const sound =
    times.every((value) => Number.isSafeInteger(value)) &&
    claim.startMs < claim.endMs &&
    claim.endMs - claim.startMs <= MAX_CLAIM_MS &&
    claim.beforeMin >= 0 &&
    claim.afterMin >= 0 &&
    claim.beforeMin <= DAY_MIN &&
    claim.afterMin <= DAY_MIN
  if (!sound) return 'bad-interval'
  if (!claim.kit.every(({ quantity }) => Number.isSafeInteger(quantity) && quantity > 0))
    return 'unknown-resource'
  return null
}

/** Decides one claim against what is held. Pure and deterministic: equal inputs give equal answers. */
export function decide(claim: ClaimRequest, world: ArbiterWorld): Decision {
  const refuse = (
    reason: RefusalReason,
    heldBy: string | null = null,
    alternatives: Alternative[] = [],
  ): Decision => ({
    outcome: 'refused',
    reason,
    heldBy,
    alternatives,
  })
  const flaw = malformed(claim)
  if (flaw) return refuse(flaw)
  if (claim.merchantId !== null && world.blockedMerchantIds.has(claim.merchantId))
    return refuse('merchant-blocked')
  if (claim.expiresMs !== null && world.nowMs > claim.expiresMs) return refuse('expired')
  const studio = world.studios.find(({ id }) => id === claim.studioId)
  if (!studio) return refuse('unknown-resource')
  if (claim.streamerIds.some((id) => world.streamerIds !== null && !world.streamerIds.has(id)))
    return refuse('unknown-resource')
  if (claim.kit.some(({ equipmentId }) => !world.quantities.has(equipmentId)))
    return refuse('unknown-resource')
  if (!isOpen(studio, claim, world.zoneOffsetMin)) return refuse('closed', null, alternativesTo(claim, world))
  const fit = fitUnits(claim, world)
  if (fit.ok) return { outcome: 'granted', units: fit.units }
  return refuse(fit.reason, fit.heldBy, alternativesTo(claim, world))
}

/** Whether the broadcast (buffers aside) lies inside one opening period of the studio. */
function isOpen(
  studio: StudioFacts,
  span: { startMs: number; endMs: number },
  zoneOffsetMin: number,
): boolean {
  if (studio.openMin >= studio.closeMin) return false
  if (studio.closeMin - studio.openMin >= DAY_MIN) return true
  const dayMs = DAY_MIN * MINUTE_MS
  const localMs = span.startMs + zoneOffsetMin * MINUTE_MS
  const midnightMs = Math.floor(localMs / dayMs) * dayMs
  const lengthMs = span.endMs - span.startMs
  return [midnightMs, midnightMs - dayMs].some((day) => {
    const openMs = day + studio.openMin * MINUTE_MS
    const closeMs = day + studio.closeMin * MINUTE_MS
    return localMs >= openMs && localMs + lengthMs <= closeMs
  })
}

type Fit =
  | { readonly ok: true; readonly units: GrantedUnit[] }
  | { readonly ok: false; readonly reason: RefusalReason; readonly heldBy: string | null }

/** The lowest free unit numbers for everything the claim needs, or the first thing that is missing. */
function fitUnits(claim: ClaimRequest, world: ArbiterWorld): Fit {
  const startMs = claim.startMs - claim.beforeMin * MINUTE_MS
  const endMs = claim.endMs + claim.afterMin * MINUTE_MS
  const units: GrantedUnit[] = []
  const take = (
    resourceKey: string,
    wanted: number,
    quantity: number,
    untilMs = endMs,
  ): string | null | undefined => {
    const overlapping = world.held.filter(
      (grant) =>
        grant.resourceKey === resourceKey &&
        grant.bookingId !== claim.bookingId &&
        grant.startMs < untilMs &&
        startMs < grant.endMs,
    )
    const taken = new Set(overlapping.map(({ unit }) => unit))
    let missing = wanted
    for (let unit = 1; unit <= quantity && missing > 0; unit++) {
      if (taken.has(unit)) continue
      if (world.within && !holdsThroughout(world.within, { resourceKey, unit, startMs, endMs: untilMs }))
        continue
      units.push({ resourceKey, unit, startMs, endMs: untilMs })
      missing--
    }
    if (missing === 0) return undefined
    return overlapping.map(({ bookingId }) => bookingId).sort()[0] ?? null
  }
  const inStudio = take(studioKey(claim.studioId), 1, 1)
  if (inStudio !== undefined) return { ok: false, reason: 'studio-taken', heldBy: inStudio }
  for (const id of claim.streamerIds) {
    // A streamer makes up before going on air and is free when it ends; resetting the room is not their work.
    const elsewhere = take(streamerKey(id), 1, 1, claim.endMs)
    if (elsewhere !== undefined) return { ok: false, reason: 'streamer-taken', heldBy: elsewhere }
  }
  for (const { equipmentId, quantity } of claim.kit) {
    const inUse = take(kitKey(equipmentId), quantity, world.quantities.get(equipmentId) ?? 0)
    if (inUse !== undefined) return { ok: false, reason: 'kit-short', heldBy: inUse }
  }
  return { ok: true, units }
}

/** Up to three ways out: another studio at the same time, then the nearest free times in the wanted studio. */
function alternativesTo(claim: ClaimRequest, world: ArbiterWorld): Alternative[] {
  const out: Alternative[] = []
  const lengthMs = claim.endMs - claim.startMs
  const tryAt = (studio: StudioFacts, startMs: number): void => {
    if (out.length >= MAX_ALTERNATIVES || startMs < world.nowMs) return
    const moved = { ...claim, studioId: studio.id, startMs, endMs: startMs + lengthMs }
    if (!isOpen(studio, moved, world.zoneOffsetMin) || !fitUnits(moved, world).ok) return
    out.push({ studioId: studio.id, startMs, endMs: startMs + lengthMs })
  }
  const others = world.studios.filter(({ id }) => id !== claim.studioId)
  const wanted = world.studios.find(({ id }) => id === claim.studioId)
  if (others[0]) for (const studio of others) if (out.length === 0) tryAt(studio, claim.startMs)
  const reach = SEARCH_MS - (claim.beforeMin + claim.afterMin) * MINUTE_MS
  for (let offset = STEP_MS; wanted && offset <= reach && out.length < MAX_ALTERNATIVES; offset += STEP_MS) {
    tryAt(wanted, claim.startMs + offset)
    tryAt(wanted, claim.startMs - offset)
  }
  for (const studio of others) {
    if (out.some(({ studioId }) => studioId === studio.id)) continue
    tryAt(studio, claim.startMs)
  }
  return out
}

/** Refusals that somebody else's leaving can undo. */
export const WAITABLE: ReadonlySet<string> = new Set<RefusalReason>([
  'studio-taken',
  'streamer-taken',
  'kit-short',
])

/** The reason that a plan gives when it takes a booking back to claim another place for the same session. */
export const MOVED = 'moved'

/** What a granted answer gives as its reason when the claim had been refused and waited. */
export const FROM_WAITLIST = 'waitlist'

/** Decides a refused claim that waits, again: granted when all of it is free now and still lies ahead, else null. */
export function decideAgain(
  claim: ClaimRequest,
  world: ArbiterWorld,
): (Decision & { readonly outcome: 'granted' }) | null {
  if (claim.startMs <= world.nowMs) return null
  const decision = decide(claim, world)
  return decision.outcome === 'granted' ? decision : null
}

export interface FactDraft {
  readonly table: 'resourceGrant' | 'claimAnswer'
  readonly fields: Fields
}

/**
 * The facts that carry a decision: one `resourceGrant` per unit with a fencing number each, and one `claimAnswer`.
 * @param firstFence the belt's next fencing number; the caller advances it by the number of grants
 */
export function answerFacts(
  claim: Pick<ClaimRequest, 'bookingId'>,
  decision: Decision,
  context: { firstFence: number; term: number; nowMs: number; grantReason?: string; leaseId?: string },
): FactDraft[] {
  const { bookingId } = claim
  const { term, nowMs } = context
  const answer = (
    outcome: string,
    reason: string,
    alternatives: readonly Value[],
    heldBy: string | null,
  ): FactDraft => ({
    table: 'claimAnswer',
    fields: { bookingId, outcome, reason, alternatives, heldBy, term, atMs: nowMs },
  })
  if (decision.outcome === 'refused') {
    const alternatives = decision.alternatives.map((alternative): Value => ({ ...alternative }))
    return [answer('refused', decision.reason, alternatives, decision.heldBy)]
  }
  const grants = decision.units.map((unit, index): FactDraft => ({
    table: 'resourceGrant',
    fields: {
      bookingId,
      ...unit,
      fence: context.firstFence + index,
      term,
      ...(context.leaseId === undefined ? {} : { leaseId: context.leaseId }),
    },
  }))
  return [...grants, answer('granted', context.grantReason ?? '', [], null)]
}

/** The fact that ends a booking: a release by its owner, a lapse, or a revocation by the arbiter. */
export function endingFact(
  bookingId: string,
  outcome: 'released' | 'expired' | 'revoked',
  context: { reason: string; term: number; nowMs: number },
): FactDraft {
  return {
    table: 'claimAnswer',
    fields: {
      bookingId,
      outcome,
      reason: context.reason,
      alternatives: [],
      heldBy: null,
      term: context.term,
      atMs: context.nowMs,
    },
  }
}
