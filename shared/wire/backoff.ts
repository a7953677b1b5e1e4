export const BACKOFF_CAP_MS = 15_000
const BACKOFF_BASE_MS = 400

/** Delay before the next try after `failures` failures in a row (≥ 1): exponential, capped, spread over its upper half. */
export function backoffMs(failures: number, random: () => number): number {
  const full = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(20, Math.max(0, failures - 1)))
  return Math.round(full * (0.5 + random() / 2))
}
