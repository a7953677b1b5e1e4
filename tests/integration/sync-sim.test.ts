import { beforeAll, describe, expect, it } from 'vitest'
import { eventsOf } from '../chaos/sim/events.ts'
import { REGRESSIONS } from '../chaos/sim/regressions.ts'
import { EVENTS_PER_SEED, INVARIANTS, play } from '../chaos/sim/run.ts'
import { makeTemplate, type Template } from '../chaos/sim/template.ts'

/** As many as fit into half a minute; `npm run chaos -- sim` plays ten thousand. */
const SEEDS = 24

let template: Template
beforeAll(async () => {
  template = await makeTemplate()
})

describe('simulated devices, links and hub', () => {
  it(`${SEEDS} seeds keep every promise: ${INVARIANTS.join('; ')}`, async () => {
    const broken: string[] = []
    let steps = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await play(seed, eventsOf(seed, EVENTS_PER_SEED), template)
      steps += result.steps
      if (result.failure) broken.push(`seed ${seed}: ${result.failure.message}`)
    }
    expect(broken).toStrictEqual([])
    expect(steps).toBeGreaterThan(SEEDS * EVENTS_PER_SEED)
  }, 240_000)

  it('a seed plays the same every time', async () => {
    const once = await play(2, eventsOf(2, EVENTS_PER_SEED), template)
    const again = await play(2, eventsOf(2, EVENTS_PER_SEED), template)
    expect(again).toStrictEqual(once)
  }, 60_000)

  it('an op that the hub loses is noticed', async () => {
    const result = await play(1, eventsOf(1, EVENTS_PER_SEED), template, (world) => {
      const last = world.hub.raw.prepare('SELECT max(hubSeq) AS n FROM op').get() as { n: number }
      world.hub.raw.prepare('DELETE FROM op WHERE hubSeq = ?').run(last.n)
    })
    expect(result.failure?.invariant).toBe('convergence of canonical ops')
  }, 60_000)

  for (const { name, seed, events } of REGRESSIONS)
    it(
      name,
      async () => {
        for (const variant of [seed, seed + 1, seed + 2]) {
          const { failure } = await play(variant, events, template)
          expect(failure?.message ?? null).toBeNull()
        }
      },
      60_000,
    )
})
