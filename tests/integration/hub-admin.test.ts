import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '../../shared/contract/define.ts'
import type { RunningHub } from '../../electron/hub/index.ts'
import { examine } from '../../electron/hub/maintenance.ts'
import { startEpochsIn } from '../../electron/hub/restored.ts'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { until } from '../helpers/sync-rig.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'
import { MERCHANT, STUDIO } from '../fixtures/rows.ts'

let root: string
let hub: RunningHub
let admin: TestCore
let hubOffsetMs = 0
const running: TestCore[] = []

beforeEach(async () => {
  root = tempDir()
  hubOffsetMs = 0
  hub = await startTestHub(join(root, 'hub'), { clock: () => Date.now() + hubOffsetMs })
  admin = startCore({ dataDir: join(root, 'admin'), deviceName: '总台' })
  running.push(admin)
  await admin.call('app/createBelt', NEW_BELT)
  const code = await codeFor(hub, null)
  await admin.call('sync/handOver', { url: `http://127.0.0.1:${hub.port}`, code })
  await until(async () => (await admin.call('app/syncBar', {})).pending === 0, 'the founder is in step')
})
afterEach(async () => {
  for (const app of running.splice(0)) await app.core.close()
  await hub.close()
  rmSync(root, { recursive: true, force: true })
})

async function join_(name: string, role: Role): Promise<TestCore> {
  const { url, code } = await admin.call('hub/makeCode', { role, baseId: null })
  const app = startCore({ dataDir: join(root, name), deviceName: name })
  running.push(app)
  await app.call('sync/join', { url, code })
  app.core.services.setPerson(app.connection, (await app.call('app/state', {})).people[0]!.id)
  await until(async () => (await app.call('app/syncBar', {})).pending === 0, 'in step')
  return app
}
const author = (app: TestCore) => app.core.services.belt().keys.author
const merchants = (app: TestCore) =>
  (
    app.core.services
      .belt()
      .store.db.prepare('SELECT name FROM merchant WHERE deleted = 0 ORDER BY name')
      .all() as {
      name: string
    }[]
  ).map(({ name }) => name)
const addMerchant = (app: TestCore, name: string) => {
  const { services } = app.core
  const baseId = services.belt().store.db.prepare('SELECT id FROM liveBase LIMIT 1').get() as { id: string }
  return services.transact(app.core.actorOf(app.connection), ({ write }) =>
    write.create('merchant', {
      ...MERCHANT,
      name,
      shortName: name,
      baseId: baseId.id,
    }),
  )
}
const quarantined = (app: TestCore) =>
  until(
    async () =>
      (
        app.core.services
          .belt()
          .store.db.prepare(`SELECT n FROM opTally WHERE state = 'quarantined'`)
          .get() as { n: number }
      ).n > 0,
    'set aside',
  )

