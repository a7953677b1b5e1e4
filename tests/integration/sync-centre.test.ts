import { afterEach, describe, expect, it } from 'vitest'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { until } from '../helpers/sync-rig.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'
import { STUDIO } from '../fixtures/rows.ts'

const NOW_MS = Date.UTC(2026, 8, 17, 6, 20)
const HOUR_MS = 3_600_000
let core: TestCore
afterEach(() => core.close())

async function makeStudio(): Promise<string> {
  core = startCore({ clock: () => NOW_MS })
  await core.call('app/createBelt', NEW_BELT)
  const { bases } = await core.call('app/state', {})
  const { id } = await core.call('catalogue/saveStudio', {
    ...STUDIO,
    id: null,
    baseId: bases[0]!.id,
    openMin: 480,
    resetMin: 30,
  })
  return id
}
const claim = (studioId: string, label: string) =>
  core.call('slot/claim', {
    studioId,
    label,
    startMs: NOW_MS + 4 * HOUR_MS,
    endMs: NOW_MS + 6 * HOUR_MS,
  })

describe('what waits and what was refused', () => {
  it('groups own steps in the order they are sent', async () => {
    await makeStudio()
    const { waiting } = await core.call('sync/centre', {})
    const edits = waiting.find(({ group }) => group === 'edits')
    expect(edits?.local).toBeGreaterThanOrEqual(5)
    expect(edits?.oldestMs).toBe(NOW_MS)
    const { rows } = await core.call('sync/items', { group: 'edits', limit: 1 })
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ table: 'studio', kind: 'create', label: '1 号间', personName: '于敏' })
  })

  it('pages through the steps without repeating one', async () => {
    await makeStudio()
    const first = await core.call('sync/items', { limit: 2 })
    const second = await core.call('sync/items', { limit: 2, before: first.next })
    const ids = [...first.rows, ...second.rows].map(({ id }) => id)
    expect(new Set(ids).size).toBe(4)
  })

  it('shows a refused booking with who holds the time and where else it fits, until it is settled', async () => {
    const studioId = await makeStudio()
    expect((await claim(studioId, '海钓匠')).record).toBe('confirmed')
    const second = await claim(studioId, '环翠竿业')
    expect(second.record).toBe('refused')
    const { refused } = await core.call('sync/centre', {})
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatchObject({
      kind: 'booking',
      id: second.bookingId,
      label: '环翠竿业',
      studioName: '1 号间',
      reason: 'studio-taken',
      heldBy: { label: '海钓匠' },
    })
    expect(refused[0]?.kind === 'booking' && refused[0].alternatives.length).toBeGreaterThan(0)
    expect((await core.call('app/syncBar', {})).refused).toBe(1)

    await expect(core.call('sync/settle', { id: second.bookingId, choice: 'mine' })).rejects.toMatchObject({
      code: 'not-found',
    })
    await core.call('sync/settle', { id: second.bookingId, choice: 'theirs' })
    expect((await core.call('sync/centre', {})).refused).toHaveLength(0)
    expect(await core.call('app/syncBar', {})).toMatchObject({ refused: 0, badge: 'calm' })
  })

  it('does not take a granted booking for a refusal', async () => {
    const studioId = await makeStudio()
    const { bookingId } = await claim(studioId, '海钓匠')
    await expect(core.call('sync/settle', { id: bookingId, choice: 'theirs' })).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})

describe('belt settings', () => {
  it('keeps what an administrator changed, and refuses hours that end before they begin', async () => {
    core = startCore({ clock: () => NOW_MS })
    await core.call('app/createBelt', NEW_BELT)
    const { belt, policy } = await core.call('belt/settings', {})
    expect(belt.name).toBe(NEW_BELT.name)
    expect(policy).toMatchObject({ longTailQuotaPct: 30 })
    await core.call('belt/save', { ...belt, trade: '渔具', province: '山东' })
    const { id: _, ...values } = policy!
    await core.call('belt/savePolicy', { ...values, longTailQuotaPct: 35 })
    const after = await core.call('belt/settings', {})
    expect(after.belt).toMatchObject({ trade: '渔具', province: '山东', name: NEW_BELT.name })
    expect(after.policy).toMatchObject({ longTailQuotaPct: 35, headCapPct: 20 })
    await expect(
      core.call('belt/savePolicy', { ...values, primeStartMin: 1320, primeEndMin: 1140 }),
    ).rejects.toMatchObject({ code: 'bad-input' })
  })
})

describe('work that waits too long', () => {
  it('turns the badge to "act" after a day and to "error" after three, and says why the last try failed', async () => {
    const root = tempDir()
    let offsetMs = 0
    core = startCore({ clock: () => Date.now() + offsetMs })
    const hub = await startTestHub(join(root, 'hub'))
    await core.call('app/createBelt', NEW_BELT)
    const code = await codeFor(hub, null)
    await core.call('sync/handOver', { url: `http://127.0.0.1:${hub.port}`, code })
    await until(async () => (await core.call('app/syncBar', {})).pending === 0, 'sent')
    await hub.close()
    await core.call('person/save', { id: null, name: '等', role: 'planner', baseId: null })
    await core.call('sync/tryNow', {})
    const badge = async () => (await core.call('app/syncBar', {})).badge
    expect(await badge()).toBe('calm')
    offsetMs = 25 * HOUR_MS
    expect(await badge()).toBe('act')
    offsetMs = 73 * HOUR_MS
    expect(await badge()).toBe('error')
    const link = await core.call('sync/link', {})
    expect(link).toMatchObject({ network: 'offline', waiting: 1, failure: { code: 'hub-unreachable' } })
    expect(link.oldestWaitingMs).not.toBeNull()
    rmSync(root, { recursive: true, force: true })
  }, 30_000)
})

describe('the exported log', () => {
  it('holds every step once, in order, and no cell that a spreadsheet would run', async () => {
    await makeStudio()
    await core.call('person/save', { id: null, name: '=1+1', role: 'planner', baseId: null })
    const { handle, rows } = await core.call('history/exportLog', {})
    const lines = readFileSync(core.core.takeOffer(handle)!.path, 'utf8').trim().split('\r\n')
    const { n } = core.core.services.belt().store.db.prepare('SELECT count(*) AS n FROM op').get() as {
      n: number
    }
    expect(rows).toBe(n)
    expect(lines).toHaveLength(n + 1)
    const numbers = lines.slice(1).map((line) => Number(line.split(',')[0]))
    expect(numbers).toStrictEqual([...numbers].sort((a, b) => a - b))
    expect(new Set(numbers).size).toBe(n)
    expect(lines.some((line) => /,=1\+1/.test(line))).toBe(false)
  })
})
