import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHlc, MAX_DRIFT_MS } from '../../../shared/ops/hlc.ts'
import { canonicalStamp, compareStamps, hubTimeAfter } from '../../../shared/ops/stamp.ts'
import type { Stamp } from '../../../shared/ops/types.ts'

const stamp = fc.record({ ms: fc.nat(2 ** 30), ctr: fc.nat(65535) })

describe('hybrid logical clock', () => {
  it('only goes forward whatever the wall clock does, and passes what it has seen', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2 ** 20), fc.option(stamp)), { minLength: 1 }), (steps) => {
        let wallMs = 0
        const hlc = createHlc({ clock: () => wallMs, maxDriftMs: 2 ** 40 })
        let before: Stamp = { ms: 0, ctr: 0 }
        for (const [ms, seen] of steps) {
          wallMs = ms
          if (seen) hlc.observe(seen)
          const now = hlc.now()
          expect(compareStamps(now, before)).toBeGreaterThan(0)
          if (seen) expect(compareStamps(now, seen)).toBeGreaterThan(0)
          before = now
        }
      }),
    )
  })

  it('drops an own reading from a clock that was a year ahead, but keeps what the hub said', () => {
    const yearMs = 365 * 86_400_000
    const wallMs = 1_800_000_000_000
    const corrected = createHlc({ clock: () => wallMs, last: { ms: wallMs + yearMs, ctr: 3 } })
    expect(corrected.now()).toStrictEqual({ ms: wallMs, ctr: 0 })
    const taught = createHlc({ clock: () => wallMs, seen: { ms: wallMs + 2 * MAX_DRIFT_MS, ctr: 0 } })
    expect(taught.now()).toStrictEqual({ ms: wallMs + 2 * MAX_DRIFT_MS, ctr: 1 })
  })
})

describe('canonical stamp', () => {
  it('is the author’s clock unless that is ahead of the hub’s time', () => {
    expect(canonicalStamp({ ms: 10, ctr: 2 }, { ms: 20, ctr: 0 }, null)).toStrictEqual({ ms: 10, ctr: 2 })
    expect(canonicalStamp({ ms: 30, ctr: 2 }, { ms: 20, ctr: 0 }, null)).toStrictEqual({ ms: 20, ctr: 0 })
  })

  it('keeps the author’s own order in a stream', () => {
    const first = canonicalStamp({ ms: 99, ctr: 0 }, { ms: 50, ctr: 0 }, null)
    const second = canonicalStamp({ ms: 40, ctr: 0 }, { ms: 51, ctr: 0 }, first)
    expect(compareStamps(second, first)).toBeGreaterThanOrEqual(0)
  })

  it('hub time never repeats when the wall clock falls back', () => {
    expect(hubTimeAfter({ ms: 100, ctr: 0 }, 50)).toStrictEqual({ ms: 101, ctr: 0 })
    expect(hubTimeAfter({ ms: 100, ctr: 0 }, 500)).toStrictEqual({ ms: 500, ctr: 0 })
  })
})
