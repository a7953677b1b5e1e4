import { afterEach, expect, it } from 'vitest'
import { attend } from '../../electron/hub/expiry.ts'
import { startEpochs } from '../../electron/hub/maintenance.ts'
import type { Fields } from '../../shared/ops/types.ts'
import { startHubBench, type HubBench } from '../helpers/hub-client.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2027, 0, 4, 1)

let nowMs = NOW
let bench: HubBench
afterEach(() => bench.close())

const claim = (expiresMs: number | null): Fields => ({
  baseId: '00000000001',
  sessionId: null,
  merchantId: null,
  label: 'x',
  // Nobody has told the hub of this studio yet, so that the claim waits.
  studioId: 'zzzzzzzz001',
  streamerIds: [],
  kit: [],
  startMs: NOW + 48 * HOUR,
  endMs: NOW + 49 * HOUR,
  beforeMin: 0,
  afterMin: 0,
  expiresMs,
})

const outcomeOf = async (bookingId: string) =>
  (
    await bench.running.hub.database.db
      .selectFrom('booking')
      .select('outcome')
      .where('bookingId', '=', bookingId)
      .executeTakeFirst()
  )?.outcome

it('an unanswered claim lapses by the hub’s time, not by its author’s, and not while a restored hub is filled', async () => {
  nowMs = NOW
  bench = await startHubBench({ clock: () => nowMs })
  const { founder } = bench
  const { hub } = bench.running
  const op = founder.op({
    table: 'booking',
    kind: 'claim',
    lane: 'urgent',
    fields: claim(NOW + 10 * 60_000),
    at: { ms: NOW + 365 * 24 * HOUR, ctr: 0 },
  })
  await founder.push([op])
  await attend(hub)
  expect(await outcomeOf(op.row)).toBe('waiting')

  startEpochs(hub.database.file!, nowMs)
  nowMs = NOW + 11 * 60_000
  await attend(hub)
  expect(await outcomeOf(op.row)).toBe('waiting')

  nowMs = NOW + 20 * 60_000
  await attend(hub)
  expect(await outcomeOf(op.row)).toBe('expired')
  const facts = await hub.database.db
    .selectFrom('op')
    .select('lane')
    .where('author', '<>', founder.keys.author)
    .execute()
  expect(facts).toHaveLength(1)
  await attend(hub)
  expect(await hub.database.db.selectFrom('op').select('hubSeq').execute()).toHaveLength(2)
})

it('a backup that is restored twice begins two epochs, and fences leap over those it has forgotten', async () => {
  nowMs = NOW
  bench = await startHubBench({ clock: () => nowMs })
  const file = bench.running.hub.database.file!
  const belt = () =>
    file.prepare('SELECT epoch, nextFence, lastTimeMs FROM belt').get() as Record<string, number>
  const before = belt()
  file.exec('SAVEPOINT once')
  startEpochs(file, NOW)
  const first = belt()
  file.exec('ROLLBACK TO once')
  expect(belt()).toStrictEqual(before)
  startEpochs(file, NOW + 5000)
  const second = belt()
  file.exec('RELEASE once')
  expect(second['epoch']).toBeGreaterThan(first['epoch']!)
  expect(second['nextFence']! - before['nextFence']!).toBeGreaterThanOrEqual(1_000_000)
  expect(second['lastTimeMs']).toBeGreaterThanOrEqual(NOW)
})
