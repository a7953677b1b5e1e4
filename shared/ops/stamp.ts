import type { CanonicalOp, Stamp } from './types.ts'

export function compareStamps(a: Stamp, b: Stamp): number {
  return a.ms - b.ms || a.ctr - b.ctr
}

export const laterStamp = (a: Stamp, b: Stamp): Stamp => (compareStamps(a, b) >= 0 ? a : b)

/**
 * Who wrote a field group last. Ordered by canonical stamp, then author, stream and seq; the hub's sequence takes no part,
 * because it changes when a hub is restored from a backup.
 */
export interface Version {
  readonly stampMs: number
  readonly stampCtr: number
  readonly author: string
  readonly stream: number
  readonly seq: number
}

export function compareVersions(a: Version, b: Version): number {
  return (
    a.stampMs - b.stampMs ||
    a.stampCtr - b.stampCtr ||
    (a.author < b.author ? -1 : a.author > b.author ? 1 : 0) ||
    a.stream - b.stream ||
    a.seq - b.seq
  )
}

export const versionOf = (op: CanonicalOp): Version => ({
  stampMs: op.stamp.ms,
  stampCtr: op.stamp.ctr,
  author: op.author,
  stream: op.stream,
  seq: op.seq,
})

/**
 * The stamp the hub gives an op once: min(author clock, hub time), and never before the author's previous op of that stream,
 * so that a clock that ran ahead and was put right does not make its owner's older edit win over the newer one.
 */
export function canonicalStamp(at: Stamp, hubTime: Stamp, previousInStream: Stamp | null): Stamp {
  const capped = compareStamps(at, hubTime) <= 0 ? at : hubTime
  return previousInStream ? laterStamp(capped, previousInStream) : capped
}

/** Hub time: the wall clock, but never at or before the last reading handed out. */
export function hubTimeAfter(last: Stamp | null, wallMs: number): Stamp {
  if (!last || wallMs > last.ms) return { ms: wallMs, ctr: 0 }
  return { ms: last.ms + 1, ctr: 0 }
}
