import { afterEach, describe, expect, it } from 'vitest'
import { NEW_BELT, startCore, type TestCore } from '../helpers/core.ts'

const NOW_MS = Date.UTC(2026, 8, 17, 6, 20)
const HOUR_MS = 3_600_000
let core: TestCore
afterEach(() => core.close())

async function makeStudio(): Promise<string> {
  core = startCore({ clock: () => NOW_MS })
  await core.call('app/createBelt', NEW_BELT)
  const { bases } = await core.call('app/state', {})
  const { id } = await core.call('catalogue/saveStudio', {
    id: null,
    name: '1 号间',
    shortName: '1',
    baseId: bases[0]!.id,
    areaM2: 72,
    kit: [],
    powerKw: 5,
    feeFenPerHour: 0,
    openMin: 480,
    closeMin: 1440,
    resetMin: 30,
    makeUpMin: 0,
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
