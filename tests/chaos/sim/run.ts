import { eventsOf, type SimEvent } from './events.ts'
import { checkAll, checkSkew, checkUpgrade, heal } from './finish.ts'
import { Broken } from './ledger.ts'
import type { Template } from './template.ts'
import { World } from './world.ts'

export interface RunResult {
  readonly seed: number
  readonly steps: number
  readonly spared: number
  readonly failure: { readonly invariant: string; readonly message: string; readonly stack: string } | null
}

export const EVENTS_PER_SEED = 60

/** What is checked by name: after every step, and once everybody is in step. */
export const INVARIANTS = [
  'convergence of canonical ops',
  'convergence of rows',
  'acknowledged is at the hub',
  'one live grant per resource and time',
  'a lease keeps its promise',
  'fences only rise',
  'monotonic reads',
  'read your writes',
  'skew neither blocks nor wins',
  'clone and restore lose nothing',
  'mixed versions keep unknown fields',
  'compaction preserves final state',
  'revocation never drops silently',
  'the hub decides on what is shown',
  'truncated tombstones never resurrect',
  'everything comes to rest',
] as const

/** Plays one list of events and checks everything. */
export async function play(
  seed: number,
  events: readonly SimEvent[],
  template: Template,
  beforeChecks?: (world: World) => void,
): Promise<RunResult> {
  const world = new World(seed, template)
  let failure: RunResult['failure'] = null
  try {
    for (const event of events) await world.happen(event)
    await heal(world)
    beforeChecks?.(world)
    checkAll(world)
    if (seed % 4 === 0) {
      await checkSkew(world)
      checkAll(world)
    }
    if (seed % 4 === 1) await checkUpgrade(world)
  } catch (error) {
    const known = error instanceof Broken
    failure = {
      invariant: known ? error.invariant : 'no unexpected error',
      message: error instanceof Error ? error.message : String(error),
      stack: error instanceof Error ? (error.stack ?? '') : '',
    }
  } finally {
    world.close()
  }
  return { seed, steps: world.steps, spared: world.spared, failure }
}

export const playSeed = (seed: number, template: Template): Promise<RunResult> =>
  play(seed, eventsOf(seed, EVENTS_PER_SEED), template)

/** Leaves events out as long as the same invariant still breaks. */
export async function shrink(
  seed: number,
  events: readonly SimEvent[],
  template: Template,
  options: { maxTries?: number } = {},
): Promise<{ events: SimEvent[]; failure: NonNullable<RunResult['failure']> }> {
  let kept = [...events]
  let { failure } = await play(seed, kept, template)
  if (!failure) throw new Error(`seed ${seed} does not fail`)
  const { invariant } = failure
  let tries = options.maxTries ?? 600
  for (let size = Math.ceil(kept.length / 2); size >= 1 && tries > 0;) {
    let shorter = false
    for (let at = 0; at < kept.length && tries > 0;) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)]
      tries--
      const result = await play(seed, fewer, template)
      if (result.failure?.invariant === invariant) {
        kept = fewer
        failure = result.failure
        shorter = true
      } else at += size
    }
    if (size > 1) size = Math.ceil(size / 2)
    else if (!shorter) break
  }
  return { events: kept, failure }
}
