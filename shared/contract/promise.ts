import { z } from 'zod'
import { PLANNERS, SIGNED_IN, action, command, query } from './define.ts'
import type { Sentence } from './planning.ts'

export interface PromiseDate {
  /** When the last unit is made. */
  readonly endMs: number
  /** The courier's next round after that: what can be promised. */
  readonly pickUpMs: number
  readonly startMs: number
  readonly lineName: string
  /** Work of the plan that would begin later, nothing of it late by that. */
  readonly moved: number
}

export interface PromiseView {
  readonly skuName: string
  readonly quantity: number
  readonly likely: PromiseDate | null
  /** At the pace the lines keep on their slower days. */
  readonly safe: PromiseDate | null
  readonly safePacePct: number
  /** What the likely date waits for, in time order. */
  readonly chain: readonly { readonly cause: Sentence; readonly minutes: number }[]
  /** The same minutes by cause, largest first. */
  readonly byCause: readonly { readonly key: string; readonly minutes: number }[]
  readonly reasons: readonly Sentence[]
  readonly wishMs: number | null
  readonly elapsedMs: number
}

export interface SkuChoice {
  readonly id: string
  readonly name: string
  readonly code: string
  readonly merchant: string
}

const quantity = z.number().int().min(1).max(1_000_000)

export const promiseContract = {
  /** SKUs that some line can make, by name or code. */
  'plan/skus': query(z.object({ text: z.string().trim().max(60).default('') }), SIGNED_IN).returns<
    SkuChoice[]
  >(),
  /** The earliest pick-up a quantity can be promised for, with nothing announced moved and nobody made late. */
  'plan/promise': action(
    z.object({ skuId: z.string(), quantity, wishMs: z.number().int().nullable().default(null) }),
    SIGNED_IN,
  ).returns<PromiseView>(),
  /** Asked when the question is about to come: what `plan/promise` needs is read, and its code has run once. */
  'plan/promiseReady': action(z.object({}), SIGNED_IN).returns<null>(),
  /** Makes the promise an order; planning takes it in at once. */
  'plan/order': command(
    z.object({
      skuId: z.string(),
      quantity,
      dueMs: z.number().int().positive(),
      reason: z.string().trim().max(200).default(''),
    }),
    PLANNERS,
  ).returns<{ orderId: string }>(),
}
