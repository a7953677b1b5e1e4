import { join } from 'node:path'
import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { attend } from '../../electron/hub/expiry.ts'
import type { RunningHub } from '../../electron/hub/index.ts'
import type { Fields, Op } from '../../shared/ops/types.ts'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { startHubBench, type BareDevice, type HubBench } from '../helpers/hub-client.ts'
import { NO_POSTGRES, postgresBin, startPostgres, type TestPostgres } from '../helpers/postgres.ts'
import { until } from '../helpers/sync-rig.ts'
import { MERCHANT, SESSION, STUDIO } from '../fixtures/rows.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'

const HOUR = 3_600_000
const START = Math.ceil(Date.now() / HOUR) * HOUR + 30 * HOUR

function hubSuite(name: string, databaseUrl: () => Promise<string | null>): void {
  describe(`leases at ${name}`, () => {
    let bench: HubBench
    let holder: BareDevice
    let other: BareDevice
    let studio: string
    let nowMs: number

    beforeEach(async () => {
      nowMs = Date.now()
      bench = await startHubBench({ databaseUrl: await databaseUrl(), clock: () => nowMs })
      holder = await bench.enrol('planner', null)
      other = await bench.enrol('planner', null)
      const room = bench.founder.op({
        table: 'studio',
        kind: 'create',
        fields: { openMin: 0, closeMin: 1440 },
      })
      await push(bench.founder, room)
      studio = room.row
    })
    afterEach(() => bench.close())

    const push = async (device: BareDevice, ...ops: Op[]): Promise<string[]> => {
      const { body } = await device.push(ops)
      return body.streams[0]!.runs.flatMap(({ verdict, n }) => Array.from({ length: n }, () => verdict))
    }
    const urgent = (device: BareDevice, table: string, kind: 'claim' | 'fact', fields: Fields) =>
      device.op({ table, kind, lane: 'urgent', stream: 1, fields })
    const span = (fromHour: number, toHour: number) => ({
      studioId: studio,
      streamerIds: [],
      kit: [],
      startMs: START + fromHour * HOUR,
      endMs: START + toHour * HOUR,
      beforeMin: 0,
      afterMin: 0,
    })
    const lease = async (untilHour = 8): Promise<string> => {
      const op = urgent(bench.founder, 'slotLease', 'claim', {
        ...span(0, 8),
        baseId: '0',
        holder: holder.keys.author,
        untilMs: START + untilHour * HOUR,
      })
      await push(bench.founder, op)
      expect(await outcome(op.row)).toBe('granted')
      return op.row
    }
    const book = async (device: BareDevice, from: number, to: number, leaseId: string | null = null) => {
      const op = urgent(device, 'booking', 'claim', { ...span(from, to), ...(leaseId ? { leaseId } : {}) })
      await push(device, op)
      return op.row
    }
    const release = (device: BareDevice, bookingId: string) =>
      push(device, urgent(device, 'bookingRelease', 'fact', { bookingId, reason: '', atMs: 1 }))
    const outcome = async (bookingId: string) =>
      (
        await bench.running.hub.database.db
          .selectFrom('booking')
          .select('outcome')
          .where('bookingId', '=', bookingId)
          .executeTakeFirstOrThrow()
      ).outcome
    const answerOf = async (bookingId: string) => {
      const { ops } = await bench.founder.pull([{ scope: 'belt', epoch: 1, seq: 0 }])
      return ops.filter((op) => op.table === 'claimAnswer' && op.fields.bookingId === bookingId).at(-1)
        ?.fields
    }
    const held = async () =>
      (
        await bench.running.hub.database.db
          .selectFrom('liveGrant')
          .select(['bookingId', 'startMs', 'endMs', 'fence'])
          .orderBy('startMs')
          .execute()
      ).map(({ bookingId, startMs, endMs }) => [bookingId, (startMs - START) / HOUR, (endMs - START) / HOUR])

    it('keeps the hours from everybody else and takes what its holder gave away', async () => {
      const leaseId = await lease()
      const refused = await book(other, 1, 2)
      expect(await answerOf(refused)).toMatchObject({ reason: 'studio-taken', heldBy: leaseId })
      // Only the holder may use it, whoever names it.
      expect(await outcome(await book(other, 1, 2, leaseId))).toBe('refused')
      const given = await book(holder, 1, 3, leaseId)
      expect(await answerOf(given)).toMatchObject({ outcome: 'granted', reason: 'lease' })
      expect(await held()).toStrictEqual([
        [leaseId, 0, 1],
        [given, 1, 3],
        [leaseId, 3, 8],
      ])
      expect(await outcome(await book(holder, 2, 4, leaseId))).toBe('refused')
      const { ops } = await bench.founder.pull([{ scope: 'belt', epoch: 1, seq: 0 }])
      const fences = ops
        .filter(({ table }) => table === 'resourceGrant')
        .map(({ fields }) => Number(fields.fence))
      expect(fences).toStrictEqual([...fences].sort((a, b) => a - b))
    })

    it('gets back what its holder takes back, whole, and frees it when it is given back itself', async () => {
      const leaseId = await lease()
      const first = await book(holder, 1, 3, leaseId)
      await release(holder, first)
      expect(await outcome(await book(other, 1, 3))).toBe('refused')
      const across = await book(holder, 0, 5, leaseId)
      expect(await outcome(across)).toBe('granted')
      const waiting = await book(other, 6, 7)
      await push(other, urgent(other, 'claimWait', 'fact', { bookingId: waiting, waits: true, atMs: 1 }))
      await release(bench.founder, leaseId)
      expect(await answerOf(waiting)).toMatchObject({ outcome: 'granted', reason: 'waitlist' })
      expect(await outcome(across)).toBe('granted')
      await release(holder, across)
      expect(await held()).toStrictEqual([[waiting, 6, 7]])
    })

    it('ends by the hub’s clock; what comes after that is a claim like any other', async () => {
      const leaseId = await lease(-20)
      const told = await book(holder, 0, 1, leaseId)
      const early = urgent(holder, 'booking', 'claim', { ...span(1, 2), leaseId })
      const taken = urgent(holder, 'booking', 'claim', { ...span(2, 3), leaseId })
      nowMs = START - 20 * HOUR + 1
      expect(await attend(bench.running.hub)).toStrictEqual([bench.belt])
      expect(await answerOf(leaseId)).toMatchObject({ outcome: 'expired' })
      expect(await held()).toStrictEqual([[told, 0, 1]])
      const rival = await book(other, 2, 3)
      expect(await outcome(rival)).toBe('granted')
      await push(holder, early, taken)
      expect(await answerOf(early.row)).toMatchObject({ outcome: 'granted', reason: '' })
      expect(await answerOf(taken.row)).toMatchObject({ outcome: 'refused', heldBy: rival })
      expect(await attend(bench.running.hub)).toStrictEqual([])
    })

    it('a lease that ran out before anybody noted it gives nothing', async () => {
      const leaseId = await lease(-20)
      const late = urgent(holder, 'booking', 'claim', { ...span(2, 3), leaseId })
      nowMs = START - 20 * HOUR + 1
      await push(holder, late)
      expect(await answerOf(late.row)).toMatchObject({ outcome: 'granted', reason: '' })
      expect(await held()).toStrictEqual([[late.row, 2, 3]])
    })

    it('only managers lease, and only what is free', async () => {
      const fields = { ...span(0, 8), baseId: '0', holder: holder.keys.author, untilMs: START + HOUR }
      expect(await push(other, urgent(other, 'slotLease', 'claim', fields))).toStrictEqual(['rejected'])
      const booked = await book(other, 5, 6)
      const op = urgent(bench.founder, 'slotLease', 'claim', fields)
      await push(bench.founder, op)
      expect(await answerOf(op.row)).toMatchObject({ outcome: 'refused', heldBy: booked })
    })

    it('the database itself refuses a second holder of a leased hour', async () => {
      const leaseId = await lease()
      const { startMs, endMs } = span(2, 3)
      const what = { resourceKey: `studio:${studio}`, unit: 1, startMs, endMs }
      const grant = { ...what, belt: bench.belt, bookingId: 'x', grantId: 'x', fence: 999, leaseId }
      await expect(
        bench.running.hub.database.db.insertInto('liveGrant').values(grant).execute(),
      ).rejects.toThrow()
    })
  })
}

