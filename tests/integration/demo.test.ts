import { afterEach, describe, expect, it } from 'vitest'
import { rmSync } from 'node:fs'
import { startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { DEMO_NOW_MS } from '../../shared/demo/index.ts'
import { HOUR_MS } from '../../shared/domain/time.ts'

let open: TestCore[] = []
let dirs: string[] = []
afterEach(async () => {
  for (const one of open) await one.close()
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
  open = []
  dirs = []
})

function start(dataDir: string, clock?: () => number): TestCore {
  const core = startCore({ dataDir, clock })
  open.push(core)
  return core
}
function folder(): string {
  const dir = tempDir()
  dirs.push(dir)
  return dir
}
const count = (core: TestCore, sql: string): number =>
  (core.core.services.belt().store.db.prepare(sql).get() as { n: number }).n

describe('app/openDemo', () => {
  it('opens a complete belt on its own clock, and the same one again', async () => {
    const dataDir = folder()
    const wall = Date.parse('2027-03-04T05:06:07Z')
    let now = wall
    const first = start(dataDir, () => now)
    const { beltId } = await first.call('app/openDemo', {})
    expect((await first.call('app/state', {})).nowMs).toBe(DEMO_NOW_MS)
    expect(count(first, 'SELECT count(*) AS n FROM merchant')).toBe(40)
    expect(count(first, "SELECT count(*) AS n FROM bookingState WHERE outcome = 'granted'")).toBe(13)
    expect(count(first, "SELECT count(*) AS n FROM bookingState WHERE outcome = 'refused'")).toBe(1)
    expect(count(first, 'SELECT count(*) AS n FROM op')).toBeGreaterThan(10_000)
    expect((await first.call('app/openDemo', {})).beltId).toBe(beltId)
    await first.core.close()

    now = wall + 3 * HOUR_MS
    const second = start(dataDir, () => now)
    const state = await second.call('app/state', {})
    expect(state.phase).toBe('ready')
    expect(state.belt).toMatchObject({ id: beltId, isDemo: true })
    expect(state.nowMs).toBe(DEMO_NOW_MS + 3 * HOUR_MS)
    expect((await second.call('app/openDemo', {})).beltId).toBe(beltId)
    open = [second]
  })

  it('makes a belt again that was left half made, and can be thrown away', async () => {
    const dataDir = folder()
    const first = start(dataDir)
    await first.call('app/openDemo', {})
    const { store } = first.core.services.belt()
    store.transact(() => store.dropMeta('demoReady'))
    await first.call('app/openDemo', {})
    expect(count(first, 'SELECT count(*) AS n FROM belt')).toBe(1)
    expect(count(first, 'SELECT count(*) AS n FROM sku')).toBe(160)
    expect(first.core.services.belt().store.meta('demoReady')).toBe('1')
    await first.call('app/removeDemo', {})
    expect((await first.call('app/state', {})).phase).toBe('first-run')
    expect(await first.call('app/belts', {})).toEqual([])
  })
})
