import { dayKeyOf, type DayKey } from './time.ts'

/** A paid, unshipped order line of one SKU. */
export interface OpenLine {
  readonly quantity: number
  readonly dueMs: number
}

/** Units wanted from production by one day. */
export interface Need {
  readonly day: DayKey
  readonly quantity: number
  /** The earliest pick-up due among them. */
  readonly dueMs: number
}

/**
 * What open orders of one SKU need beyond what is there: the earliest dues are served first from stock and work under way, the
 * rest is wanted by the day it is due.
 *
 * @param coveredUnits stock plus what running production still delivers; less than nothing counts as nothing
 */
export function netDemand(lines: readonly OpenLine[], coveredUnits: number, timeZone: string): Need[] {
  let covered = Math.max(0, coveredUnits)
  const needs = new Map<DayKey, { day: DayKey; quantity: number; dueMs: number }>()
  for (const line of [...lines].sort((a, b) => a.dueMs - b.dueMs)) {
    const fromStock = Math.min(covered, line.quantity)
    covered -= fromStock
    const quantity = line.quantity - fromStock
    if (quantity === 0) continue
    const day = dayKeyOf(line.dueMs, timeZone)
    const need = needs.get(day)
    if (need) need.quantity += quantity
    else needs.set(day, { day, quantity, dueMs: line.dueMs })
  }
  return [...needs.values()]
}
