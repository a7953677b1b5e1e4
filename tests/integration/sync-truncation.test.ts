import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { latestSnapshot, freshSnapshot } from '../../electron/hub/snapshot-make.ts'
import { examine } from '../../electron/hub/maintenance.ts'
import { noteBackup, truncate } from '../../electron/hub/truncate.ts'
import { wholeView } from '../../electron/hub/views.ts'
import { NO_POSTGRES, postgresBin, startPostgres, type TestPostgres } from '../helpers/postgres.ts'
import { makeRig, settled, until as untilWithin, type Rig, type RigDevice } from '../helpers/sync-rig.ts'

const until = (done: () => boolean | Promise<boolean>, what: string, timeoutMs = 60_000): Promise<void> =>
  untilWithin(done, what, timeoutMs)

const HOUR = 3_600_000
const EVERYTHING = { keepMs: -HOUR, awayMs: 0, tombstoneMs: -HOUR, leastOps: 1 }

const number = (device: RigDevice, sql: string): number =>
  Number((device.store.db.prepare(sql).get() as { n: number } | undefined)?.n ?? -1)

/** What people see of a belt, as text. */
const visible = (device: RigDevice): string =>
  JSON.stringify(
    ['liveBase', 'studio', 'sellingPointCard', 'productionOrder'].map((table) =>
      device.store.db.prepare(`SELECT * FROM ${table} WHERE deleted = 0 ORDER BY id`).all(),
    ),
  )

