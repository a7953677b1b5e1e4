import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FirstSyncState } from '../../shared/contract/sync.ts'
import { readLink, writeLink } from '../../electron/core/sync/link.ts'
import { OPEN_LINK, startLink } from '../bench/sync/proxy.ts'
import { makeRig, settled, until as untilWithin, type Rig, type RigDevice } from '../helpers/sync-rig.ts'
import { BOOKING } from '../fixtures/rows.ts'

const until = (done: () => boolean | Promise<boolean>, what: string, timeoutMs = 60_000): Promise<void> =>
  untilWithin(done, what, timeoutMs)

const HOUR = 3_600_000
const CARDS = 5000
/** A link that never lives long enough for a whole chunk. */
const RATE = 12_000
const WINDOW_MS = 900

let rig: Rig
beforeEach(async () => {
  rig = await makeRig()
})
afterEach(() => rig.close())

const number = (device: RigDevice, sql: string): number =>
  (device.store.db.prepare(sql).get() as { n: number }).n
const count = (device: RigDevice, table: string): number =>
  number(device, `SELECT count(*) AS n FROM ${table}`)

const card = (index: number) => ({
  skuId: rig.studioId,
  claims: [],
  priceFen: index,
  script: `line ${index} ${Math.sin(index)}`,
  promiseHours: 48,
})

const session = (title: string, startMs: number) => ({
  title,
  merchantId: rig.beltId,
  baseId: rig.baseA,
  platform: 'a',
  channel: 'store',
  earliestMs: startMs,
  latestMs: startMs + HOUR,
  durationMin: 60,
  studioIds: [],
  streamerIds: [],
  primeTime: false,
  studioId: rig.studioId,
  streamerIdsPlanned: [],
  startMs,
  endMs: startMs + HOUR,
  shippingPromiseHours: 48,
  status: 'planned',
  actualStartMs: null,
  actualEndMs: null,
})

const booking = (startMs: number) => ({
  ...BOOKING,
  baseId: rig.baseA,
  studioId: rig.studioId,
  startMs,
  endMs: startMs + HOUR,
})

/** Every replicated row that both devices can see, as text. */
function state(device: RigDevice): string {
  const tables = [
    'liveBase',
    'studio',
    'booking',
    'resourceGrant',
    'claimAnswer',
    'liveGrant',
    'sellingPointCard',
    'liveSession',
    'stockMove',
    'productionOrder',
  ]
  const order: Record<string, string> = { liveGrant: 'grantId' }
  return JSON.stringify(
    tables.map((table) =>
      device.store.db
        .prepare(`SELECT * FROM ${table} ORDER BY ${order[table] ?? 'id'}`)
        .all()
        .map((row) => ({ ...(row as object), arbitrated: 0 })),
    ),
  )
}

/** A belt with old and new work, deletions and claims, all at the hub. */
async function fillBelt(): Promise<{ today: string; deleted: string; edited: string; granted: string }> {
  const { founder } = rig
  founder.go()
  const nowMs = Date.now()
  const rows = founder.write((write) => {
    const scoped = write.withScope(`base:${rig.baseA}`)
    const today = scoped.create('liveSession', session('today', nowMs + HOUR / 2))
    for (let i = 0; i < 20; i++)
      scoped.create('liveSession', session(`old ${i}`, nowMs - (40 + i) * 24 * HOUR))
    const deleted = scoped.create('sellingPointCard', card(-1))
    const edited = scoped.create('sellingPointCard', card(-2))
    return { today, deleted, edited }
  })
  for (let from = 0; from < CARDS; from += 500)
    founder.write((write) => {
      const scoped = write.withScope(`base:${rig.baseA}`)
      for (let i = from; i < from + 500; i++) {
        const skuId = scoped.create('sellingPointCard', card(i))
        if (i % 5 === 0)
          scoped.fact('stockMove', { skuId, quantity: i, reason: '', atMs: nowMs, sourceKey: null })
      }
    })
  await until(() => settled(founder), 'the belt is at the hub', 60_000)
  for (let round = 0; round < 12; round++) {
    founder.write((write) => write.set('sellingPointCard', rows.edited, { priceFen: round }))
    await until(() => settled(founder), 'an edit is there')
  }
  founder.write((write) => write.remove('sellingPointCard', rows.deleted))
  const startMs = Math.ceil(nowMs / HOUR) * HOUR + 24 * HOUR
  const granted = founder.write((write) => write.claim('booking', booking(startMs)))
  await until(
    () => settled(founder) && number(founder, 'SELECT count(*) AS n FROM liveGrant') === 1,
    'all of it is settled',
  )
  return { ...rows, granted }
}

