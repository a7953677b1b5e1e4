import { afterEach, expect, it } from 'vitest'
import { attend } from '../../electron/hub/expiry.ts'
import { beltEpochs, startEpochs } from '../../electron/hub/maintenance.ts'
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

it.each([
  ['a clock that is right', 0],
  ['a clock that is years behind', 20 * 365 * 24 * HOUR],
])(
  'a backup that is restored twice begins two epochs with fences of their own, by %s',
  async (_, behindMs) => {
    nowMs = NOW - behindMs
    bench = await startHubBench({ clock: () => nowMs })
    const file = bench.running.hub.database.file!
    const belt = () =>
      file.prepare('SELECT epoch, nextFence, lastTimeMs FROM belt').get() as Record<string, number>
    const before = belt()
    file.exec('SAVEPOINT once')
    startEpochs(file, nowMs)
    const first = belt()
    const replaced = beltEpochs(file)
    file.exec('ROLLBACK TO once')
    expect(belt()).toStrictEqual(before)
    startEpochs(file, nowMs + 5000, replaced)
    const second = belt()
    file.exec('RELEASE once')
    expect(first['epoch']).toBeGreaterThan(before['epoch']!)
    expect(second['epoch']).toBeGreaterThan(first['epoch']!)
    expect(first['nextFence']! - before['nextFence']!).toBeGreaterThanOrEqual(1_000_000)
    expect(second['nextFence']! - first['nextFence']!).toBeGreaterThanOrEqual(1_000_000)
    expect(second['lastTimeMs']).toBeGreaterThanOrEqual(nowMs)
  },
)
