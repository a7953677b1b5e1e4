import { compareStamps } from './stamp.ts'
import type { Stamp } from './types.ts'

export const MAX_DRIFT_MS = 24 * 3_600_000
const MAX_COUNTER = 0xffff

export interface Hlc {
  /** Strictly greater than every reading before it and than every canonical stamp observed. */
  now(): Stamp
  /** Canonical stamps seen from the hub: whatever is written next comes after them. */
  observe(canonical: Stamp): void
  last(): Stamp
}

const ZERO: Stamp = { ms: 0, ctr: 0 }

/**
 * A hybrid logical clock over an injected wall clock. An own reading left over from a clock that ran more than
 * `maxDriftMs` ahead and was put right is dropped; canonical stamps are bounded by the hub's time and always kept.
 * @param last the reading persisted with the latest own op
 * @param seen the greatest canonical stamp applied so far
 */
export function createHlc(options: {
  clock: () => number
  last?: Stamp | null
  seen?: Stamp | null
  maxDriftMs?: number
}): Hlc {
  const maxDriftMs = options.maxDriftMs ?? MAX_DRIFT_MS
  let own = options.last ?? ZERO
  let seen = options.seen ?? ZERO

  return {
    now() {
      const wallMs = Math.max(0, Math.floor(options.clock()))
      if (own.ms > wallMs + maxDriftMs && compareStamps(own, seen) > 0) own = ZERO
      const floor = compareStamps(own, seen) >= 0 ? own : seen
      if (wallMs > floor.ms) own = { ms: wallMs, ctr: 0 }
      else if (floor.ctr < MAX_COUNTER) own = { ms: floor.ms, ctr: floor.ctr + 1 }
      else own = { ms: floor.ms + 1, ctr: 0 }
      return own
    },
    observe(canonical) {
      if (compareStamps(canonical, seen) > 0) seen = canonical
    },
    last: () => own,
  }
}