describe('a device that joins a belt with a long log', () => {
  it('takes a snapshot without superseded writes, then the tail, and ends equal', async () => {
    const { granted, edited, deleted } = await fillBelt()
    const { founder } = rig
    const device = await rig.join('new', 'planner', rig.baseA)
    device.go()
    await until(() => count(device, 'sellingPointCard') === CARDS + 2, 'the snapshot is here', 60_000)
    founder.write((write) => write.set('sellingPointCard', edited, { priceFen: 4711 }))
    await until(() => settled(founder) && state(device) === state(founder), 'both are equal')

    // A dozen edits of one field group: only the last is sent to somebody who begins.
    expect(
      number(device, `SELECT count(*) AS n FROM op WHERE row = '${edited}' AND kind = 'set'`),
    ).toBeLessThanOrEqual(2)
    expect(number(device, `SELECT deleted AS n FROM sellingPointCard WHERE id = '${deleted}'`)).toBe(1)
    const fences = (at: RigDevice) =>
      at.store.db.prepare('SELECT bookingId, resourceKey, fence, term FROM liveGrant ORDER BY fence').all()
    expect(fences(device)).toStrictEqual(fences(founder))
    expect(fences(device)).toMatchObject([{ bookingId: granted }])
    await until(() => count(device, 'snapshotJob') === 0, 'nothing is left of the way here')
    expect(count(device, 'snapshotPart')).toBe(0)
    expect(count(device, 'streamHead')).toBeGreaterThan(0)

    // Later merges stay right: an older write than the standing one loses on both sides.
    device.write((write) => write.set('sellingPointCard', edited, { priceFen: 1 }))
    await until(() => settled(device) && state(device) === state(founder), 'an edit goes the other way')
    expect(number(founder, `SELECT priceFen AS n FROM sellingPointCard WHERE id = '${edited}'`)).toBe(1)
  }, 180_000)

  it('is usable for today before the rest has come, and keeps every byte across cuts and restarts', async () => {
    const { today } = await fillBelt()
    const device = await rig.join('far', 'planner', rig.baseA)
    const link = readLink(device.store)!
    const proxy = await startLink(rig.hub.port, {
      ...OPEN_LINK,
      bytesPerSecond: RATE,
      oneWayMs: 20,
      cutEveryMs: WINDOW_MS,
      outageMs: 150,
    })
    device.store.transact(() => writeLink(device.store, { ...link, url: `http://127.0.0.1:${proxy.port}` }))
    device.go()
    await until(
      () =>
        number(device, `SELECT count(*) AS n FROM liveSession WHERE id = '${today}' AND deleted = 0`) === 1,
      'today can be worked on',
      60_000,
    )
    const early = count(device, 'sellingPointCard')
    expect(early).toBeLessThan(CARDS)
    expect(device.status().snapshots.length).toBeGreaterThan(0)

    const told: FirstSyncState[] = []
    const watch = setInterval(() => {
      const { firstSync } = device.status()
      if (firstSync) told.push(firstSync)
    }, 50)
    await until(() => told.some(({ state: how }) => how === 'cut'), 'a cut is told')
    await until(() => told.some(({ estimateMs }) => estimateMs !== null), 'how long the rest takes')
    await until(() => told.some(({ usable }) => usable), 'that today can be worked on')
    clearInterval(watch)
    const usable = told.map((one) => one.usable)
    expect(usable).toStrictEqual([...usable].sort((a, b) => Number(a) - Number(b)))
    for (const one of told) if (one.usable) expect(one.todayMs ?? 0).toBe(0)
    const seen = told.at(-1)!
    expect(seen.totalRecords).toBeGreaterThan(CARDS)
    expect(seen.doneBytes).toBeLessThan(seen.totalBytes)
    // Bytes of a chunk that is not whole count too, and none is ever fetched again.
    const done = told.map(({ doneBytes }) => doneBytes)
    expect(done).toStrictEqual([...done].sort((a, b) => a - b))
    expect(new Set(done).size).toBeGreaterThan(2)

    await device.stop()
    device.go()
    await until(() => device.status().firstSync !== null, 'goes on')
    expect(device.status().firstSync!.doneBytes).toBeGreaterThanOrEqual(seen.doneBytes)
    await until(() => state(device) === state(rig.founder), 'all is here', 120_000)
    const { db } = rig.hub.hub.database
    const chunks = await db.selectFrom('snapshotChunk').select('bytes').execute()
    // Every chunk was gone on with where it broke off: no connection lived long enough for this one.
    const largest = Math.max(...chunks.map(({ bytes }) => bytes.length))
    expect(largest).toBeGreaterThan((RATE * WINDOW_MS) / 1000)
    expect(proxy.cuts).toBeGreaterThan(2)
    await until(() => device.status().firstSync === null, 'nothing is fetched any more')
    await proxy.close()
  }, 180_000)

  it('refuses a snapshot that the hub has not signed, and chunks that are not what was signed', async () => {
    await fillBelt()
    const device = await rig.join('wary', 'planner', rig.baseA)
    const { db } = rig.hub.hub.database
    device.go()
    await until(() => count(device, 'sellingPointCard') === CARDS + 2, 'the snapshot is here', 60_000)
    await device.stop()
    const second = await rig.join('wary too', 'planner', rig.baseA)
    const chunk = await db.selectFrom('snapshotChunk').selectAll().limit(1).executeTakeFirstOrThrow()
    const forged = Buffer.from(chunk.bytes)
    forged[forged.length - 5]! ^= 1
    await db.updateTable('snapshotChunk').set({ bytes: forged }).where('hash', '=', chunk.hash).execute()
    second.go()
    await until(() => count(second, 'snapshotJob') === 1, 'the snapshot is on its way')
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(count(second, 'snapshotJob')).toBe(1)
    await db.updateTable('snapshotChunk').set({ bytes: chunk.bytes }).where('hash', '=', chunk.hash).execute()
    await until(() => state(second) === state(rig.founder), 'whole again', 60_000)
  }, 180_000)

  it('that serves the whole belt takes every base over, today first, and reads on in all of them', async () => {
    const { founder } = rig
    founder.go()
    const each = 2300
    for (const base of [rig.baseA, rig.baseB])
      for (let from = 0; from < each; from += 460)
        founder.write((write) => {
          const scoped = write.withScope(`base:${base}`)
          for (let i = from; i < from + 460; i++) scoped.create('sellingPointCard', card(i))
        })
    await until(() => settled(founder), 'both bases are at the hub')
    const device = await rig.join('office', 'cluster-manager', null)
    device.go()
    await until(() => count(device, 'sellingPointCard') === 2 * each, 'both bases are here')
    const late = founder.write((write) => {
      const scoped = write.withScope(`base:${rig.baseB}`)
      return scoped.create('sellingPointCard', card(-1))
    })
    await until(
      () => number(device, `SELECT count(*) AS n FROM sellingPointCard WHERE id = '${late}'`) === 1,
      'news of a base arrives',
    )
    await until(() => count(device, 'snapshotJob') === 0 && state(device) === state(founder), 'equal')
    expect(device.status().snapshots).toStrictEqual([])
  }, 180_000)
})
