import { z } from 'zod'
import type { Finding } from '../domain/rules/evaluate.ts'
import { SIGNED_IN, WRITERS, command, query } from './define.ts'

export const SESSION_STATUSES = ['wanted', 'planned', 'announced', 'live', 'ended', 'cancelled'] as const
export type SessionStatus = (typeof SESSION_STATUSES)[number]

export interface SessionRow {
  readonly id: string
  readonly title: string
  readonly merchantId: string
  readonly merchantName: string
  readonly merchantShortName: string
  readonly baseId: string
  readonly platform: string
  readonly channel: 'store' | 'influencer'
  readonly status: SessionStatus
  readonly studioId: string | null
  readonly studioName: string | null
  readonly streamerIds: readonly string[]
  readonly streamerNames: readonly string[]
  readonly startMs: number | null
  readonly endMs: number | null
  readonly earliestMs: number
  readonly latestMs: number
  readonly durationMin: number
  readonly primeTime: boolean
  readonly shippingPromiseHours: number
  readonly skuCount: number
}

export interface SessionDetail extends SessionRow {
  readonly wishStudioIds: readonly string[]
  readonly wishStreamerIds: readonly string[]
  /** The slot it holds or has asked for; null while it holds none. */
  readonly booking: {
    readonly id: string
    readonly record: 'tentative' | 'confirmed'
    readonly startMs: number
    readonly endMs: number
  } | null
  readonly actualStartMs: number | null
  readonly actualEndMs: number | null
  readonly skus: readonly {
    readonly id: string
    readonly skuId: string
    readonly name: string
    readonly code: string
    readonly family: string
    readonly priceFen: number
    readonly stock: number
    readonly lowUnits: number
    readonly likelyUnits: number
    readonly highUnits: number
    readonly cardId: string | null
    readonly script: string | null
  }[]
  /** Every rule that speaks before a broadcast, and what it says now. */
  readonly findings: readonly Finding[]
  readonly canStart: boolean
  readonly checklist: readonly {
    readonly item: string
    readonly done: boolean
    readonly atMs: number | null
  }[]
  readonly reviews: readonly {
    readonly verdict: 'passed' | 'failed'
    readonly note: string
    readonly atMs: number
    readonly current: boolean
  }[]
  readonly dropouts: readonly { readonly startMs: number; readonly endMs: number; readonly cause: string }[]
  readonly sold: {
    readonly orders: number
    readonly units: number
    readonly paidFen: number
    readonly stillPromisable: number
  }
}

const id = z.string().min(1)
const units = z.number().int().min(0).max(1_000_000)
const skuPlan = z
  .object({ skuId: id, lowUnits: units, likelyUnits: units, highUnits: units })
  .refine((sku) => sku.lowUnits <= sku.likelyUnits && sku.likelyUnits <= sku.highUnits)
const wish = {
  title: z.string().trim().min(1).max(80),
  platform: z.string().trim().min(1).max(20),
  channel: z.enum(['store', 'influencer']),
  earliestMs: z.number().int(),
  latestMs: z.number().int(),
  durationMin: z.number().int().min(30).max(1440),
  studioIds: z.array(id).max(40),
  streamerIds: z.array(id).max(60),
  primeTime: z.boolean(),
  shippingPromiseHours: z.number().int().min(0).max(1440),
}

export const sessionContract = {
  'session/list': query(
    z.object({
      fromMs: z.number().int(),
      toMs: z.number().int(),
      baseId: z.string().nullable().default(null),
      status: z.enum(SESSION_STATUSES).nullable().default(null),
      cursor: z.string().max(200).nullable().default(null),
      limit: z.number().int().min(1).max(500).default(200),
    }),
    SIGNED_IN,
  ).returns<{ rows: SessionRow[]; nextCursor: string | null }>(),
  'session/get': query(z.object({ sessionId: id }), WRITERS).returns<SessionDetail>(),
  'session/create': command(
    z.object({ merchantId: id, ...wish, skus: z.array(skuPlan).max(200) }),
    WRITERS,
  ).returns<{ id: string }>(),
  'session/update': command(
    z.object({
      sessionId: id,
      ...z.object(wish).partial().shape,
      skus: z.array(skuPlan).max(200).optional(),
    }),
    WRITERS,
  ).returns<null>(),
  'session/cancel': command(
    z.object({ sessionId: id, reason: z.string().trim().min(1).max(200) }),
    WRITERS,
  ).returns<null>(),
  /** Signs (or fails) the content review of the session's present SKU list and scripts. */
  'session/signReview': command(
    z.object({
      sessionId: id,
      verdict: z.enum(['passed', 'failed']),
      note: z.string().trim().max(500).default(''),
    }),
    WRITERS,
  ).returns<{ id: string }>(),
  'session/mark': command(
    z.object({
      sessionId: id,
      item: z.string().min(1).max(40),
      done: z.boolean(),
      note: z.string().trim().max(500).default(''),
    }),
    WRITERS,
  ).returns<null>(),
  /** Lets a WARN pass, by name and with a reason. A BLOCK has no override. */
  'session/override': command(
    z.object({ sessionId: id, ruleId: z.string(), reason: z.string().trim().min(4).max(500) }),
    WRITERS,
  ).returns<null>(),
  /** Refused with `rule-blocked` while any BLOCK stands. */
  'session/startLive': command(z.object({ sessionId: id }), WRITERS).returns<null>(),
  'session/endLive': command(z.object({ sessionId: id }), WRITERS).returns<null>(),
  'session/logDropout': command(
    z
      .object({
        sessionId: id,
        startMs: z.number().int(),
        endMs: z.number().int(),
        cause: z.enum(['network', 'streamer', 'platform']),
      })
      .refine((dropout) => dropout.endMs - dropout.startMs >= 30_000),
    WRITERS,
  ).returns<{ id: string; splits: boolean }>(),
}
