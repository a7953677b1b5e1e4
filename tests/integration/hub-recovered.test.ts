import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunningHub } from '../../electron/hub/index.ts'
import { OP_STATE } from '../../electron/hub/schema.ts'
import { makeKeys } from '../../electron/core/keys.ts'
import { joinHub } from '../../electron/core/sync/enrolment.ts'
import { makeEnrolCode } from '../../electron/hub/enrol.ts'
import { readLink, writeLink } from '../../electron/core/sync/link.ts'
import { decodeOp } from '../../shared/ops/canonical.ts'
import { toHex } from '../../shared/ops/bytes.ts'
import { BOOKING } from '../fixtures/rows.ts'
import { startTestHub } from '../helpers/hub.ts'
import { NO_POSTGRES, postgresBin, type TestPostgres } from '../helpers/postgres.ts'
import {
  addStandby,
  baseBackup,
  failOver,
  namePoint,
  recoverTo,
  startArchivedPostgres,
  timeOf,
} from '../helpers/postgres-recovery.ts'
import { makeRig, settled, until, type Rig, type RigDevice } from '../helpers/sync-rig.ts'

const HOUR = 3_600_000
const START = Math.ceil(Date.now() / HOUR) * HOUR + 24 * HOUR
const EARLY = 20
const BETWEEN = 100
const NEWER = 250
const SELDOM_MS = 600_000

