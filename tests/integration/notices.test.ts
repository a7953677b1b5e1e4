import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunningHub } from '../../electron/hub/index.ts'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'
import { until } from '../helpers/sync-rig.ts'
import { MERCHANT, STUDIO } from '../fixtures/rows.ts'

const HOUR_MS = 3_600_000
let root: string
const running: TestCore[] = []

beforeEach(() => {
  root = tempDir()
})
afterEach(async () => {
  for (const app of running.splice(0)) await app.core.close()
  rmSync(root, { recursive: true, force: true })
})

function open(name: string, clock?: () => number): TestCore {
  const app = startCore({ dataDir: join(root, name), deviceName: name, ...(clock ? { clock } : {}) })
  running.push(app)
  return app
}
async function signIn(app: TestCore): Promise<void> {
  app.core.services.setPerson(app.connection, (await app.call('app/state', {})).people[0]!.id)
}
async function reopen(app: TestCore, clock?: () => number): Promise<TestCore> {
  await app.core.close()
  running.splice(running.indexOf(app), 1)
  const again = open(app.dataDir.slice(root.length + 1), clock)
  await signIn(again)
  return again
}
const matters = async (app: TestCore, kind: string) =>
  (await app.call('today/view', {})).matters.filter((matter) => matter.kind === kind)

