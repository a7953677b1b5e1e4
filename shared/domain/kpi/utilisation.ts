import { MINUTE_MS } from '../time.ts'
import { ratio } from './sales.ts'

/** Run minutes ÷ shift minutes. More than 1 means work outside the shifts and is flagged, not cut. */
export function lineUtilisation(runMin: number, shiftMin: number) {
  const rate = ratio(runMin, shiftMin)
  return { rate, isSuspicious: rate !== null && rate > 1 }
}

export interface OeeInput {
  readonly shiftMin: number
  readonly runMin: number
  readonly goodUnits: number
  readonly scrapUnits: number
  /** Units the run minutes would have made at the line's rates. */
  readonly idealUnits: number
}

/** Availability × performance × quality; a changeover is time the line was not available. */
export function oee(input: OeeInput) {
  const availability = ratio(input.runMin, input.shiftMin)
  const made = input.goodUnits + input.scrapUnits
  const performance = ratio(made, input.idealUnits)
  const quality = ratio(input.goodUnits, made)
  const value =
    availability === null || performance === null || quality === null
      ? null
      : availability * performance * quality
  return { availability, performance, quality, value, isSuspicious: performance !== null && performance > 1 }
}

export interface SlotOutcome {
  readonly plannedStartMs: number
  readonly plannedEndMs: number
  readonly actualStartMs: number | null
  readonly actualEndMs: number | null
  readonly sameStudio: boolean
  readonly sameStreamer: boolean
}

/** A slot was hit when it started within the tolerance, same room and streamer, and ran the share of its planned length. */
export function isSlotHit(slot: SlotOutcome, toleranceMin: number, durationPct: number): boolean {
  if (slot.actualStartMs === null || slot.actualEndMs === null) return false
  const planned = slot.plannedEndMs - slot.plannedStartMs
  return (
    Math.abs(slot.actualStartMs - slot.plannedStartMs) <= toleranceMin * MINUTE_MS &&
    slot.sameStudio &&
    slot.sameStreamer &&
    (slot.actualEndMs - slot.actualStartMs) * 100 >= planned * durationPct
  )
}
