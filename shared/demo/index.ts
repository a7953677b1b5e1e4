import { Random } from '../scheduler/random.ts'
import { addBelt } from './belt.ts'
import { DraftList, type DemoDraft } from './draft.ts'
import { addFuture } from './future.ts'
import { addHistory } from './history.ts'
import { addMaking } from './making.ts'
import { addRooms } from './rooms.ts'
import type { Sha256Hex } from './session.ts'
import { addToday } from './today.ts'
import { addTrade } from './trade.ts'
import { dayOf, type DemoReference, type DemoWorld } from './world.ts'

export type { DemoDraft } from './draft.ts'
export type { DemoReference } from './world.ts'

/** Thursday 17 September 2026, 14:20 in Weihai: the moment the demo belt opens at. */
export const DEMO_NOW_MS = 1_789_626_000_000
export const DEMO_SEED = 20260917

/**
 * The demo belt: a fishing-tackle belt around Weihai with everything invented. The same input gives the same list; nothing
 * here reads a clock. Rows come in an order in which every `@key` refers to an earlier row.
 *
 * @param input.nowMs the belt's present: history lies before it, seven days to plan after it
 * @param input.sha256Hex hash of the texts that content reviews sign
 */
export function generateDemo(input: {
  readonly seed: number
  readonly nowMs: number
  readonly reference: DemoReference
  readonly sha256Hex: Sha256Hex
}): readonly DemoDraft[] {
  const world: DemoWorld = {
    drafts: new DraftList(),
    random: new Random(input.seed),
    nowMs: input.nowMs,
    today: dayOf(input.nowMs),
    bases: [],
    lines: [],
    studios: [],
    streamers: [],
    merchants: [],
  }
  addBelt(world, input.reference)
  addMaking(world)
  addRooms(world)
  addTrade(world)
  addHistory(world)
  addFuture(world, input.sha256Hex)
  addToday(world, input.sha256Hex)
  return world.drafts.rows
}
