import type { Window } from '../../../shared/domain/calendar.ts'
import { DAY_MS, MINUTE_MS, dayKeyOf, dayStartMs } from '../../../shared/domain/time.ts'
import type { BeltSnapshot } from './snapshot.ts'

/** Days after the last broadcast in which its production may still be placed. */
const TAIL_DAYS = 6

/** The span a problem is about, and its minutes: they count from `epochMs`, the local midnight its days begin with. */
export interface Frame {
  readonly timeZone: string
  readonly nowMs: number
  readonly epochMs: number
  /** Broadcasts are planned until here; production may go on until `endMs`. */
  readonly horizonToMs: number
  readonly endMs: number
  readonly horizonMin: number
  /** The first whole minute not before now. */
  readonly now: number
  readonly toMin: (ms: number) => number
  readonly ceilMin: (ms: number) => number
}

/** @param oldestMs the oldest instant the problem has to speak of, not after now */
export function frameOf(snapshot: BeltSnapshot, nowMs: number, oldestMs: number, horizonToMs: number): Frame {
  const { timeZone } = snapshot
  const epochMs = dayStartMs(dayKeyOf(oldestMs, timeZone), timeZone)
  const endMs = horizonToMs + TAIL_DAYS * DAY_MS
  const ceilMin = (ms: number) => Math.ceil((ms - epochMs) / MINUTE_MS)
  return {
    timeZone,
    nowMs,
    epochMs,
    horizonToMs,
    endMs,
    horizonMin: (endMs - epochMs) / MINUTE_MS,
    now: Math.max(0, ceilMin(nowMs)),
    toMin: (ms) => Math.floor((ms - epochMs) / MINUTE_MS),
    ceilMin,
  }
}

/** When a room or a person cannot be used; without an end until the end of the problem. */
export const closedAt = (snapshot: BeltSnapshot, id: string, endMs: number): Window[] =>
  snapshot.closures
    .filter((closure) => closure.subjectId === id)
    .map(({ fromMs, untilMs }) => [fromMs, untilMs ?? endMs] as const)
