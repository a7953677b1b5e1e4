/** A stretch of one unit of a resource; epoch ms, half-open. */
export interface Hold {
  readonly resourceKey: string
  readonly unit: number
  readonly startMs: number
  readonly endMs: number
}

/** What a granted answer gives as its reason when a device had given the slot away out of its lease. */
export const FROM_LEASE = 'lease'

/** A holder stops this long before its lease ends by its reckoning of the hub's time, which may be a little off. */
export const LEASE_GUARD_MS = 5 * 60_000

const isSame = (a: Hold, b: Hold): boolean => a.resourceKey === b.resourceKey && a.unit === b.unit

/** Whether holds of a unit that touch or overlap cover a stretch of it without a gap. */
export function holdsThroughout(holds: readonly Hold[], wanted: Hold): boolean {
  let coveredMs = wanted.startMs
  const own = holds.filter((hold) => isSame(hold, wanted)).sort((a, b) => a.startMs - b.startMs)
  for (const { startMs, endMs } of own) {
    if (startMs > coveredMs) break
    coveredMs = Math.max(coveredMs, endMs)
  }
  return coveredMs >= wanted.endMs
}

/** What is left of a hold when stretches of its unit are taken out of it. */
export function withoutStretches<H extends Hold>(hold: H, taken: readonly Hold[]): H[] {
  let left: H[] = [hold]
  for (const cut of taken) {
    if (!isSame(hold, cut)) continue
    left = left.flatMap((part) => [
      ...(part.startMs < Math.min(part.endMs, cut.startMs)
        ? [{ ...part, endMs: Math.min(part.endMs, cut.startMs) }]
        : []),
      ...(part.endMs > Math.max(part.startMs, cut.endMs)
        ? [{ ...part, startMs: Math.max(part.startMs, cut.endMs) }]
        : []),
    ])
  }
  return left
}