describe('the hub, seen from the cockpit', () => {
  it('shows its devices, how far behind they are, and this one', async () => {
    const second = await join_('二号机', 'planner')
    await second.call('sync/setOptions', { paused: true })
    for (let i = 0; i < 5; i++) addMerchant(admin, `m${i}`)
    await until(async () => (await admin.call('app/syncBar', {})).pending === 0, 'sent')
    await until(async () => {
      const { devices } = await admin.call('hub/overview', {})
      return devices.find(({ isThis }) => isThis)?.behind === 0
    }, 'the founder has read all')
    const overview = await admin.call('hub/overview', {})
    expect(overview).toMatchObject({ epoch: 1, recovering: false, held: [], heldTotal: 0 })
    expect(
      overview.devices.map(({ name, role, status, isThis }) => ({ name, role, status, isThis })),
    ).toEqual(
      expect.arrayContaining([
        { name: '总台', role: 'administrator', status: 'active', isThis: true },
        { name: '二号机', role: 'planner', status: 'active', isThis: false },
      ]),
    )
    expect(overview.devices.find(({ name }) => name === '二号机')!.behind).toBeGreaterThanOrEqual(5)
  })

  it('goes on after the hub was restored, without anybody asking twice', async () => {
    await admin.call('hub/overview', {})
    await hub.hub.database.db.transaction().execute((tx) => startEpochsIn(tx, Date.now(), 'end', {}))
    expect((await admin.call('hub/overview', {})).epoch).toBeGreaterThan(1)
  })

  it('is for administrators on administrators’ devices only', async () => {
    const second = await join_('二号机', 'planner')
    await expect(second.call('hub/overview', {})).rejects.toMatchObject({ code: 'hub-not-administrator' })
    // Also when the device lies about itself.
    await expect(
      second.core.services.sync.ask('admin', Buffer.from(JSON.stringify({ ask: 'overview' }))),
    ).rejects.toMatchObject({ error: { code: 'hub-refused', details: { reason: 'not-found' } } })
    admin.core.services.setPerson(admin.connection, null)
    await expect(admin.call('hub/overview', {})).rejects.toMatchObject({ code: 'not-signed-in' })
  })

  it('shuts a device out; what it still sends waits, and is released or refused', async () => {
    const second = await join_('二号机', 'administrator')
    await second.call('sync/setOptions', { paused: true })
    addMerchant(second, '放行的')
    addMerchant(second, '退回的')
    await admin.call('hub/revoke', { author: author(second) })
    await expect(admin.call('hub/revoke', { author: author(admin) })).rejects.toMatchObject({
      code: 'hub-refused',
    })
    await second.call('sync/setOptions', { paused: false })
    await until(async () => (await admin.call('hub/overview', {})).heldTotal === 2, 'held')
    await until(
      async () => (await second.call('app/syncBar', {})).network === 'refused',
      'the device is told that it is not the network',
    )
    const notTaken = async () =>
      (await second.call('sync/centre', {})).refused.map((item) =>
        item.kind === 'booking' ? null : { kind: item.kind, label: item.label, reason: item.reason },
      )
    const aside = { kind: 'quarantined', reason: 'revoked' }
    expect(await notTaken()).toStrictEqual([
      { ...aside, label: '退回的' },
      { ...aside, label: '放行的' },
    ])
    expect((await second.call('app/syncBar', {})).refused).toBe(2)
    expect(merchants(second)).toStrictEqual([])
    const { held, devices } = await admin.call('hub/overview', {})
    expect(devices.find(({ name }) => name === '二号机')).toMatchObject({ status: 'revoked', held: 2 })
    expect(held).toMatchObject([
      {
        deviceName: '二号机',
        personName: '于敏',
        reason: 'revoked',
        table: 'merchant',
        label: '放行的',
        kind: 'create',
      },
      { label: '退回的' },
    ])
    expect(held[0]!.fields).toContainEqual({ name: 'creditGrade', value: { kind: 'choice', text: 'B' } })
    expect(merchants(admin)).toStrictEqual([])
    const seqOf = (label: string) => held.find((step) => step.label === label)!.hubSeq
    expect(
      await admin.call('hub/settleHeld', { hubSeqs: [seqOf('放行的')], choice: 'release' }),
    ).toStrictEqual({ settled: 1 })
    expect(
      await admin.call('hub/settleHeld', { hubSeqs: [seqOf('退回的')], choice: 'refuse' }),
    ).toStrictEqual({ settled: 1 })
    expect(
      await admin.call('hub/settleHeld', { hubSeqs: [seqOf('退回的')], choice: 'release' }),
    ).toStrictEqual({ settled: 0 })
    await until(() => merchants(admin).length === 1, 'released work arrives')
    expect(merchants(admin)).toStrictEqual(['放行的'])
    expect((await admin.call('hub/overview', {})).heldTotal).toBe(0)
    // A device that is shut out reads no news, and hears all the same what became of its own work.
    addMerchant(admin, '别人的')
    await second.call('sync/tryNow', {})
    const refusal = { kind: 'rejected', label: '退回的', reason: 'refused-by-administrator' }
    await until(
      async () => (await notTaken()).length === 1 && merchants(second).length === 1,
      'the verdict is told',
    )
    expect(await notTaken()).toStrictEqual([refusal])
    expect((await second.call('app/syncBar', {})).refused).toBe(1)
    expect(merchants(second)).toStrictEqual(['放行的'])
    expect((await second.call('sync/link', {})).failure).toMatchObject({ details: { reason: 'revoked' } })
    const third = await join_('三号机', 'planner')
    await until(() => merchants(third).length === 2, 'also at devices that join later')
    expect((await examine(hub.hub)).filter(({ problem }) => problem !== null)).toStrictEqual([])
  }, 40_000)

  it('work of an expired certificate, once released, shows at its author again, and a claim among it is answered', async () => {
    const second = await join_('二号机', 'administrator')
    const { id: studioId } = await admin.call('catalogue/saveStudio', {
      ...STUDIO,
      id: null,
      baseId: (await admin.call('app/state', {})).bases[0]!.id,
    })
    await until(
      () => second.core.services.belt().store.db.prepare('SELECT 1 FROM studio').get() !== undefined,
      'the studio arrived',
    )
    await hub.hub.database.db
      .updateTable('device')
      .set({ validUntilMs: Date.now() - 1000 })
      .where('author', '=', author(second))
      .execute()
    addMerchant(second, '过期前后')
    const startMs = Math.ceil(Date.now() / 3_600_000) * 3_600_000 + 3_600_000
    const { bookingId } = await second.call('slot/claim', {
      studioId,
      label: '晚场',
      startMs,
      endMs: startMs + 3_600_000,
    })
    await quarantined(second)
    await until(async () => (await admin.call('hub/overview', {})).heldTotal === 2, 'held')
    expect(merchants(second)).toStrictEqual([])
    const { refused } = await second.call('sync/centre', {})
    expect(refused).toMatchObject([
      { kind: 'quarantined', reason: 'certificate-expired' },
      { kind: 'quarantined', reason: 'certificate-expired' },
    ])
    const { held } = await admin.call('hub/overview', {})
    await admin.call('hub/settleHeld', { hubSeqs: held.map(({ hubSeq }) => hubSeq), choice: 'release' })
    await second.call('sync/tryNow', {})
    await until(() => merchants(second).length === 1 && merchants(admin).length === 1, 'back at its author')
    const outcome = (app: TestCore) =>
      app.core.services
        .belt()
        .store.db.prepare('SELECT outcome FROM bookingState WHERE bookingId = ?')
        .get(bookingId)
    await until(() => outcome(second) !== undefined && outcome(admin) !== undefined, 'the claim is answered')
    expect(outcome(second)).toStrictEqual({ outcome: 'granted' })
    expect((await second.call('sync/centre', {})).refused).toStrictEqual([])
    expect((await second.call('app/syncBar', {})).refused).toBe(0)
  }, 40_000)
})