describe.each(['sqlite', 'postgres'] as const)('a truncated log on %s', (kind) => {
  const isAbsent = kind === 'postgres' && postgresBin() === null
  if (isAbsent) {
    it.skip(NO_POSTGRES)
    return
  }
  let postgres: TestPostgres | null = null
  let rig: Rig
  beforeAll(async () => {
    if (kind === 'postgres') postgres = await startPostgres()
  }, 180_000)
  afterAll(() => postgres?.stop())
  beforeEach(async () => {
    rig = await makeRig(postgres ? { databaseUrl: await postgres.newDatabase() } : {})
  })
  afterEach(() => rig.close())

  const card = (index: number) => ({
    skuId: rig.studioId,
    claims: [],
    priceFen: index,
    script: `line ${index}`,
    promiseHours: 48,
  })
  const addCard = (device: RigDevice, index: number): string =>
    device.write((write) => write.withScope(`base:${rig.baseA}`).create('sellingPointCard', card(index)))
  const setPrice = (device: RigDevice, id: string, priceFen: number): void =>
    device.write((write) => write.set('sellingPointCard', id, { priceFen }))
  const price = (device: RigDevice, id: string): number =>
    number(device, `SELECT priceFen AS n FROM sellingPointCard WHERE id = '${id}' AND deleted = 0`)
  const opsInLog = async (): Promise<number> =>
    Number(
      (
        await rig.hub.hub.database.db
          .selectFrom('op')
          .select((eb) => eb.fn.countAll().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    )
  /** Everything at the hub has been read by the founder. */
  const founderIsThere = async (): Promise<void> =>
    until(async () => {
      const { db } = rig.hub.hub.database
      const row = await db.selectFrom('belt').selectAll().executeTakeFirstOrThrow()
      const { pulledSeq } = await db
        .selectFrom('device')
        .selectAll()
        .where('author', '=', rig.founder.keys.author)
        .executeTakeFirstOrThrow()
      return settled(rig.founder) && pulledSeq === row.nextSeq - 1
    }, 'the founder has read all')
  /** Everything that live devices have read is cut off, and forgotten deletions are forgotten. */
  const cutLog = async (): Promise<number> => {
    const { hub } = rig.hub
    await noteBackup(hub)
    const to = await truncate(hub, rig.beltId, EVERYTHING)
    addCard(rig.founder, 7)
    await founderIsThere()
    const need = { from: to + 1, tombstoneMs: -HOUR }
    await freshSnapshot(hub, rig.beltId, wholeView(`base:${rig.baseA}`), 'zstd', need)
    return to
  }
  const joined = async (name: string): Promise<RigDevice> => {
    const device = await rig.join(name, 'planner', rig.baseA)
    device.go()
    await until(() => settled(device) && visible(device) === visible(rig.founder), `${name} is in step`)
    return device
  }

  it('sends a device that was away back to a snapshot, keeps its work, and lets nothing deleted come back', async () => {
    const { founder } = rig
    founder.go()
    const doomed = addCard(founder, 1)
    const shared = addCard(founder, 2)
    const quiet = addCard(founder, 3)
    await until(() => settled(founder), 'cards are there')
    const away = await joined('away')
    const mine = addCard(away, 6)
    await until(() => settled(away) && price(founder, mine) === 6, 'its own card is there')
    await away.stop()

    founder.write((write) => {
      write.remove('sellingPointCard', doomed)
      write.remove('sellingPointCard', mine)
    })
    for (let i = 0; i < 5; i++) {
      setPrice(founder, quiet, 100 + i)
      await until(() => settled(founder), 'an edit is there')
    }
    await founderIsThere()
    const before = await opsInLog()
    const to = await cutLog()
    expect(to).toBeGreaterThan(0)
    expect(await opsInLog()).toBeLessThan(before)
    expect((await examine(rig.hub.hub)).filter(({ problem }) => problem !== null)).toStrictEqual([])

    setPrice(away, doomed, 999)
    setPrice(away, shared, 888)
    const own = addCard(away, 4)
    expect(price(away, doomed)).toBe(999)
    away.go()
    await until(
      () =>
        settled(away) &&
        number(away, 'SELECT count(*) AS n FROM snapshotJob') === 0 &&
        price(away, doomed) === -1,
      'away has begun again',
      30_000,
    )
    await until(() => price(founder, shared) === 888 && price(founder, own) === 4, 'its work has arrived')
    await until(() => visible(away) === visible(founder), 'both see the same')
    expect(price(away, quiet)).toBe(104)
    expect(price(founder, doomed)).toBe(-1)
    // The lost edit is shown to whoever made it.
    expect(number(away, `SELECT count(*) AS n FROM conflict WHERE row = '${doomed}'`)).toBe(1)

    // What it made itself and others have deleted is gone, but not from its record of what it did.
    expect(price(away, mine)).toBe(-1)
    expect(number(away, `SELECT count(*) AS n FROM sellingPointCard WHERE id = '${mine}'`)).toBe(0)
    expect(number(away, `SELECT count(*) AS n FROM op WHERE row = '${mine}' AND kind = 'create'`)).toBe(1)
    away.store.rebuild([{ tbl: 'sellingPointCard', row: mine }])
    expect(price(away, mine)).toBe(-1)

    const late = await joined('late')
    expect([price(late, doomed), price(late, mine)]).toStrictEqual([-1, -1])
    expect(number(late, `SELECT count(*) AS n FROM op WHERE row = '${quiet}' AND kind = 'set'`)).toBe(1)
    setPrice(late, quiet, 55)
    await until(() => price(founder, quiet) === 55 && price(away, quiet) === 55, 'chains go on after the cut')
    expect((await examine(rig.hub.hub)).filter(({ problem }) => problem !== null)).toStrictEqual([])
  }, 180_000)

  it('settles own work whose answer was lost before the log was cut off', async () => {
    const { founder } = rig
    founder.go()
    const shared = addCard(founder, 2)
    await until(() => settled(founder), 'a card is there')
    const away = await joined('away')
    setPrice(away, shared, 500)
    await until(() => settled(away) && price(founder, shared) === 500, 'the edit is at the hub')
    await away.stop()
    // As if the hub's answer had never come.
    const { db } = away.store
    const edit = db.prepare(`SELECT n, stream, seq FROM op WHERE kind = 'set' AND row = ?`).get(shared) as {
      n: number
      stream: number
      seq: number
    }
    db.prepare(
      `UPDATE op SET state = 'pending', hubSeq = NULL, hubEpoch = NULL, stampMs = NULL, stampCtr = NULL WHERE n = ?`,
    ).run(edit.n)
    db.prepare('UPDATE stream SET ackedSeq = ? WHERE author = ? AND stream = ?').run(
      edit.seq - 1,
      away.keys.author,
      edit.stream,
    )
    setPrice(founder, shared, 600)
    await until(() => settled(founder), 'a later edit is at the hub')
    await founderIsThere()
    await cutLog()
    away.go()
    await until(() => settled(away) && visible(away) === visible(founder), 'nothing waits any more')
    expect(price(away, shared)).toBe(600)
    expect(away.forks).toStrictEqual([])
    setPrice(away, shared, 700)
    await until(() => price(founder, shared) === 700, 'it goes on')
  }, 180_000)

  it('begins again with a cursor that the hub has never given out', async () => {
    const { founder } = rig
    founder.go()
    addCard(founder, 1)
    await until(() => settled(founder), 'a card is there')
    const device = await joined('stray')
    await device.stop()
    device.store.transact(() => {
      device.store.setMeta('cursor:belt', JSON.stringify({ epoch: 9, seq: 1 }))
      device.store.setMeta(`cursor:base:${rig.baseA}`, JSON.stringify({ epoch: 1, seq: 1_000_000 }))
    })
    const later = addCard(founder, 2)
    device.go()
    await until(() => price(device, later) === 2 && visible(device) === visible(founder), 'in step again')
    const row = await latestSnapshot(rig.hub.hub.database.db, rig.beltId, 'belt', 'zstd')
    expect(row).not.toBeNull()
  }, 180_000)

  it('waits for live devices, backups and the time ops are kept', async () => {
    const { founder } = rig
    founder.go()
    for (let i = 0; i < 20; i++) addCard(founder, i)
    await until(() => settled(founder), 'cards are there')
    const device = await joined('reader')
    await device.stop()
    const { hub } = rig.hub
    const all = { ...EVERYTHING, awayMs: 365 * 24 * HOUR }
    expect(await truncate(hub, rig.beltId, all)).toBe(0)
    await noteBackup(hub)
    expect(await truncate(hub, rig.beltId, { ...all, keepMs: HOUR })).toBe(0)
    expect(await truncate(hub, rig.beltId, { ...all, leastOps: 100_000 })).toBe(0)
    for (let i = 0; i < 20; i++) addCard(founder, 100 + i)
    await until(() => settled(founder), 'more cards are there')
    await noteBackup(hub)
    const { pulledSeq } = await hub.database.db
      .selectFrom('device')
      .selectAll()
      .where('author', '=', device.keys.author)
      .executeTakeFirstOrThrow()
    expect(await truncate(hub, rig.beltId, all)).toBe(pulledSeq)
    device.go()
    await until(() => visible(device) === visible(founder), 'the reader just reads on')
    expect(number(device, 'SELECT count(*) AS n FROM streamHead')).toBe(0)
  }, 180_000)
})
