import { readLink, writeLink } from '../../../electron/core/sync/link.ts'
import { prepareSnapshots } from '../../../electron/hub/snapshot.ts'
import { makeRig, settled, until, type Rig, type RigDevice } from '../../helpers/sync-rig.ts'
import { startLink, type LinkShape } from './proxy.ts'
import { workload } from './workload.ts'
import { BOOKING } from '../../fixtures/rows.ts'

const HOUR_MS = 3_600_000
const SKUS = 160
const SESSIONS = 12
const OLD_SESSIONS = 300

export interface FirstSyncOptions {
  readonly seed: number
  readonly records: number
  readonly shape: LinkShape
}

/**
 * A device joins a belt with a long history over a bad link: what it costs, how long it takes, and when today's sessions and
 * bookings can be worked on. Bytes are those of both directions at the proxy, joining and the log's tail included.
 */
export async function measureFirstSync(options: FirstSyncOptions): Promise<Record<string, number>> {
  const { seed, records, shape } = options
  const clock = { ms: Date.now() - 120 * 24 * HOUR_MS }
  const rig = await makeRig({ founderClock: { now: () => clock.ms } })
  try {
    fillBelt(rig, seed, records, clock)
    const { founder } = rig
    founder.go()
    await until(() => settled(founder), 'the belt is at the hub', 1_800_000)
    // A hub does so every half hour.
    const madeMs = await timed(() => prepareSnapshots(rig.hub.hub, rig.beltId))
    const total = rowsOf(founder)
    await founder.stop()

    const device = await rig.join('far', 'planner', rig.baseA)
    const proxy = await startLink(rig.hub.port, shape)
    const link = readLink(device.store)!
    device.store.transact(() => writeLink(device.store, { ...link, url: `http://127.0.0.1:${proxy.port}` }))
    const startMs = performance.now()
    device.go()
    await until(() => isUsable(device), 'today can be worked on', 600_000)
    const usableMs = performance.now() - startMs
    await until(() => rowsOf(device) === total && !isTaking(device), 'all is here', 3_600_000)
    const tookMs = performance.now() - startMs
    const bytes = proxy.up + proxy.down
    const linkMs =
      (shape.bytesPerSecond === null ? 0 : (proxy.down / shape.bytesPerSecond) * 1000) +
      proxy.cuts * shape.outageMs
    await device.stop()
    await proxy.close()
    return {
      records: total,
      bytes_per_record: bytes / total,
      seconds: tookMs / 1000,
      usable_seconds: usableMs / 1000,
      // 1 is what the link allows: its bytes at its rate, and its outages.
      times_link: linkMs === 0 ? 0 : tookMs / linkMs,
      cuts: proxy.cuts,
      hub_seconds: madeMs / 1000,
    }
  } finally {
    await rig.close()
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

const number = (device: RigDevice, sql: string): number =>
  (device.store.db.prepare(sql).get() as { n: number }).n
const rowsOf = (device: RigDevice): number =>
  ['sku', 'sellingPointCard', 'liveSession', 'booking', 'stockMove'].reduce(
    (sum, table) => sum + number(device, `SELECT count(*) AS n FROM ${table} WHERE scope <> 'device'`),
    0,
  )
const isTaking = (device: RigDevice): boolean => number(device, 'SELECT count(*) AS n FROM snapshotJob') > 0
/** Today's sessions, their bookings with the hub's answers, and the rooms they are in. */
const isUsable = (device: RigDevice): boolean =>
  number(device, `SELECT count(*) AS n FROM liveSession WHERE title LIKE 'today%' AND deleted = 0`) ===
    SESSIONS &&
  number(device, `SELECT count(*) AS n FROM bookingState WHERE outcome = 'granted'`) === SESSIONS &&
  number(device, 'SELECT count(*) AS n FROM studio WHERE deleted = 0') > 0

function fillBelt(rig: Rig, seed: number, records: number, clock: { ms: number }): void {
  const { founder } = rig
  const skuIds = founder.write((mutator) =>
    Array.from({ length: SKUS }, (_, index) =>
      mutator.withScope(`base:${rig.baseA}`).create('sku', {
        name: `sku ${index}`,
        productId: rig.beltId,
        code: `c${index}`,
        externalId: null,
        priceFen: 1,
        costFen: 1,
        weightG: 1,
        packaging: '',
        packagingG: 0,
      }),
    ),
  )
  const load = workload(seed, skuIds)
  const gapScale = (110 * 24 * HOUR_MS) / (records * 46_500)
  for (let made = 0; made < records; made += 500)
    founder.write((mutator) => {
      const scoped = mutator.withScope(`base:${rig.baseA}`)
      for (let i = made; i < Math.min(records, made + 500); i++) {
        clock.ms += Math.max(1, Math.round(load.nextGapMs() * Math.min(1, gapScale)))
        if (i % 10 === 9)
          scoped.fact('stockMove', {
            skuId: skuIds[Math.floor(load.random() * SKUS)]!,
            quantity: Math.floor(load.random() * 400) - 100,
            reason: '',
            atMs: clock.ms,
            sourceKey: null,
          })
        else scoped.create('sellingPointCard', load.record())
      }
    })
  addSessions(rig, OLD_SESSIONS, (index) => ({
    title: `old ${index}`,
    startMs: clock.ms - (20 + index) * 24 * HOUR_MS,
  }))
  clock.ms = Date.now()
  const firstMs = Math.ceil(clock.ms / HOUR_MS) * HOUR_MS
  const today = addSessions(rig, SESSIONS, (index) => ({
    title: `today ${index}`,
    startMs: firstMs + index * HOUR_MS,
  }))
  founder.write((mutator) => {
    for (const [index, sessionId] of today.entries())
      mutator.claim('booking', {
        ...BOOKING,
        baseId: rig.baseA,
        sessionId,
        label: '',
        studioId: rig.studioId,
        startMs: firstMs + index * HOUR_MS,
        endMs: firstMs + (index + 1) * HOUR_MS,
      })
  })
}

function addSessions(
  rig: Rig,
  count: number,
  of: (index: number) => { title: string; startMs: number },
): string[] {
  return rig.founder.write((mutator) =>
    Array.from({ length: count }, (_, index) => {
      const { title, startMs } = of(index)
      return mutator.withScope(`base:${rig.baseA}`).create('liveSession', {
        title,
        merchantId: rig.beltId,
        baseId: rig.baseA,
        platform: '',
        channel: 'store',
        earliestMs: startMs,
        latestMs: startMs + HOUR_MS,
        durationMin: 60,
        studioIds: [],
        streamerIds: [],
        primeTime: false,
        studioId: rig.studioId,
        streamerIdsPlanned: [],
        startMs,
        endMs: startMs + HOUR_MS,
        shippingPromiseHours: 48,
        status: 'planned',
        actualStartMs: null,
        actualEndMs: null,
      })
    }),
  )
}
