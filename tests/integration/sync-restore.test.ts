import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backUp, examine, restore } from '../../electron/hub/maintenance.ts'
import { makeRig, settled, until, type Rig, type RigDevice } from '../helpers/sync-rig.ts'
import { BOOKING } from '../fixtures/rows.ts'

const HOUR = 3_600_000
const NEWER = 5000

let rig: Rig
beforeEach(async () => {
  rig = await makeRig()
})
afterEach(() => rig.close())

const card = (index: number) => ({
  skuId: rig.studioId,
  claims: [],
  priceFen: index,
  script: `line ${index}`,
  promiseHours: 48,
})

const booking = (startMs: number) => ({
  ...BOOKING,
  baseId: rig.baseA,
  studioId: rig.studioId,
  startMs,
  endMs: startMs + HOUR,
})

const outcome = (device: RigDevice, id: string) =>
  (
    device.store.db.prepare('SELECT outcome FROM bookingState WHERE bookingId = ?').get(id) as
      { outcome: string } | undefined
  )?.outcome

describe('a hub restored from an older backup', () => {
  it(`gets ${NEWER} newer acknowledged ops back unattended, and keeps every grant single`, async () => {
    const { founder } = rig
    founder.go()
    const a = await rig.join('a', 'planner', rig.baseA)
    a.go()
    await until(
      () => settled(founder) && a.store.db.prepare('SELECT 1 FROM studio').get() !== undefined,
      'in step',
    )
    a.write((write) => write.withScope(`base:${rig.baseA}`).create('sellingPointCard', card(-1)))
    await until(() => settled(a), 'one card is there')
    const backup = await backUp(rig.hub.hub, join(rig.folder, 'backups'))

    const startMs = Math.ceil(Date.now() / HOUR) * HOUR + 24 * HOUR
    const granted = a.write((write) => write.claim('booking', booking(startMs)))
    for (let i = 0; i < NEWER; i += 500)
      a.write((write) => {
        for (let k = i; k < i + 500; k++)
          write.withScope(`base:${rig.baseA}`).create('sellingPointCard', card(k))
      })
    await until(
      () => settled(a) && outcome(a, granted) === 'granted' && outcome(founder, granted) === 'granted',
      'acknowledged',
      60_000,
    )
    const fence = (device: RigDevice) =>
      device.store.db.prepare('SELECT bookingId, fence FROM liveGrant ORDER BY fence').all()
    const before = fence(a)
    await a.stop()
    await founder.stop()
    await rig.stopHub()

    restore(join(rig.folder, 'hub'), backup, Date.now())
    await rig.startHub()
    const rival = founder.write((write) => write.claim('booking', booking(startMs + HOUR / 2)))
    founder.go()
    await until(() => settled(founder), 'the rival claim is at the hub')
    expect(outcome(founder, rival)).toBeUndefined()
    a.go()
    const { db } = rig.hub.hub.database
    const atHub = async () =>
      Number(
        (
          await db
            .selectFrom('op')
            .select((eb) => eb.fn.countAll().as('n'))
            .where('author', '=', a.keys.author)
            .executeTakeFirstOrThrow()
        ).n,
      )
    await until(async () => (await atHub()) === NEWER + 2, 'all is back', 60_000)
    await until(
      () => outcome(founder, rival) !== undefined && outcome(a, rival) !== undefined,
      'recovery closed, the rival is answered',
      30_000,
    )

    expect(outcome(a, granted)).toBe('granted')
    expect(outcome(a, rival)).toBe('refused')
    expect(fence(a)).toStrictEqual(before)
    expect(fence(founder)).toStrictEqual(before)
    const live = await db.selectFrom('liveGrant').selectAll().execute()
    expect(live.map(({ bookingId }) => bookingId)).toStrictEqual([granted])
    const later = a.write((write) => write.claim('booking', booking(startMs + 5 * HOUR)))
    await until(() => outcome(a, later) === 'granted', 'grants go on')
    const fences = fence(founder).concat(fence(a)) as { fence: number }[]
    expect(Math.max(...fences.map((row) => row.fence))).toBeGreaterThan(
      (before[0] as { fence: number }).fence,
    )
    expect((await examine(rig.hub.hub)).filter(({ problem }) => problem !== null)).toStrictEqual([])
  }, 180_000)
})