if (postgresBin() === null) console.log(`${NO_POSTGRES}: no cluster is put back to a point in time`)
describe.skipIf(postgresBin() === null)('a PostgreSQL cluster', () => {
  let postgres: TestPostgres
  let databaseUrl: string
  let rig: Rig
  let valley: RigDevice
  /** Knows nothing of what the others do until it is told to go. */
  let stranger: RigDevice
  let second: RunningHub | null = null

  beforeEach(async () => {
    postgres = await startArchivedPostgres()
    databaseUrl = await postgres.newDatabase()
    // Too rarely to help: what is written has to notice by itself.
    rig = await makeRig({ databaseUrl, watchEveryMs: SELDOM_MS })
    valley = await rig.join('valley', 'planner', rig.baseB)
    stranger = await rig.join('stranger', 'planner', rig.baseA)
    for (const device of [rig.founder, valley, stranger]) device.go()
    await until(() => settled(rig.founder) && nameOf(stranger) && nameOf(valley), 'all have begun', 30_000)
    await stranger.stop()
  }, 60_000)
  afterEach(async () => {
    await rig.close()
    await second?.close()
    second = null
    await postgres.stop()
  })

  const database = () => rig.hub.hub.database.db
  const beltRow = () => database().selectFrom('belt').selectAll().executeTakeFirstOrThrow()
  const nameOf = (device: RigDevice): boolean =>
    device.store.db.prepare('SELECT 1 FROM studio').get() !== undefined

  const writeCards = (device: RigDevice, baseId: string, count: number): void =>
    device.write((write) => {
      for (let n = 0; n < count; n++)
        write.withScope(`base:${baseId}`).create('sellingPointCard', {
          skuId: rig.studioId,
          claims: [],
          priceFen: n,
          script: `line ${n}`,
          promiseHours: null,
        })
    })
  const claimHour = (device: RigDevice, baseId: string, hour: number): string =>
    device.write((write) =>
      write.claim('booking', {
        ...BOOKING,
        baseId,
        studioId: rig.studioId,
        startMs: START + hour * HOUR,
        endMs: START + (hour + 1) * HOUR,
      }),
    )
  const outcome = (device: RigDevice, bookingId: string): string | undefined =>
    device.store.db
      .prepare<[string], { outcome: string }>('SELECT outcome FROM bookingState WHERE bookingId = ?')
      .get(bookingId)?.outcome
  const isGranted = (device: RigDevice, bookingId: string): Promise<void> =>
    until(() => outcome(device, bookingId) === 'granted', 'the claim is granted', 30_000)

  /** Every op that the hub has acknowledged, by its name, with the hash of its author's chain up to it. */
  async function acknowledged(): Promise<Map<string, string>> {
    const rows = await database()
      .selectFrom('op')
      .select(['author', 'stream', 'seq', 'hash'])
      .where('state', '=', OP_STATE.applied)
      .execute()
    return new Map(rows.map(({ author, stream, seq, hash }) => [`${author} ${stream} ${seq}`, toHex(hash)]))
  }
  const lostOf = async (before: ReadonlyMap<string, string>): Promise<string[]> => {
    const now = await acknowledged()
    return [...before].filter(([name, hash]) => now.get(name) !== hash).map(([name]) => name)
  }

  /** Bookings that were ever granted, and how many awards each of them got. */
  async function awards(): Promise<Map<string, number>> {
    const rows = await database().selectFrom('op').select('payload').where('lane', '=', 'urgent').execute()
    const granted = rows
      .map(({ payload }) => decodeOp(payload))
      .filter(({ table }) => table === 'resourceGrant')
      .map(({ fields }) => fields.bookingId as string)
    return new Map(granted.map((booking) => [booking, granted.filter((other) => other === booking).length]))
  }

  async function inStep(): Promise<void> {
    await until(() => settled(rig.founder) && settled(valley), 'all is acknowledged', 60_000)
    const cards = (await database()
      .selectFrom('op')
      .select((eb) => eb.fn.countAll().as('n'))
      .where('scope', 'like', 'base:%')
      .where('state', '=', OP_STATE.applied)
      .executeTakeFirstOrThrow()) as { n: number }
    // The founder reads every base.
    await until(() => cardsOf(rig.founder) === Number(cards.n), 'the founder has read all', 60_000)
  }
  const cardsOf = (device: RigDevice): number =>
    (device.store.db.prepare('SELECT count(*) AS n FROM sellingPointCard').get() as { n: number }).n

  /** Work from before the backup, from between it and the point in time, and from after that. */
  async function work(markPoint: () => Promise<void>): Promise<{
    copy: string
    between: string
    newer: string
    before: Map<string, string>
  }> {
    writeCards(rig.founder, rig.baseA, EARLY)
    writeCards(valley, rig.baseB, EARLY)
    await inStep()
    const copy = baseBackup(postgres)
    writeCards(rig.founder, rig.baseA, BETWEEN)
    writeCards(valley, rig.baseB, BETWEEN)
    const between = claimHour(valley, rig.baseB, 0)
    await inStep()
    await isGranted(rig.founder, between)
    await markPoint()
    writeCards(rig.founder, rig.baseA, NEWER)
    writeCards(valley, rig.baseB, NEWER)
    const newer = claimHour(valley, rig.baseB, 2)
    await inStep()
    await isGranted(valley, newer)
    return { copy, between, newer, before: await acknowledged() }
  }

  async function allIsBack(
    before: ReadonlyMap<string, string>,
    bookings: { kept: string[]; refused: string },
  ): Promise<void> {
    await until(async () => (await lostOf(before)).length === 0, 'all is back', 90_000)
    await until(
      async () => (await beltRow()).recoveringUntilMs === null,
      () =>
        `recovery has closed: ${JSON.stringify([rig.founder, valley, stranger].map((one) => one.status()))}`,
      60_000,
    )
    await until(
      () => outcome(stranger, bookings.refused) === 'refused',
      'the other claim is answered',
      30_000,
    )
    const live = await database().selectFrom('liveGrant').select(['bookingId', 'fence']).execute()
    expect(live.map(({ bookingId }) => bookingId).sort()).toStrictEqual([...bookings.kept].sort())
    expect(new Set(live.map(({ fence }) => fence)).size).toBe(live.length)
    // Not even for a moment.
    expect(await awards()).toStrictEqual(new Map(bookings.kept.map((booking) => [booking, 1])))
    for (const booking of bookings.kept) expect(outcome(valley, booking)).toBe('granted')
    await inStep()
  }

  it('put back to a named point: a new epoch, and devices give back what was acknowledged since', async () => {
    const { code } = await makeEnrolCode(rig.hub.hub, { belt: rig.beltId, role: 'planner', baseId: null })
    const enter = () =>
      joinHub({
        url: rig.url,
        code,
        keys: makeKeys({ founder: false }),
        deviceName: 'x',
        nowMs: Date.now(),
      })
    const { copy, between, newer, before } = await work(async () => {
      await namePoint(postgres, 'noon')
    })
    const late = await rig.join('late', 'planner', rig.baseA)
    late.go()
    writeCards(late, rig.baseA, 7)
    await until(() => settled(late), 'whoever joined late is heard', 30_000)
    await inStep()
    const all = await acknowledged()
    expect(all.size).toBe(before.size + 7)
    const { epoch } = await beltRow()
    for (const device of [rig.founder, valley, late]) await device.stop()
    await rig.stopHub()
    // Only the cluster's timeline is left to tell.
    rmSync(join(rig.folder, 'hub', 'hub-seen.json'))
    await recoverTo(postgres, copy, { name: 'noon' })
    await rig.startHub()
    expect((await beltRow()).epoch).toBeGreaterThan(epoch)
    const lost = await lostOf(all)
    expect(lost.length).toBeGreaterThanOrEqual(2 * NEWER + 7)
    expect(all.size - lost.length).toBeGreaterThanOrEqual(2 * (EARLY + BETWEEN))

    // Nobody can tell whether the code was used meanwhile.
    await expect(enter()).rejects.toMatchObject({ error: { code: 'enrol-code-expired' } })
    const refused = claimHour(stranger, rig.baseA, 2)
    stranger.go()
    await until(() => settled(stranger), 'the claim is at the hub', 30_000)
    await until(async () => (await outcomeAtHub(refused)) === 'waiting', 'it waits', 10_000)
    for (const device of [rig.founder, valley, late]) device.go()
    await allIsBack(all, { kept: [between, newer], refused })
    const again = await beltRow()
    await rig.stopHub()
    await rig.startHub()
    expect(await beltRow()).toMatchObject({ epoch: again.epoch, recoveringUntilMs: null })
  }, 240_000)

  const outcomeAtHub = async (bookingId: string): Promise<string | undefined> =>
    (
      await database()
        .selectFrom('booking')
        .select('outcome')
        .where('bookingId', '=', bookingId)
        .executeTakeFirst()
    )?.outcome

  async function startSecond(): Promise<void> {
    const dataDir = join(rig.folder, 'hub2')
    mkdirSync(dataDir)
    copyFileSync(join(rig.folder, 'hub', 'hub-key'), join(dataDir, 'hub-key'))
    second = await startTestHub(dataDir, { databaseUrl, watchEveryMs: SELDOM_MS })
    const url = `http://127.0.0.1:${second.port}`
    await valley.stop()
    valley.store.transact(() => writeLink(valley.store, { ...readLink(valley.store)!, url }))
    valley.go()
  }

  it('put back to a moment under two hubs that go on running: nobody is given what another holds', async () => {
    await startSecond()
    let time = ''
    const { copy, between, newer, before } = await work(async () => {
      time = await timeOf(postgres)
    })
    const { epoch } = await beltRow()
    // Waits at the door when the server comes back.
    const refused = claimHour(stranger, rig.baseA, 2)
    await recoverTo(postgres, copy, { time }, () => stranger.go({ pollMs: 20, busyPollMs: 10 }))
    expect((await lostOf(before)).length).toBeGreaterThan(0)
    await until(async () => (await beltRow()).epoch > epoch, 'a hub notices', 20_000)
    const begun = (await beltRow()).epoch
    await allIsBack(before, { kept: [between, newer], refused })
    // The other process did not begin one of its own.
    writeCards(valley, rig.baseB, 1)
    await inStep()
    expect((await beltRow()).epoch).toBe(begun)
  }, 240_000)

  it('whose files are replaced by older ones, on the same timeline: noticed by what is written next', async () => {
    await startSecond()
    const { copy, between, newer, before } = await work(() => Promise.resolve())
    const { epoch } = await beltRow()
    const refused = claimHour(stranger, rig.baseA, 2)
    await postgres.crash()
    await postgres.serve(copy)
    stranger.go({ pollMs: 20, busyPollMs: 10 })
    expect((await lostOf(before)).length).toBeGreaterThan(0)
    await until(async () => (await beltRow()).epoch > epoch, 'a hub notices', 20_000)
    await allIsBack(before, { kept: [between, newer], refused })
  }, 240_000)

  it('that fails over to a synchronous standby loses nothing', async () => {
    await startSecond()
    const kept = claimHour(valley, rig.baseB, 0)
    await isGranted(valley, kept)
    await inStep()
    const standby = await addStandby(postgres)
    const { epoch } = await beltRow()
    let acked = new Map<string, string>()
    for (let n = 0; n < 20; n++) {
      writeCards(rig.founder, rig.baseA, 20)
      writeCards(valley, rig.baseB, 20)
      if (n === 10) acked = await acknowledged()
    }
    const refused = claimHour(stranger, rig.baseA, 0)
    await failOver(postgres, standby)
    expect(await lostOf(acked)).toStrictEqual([])
    stranger.go()
    await until(async () => (await beltRow()).epoch > epoch, 'a hub notices', 20_000)
    await allIsBack(acked, { kept: [kept], refused })
    expect(cardsOf(rig.founder)).toBe(2 * 20 * 20)
  }, 240_000)
})
