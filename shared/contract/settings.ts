import { z } from 'zod'
import { ADMINISTRATORS, MANAGERS, SIGNED_IN, command, query } from './define.ts'

export interface BeltSettings {
  readonly id: string
  readonly name: string
  readonly shortName: string
  readonly trade: string
  readonly countyCode: string
  readonly province: string
  readonly tier: 'primary' | 'mature'
  readonly timeZone: string
  readonly isDemo: boolean
}

/** How the shared prime-time slots are dealt out. */
export interface FairSlotPolicy {
  readonly id: string
  /** Share of prime-time studio minutes a week kept for long-tail merchants, percent. */
  readonly longTailQuotaPct: number
  /** Most of the prime time one merchant may hold, percent. */
  readonly headCapPct: number
  /** Merchants in the top this many percent by sales are not long-tail. */
  readonly longTailTopPct: number
  /** Prime time, minutes from local midnight. */
  readonly primeStartMin: number
  readonly primeEndMin: number
  /** A start within this many minutes of the plan counts as a hit. */
  readonly slotToleranceMin: number
  /** Least part of the planned length that counts as a hit, percent. */
  readonly slotDurationPct: number
}

const percent = z.number().min(0).max(100)

export const settingsContract = {
  'belt/settings': query(z.object({}), SIGNED_IN).returns<{
    belt: BeltSettings
    policy: FairSlotPolicy | null
  }>(),
  'belt/save': command(
    z.object({
      name: z.string().trim().min(1).max(60),
      shortName: z.string().trim().min(1).max(8),
      trade: z.string().trim().max(40),
      countyCode: z.string().trim().max(12),
      province: z.string().trim().max(20),
      tier: z.enum(['primary', 'mature']),
    }),
    ADMINISTRATORS,
  ).returns<null>(),
  'belt/savePolicy': command(
    z
      .object({
        longTailQuotaPct: percent,
        headCapPct: percent,
        longTailTopPct: percent,
        primeStartMin: z.number().int().min(0).max(1439),
        primeEndMin: z.number().int().min(1).max(2880),
        slotToleranceMin: z.number().int().min(0).max(240),
        slotDurationPct: percent,
      })
      .refine((policy) => policy.primeEndMin > policy.primeStartMin),
    MANAGERS,
  ).returns<null>(),
}
