import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeKeys } from '../../electron/core/keys.ts'
import type { Fields, Op } from '../../shared/ops/types.ts'
import { startHubBench } from '../helpers/hub-client.ts'
import { NO_POSTGRES, postgresBin, startPostgres, type TestPostgres } from '../helpers/postgres.ts'
import { openDevice, scratch } from '../helpers/sync-rig.ts'
import { claimStoreContract, type ClaimStore, type GrantRow } from './claim-contract.ts'

/** Each word on waiting is later than the one before. */
let word = Date.now()

/** The founding device, which answers for itself. */
async function openLocal(): Promise<ClaimStore> {
  const { path, dispose } = scratch()
  const device = openDevice(join(path, 'belt.db'), makeKeys({ founder: true }))
  const { db } = device.store
  device.store.transact(() => device.store.setMeta('arbiter', 'self'))
  return {
    create: async (table, fields) => device.write((write) => write.create(table, fields)),
    claim: async (fields) => device.write((write) => write.claim('booking', fields)),
    async release(bookingId) {
      device.write((write) => write.fact('bookingRelease', { bookingId, reason: '', atMs: Date.now() }))
    },
    async wait(bookingId, waits = true) {
      device.write((write) => write.fact('claimWait', { bookingId, waits, atMs: word++ }))
    },
    async answer(bookingId) {
      const row = db
        .prepare('SELECT outcome, reason, heldBy, alternatives FROM bookingState WHERE bookingId = ?')
        .get(bookingId) as
        { outcome: string; reason: string; heldBy: string | null; alternatives: string } | undefined
      return row ? { ...row, alternatives: JSON.parse(row.alternatives) as unknown[] } : null
    },
    grants: async () =>
      db
        .prepare('SELECT bookingId, resourceKey, unit, startMs, endMs, fence FROM liveGrant ORDER BY fence')
        .all() as GrantRow[],
    async force({ bookingId, resourceKey, unit, startMs, endMs, fence }) {
      db.prepare(
        'INSERT INTO liveGrant (grantId, bookingId, resourceKey, unit, startMs, endMs, fence, term, arbitrated) VALUES (?, ?, ?, ?, ?, ?, ?, 1, 1)',
      ).run(`forced ${fence}`, bookingId, resourceKey, unit, startMs, endMs, fence)
    },
    async close() {
      await device.close()
      dispose()
    },
  }
}

async function openHubStore(databaseUrl: string | null): Promise<ClaimStore> {
  const bench = await startHubBench({ databaseUrl })
  const { founder } = bench
  const { db } = bench.running.hub.database
  const push = async (op: Op): Promise<string> => {
    const { body } = await founder.push([op])
    const verdict = body.streams[0]?.runs[0]
    if (verdict?.verdict !== 'applied') throw new Error(`not applied: ${JSON.stringify(body)}`)
    return op.row
  }
  const urgent = (table: string, kind: 'claim' | 'fact', fields: Fields) =>
    founder.op({ table, kind, lane: 'urgent', stream: 1, fields })
  return {
    create: (table, fields) => push(founder.op({ table, kind: 'create', fields })),
    claim: (fields) => push(urgent('booking', 'claim', fields)),
    async release(bookingId) {
      await push(urgent('bookingRelease', 'fact', { bookingId, reason: '', atMs: Date.now() }))
    },
    async wait(bookingId, waits = true) {
      await push(urgent('claimWait', 'fact', { bookingId, waits, atMs: word++ }))
    },
    async answer(bookingId) {
      const { ops } = await founder.pull([{ scope: 'belt', epoch: 1, seq: 0 }])
      const answers = ops.filter(
        ({ table, fields }) => table === 'claimAnswer' && fields.bookingId === bookingId,
      )
      return (answers.at(-1)?.fields ?? null) as Awaited<ReturnType<ClaimStore['answer']>>
    },
    grants: () =>
      db
        .selectFrom('liveGrant')
        .select(['bookingId', 'resourceKey', 'unit', 'startMs', 'endMs', 'fence'])
        .where('belt', '=', bench.belt)
        .orderBy('fence')
        .execute(),
    async force(grant) {
      await db
        .insertInto('liveGrant')
        .values({ ...grant, belt: bench.belt, grantId: `forced ${grant.fence}` })
        .execute()
    },
    close: () => bench.close(),
  }
}

claimStoreContract('the founding device’s store', openLocal)
claimStoreContract('the hub’s SQLite', () => openHubStore(null))

if (postgresBin()) {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())
  claimStoreContract('the hub’s PostgreSQL', async () => openHubStore(await postgres.newDatabase()))
} else {
  console.log(`${NO_POSTGRES}: claims are tested on SQLite only`)
}

it('a plan that moves a booking claims its new place before those who wait', async () => {
  const bench = await startHubBench({ databaseUrl: null })
  const { founder } = bench
  const startMs = Math.ceil(Date.now() / 3_600_000) * 3_600_000 + 48 * 3_600_000
  const studio = founder.op({ table: 'studio', kind: 'create', fields: { openMin: 0, closeMin: 1440 } })
  const urgent = (table: string, kind: 'claim' | 'fact', fields: Fields) =>
    founder.op({ table, kind, lane: 'urgent', stream: 1, fields })
  const claim = () =>
    urgent('booking', 'claim', { studioId: studio.row, startMs, endMs: startMs + 3_600_000, streamerIds: [] })
  const [holder, waiter] = [claim(), claim()]
  const wait = urgent('claimWait', 'fact', { bookingId: waiter.row, waits: true, atMs: 1 })
  await founder.push([studio, holder, waiter, wait])
  const release = urgent('bookingRelease', 'fact', { bookingId: holder.row, reason: 'moved', atMs: 1 })
  const moved = claim()
  await founder.push([release, moved])
  const grants = await bench.running.hub.database.db.selectFrom('liveGrant').select('bookingId').execute()
  expect(grants).toStrictEqual([{ bookingId: moved.row }])
  const { ops } = await founder.pull([{ scope: 'belt', epoch: 1, seq: 0 }])
  const last = ops.filter(({ table, fields }) => table === 'claimAnswer' && fields.bookingId === waiter.row)
  expect(last.map(({ fields }) => fields.outcome)).toStrictEqual(['refused'])
  await bench.close()
})
