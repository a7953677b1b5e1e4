import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { until } from '../helpers/sync-rig.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'
import { STUDIO } from '../fixtures/rows.ts'

let core: TestCore
beforeEach(async () => {
  core = startCore()
  await core.call('app/createBelt', NEW_BELT)
})
afterEach(() => core.close())

const db = (app = core) => app.core.services.belt().store.db
const addPeople = async (count: number) => {
  for (let i = 0; i < count; i++)
    await core.call('person/save', { id: null, name: `人${i}`, role: 'planner', baseId: null })
}
const totals = async () => {
  const { streams, broken } = await core.call('audit/verify', {})
  return { broken, verdicts: [...new Set(streams.map(({ verdict }) => verdict))].sort() }
}

describe('checking the log', () => {
  it('seals what it found, and finds it sound the next time', async () => {
    await addPeople(5)
    expect(await totals()).toStrictEqual({ broken: 0, verdicts: ['open'] })
    expect(await totals()).toStrictEqual({ broken: 0, verdicts: ['sound'] })
    await addPeople(1)
    const { streams, ops } = await core.call('audit/verify', {})
    const open = streams.filter(({ verdict }) => verdict === 'open')
    expect(open).toHaveLength(1)
    expect(open[0]).toMatchObject({ deviceName: null, sealed: open[0]!.ops - 1 })
    const { last, earlier } = await core.call('audit/last', {})
    expect(last).toMatchObject({ ops, personName: '于敏', broken: 0 })
    expect(earlier).toHaveLength(2)
    const { handle, name } = await core.call('audit/export', {})
    const csv = readFileSync(core.core.takeOffer(handle)!.path, 'utf8')
    expect(name).toMatch(/^audit-.*\.csv$/)
    expect(csv.trim().split('\r\n')).toHaveLength(streams.length + 1)
  })

  it.each([
    ['a value changed', `UPDATE op SET fields = replace(fields, '人3', '别人') WHERE fields LIKE '%人3%'`],
    ['a time changed', `UPDATE op SET atMs = atMs - 3600000 WHERE fields LIKE '%人3%'`],
    ['an author of the act changed', `UPDATE op SET person = NULL WHERE fields LIKE '%人3%'`],
  ])('finds %s, and names the step', async (_, sql) => {
    await addPeople(6)
    await core.call('audit/verify', {})
    db().exec(sql)
    const { streams, broken } = await core.call('audit/verify', {})
    expect(broken).toBe(1)
    const bad = streams.find(({ verdict }) => verdict === 'broken')!
    const row = db()
      .prepare(`SELECT row FROM op WHERE tbl = 'person' AND seq = ? AND stream = ?`)
      .get(bad.broken!.seq, bad.stream)
    expect(row).toStrictEqual({ row: bad.broken!.row })
    expect(bad.broken).toMatchObject({ table: 'person', label: '人3' })
    // Broken work is not sealed over.
    expect((await core.call('audit/verify', {})).broken).toBe(1)
  })

  it('finds a step taken out, in the middle and at the end, and a seal that was made up', async () => {
    await addPeople(6)
    await core.call('audit/verify', {})
    const { store } = core.core.services.belt()
    const keep = (sql: string, check: () => Promise<void>) => {
      store.db.exec('SAVEPOINT tamper')
      store.db.exec(sql)
      store.db.exec('RELEASE tamper')
      return check()
    }
    const last = store.db
      .prepare(`SELECT author, stream, max(seq) AS seq FROM op WHERE tbl = 'person'`)
      .get() as {
      author: string
      stream: number
      seq: number
    }
    const saved = store.db
      .prepare('SELECT * FROM op WHERE author = ? AND stream = ? AND seq = ?')
      .get(last.author, last.stream, last.seq) as Record<string, unknown>
    await keep(
      `DELETE FROM op WHERE author = '${last.author}' AND stream = ${last.stream} AND seq = ${last.seq}`,
      async () => {
        expect((await core.call('audit/verify', {})).broken).toBe(1)
      },
    )
    const names = Object.keys(saved)
    store.db
      .prepare(`INSERT INTO op (${names.join(',')}) VALUES (${names.map(() => '?').join(',')})`)
      .run(...names.map((name) => saved[name]))
    expect((await core.call('audit/verify', {})).broken).toBe(0)
    await keep(`UPDATE auditSeal SET signature = 'AAAA' || substr(signature, 5)`, async () => {
      expect((await core.call('audit/verify', {})).broken).toBeGreaterThan(0)
    })
  })

  it('with a hub: own sent steps are sound, the hub’s are proven by its signed heads, others’ are checked elsewhere', async () => {
    const root = tempDir()
    const hub = await startTestHub(join(root, 'hub'))
    const two = startCore({ deviceName: '二号机' })
    try {
      const url = `http://127.0.0.1:${hub.port}`
      const code = await codeFor(hub, null)
      await core.call('sync/handOver', { url, code })
      const beltId = (await core.call('app/state', {})).belt!.id
      const second = await codeFor(hub, beltId)
      await two.call('sync/join', { url, code: second })
      const state = await two.call('app/state', {})
      two.core.services.setPerson(two.connection, state.people[0]!.id)
      const { id: studioId } = await core.call('catalogue/saveStudio', {
        ...STUDIO,
        id: null,
        baseId: state.bases[0]!.id,
      })
      const startMs = Math.ceil(Date.now() / 3_600_000) * 3_600_000 + 3_600_000
      await core.call('slot/claim', { studioId, label: '海', startMs, endMs: startMs + 3_600_000 })
      await until(
        () => db(two).prepare(`SELECT 1 FROM bookingState WHERE outcome = 'granted'`).get() !== undefined,
        'granted',
      )
      await until(async () => (await two.call('app/syncBar', {})).pending === 0, 'sent')
      const { streams, broken } = await two.call('audit/verify', {})
      expect(broken).toBe(0)
      const of = (author: string) => streams.filter((stream) => stream.author === author)
      const own = two.core.services.belt().keys.author
      expect(of(own).map(({ verdict }) => verdict)).toStrictEqual(of(own).map(() => 'sound'))
      const founder = core.core.services.belt().keys.author
      expect(new Set(of(founder).map(({ verdict }) => verdict))).toStrictEqual(new Set(['elsewhere']))
      const hubAuthor = hub.hub.authorName(beltId, 1)
      expect(of(hubAuthor).map(({ verdict, isHub }) => [verdict, isHub])).toStrictEqual([['sound', true]])
      db(two)
        .prepare(`UPDATE op SET fields = replace(fields, '"granted"', '"refused"') WHERE author = ?`)
        .run(hubAuthor)
      expect(
        (await two.call('audit/verify', {})).streams.find(({ verdict }) => verdict === 'broken'),
      ).toMatchObject({
        author: hubAuthor,
      })
    } finally {
      await two.close()
      await hub.close()
      rmSync(root, { recursive: true, force: true })
    }
  }, 30_000)

  it('can be cancelled', async () => {
    const { store } = core.core.services.belt()
    store.append(
      Array.from({ length: 30_000 }, (_, i) => ({
        scope: 'belt' as const,
        lane: 'register' as const,
        kind: 'create' as const,
        table: 'equipment',
        fields: { name: `e${i}`, baseId: '', quantity: 1 },
        person: null,
      })),
    )
    const running = core.call('audit/verify', {}).catch((error: unknown) => error)
    await until(
      () => core.events.some((event) => event.kind === 'progress' && event.jobId === 'audit'),
      'under way',
    )
    await expect(core.call('audit/verify', {})).rejects.toMatchObject({ code: 'audit-running' })
    await core.call('audit/cancel', {})
    expect(await running).toMatchObject({ code: 'cancelled' })
    expect((await core.call('audit/last', {})).last).toBeNull()
  }, 30_000)
})
