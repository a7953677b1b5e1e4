import { z } from 'zod'

/** Shapes of the JSON fields of the table registry. Minutes count from local midnight and may pass 1440. */

export const weeklyWindowSchema = z
  .object({
    /** ISO weekdays, 1 = Monday. */
    days: z.array(z.number().int().min(1).max(7)).min(1).max(7),
    fromMin: z.number().int().min(0).max(1440),
    toMin: z.number().int().min(1).max(2880),
  })
  .refine((window) => window.toMin > window.fromMin && window.toMin - window.fromMin <= 1440)
export type WeeklyWindow = z.output<typeof weeklyWindowSchema>

/** Family → units per hour. A family that is absent cannot run on the line. */
export const unitsPerHourSchema = z.record(z.string().min(1).max(40), z.number().positive().max(100_000))
export type UnitsPerHour = z.output<typeof unitsPerHourSchema>

/** `matrix[from][to]` minutes to change from one family to another. */
export const changeoverSchema = z
  .object({
    families: z.array(z.string().min(1).max(40)).max(40),
    matrix: z.array(z.array(z.number().int().min(0).max(2880))),
  })
  .refine(
    ({ families, matrix }) =>
      matrix.length === families.length && matrix.every((row) => row.length === families.length),
  )
export type Changeover = z.output<typeof changeoverSchema>

/**
 * One step a product goes through. `sample` and `qc` take `durMin` on one of the lines (or benches); `production` takes
 * quantity / unitsPerHour of the line for the product's family.
 */
export const routingStepSchema = z.object({
  op: z.enum(['sample', 'qc', 'production']),
  lineIds: z.array(z.string().min(1)).min(1).max(60),
  durMin: z.number().int().positive().max(2880).optional(),
})
export type RoutingStep = z.output<typeof routingStepSchema>

export const kitItemSchema = z.object({
  key: z.string().min(1).max(40),
  quantity: z.number().int().positive().max(999),
})
export type KitItem = z.output<typeof kitItemSchema>

export const cardClaimSchema = z.object({
  text: z.string().min(1).max(500),
  evidence: z.string().max(500).default(''),
})
export type CardClaim = z.output<typeof cardClaimSchema>

/** Minutes of work for a quantity at a rate, rounded up. */
export const productionMin = (quantity: number, unitsPerHour: number): number =>
  Math.ceil((quantity * 60) / unitsPerHour)
