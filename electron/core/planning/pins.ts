import { MINUTE_MS } from '../../../shared/domain/time.ts'
import type { Problem } from '../../../shared/scheduler/problem.ts'
import type { Db } from '../../sqlite/open.ts'
import { prepared } from '../../sqlite/prepared.ts'

export interface PinRow {
  readonly id: string
  readonly taskKey: string
  readonly resourceId: string | null
  readonly startMs: number | null
  readonly strength: 'hard' | 'soft'
}

export const readPins = (db: Db): PinRow[] =>
  prepared<[], PinRow>(
    db,
    'SELECT id, taskKey, resourceId, startMs, strength FROM pin WHERE deleted = 0',
  ).all()

/** Pins of orders that could not be kept: the problem has them as wishes only. */
export function liftedPins(pins: readonly PinRow[], problem: Problem): PinRow[] {
  const epochMs = Date.parse(problem.epoch)
  const wished = new Map(
    problem.tasks.flatMap(({ id, lock, session }) =>
      lock?.strength === 'soft' && !session ? [[id, lock.start] as const] : [],
    ),
  )
  return pins.filter(
    ({ taskKey, startMs, strength }) =>
      strength === 'hard' &&
      startMs !== null &&
      wished.get(taskKey) === Math.floor((startMs - epochMs) / MINUTE_MS),
  )
}
