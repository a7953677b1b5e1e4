/** Waiting time before attempt `attempt` (from 1), ms: doubling from 250 ms to 15 s, with `jitter` (0–1) taking off up to half. */
export function reconnectDelayMs(attempt: number, jitter: number): number {
  const full = Math.min(15_000, 250 * 2 ** Math.min(10, Math.max(0, attempt - 1)))
  return Math.round(full * (1 - jitter / 2))
}
