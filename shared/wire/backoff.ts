export const BACKOFF_CAP_MS = 15_000
const BACKOFF_BASE_MS = 300
const BACKOFF_GROWTH = 1.7

/** Delay before the next try after `failures` failures in a row (≥ 1): exponential, capped, spread over its upper half. */
export function backoffMs(failures: number, random: () => number, capMs = BACKOFF_CAP_MS): number {
  const full = Math.min(capMs, BACKOFF_BASE_MS * BACKOFF_GROWTH ** Math.min(40, Math.max(0, failures - 1)))
  return Math.round(full * (0.5 + random() / 2))
}
