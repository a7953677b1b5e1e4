import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunningHub } from '../../electron/hub/index.ts'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { until } from '../helpers/sync-rig.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'
import { MERCHANT, STUDIO } from '../fixtures/rows.ts'

const HOUR = 3_600_000

let folder: string
let hub: RunningHub
const cores: TestCore[] = []

const start = (port: number) => startTestHub(join(folder, 'hub'), { port })
const url = () => `http://127.0.0.1:${hub.port}`

beforeEach(async () => {
  folder = tempDir()
  hub = await start(0)
})
afterEach(async () => {
  for (const core of cores.splice(0)) await core.close()
  await hub.close()
  rmSync(folder, { recursive: true, force: true })
})

async function found(): Promise<{ core: TestCore; beltId: string; baseId: string; studioId: string }> {
  const core = startCore({ deviceName: 'founder' })
  cores.push(core)
  const { beltId } = await core.call('app/createBelt', NEW_BELT)
  const baseId = (await core.call('app/state', {})).bases[0]!.id
  const { services } = core.core
  const studioId = services.transact(core.core.actorOf(core.connection), ({ write }) =>
    write.create('studio', {
      ...STUDIO,
      name: '直播间一号',
      shortName: '一号',
      baseId,
    }),
  )
  return { core, beltId, baseId, studioId }
}

async function join_(beltId: string, baseId: string): Promise<TestCore> {
  const core = startCore({ deviceName: 'second' })
  cores.push(core)
  const code = await codeFor(hub, beltId, 'administrator', baseId)
  expect(await core.call('sync/join', { url: url(), code })).toStrictEqual({ beltId })
  const state = await core.call('app/state', {})
  expect(state.belt).toMatchObject({ id: beltId, name: NEW_BELT.name })
  const { services } = core.core
  services.setPerson(core.connection, state.people[0]!.id)
  return core
}

const bookingOf = (core: TestCore, id: string) =>
  core.core.services
    .belt()
    .store.db.prepare('SELECT outcome, reason, alternatives FROM bookingState WHERE bookingId = ?')
    .get(id) as { outcome: string; reason: string; alternatives: string } | undefined