describe('a booking that waited and got its place', () => {
  let nowMs: number
  const clock = () => nowMs
  let core: TestCore
  let studioId: string
  let startMs: number
  const claim = (label: string) =>
    core.call('slot/claim', { studioId, label, startMs, endMs: startMs + 2 * HOUR_MS })

  beforeEach(async () => {
    nowMs = Date.UTC(2026, 8, 17, 6, 20)
    startMs = nowMs + 4 * HOUR_MS
    core = open('one', clock)
    await core.call('app/createBelt', NEW_BELT)
    const { bases } = await core.call('app/state', {})
    const saved = await core.call('catalogue/saveStudio', {
      ...STUDIO,
      id: null,
      baseId: bases[0]!.id,
      openMin: 480,
      resetMin: 30,
    })
    studioId = saved.id
  })

  it('is told once: on Today and in the sync centre, over a restart, until somebody has read it', async () => {
    const first = await claim('海钓匠')
    const second = await claim('环翠竿业')
    await core.call('slot/wait', { bookingId: second.bookingId, waits: true })
    expect(await matters(core, 'arrived')).toStrictEqual([])
    nowMs += 60_000
    await core.call('slot/release', { bookingId: first.bookingId })

    core = await reopen(core, clock)
    const [told, ...others] = await matters(core, 'arrived')
    expect(others).toStrictEqual([])
    expect(told).toMatchObject({
      title: {
        key: 'say.matter.arrived',
        params: { merchant: '环翠竿业', studio: '1 号间', startMs },
      },
      note: { params: { answeredMs: nowMs } },
      owner: { name: '于敏', mine: true },
      action: { target: { screen: 'studio-calendar', id: second.bookingId, atMs: startMs } },
    })
    const { arrived } = await core.call('sync/centre', {})
    expect(arrived).toMatchObject([{ id: told!.settleId, bookingId: second.bookingId, label: '环翠竿业' }])

    await core.call('sync/settle', { id: told!.settleId!, choice: 'theirs' })
    expect(await matters(core, 'arrived')).toStrictEqual([])
    core = await reopen(core, clock)
    expect(await matters(core, 'arrived')).toStrictEqual([])
    expect((await core.call('sync/centre', {})).arrived).toStrictEqual([])
    await expect(core.call('sync/settle', { id: told!.settleId!, choice: 'theirs' })).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it('is not told of a booking that was granted at once, given back again, or is over', async () => {
    const first = await claim('海钓匠')
    const second = await claim('环翠竿业')
    await core.call('slot/wait', { bookingId: second.bookingId, waits: true })
    await core.call('slot/release', { bookingId: first.bookingId })
    expect((await matters(core, 'arrived')).map(({ action }) => action.target.id)).toStrictEqual([
      second.bookingId,
    ])
    nowMs = startMs + 3 * HOUR_MS
    expect(await matters(core, 'arrived')).toStrictEqual([])
    nowMs = startMs - HOUR_MS
    await core.call('slot/release', { bookingId: second.bookingId })
    expect(await matters(core, 'arrived')).toStrictEqual([])
  })

  it('a refusal that was let go is off Today too; one that waits cannot be waved away there', async () => {
    await claim('海钓匠')
    const second = await claim('环翠竿业')
    const [refused] = await matters(core, 'refused')
    expect(refused!.settleId).toBe(second.bookingId)
    await core.call('slot/wait', { bookingId: second.bookingId, waits: true })
    expect((await matters(core, 'refused'))[0]).not.toHaveProperty('settleId')
    await core.call('slot/wait', { bookingId: second.bookingId, waits: false })
    await core.call('sync/settle', { id: second.bookingId, choice: 'theirs' })
    expect(await matters(core, 'refused')).toStrictEqual([])
  })
})

describe('work that the hub had set aside and an administrator refuses', () => {
  let hub: RunningHub
  afterEach(() => hub.close())

  it('is told to its author, once more even when the first word was waved away, and then no more', async () => {
    hub = await startTestHub(join(root, 'hub'))
    const admin = open('admin')
    await admin.call('app/createBelt', NEW_BELT)
    const code = await codeFor(hub, null)
    await admin.call('sync/handOver', { url: `http://127.0.0.1:${hub.port}`, code })
    await until(async () => (await admin.call('app/syncBar', {})).pending === 0, 'the founder is in step')
    const baseId = (await admin.call('app/state', {})).bases[0]!.id
    const { id: studioId } = await admin.call('catalogue/saveStudio', { ...STUDIO, id: null, baseId })
    const made = await admin.call('hub/makeCode', { role: 'administrator', baseId: null })
    let second = open('second')
    await second.call('sync/join', made)
    await signIn(second)
    await until(
      async () =>
        second.core.services.belt().store.db.prepare('SELECT 1 FROM studio').get() !== undefined &&
        (await second.call('app/syncBar', {})).pending === 0,
      'in step',
    )
    const { author } = second.core.services.belt().keys
    await hub.hub.database.db
      .updateTable('device')
      .set({ validUntilMs: Date.now() - 1000 })
      .where('author', '=', author)
      .execute()
    await second.call('catalogue/saveMerchant', {
      ...MERCHANT,
      id: null,
      name: '过期',
      shortName: '过期',
      baseId,
    })
    const startMs = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + HOUR_MS
    await second.call('slot/claim', { studioId, label: '晚场', startMs, endMs: startMs + HOUR_MS })
    await until(async () => (await second.call('sync/centre', {})).refused.length === 2, 'set aside')
    const [aside] = (await second.call('sync/centre', {})).refused
    expect(aside).toMatchObject({ kind: 'quarantined' })
    expect(await matters(second, 'refused')).toStrictEqual([])
    await second.call('sync/settle', { id: aside!.id, choice: 'theirs' })

    const { held } = await admin.call('hub/overview', {})
    await admin.call('hub/settleHeld', { hubSeqs: held.map(({ hubSeq }) => hubSeq), choice: 'refuse' })
    await second.call('sync/tryNow', {})
    await until(async () => (await matters(second, 'refused')).length === 2, 'told')
    const told = await matters(second, 'refused')
    expect(told.map(({ title }) => title)).toContainEqual({
      key: 'say.matter.refused',
      params: { merchant: '晚场', studio: '1 号间', startMs },
    })
    expect(told.map(({ title }) => title)).toContainEqual({
      key: 'say.matter.refusedStep',
      params: { what: 'create', table: 'merchant', name: '过期' },
    })
    expect(told.every(({ note }) => note.params['verdict'] === 'refused-by-administrator')).toBe(true)
    expect(told.every(({ owner }) => owner?.mine)).toBe(true)
    // Nobody else is bothered with it.
    expect(await matters(admin, 'refused')).toStrictEqual([])

    for (const matter of told) await second.call('sync/settle', { id: matter.settleId!, choice: 'theirs' })
    second = await reopen(second)
    await second.call('sync/tryNow', {})
    expect(await matters(second, 'refused')).toStrictEqual([])
    expect((await second.call('app/syncBar', {})).refused).toBe(0)
    expect(
      second.core.services.belt().store.db.prepare(`SELECT n FROM opTally WHERE state = 'rejected'`).get(),
    ).toStrictEqual({ n: 2 })
  }, 40_000)
})