hubSuite('the hub’s SQLite', () => Promise.resolve(null))
if (postgresBin()) {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())
  hubSuite('the hub’s PostgreSQL', () => postgres.newDatabase())
} else {
  console.log(`${NO_POSTGRES}: leases are tested on SQLite only`)
}

describe('a base with a lease', () => {
  let folder: string
  let hub: RunningHub
  const cores: TestCore[] = []
  const start = (port: number) => startTestHub(join(folder, 'hub'), { port })

  beforeEach(async () => {
    folder = tempDir()
    hub = await start(0)
  })
  afterEach(async () => {
    for (const core of cores.splice(0)) await core.close()
    await hub.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('books offline and has it confirmed at once, as the hub later finds too', async () => {
    const first = startCore({ deviceName: 'manager' })
    cores.push(first)
    const { beltId } = await first.call('app/createBelt', NEW_BELT)
    const baseId = (await first.call('app/state', {})).bases[0]!.id
    const studioId = first.core.services.transact(first.core.actorOf(first.connection), ({ write }) =>
      write.create('studio', { ...STUDIO, baseId }),
    )
    const url = `http://127.0.0.1:${hub.port}`
    const place = { studioId, startMs: START, endMs: START + 8 * HOUR }
    await expect(first.call('slot/lease', { ...place, holder: 'x' })).rejects.toMatchObject({
      code: 'lease-needs-hub',
    })
    await first.call('sync/handOver', { url, code: await codeFor(hub, null) })
    let aheadMs = 0
    const second = startCore({ deviceName: 'base', clock: () => Date.now() + aheadMs })
    cores.push(second)
    await second.call('sync/join', { url, code: await codeFor(hub, beltId, 'administrator', baseId) })
    second.core.services.setPerson(second.connection, (await second.call('app/state', {})).people[0]!.id)

    const week = (core: TestCore) => core.call('slot/week', { fromMs: START, toMs: START + 24 * HOUR })
    const baseDevice = async () => (await week(first)).holders.find(({ name }) => name === 'base')
    await until(async () => (await baseDevice()) !== undefined, 'the manager sees the base’s device')
    const { leaseId } = await first.call('slot/lease', { ...place, holder: (await baseDevice())!.author })
    await until(async () => (await week(second)).leases[0]?.usable === true, 'the base has its lease')
    await until(async () => (await week(first)).leases[0]?.record === 'confirmed', 'the manager hears of it')
    expect((await week(first)).leases).toMatchObject([
      {
        id: leaseId,
        own: false,
        usable: false,
        record: 'confirmed',
        holderName: 'base',
        untilMs: place.endMs,
      },
    ])

    const { port } = hub
    await hub.close()
    const sessionId = second.core.services.transact(second.core.actorOf(second.connection), ({ write }) =>
      write.create('liveSession', {
        ...SESSION,
        merchantId: write.create('merchant', { ...MERCHANT, baseId }),
        baseId,
        studioId,
        startMs: START + HOUR,
        endMs: START + 3 * HOUR,
        earliestMs: START,
        latestMs: START + 8 * HOUR,
      }),
    )
    const claim = (core: TestCore, from: number, to: number, of: string | null = null) =>
      core.call('slot/claim', {
        sessionId: of,
        studioId,
        startMs: START + from * HOUR,
        endMs: START + to * HOUR,
        label: `${from}-${to}`,
      })
    const given = await claim(second, 1, 3, sessionId)
    expect(given.record).toBe('confirmed')
    const wordOf = async (core: TestCore, id: string) => {
      const booking = (await week(core)).bookings.find((row) => row.id === id)
      return booking && [booking.record, booking.lease]
    }
    expect(await wordOf(second, given.bookingId)).toStrictEqual(['confirmed', 'untold'])
    // The board and Today say by whose word the session has its place.
    const board = () => second.call('board/view', { fromMs: START, toMs: START + 24 * HOUR })
    expect((await board()).items.map(({ record, lease }) => [record, lease])).toStrictEqual([
      ['confirmed', 'untold'],
    ])
    aheadMs = 20 * HOUR
    expect((await second.call('today/view', {})).sessions).toMatchObject([
      { id: sessionId, record: 'confirmed', lease: 'untold' },
    ])
    aheadMs = 0
    expect((await claim(second, 2, 4)).record).toBe('tentative')
    const outside = await claim(second, 7, 9)
    expect(outside.record).toBe('tentative')
    const rival = await claim(first, 1, 2)
    expect(rival.record).toBe('tentative')
    await second.call('slot/release', { bookingId: given.bookingId })
    expect(await wordOf(second, given.bookingId)).toBeUndefined()
    const again = await claim(second, 2, 4)
    expect(again.record).toBe('confirmed')

    hub = await start(port)
    await Promise.all([first.call('sync/tryNow', {}), second.call('sync/tryNow', {})])
    for (const core of [first, second]) {
      await until(async () => (await wordOf(core, again.bookingId))?.[1] === 'told', 'the hub confirms it')
      await until(
        async () => (await wordOf(core, rival.bookingId))?.[0] === 'refused',
        'the rival is refused',
      )
    }
    expect(await wordOf(first, given.bookingId)).toBeUndefined()
    expect((await wordOf(second, outside.bookingId))?.[0]).toBe('refused')

    await first.call('slot/endLease', { leaseId })
    await until(async () => (await week(second)).leases.length === 0, 'the lease has ended')
    expect((await claim(second, 5, 6)).record).toBe('tentative')
  })
})
