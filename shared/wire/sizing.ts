/** How large the next batch should be on the wire, from how the last ones went. */
export interface Sizing {
  readonly bytes: number
  /** Wire bytes per op of recent batches. */
  readonly bytesPerOp: number
}

export const SIZING_START: Sizing = { bytes: 16 * 1024, bytesPerOp: 24 }
const MIN_BYTES = 2 * 1024
const MAX_BYTES = 512 * 1024
/**
 * A batch should take about this long on the link: long enough that its head and the round trip hardly count, short enough
 * that answers keep coming. What a cut leaves behind is gone on with, so that it costs little.
 */
const TARGET_MS = 4000

/** Grows towards what the link moves in `TARGET_MS`, at most doubling. */
export function afterSuccess(
  sizing: Sizing,
  sent: { bytes: number; ops: number; sentBytes?: number; elapsedMs: number },
): Sizing {
  const bytesPerOp =
    sent.ops > 0 ? sizing.bytesPerOp * 0.5 + (sent.bytes / sent.ops) * 0.5 : sizing.bytesPerOp
  const reachable = ((sent.sentBytes ?? sent.bytes) / Math.max(1, sent.elapsedMs)) * TARGET_MS
  const filled = sent.bytes >= sizing.bytes * 0.5
  const wanted = filled ? Math.min(sizing.bytes * 2, Math.max(reachable, sizing.bytes / 2)) : sizing.bytes
  return { bytes: clamp(wanted), bytesPerOp: Math.max(1, bytesPerOp) }
}

export const afterFailure = (sizing: Sizing): Sizing => ({ ...sizing, bytes: clamp(sizing.bytes / 2) })

const clamp = (bytes: number): number => Math.round(Math.min(MAX_BYTES, Math.max(MIN_BYTES, bytes)))

export const opsFor = (sizing: Sizing): number =>
  Math.max(1, Math.min(20_000, Math.floor(sizing.bytes / sizing.bytesPerOp)))
