import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningHub } from '../../electron/hub/index.ts'
import type { Fields } from '../../shared/ops/types.ts'
import { type BareDevice, startHubBench, type HubBench } from '../helpers/hub-client.ts'
import { NO_POSTGRES, postgresBin, startPostgres, type TestPostgres } from '../helpers/postgres.ts'
import { scratch } from '../helpers/sync-rig.ts'
import { startTestHub } from '../helpers/hub.ts'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { BOOKING, MERCHANT, STUDIO } from '../fixtures/rows.ts'

const HOUR = 3_600_000
const START = Math.ceil(Date.now() / HOUR) * HOUR + 48 * HOUR
const bin = postgresBin()

const merchant = (name: string): Fields => ({
  ...MERCHANT,
  name,
  shortName: 'm',
  baseId: '00000000001',
})

const OWN_STUDIO: Fields = {
  ...STUDIO,
  name: 's',
  shortName: 's',
  baseId: '00000000001',
}

if (bin === null) console.log(`${NO_POSTGRES}: two hub processes are not tested`)
describe.skipIf(bin === null)('two hub processes on one PostgreSQL', () => {
  let postgres: TestPostgres
  let bench: HubBench
  let second: RunningHub
  let urls: string[]
  const folder = scratch()

  beforeAll(async () => {
    postgres = await startPostgres()
    const databaseUrl = await postgres.newDatabase()
    bench = await startHubBench({ databaseUrl })
    copyFileSync(join(bench.dataDir, 'hub-key'), join(folder.path, 'hub-key'))
    second = await startTestHub(folder.path, { databaseUrl })
    urls = [bench.url, `http://127.0.0.1:${second.port}`]
  }, 120_000)
  afterAll(async () => {
    await second?.close()
    await bench?.close()
    await postgres?.stop()
    folder.dispose()
  })

  /** Reads on from a cursor through changing hubs; every op once, in order, none skipped. */
  async function readOn(reader: BareDevice, cursor: { seq: number }, into: number[]): Promise<void> {
    reader.url = urls[into.length % 2]!
    const { head, ops } = await reader.pull([{ scope: 'belt', epoch: 1, seq: cursor.seq }])
    for (const op of ops) into.push(op.hubSeq)
    cursor.seq = head.scopes[0]!.through
  }

  it('take in what eight devices send at once; a reader’s cursor never skips a late commit', async () => {
    const writers = await Promise.all(Array.from({ length: 8 }, () => bench.enrol('planner', null)))
    const reader = await bench.enrol('cluster-manager', null)
    const read: number[] = []
    const cursor = { seq: 0 }
    let writing = true
    const reading = (async () => {
      while (writing) await readOn(reader, cursor, read)
    })()
    const BATCHES = 12
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let batch = 0; batch < BATCHES; batch++) {
          writer.url = urls[(index + batch) % 2]!
          const ops = Array.from({ length: 1 + ((index + batch) % 7) }, (_, n) =>
            writer.op({ table: 'merchant', kind: 'create', fields: merchant(`${index} ${batch} ${n}`) }),
          )
          const { status, body } = await writer.push(ops)
          expect([status, body.streams[0]!.have]).toStrictEqual([200, ops.at(-1)!.seq])
        }
      }),
    )
    writing = false
    await reading
    await readOn(reader, cursor, read)
    await readOn(reader, cursor, read)

    const stored = await bench.running.hub.database.db
      .selectFrom('op')
      .select('hubSeq')
      .where('belt', '=', bench.belt)
      .where('scope', '=', 'belt')
      .where('author', '<>', reader.keys.author)
      .where('hubSeq', '<=', cursor.seq)
      .orderBy('hubSeq')
      .execute()
    expect(read).toStrictEqual(stored.map(({ hubSeq }) => hubSeq))
    expect(new Set(read).size).toBe(read.length)
    const total = writers.reduce(
      (sum, _, index) =>
        sum +
        Array.from({ length: BATCHES }, (__, batch) => 1 + ((index + batch) % 7)).reduce((a, b) => a + b, 0),
      0,
    )
    expect(read.length).toBe(total)
    const all = await bench.running.hub.database.db
      .selectFrom('op')
      .select('hubSeq')
      .where('belt', '=', bench.belt)
      .orderBy('hubSeq')
      .execute()
    expect(all.map(({ hubSeq }) => hubSeq)).toStrictEqual(all.map((_, index) => index + 1))
  }, 120_000)

  it('give one hour to one of the devices that claim it at both hubs at once', async () => {
    const { founder } = bench
    const studio = founder.op({ table: 'studio', kind: 'create', fields: OWN_STUDIO })
    await founder.push([studio])
    const claimants = await Promise.all(Array.from({ length: 6 }, () => bench.enrol('planner', null)))
    const bookings = await Promise.all(
      claimants.map(async (claimant, index) => {
        claimant.url = urls[index % 2]!
        const op = claimant.op({
          table: 'booking',
          kind: 'claim',
          lane: 'urgent',
          fields: {
            ...BOOKING,
            baseId: '00000000001',
            label: `${index}`,
            studioId: studio.row,
            startMs: START,
            endMs: START + HOUR,
          },
        })
        expect((await claimant.push([op])).status).toBe(200)
        return op.row
      }),
    )
    const { db } = bench.running.hub.database
    const answers = await db
      .selectFrom('booking')
      .select(['bookingId', 'outcome'])
      .where('bookingId', 'in', bookings)
      .execute()
    expect(answers.map(({ outcome }) => outcome).sort()).toStrictEqual([
      'granted',
      ...Array<string>(5).fill('refused'),
    ])
    const live = await db.selectFrom('liveGrant').selectAll().where('bookingId', 'in', bookings).execute()
    expect(live).toHaveLength(1)
    const fences = (await db.selectFrom('liveGrant').select('fence').execute()).map(({ fence }) => fence)
    expect(new Set(fences).size).toBe(fences.length)
  }, 60_000)

  it('a signed request that one of them has taken is refused by the other', async () => {
    const device = await bench.enrol('planner', null)
    device.url = urls[0]!
    const first = await device.send('status', new Uint8Array())
    device.url = urls[1]!
    const again = await device.send('status', new Uint8Array(), { counter: device.counter })
    expect([first.status, again.status, (again.body as { code: string }).code]).toStrictEqual([
      200,
      409,
      'stale-counter',
    ])
  })
})
