import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NO_POSTGRES, postgresBin, startPostgres, type TestPostgres } from '../helpers/postgres.ts'
import { makeRig, settled, until, type Rig } from '../helpers/sync-rig.ts'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { BOOKING } from '../fixtures/rows.ts'

const bin = postgresBin()
const HOUR = 3_600_000
const NEWER = 200

let rig: Rig
afterEach(() => rig.close())

const card = (n: number) => ({
  skuId: rig.studioId,
  claims: [],
  priceFen: n,
  script: `line ${n}`,
  promiseHours: null,
})

const writeCards = (from: number, to: number): void =>
  rig.founder.write((write) => {
    for (let n = from; n < to; n++) write.withScope(`base:${rig.baseA}`).create('sellingPointCard', card(n))
  })

const cardsAtHub = async (): Promise<number> =>
  Number(
    (
      await rig.hub.hub.database.db
        .selectFrom('op')
        .select((eb) => eb.fn.countAll().as('n'))
        .where('scope', '=', `base:${rig.baseA}`)
        .executeTakeFirstOrThrow()
    ).n,
  )

const beltRow = () => rig.hub.hub.database.db.selectFrom('belt').selectAll().executeTakeFirstOrThrow()
const settle = (what: string) => until(() => settled(rig.founder), what, 60_000)

/** Everything that was acknowledged is at the hub again, and the belt has gone on in a later epoch. */
async function recovers(epochBefore: number): Promise<void> {
  expect((await beltRow()).epoch).toBeGreaterThan(epochBefore)
  rig.founder.go()
  await until(async () => (await cardsAtHub()) === 10 + NEWER, 'all is back', 60_000)
  await until(async () => (await beltRow()).recoveringUntilMs === null, 'recovery has closed', 60_000)
  const startMs = Math.ceil(Date.now() / HOUR) * HOUR + 24 * HOUR
  const place = { studioId: rig.studioId, startMs, endMs: startMs + HOUR }
  const bookingId = rig.founder.write((write) =>
    write.claim('booking', { ...BOOKING, ...place, baseId: rig.baseA }),
  )
  await until(
    () =>
      rig.founder.store.db
        .prepare(`SELECT 1 FROM bookingState WHERE bookingId = ? AND outcome = 'granted'`)
        .get(bookingId) !== undefined,
    'claims are answered again',
    30_000,
  )
}

describe.skipIf(bin === null)('a PostgreSQL database that was put back by its own tools', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())

  const tool = (name: string, args: string[]): string =>
    execFileSync(join(bin!, name), args, {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  /** A belt whose hub was dumped after ten cards, and has acknowledged as many as are newer since. */
  async function dumpAndGoOn(...flags: string[]): Promise<{ databaseUrl: string; dump: string }> {
    const databaseUrl = await postgres.newDatabase()
    rig = await makeRig({ databaseUrl })
    rig.founder.go()
    writeCards(0, 10)
    await settle('in step')
    const dump = join(rig.folder, 'hub.sql')
    tool('pg_dump', [...flags, '--file', dump, databaseUrl])
    writeCards(10, 10 + NEWER)
    await settle('acknowledged')
    return { databaseUrl, dump }
  }

  it('from a dump into the same database: a new epoch, and the devices give back what it lacks', async () => {
    const { databaseUrl, dump } = await dumpAndGoOn('--clean', '--if-exists')
    expect(await cardsAtHub()).toBe(10 + NEWER)
    const { epoch } = await beltRow()
    await rig.founder.stop()
    await rig.stopHub()
    // Only the mark in the database is left to tell.
    rmSync(join(rig.folder, 'hub', 'hub-seen.json'))
    tool('psql', ['--quiet', '--set', 'ON_ERROR_STOP=1', '--file', dump, databaseUrl])
    await rig.startHub()
    expect(await cardsAtHub()).toBe(10)
    await recovers(epoch)
    await rig.stopHub()
    const before = rig.hub
    await rig.startHub()
    expect(rig.hub).not.toBe(before)
    const again = await beltRow()
    expect(again.recoveringUntilMs).toBeNull()
  }, 180_000)

  it('row by row into the same tables: recognised by the transaction that wrote the mark', async () => {
    const { databaseUrl, dump } = await dumpAndGoOn('--data-only')
    const { epoch } = await beltRow()
    await rig.founder.stop()
    await rig.stopHub()
    rmSync(join(rig.folder, 'hub', 'hub-seen.json'))
    const tables = tool('psql', [
      '--tuples-only',
      '--no-align',
      '--command',
      `SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'`,
      databaseUrl,
    ]).trim()
    tool('psql', ['--quiet', '--command', `TRUNCATE ${tables}`, databaseUrl])
    tool('psql', ['--quiet', '--set', 'ON_ERROR_STOP=1', '--file', dump, databaseUrl])
    await rig.startHub()
    await recovers(epoch)
  }, 180_000)

  it('under a hub that goes on running: noticed, and nobody misses what was numbered anew', async () => {
    const { databaseUrl, dump } = await dumpAndGoOn('--clean', '--if-exists')
    const { epoch } = await beltRow()
    await rig.founder.stop()
    tool('psql', ['--quiet', '--set', 'ON_ERROR_STOP=1', '--file', dump, databaseUrl])
    await until(async () => (await beltRow()).epoch > epoch, 'the hub notices', 20_000)
    await recovers(epoch)
  }, 180_000)
})
if (bin === null) console.log(`${NO_POSTGRES}: only the embedded database is put back`)

it('an embedded database that somebody put an older file in place of begins a new epoch too', async () => {
  rig = await makeRig()
  rig.founder.go()
  writeCards(0, 10)
  await settle('in step')
  const live = join(rig.folder, 'hub', 'hub.db')
  const copy = join(rig.folder, 'copy.db')
  await rig.hub.hub.database.file!.backup(copy)
  writeCards(10, 10 + NEWER)
  await settle('acknowledged')
  const { epoch } = await beltRow()
  await rig.founder.stop()
  await rig.stopHub()
  for (const suffix of ['-wal', '-shm']) rmSync(live + suffix, { force: true })
  copyFileSync(copy, live)
  await rig.startHub()
  await recovers(epoch)
}, 120_000)

it('a damaged note of what was seen does not keep the hub from starting', async () => {
  rig = await makeRig()
  rig.founder.go()
  writeCards(0, 10)
  await settle('in step')
  const { epoch } = await beltRow()
  await rig.stopHub()
  writeFileSync(join(rig.folder, 'hub', 'hub-seen.json'), '{"torn')
  await rig.startHub()
  expect((await beltRow()).epoch).toBe(epoch)
  expect(await cardsAtHub()).toBe(10)
})
