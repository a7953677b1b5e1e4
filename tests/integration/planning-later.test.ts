import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCore, type TestCore } from '../helpers/core.ts'
import { solvePlan } from '../helpers/planning.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

let core: TestCore
let aheadMs = 0

const solve = () => solvePlan(core, { timeLimitMs: 300, seed: 1 }, 15_000)

beforeAll(async () => {
  core = startCore({ clock: () => Date.now() + aheadMs })
  await core.call('app/openDemo', {})
}, 60_000)
afterAll(() => core.close())

describe('planning again while the published plan is under way', () => {
  const laters: readonly (readonly [string, number])[] = [
    ['nothing', 0],
    ['a minute', MINUTE_MS],
    ['ten minutes', 10 * MINUTE_MS],
    ['three hours', 3 * HOUR_MS],
    ['past midnight', 14 * HOUR_MS],
    ['two days', 2 * DAY_MS],
    ['five days', 5 * DAY_MS],
  ]
  for (const [name, ms] of laters)
    it(`${name} later: a plan without anything impossible, and it can be published`, async () => {
      aheadMs = ms
      const proposal = await solve()
      expect(proposal.score.find(({ tier }) => tier === 'hard')?.value).toBe(0)
      const published = await core.call('plan/publish', { proposalId: proposal.id, reason: name })
      expect(published.refused).toBe(0)
    })

  it('goes on showing what was under way and what is behind, where it was', async () => {
    const { nowMs } = await core.call('app/state', {})
    const view = () =>
      core.call('board/view', { fromMs: nowMs - DAY_MS, toMs: nowMs + DAY_MS, proposalId: null })
    const before = (await view()).items.filter((item) => item.startMs < nowMs)
    expect(before.length).toBeGreaterThan(5)
    aheadMs += HOUR_MS
    const proposal = await solve()
    await core.call('plan/publish', { proposalId: proposal.id, reason: 'an hour on' })
    const starts = new Map((await view()).items.map((item) => [item.taskKey, item.startMs]))
    for (const item of before) expect(starts.get(item.taskKey)).toBe(item.startMs)
  })
})