describe('two cores and a hub', () => {
  it('a founded belt moves to a hub, a second base joins, both claim one hour offline and agree after it', async () => {
    const { core: first, beltId, baseId, studioId } = await found()
    const startMs = Math.ceil(Date.now() / HOUR) * HOUR + 30 * HOUR
    const claim = (core: TestCore, at: number) =>
      core.call('slot/claim', { studioId, startMs: at, endMs: at + HOUR, label: '试播' })
    const early = await claim(first, startMs - 5 * HOUR)
    expect(bookingOf(first, early.bookingId)).toMatchObject({ outcome: 'granted' })

    expect(await first.call('sync/link', {})).toMatchObject({ network: 'no-hub', canHandOver: true })
    await first.call('sync/handOver', { url: url(), code: await codeFor(hub, null) })
    const second = await join_(beltId, baseId)
    await until(
      () => bookingOf(second, early.bookingId)?.outcome === 'granted',
      'the second base sees the first grant',
    )
    await until(async () => (await first.call('app/syncBar', {})).pending === 0, 'everything is at the hub')
    expect((await first.call('sync/link', {})).hub).toMatchObject({ url: url(), role: 'administrator' })

    const port = hub.port
    await hub.close()
    const mine = await claim(first, startMs)
    const theirs = await claim(second, startMs + HOUR / 2)
    expect(mine.record).toBe('tentative')
    expect(theirs.record).toBe('tentative')
    await until(
      async () => (await second.call('app/syncBar', {})).network === 'offline',
      'the bar says offline',
    )
    expect((await second.call('app/syncBar', {})).offlineSinceMs).not.toBeNull()

    hub = await start(port)
    await Promise.all([first.call('sync/tryNow', {}), second.call('sync/tryNow', {})])
    const ids = [mine.bookingId, theirs.bookingId]
    for (const core of [first, second])
      await until(() => ids.every((id) => bookingOf(core, id)), 'both claims are answered')
    const answers = ids.map((id) => bookingOf(first, id)!)
    expect(answers.map(({ outcome }) => outcome).sort()).toStrictEqual(['granted', 'refused'])
    expect(ids.map((id) => bookingOf(second, id))).toStrictEqual(answers)
    expect(answers.find(({ outcome }) => outcome === 'refused')).toMatchObject({ reason: 'studio-taken' })
    expect((await first.call('sync/tryNow', {})).reached).toBe(true)
    await until(async () => (await first.call('app/syncBar', {})).network === 'online', 'the bar says online')
  })

  it('a refused booking that waits has the place on every device when its holder gives it back', async () => {
    const { core: first, beltId, baseId, studioId } = await found()
    await first.call('sync/handOver', { url: url(), code: await codeFor(hub, null) })
    const second = await join_(beltId, baseId)
    const startMs = Math.ceil(Date.now() / HOUR) * HOUR + 30 * HOUR
    const claim = (core: TestCore, label: string) =>
      core.call('slot/claim', { studioId, startMs, endMs: startMs + HOUR, label })
    const weekOf = async (core: TestCore, id: string) =>
      (await core.call('slot/week', { fromMs: startMs, toMs: startMs + HOUR })).bookings.find(
        (booking) => booking.id === id,
      )
    const answered = (core: TestCore, id: string, outcome: string) =>
      until(() => bookingOf(core, id)?.outcome === outcome, `${id} is ${outcome}`)

    await until(
      () => second.core.services.belt().store.db.prepare('SELECT 1 FROM studio').get() !== undefined,
      'the room is known to both',
    )
    const { bookingId: holder } = await claim(first, '甲')
    await answered(second, holder, 'granted')
    const { bookingId } = await claim(second, '乙')
    await answered(second, bookingId, 'refused')
    expect(await weekOf(second, bookingId)).toMatchObject({ record: 'refused', canWait: true, waits: false })

    await second.call('slot/wait', { bookingId, waits: true })
    expect(await weekOf(second, bookingId)).toMatchObject({ waits: true, arrived: false })
    expect((await second.call('sync/centre', {})).refused).toMatchObject([{ id: bookingId, waits: true }])
    await until(async () => (await second.call('app/syncBar', {})).pending === 0, 'the wait is at the hub')
    await first.call('slot/release', { bookingId: holder })
    for (const core of [first, second]) {
      await answered(core, bookingId, 'granted')
      expect(await weekOf(core, bookingId)).toMatchObject({
        record: 'confirmed',
        arrived: true,
        waits: false,
      })
    }
    expect((await second.call('sync/centre', {})).refused).toStrictEqual([])
  })

  it('the founding device keeps a waiting list too, and a refusal that is let go of no longer waits', async () => {
    const { core, studioId } = await found()
    const startMs = Math.ceil(Date.now() / HOUR) * HOUR + 30 * HOUR
    const claim = async (label: string) =>
      (await core.call('slot/claim', { studioId, startMs, endMs: startMs + HOUR, label })).bookingId
    const holder = await claim('甲')
    const [second, third] = [await claim('乙'), await claim('丙')]
    for (const bookingId of [second, third]) await core.call('slot/wait', { bookingId, waits: true })
    await core.call('sync/settle', { id: second, choice: 'theirs' })
    await core.call('slot/release', { bookingId: holder })
    expect([second, third].map((id) => bookingOf(core, id)!.outcome)).toStrictEqual(['refused', 'granted'])
  })

  it('a copied data directory: both keep all they wrote, and agree in the end', async () => {
    const { core: first, beltId, baseId } = await found()
    await first.call('sync/handOver', { url: url(), code: await codeFor(hub, null) })
    const second = await join_(beltId, baseId)
    const write = (core: TestCore, name: string, from: number, to: number) =>
      core.core.services.transact(core.core.actorOf(core.connection), ({ write: mutator }) => {
        for (let i = from; i < to; i++)
          mutator.create('merchant', {
            ...MERCHANT,
            name: `${name}${i}`,
            shortName: name,
            baseId,
          })
      })
    const pending = async (core: TestCore) => (await core.call('app/syncBar', {})).pending
    write(second, 'before', 0, 20)
    await until(async () => (await pending(second)) === 0, 'the original is in step')
    await second.call('sync/setOptions', { paused: true })
    write(second, 'shared', 0, 30)

    const copyDir = join(folder, 'copy')
    cpSync(second.dataDir, copyDir, { recursive: true, filter: (path) => !path.includes('lock') })
    const copy = startCore({ dataDir: copyDir, deviceName: 'copy' })
    cores.push(copy)
    copy.core.services.setPerson(copy.connection, (await copy.call('app/state', {})).people[0]!.id)
    for (let i = 0; i < 1000; i += 100) {
      write(second, 'original', i, i + 100)
      write(copy, 'copy', i, i + 100)
    }
    const author = () => copy.core.services.belt().keys.author
    const before = second.core.services.belt().keys.author
    await second.call('sync/setOptions', { paused: false })
    await until(async () => (await pending(second)) === 0, 'the original is through', 60_000)
    await copy.call('sync/setOptions', { paused: false })
    await until(
      async () => author() !== before && (await pending(copy)) === 0,
      'the copy is through under another name',
      60_000,
    )

    const names = (core: TestCore) =>
      core.core.services.belt().store.db.prepare('SELECT id, name FROM merchant ORDER BY id').all() as {
        id: string
        name: string
      }[]
    await until(() => names(first).length >= 2050, 'the founder has it all', 60_000)
    await until(() => names(second).length >= 2050, 'the original has it all', 60_000)
    const all = names(first)
    expect(new Set(all.map(({ name }) => name)).size).toBe(2050)
    expect(all).toHaveLength(2050)
    expect(names(second)).toStrictEqual(all)
    expect(names(copy)).toStrictEqual(all)
  }, 180_000)

  it('joining says what is wrong: a mistyped code, a used one, another hub, nobody there', async () => {
    const { core: first, beltId } = await found()
    await first.call('sync/handOver', { url: url(), code: await codeFor(hub, null) })
    const core = startCore()
    cores.push(core)
    const code = await codeFor(hub, beltId, 'planner', null)
    const typo = `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`
    await expect(core.call('sync/join', { url: url(), code: typo })).rejects.toMatchObject({
      code: 'enrol-code-wrong',
    })
    await expect(core.call('sync/join', { url: 'http://127.0.0.1:9', code })).rejects.toMatchObject({
      code: 'hub-unreachable',
    })
    const other = await startTestHub(join(folder, 'other'))
    try {
      await expect(
        core.call('sync/join', { url: `http://127.0.0.1:${other.port}`, code }),
      ).rejects.toMatchObject({
        code: 'hub-wrong-identity',
      })
    } finally {
      await other.close()
    }
    expect((await core.call('app/state', {})).phase).toBe('first-run')
    await core.call('sync/join', { url: url(), code })
    const late = startCore()
    cores.push(late)
    await expect(late.call('sync/join', { url: url(), code })).rejects.toMatchObject({
      code: 'enrol-code-wrong',
    })
  })

  it('a code for a device moves no belt, a code for a belt takes no device in, and neither is used up', async () => {
    const { core: first, beltId } = await found()
    await first.call('sync/handOver', { url: url(), code: await codeFor(hub, null) })
    const { core: other, beltId: otherBelt, studioId } = await found()
    const forDevice = await codeFor(hub, beltId, 'planner', null)
    const forBelt = await codeFor(hub, null)
    const wrong = { code: 'enrol-code-wrong' }
    await expect(other.call('sync/handOver', { url: url(), code: forDevice })).rejects.toMatchObject(wrong)
    const late = startCore()
    cores.push(late)
    await expect(late.call('sync/join', { url: url(), code: forBelt })).rejects.toMatchObject(wrong)

    const startMs = Math.ceil(Date.now() / HOUR) * HOUR + 30 * HOUR
    const alone = { studioId, startMs, endMs: startMs + HOUR, label: '还是自己定' }
    expect(await other.call('slot/claim', alone)).toMatchObject({ record: 'confirmed' })
    await other.call('sync/handOver', { url: url(), code: forBelt })
    expect((await other.call('app/state', {})).belt).toMatchObject({ id: otherBelt })
    expect(await late.call('sync/join', { url: url(), code: forDevice })).toStrictEqual({ beltId })
  })

  it('a belt that is on a hub already cannot be handed over again', async () => {
    const { core } = await found()
    await core.call('sync/handOver', { url: url(), code: await codeFor(hub, null) })
    await expect(
      core.call('sync/handOver', { url: url(), code: await codeFor(hub, null) }),
    ).rejects.toMatchObject({ code: 'already-joined' })
  })
})
