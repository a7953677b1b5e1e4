import zlib from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { revoke } from '../../electron/hub/enrol.ts'
import { opId } from '../../shared/ops/id.ts'
import type { Op } from '../../shared/ops/types.ts'
import { encodeBatch } from '../../shared/wire/batch.ts'
import { seal } from '../../shared/wire/envelope.ts'
import { compression, startHubBench, type BareDevice, type HubBench } from '../helpers/hub-client.ts'
import { NO_POSTGRES, postgresBin, startPostgres, type TestPostgres } from '../helpers/postgres.ts'
import { BOOKING, STUDIO } from '../fixtures/rows.ts'

const HOUR = 3_600_000
const DAY = Math.ceil(Date.now() / HOUR) * HOUR + 48 * HOUR

const studioFields = (name: string) => ({
  ...STUDIO,
  name,
  shortName: name,
  baseId: '00000000001',
})
const bookingFields = (studioId: string, startMs: number) => ({
  ...BOOKING,
  baseId: '00000000001',
  studioId,
  startMs,
  endMs: startMs + HOUR,
})
const studio = (device: BareDevice, name: string) =>
  device.op({ table: 'studio', kind: 'create', fields: studioFields(name) })
const claim = (device: BareDevice, studioId: string, startMs: number) =>
  device.op({
    table: 'booking',
    kind: 'claim',
    lane: 'urgent',
    stream: 1,
    fields: bookingFields(studioId, startMs),
  })
const FROM_START = [{ scope: 'belt' as const, epoch: 1, seq: 0 }]

const engines = postgresBin() ? (['sqlite', 'postgres'] as const) : (['sqlite'] as const)
if (engines.length === 1) console.log(`${NO_POSTGRES}: the hub is tested on SQLite only`)

describe.each(engines)('hub on %s', (engine) => {
  let postgres: TestPostgres | null = null
  let bench: HubBench
  beforeAll(async () => {
    if (engine === 'postgres') postgres = await startPostgres()
  })
  afterAll(() => postgres?.stop())
  beforeEach(async () => {
    bench = await startHubBench({ databaseUrl: postgres ? await postgres.newDatabase() : null })
  })
  afterEach(() => bench.close())

  describe('ingest', () => {
    it('takes a batch once, however often it is sent, and says so', async () => {
      const ops = ['a', 'b', 'c'].map((name) => studio(bench.founder, name))
      const first = await bench.founder.push(ops)
      expect(first.body.streams[0]!.runs).toMatchObject([{ from: 1, n: 3, verdict: 'applied', hub: 1 }])
      const again = await bench.founder.push(ops)
      expect(again.body.streams[0]!.runs).toMatchObject([{ from: 1, n: 3, verdict: 'duplicate', hub: 1 }])
      const more = [...ops.slice(1), studio(bench.founder, 'd')]
      const overlapping = await bench.founder.push(more)
      expect(overlapping.body.streams[0]!.runs.map(({ verdict, n }) => [verdict, n])).toStrictEqual([
        ['duplicate', 2],
        ['applied', 1],
      ])
      const reader = await bench.enrol('planner', null)
      const { ops: pulled } = await reader.pull(FROM_START)
      expect(pulled.map(({ fields }) => fields.name)).toStrictEqual(['a', 'b', 'c', 'd'])
    })

    it('asks for what is missing in between, and tells where two stories part', async () => {
      const [a, b, c] = ['a', 'b', 'c'].map((name) => studio(bench.founder, name)) as [Op, Op, Op]
      await bench.founder.push([a])
      const gap = await bench.founder.push([c], { previousSeq: 2 })
      expect(gap.body.streams[0]).toMatchObject({ gap: true, have: 1, runs: [] })
      await bench.founder.push([b])
      const other = { ...b, fields: studioFields('another b') }
      const fork = await bench.founder.push([other, c])
      expect(fork.body.streams[0]).toMatchObject({ forkAt: 2, have: 2 })
      const reader = await bench.enrol('planner', null)
      expect((await reader.pull(FROM_START)).ops.map(({ fields }) => fields.name)).toStrictEqual(['a', 'b'])
    })

    it('accepts seqs that were dropped before they were sent, because the chain proves that nothing else is missing', async () => {
      const [a, , c] = ['a', 'b', 'c'].map((name) => studio(bench.founder, name)) as [Op, Op, Op]
      const answer = await bench.founder.push([a, c])
      expect(answer.body.streams[0]!.runs).toMatchObject([{ from: 1, n: 2, verdict: 'applied' }])
      expect(answer.body.streams[0]!.have).toBe(3)
    })

    it('one bad op never holds up the others', async () => {
      const planner = await bench.enrol('planner', '00000000001')
      const ops = [
        studio(planner, 'a'),
        planner.op({ table: 'person', kind: 'create', fields: { role: 'administrator' } }),
        planner.op({ table: 'factory', kind: 'create', fields: {} }),
        studio(planner, 'b'),
      ]
      const answer = await planner.push(ops)
      expect(
        answer.body.streams[0]!.runs.map(({ verdict, reason, n }) => [verdict, reason ?? '', n]),
      ).toStrictEqual([
        ['applied', '', 1],
        ['rejected', 'administrators-only', 1],
        ['rejected', 'bad-scope', 1],
        ['applied', '', 1],
      ])
    })

    it('keeps tables, fields and kinds of newer versions as they are', async () => {
      const op = bench.founder.op({
        table: 'holography',
        kind: 'fact',
        fields: { depth: 3, colours: ['red', { deep: true }] },
      })
      const strange = bench.founder.op({
        table: 'studio',
        kind: 'fold' as Op['kind'],
        fields: { hue: 1 },
        row: opId(op),
      })
      await bench.founder.push([op, strange])
      const reader = await bench.enrol('planner', null)
      expect((await reader.pull(FROM_START)).ops).toMatchObject([
        { table: 'holography', fields: op.fields },
        { kind: 'fold', fields: { hue: 1 } },
      ])
    })

    it('a clock that is a year ahead or behind neither wins for ever nor is refused', async () => {
      const YEAR = 365 * 24 * HOUR
      const ahead = { ...studio(bench.founder, 'a'), at: { ms: Date.now() + YEAR, ctr: 0 } }
      const behind = {
        ...bench.founder.op({ table: 'studio', kind: 'set', row: ahead.row, fields: { feeFenPerHour: 5 } }),
        at: { ms: Date.now() - YEAR, ctr: 0 },
      }
      const answer = await bench.founder.push([ahead, behind])
      const [run] = answer.body.streams[0]!.runs
      expect(run!.verdict).toBe('applied')
      const stamps = run!.stamps!
      expect(stamps[0]![0]).toBeLessThanOrEqual(Date.now())
      expect(stamps.at(-1)![0]).toBe(stamps[0]![0])
    })

    it('hub sequences never skip under parallel pushes of many devices', async () => {
      const devices = await Promise.all(Array.from({ length: 6 }, () => bench.enrol('planner', null)))
      let cursor = 0
      const seen: number[] = []
      let writing = true
      const reader = await bench.enrol('planner', null)
      const reading = (async () => {
        while (writing || seen.length < 60) {
          const { head, ops } = await reader.pull([{ scope: 'belt', epoch: 1, seq: cursor }])
          seen.push(...ops.map(({ hubSeq }) => hubSeq))
          cursor = head.scopes[0]!.through
        }
      })()
      await Promise.all(
        devices.map(async (device, index) => {
          for (let i = 0; i < 10; i++) await device.push([studio(device, `${index}.${i}`)])
        }),
      )
      writing = false
      await reading
      expect(seen).toStrictEqual(Array.from({ length: 60 }, (_, index) => index + 1))
    })
  })

  describe('claims', () => {
    it('are answered once, in order, with fences; the loser learns who holds the slot and what else is free', async () => {
      const a = await bench.enrol('planner', '00000000001')
      const b = await bench.enrol('planner', '00000000001')
      const room = studio(bench.founder, 'room')
      await bench.founder.push([room])
      const [first, second] = [claim(a, room.row, DAY), claim(b, room.row, DAY + HOUR / 2)]
      await Promise.all([a.push([first]), b.push([second])])
      await a.push([first])
      const { ops } = await bench.founder.pull(FROM_START)
      const answers = ops.filter(({ table }) => table === 'claimAnswer').map(({ fields }) => fields)
      expect(answers.map(({ outcome }) => outcome)).toStrictEqual(['granted', 'refused'])
      expect(answers[1]).toMatchObject({ reason: 'studio-taken', heldBy: answers[0]!.bookingId, term: 2 })
      expect(answers[1]!.alternatives).toHaveLength(3)
      expect(ops.filter(({ table }) => table === 'resourceGrant')).toHaveLength(1)
    })

    it('nobody but the arbiter writes grants', async () => {
      const grant = bench.founder.op({
        table: 'resourceGrant',
        kind: 'fact',
        lane: 'urgent',
        stream: 1,
        fields: { bookingId: 'x' },
      })
      expect((await bench.founder.push([grant])).body.streams[0]!.runs).toMatchObject([
        { verdict: 'rejected', reason: 'arbiter-only' },
      ])
    })

    it('the database itself refuses a second grant of a unit', async () => {
      const { database } = bench.running.hub
      const row = {
        belt: bench.belt,
        grantId: 'g1',
        bookingId: 'b1',
        resourceKey: 'studio:s',
        unit: 1,
        startMs: 10,
        endMs: 20,
        fence: 1,
      }
      const insert = (extra: Partial<typeof row>) =>
        database.db
          .insertInto('liveGrant')
          .values({ ...row, ...extra })
          .execute()
      await insert({})
      await insert({ grantId: 'g2', startMs: 20, endMs: 30, fence: 2 })
      await insert({ grantId: 'g3', unit: 2, fence: 3 })
      const overlap = await insert({ grantId: 'g4', startMs: 19, endMs: 21, fence: 4 }).catch(
        (error: unknown) => error,
      )
      expect(database.isOverlap(overlap)).toBe(true)
      await expect(insert({ grantId: 'g5', resourceKey: 'studio:t', fence: 3 })).rejects.toThrow()
    })

    it('a claim that arrives before its studio waits for it', async () => {
      const room = studio(bench.founder, 'room')
      await bench.founder.push([claim(bench.founder, room.row, DAY)])
      const reader = await bench.enrol('planner', null)
      expect((await reader.pull(FROM_START)).ops.some(({ table }) => table === 'claimAnswer')).toBe(false)
      await bench.founder.push([room])
      expect(
        (await reader.pull(FROM_START)).ops.find(({ table }) => table === 'claimAnswer')?.fields.outcome,
      ).toBe('granted')
    })
  })

  describe('who may speak', () => {
    it('refuses strangers, forged signatures, repeated and outdated requests', async () => {
      const body = Buffer.from(JSON.stringify({ cursors: FROM_START, maxBytes: 1000, accepts: [] }))
      const { founder } = bench
      expect(await founder.send('pull', body, { headers: { authorization: '' } })).toMatchObject({
        status: 401,
        body: { code: 'not-enrolled' },
      })
      expect(await founder.send('pull', body, { signature: 'A'.repeat(86) })).toMatchObject({
        status: 401,
        body: { code: 'bad-signature' },
      })
      const used = ++founder.counter
      expect((await founder.send('pull', body, { counter: used })).status).toBe(200)
      expect(await founder.send('pull', body, { counter: used })).toMatchObject({
        status: 409,
        body: { code: 'stale-counter', number: used + 1 },
      })
      expect((await founder.send('pull', body, { counter: used + 500 })).status).toBe(200)
      expect((await founder.send('pull', body, { counter: used + 300 })).status).toBe(409)
      expect((await founder.send('pull', body, { counter: used + 480 })).status).toBe(200)
    })

    it('a signed body cannot be exchanged', async () => {
      const { founder } = bench
      const body = Buffer.from(JSON.stringify({ cursors: FROM_START, maxBytes: 1000, accepts: [] }))
      const honest = await founder.send('pull', body)
      expect(honest.signature).toMatch(/^[\w-]{86}$/)
      const batch = seal(compression, 'zstd', encodeBatch({ ops: [], links: [], stamps: null }))
      const stolen = await founder.send('status', batch, { signature: honest.signature! })
      expect(stolen.status).toBe(401)
    })

    it('ops in another author’s name are no batch', async () => {
      const a = await bench.enrol('planner', null)
      const forged = bench.founder.op({ table: 'studio', kind: 'create', fields: studioFields('x') })
      expect(await a.push([forged])).toMatchObject({ status: 400, body: { code: 'bad-batch' } })
    })

    it('work of a revoked device is kept for an administrator, never dropped and never shown', async () => {
      const a = await bench.enrol('planner', null)
      await a.push([studio(a, 'before')])
      expect(await revoke(bench.running.hub, bench.belt, a.keys.author)).toBe(true)
      const answer = await a.push([studio(a, 'after')])
      expect(answer.body.streams[0]!.runs).toMatchObject([{ verdict: 'quarantined', reason: 'revoked' }])
      await expect(a.pull(FROM_START)).rejects.toMatchObject({ answer: { code: 'revoked' } })
      expect((await bench.founder.pull(FROM_START)).ops.map(({ fields }) => fields.name)).toStrictEqual([
        'before',
      ])
    })

    it('officials write nothing and read no base', async () => {
      const official = await bench.enrol('official', null)
      const answer = await official.push([studio(official, 'x')])
      expect(answer.body.streams[0]!.runs).toMatchObject([{ verdict: 'rejected', reason: 'read-only' }])
      await expect(official.pull([{ scope: 'base:00000000001', epoch: 1, seq: 0 }])).rejects.toMatchObject({
        answer: { code: 'bad-request' },
      })
    })

    it('a device of one base neither reads nor writes another', async () => {
      const a = await bench.enrol('planner', '00000000001')
      const foreign = a.op({
        table: 'factory',
        kind: 'create',
        scope: 'base:00000000002',
        stream: 2,
        fields: {},
      })
      expect((await a.push([foreign])).body.streams[0]!.runs).toMatchObject([{ reason: 'other-base' }])
      await expect(a.pull([{ scope: 'base:00000000002', epoch: 1, seq: 0 }])).rejects.toThrow()
    })
  })

  describe('what is not a request', () => {
    it('rubbish, bombs and giants are refused in one word', async () => {
      const { founder } = bench
      const rubbish = [new Uint8Array(), Buffer.from('hello'), Buffer.alloc(5000, 0xff)]
      for (const body of rubbish)
        expect(await founder.send('push', body)).toMatchObject({ status: 400, body: { code: 'bad-batch' } })
      const bomb = Buffer.concat([Buffer.from([2]), zlib.zstdCompressSync(Buffer.alloc(200_000_000))])
      expect(await founder.send('push', bomb)).toMatchObject({ status: 400, body: { code: 'bad-batch' } })
      const giant = await founder.send('push', Buffer.alloc(5 * 1024 * 1024)).catch(() => ({ status: 413 }))
      expect(giant.status).toBe(413)
      expect(await founder.send('pull', Buffer.from('{"cursors":[]}'))).toMatchObject({
        status: 400,
        body: { code: 'bad-request' },
      })
      expect(await founder.send('nowhere', Buffer.from(''))).toMatchObject({ status: 404 })
    })

    it('no answer carries a stack trace or a path', async () => {
      const { founder } = bench
      for (const path of ['push', 'pull', 'status', 'renew', '%00', '../../etc']) {
        const answer = await founder.send(path, Buffer.from('{'))
        expect(Buffer.from(answer.bytes).toString()).not.toMatch(/node_modules|electron\/|\.ts|Error:| at /)
      }
    })
  })
})
