import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { placeOf } from '../../electron/core/features/backup/identity.ts'
import type { RunningHub } from '../../electron/hub/index.ts'
import { loadHubSeed } from '../../electron/hub/keys.ts'
import { hubStick, type HubStick } from '../../electron/hub/stick.ts'
import { readLink, writeLink } from '../../electron/core/sync/link.ts'
import { noteBackup, truncate } from '../../electron/hub/truncate.ts'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { until } from '../helpers/sync-rig.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'

let root: string
let hub: RunningHub
let device: TestCore
let other: TestCore
let beltId: string
const running: TestCore[] = []

const hubDir = () => join(root, 'hub')
const startIt = (port: number, dataDir = hubDir()) => startTestHub(dataDir, { port })
const stick = (): HubStick => hubStick(hub.hub, loadHubSeed(hubDir()))
const pending = async (app: TestCore) => (await app.call('app/syncBar', {})).pending
const names = (app: TestCore) =>
  (
    app.core.services
      .belt()
      .store.db.prepare('SELECT name FROM person WHERE deleted = 0 ORDER BY name')
      .all() as { name: string }[]
  ).map(({ name }) => name)
const addPeople = async (app: TestCore, tag: string, count: number) => {
  for (let i = 0; i < count; i++)
    await app.call('person/save', { id: null, name: `${tag}${i}`, role: 'planner', baseId: null })
}

/** The file a device writes, as it lies on the stick. */
async function written(app: TestCore, encrypted = true): Promise<Buffer> {
  const { handle } = await app.call('stick/export', { encrypted })
  return readFileSync(app.core.takeOffer(handle)!.path)
}
async function read(app: TestCore, file: Uint8Array) {
  const path = join(root, `answer-${Math.random()}`)
  writeFileSync(path, file)
  const fileHandle = app.core.registerFile({
    path,
    name: 'a.chanbo',
    sizeBytes: file.length,
    ephemeral: true,
  })
  return app.call('stick/import', { fileHandle })
}

beforeEach(async () => {
  root = tempDir()
  hub = await startIt(0)
  const url = `http://127.0.0.1:${hub.port}`
  other = startCore({ dataDir: join(root, 'other'), deviceName: 'founder' })
  running.push(other)
  beltId = (await other.call('app/createBelt', NEW_BELT)).beltId
  const first = await codeFor(hub, null)
  await other.call('sync/handOver', { url, code: first })
  await until(async () => (await pending(other)) === 0, 'the founder is in step')
  device = startCore({ dataDir: join(root, 'device'), deviceName: 'valley' })
  running.push(device)
  const code = await codeFor(hub, beltId)
  await device.call('sync/join', { url, code })
  const person = (await device.call('app/state', {})).people[0]!
  device.core.services.setPerson(device.connection, person.id)
  await until(async () => (await pending(device)) === 0, 'the device is in step')
  // From here on the device in the valley has no network.
  await device.call('sync/setOptions', { paused: true })
})
afterEach(async () => {
  for (const app of running.splice(0)) await app.core.close()
  await hub.close()
  rmSync(root, { recursive: true, force: true })
})

describe('files on a stick', () => {
  it('carry work to the hub, and verdicts and news back, without a network', async () => {
    await addPeople(device, '谷里', 30)
    await addPeople(other, '外面', 20)
    await until(async () => (await pending(other)) === 0, 'the founder is in step')
    const waiting = await pending(device)
    expect(waiting).toBe(30)
    const file = await written(device)
    for (const secret of ['谷里0', '"cursors"', 'person']) expect(file.includes(secret)).toBe(false)
    const { report, answer } = await stick().take(file)
    expect(report).toMatchObject({ applied: 30, duplicate: 0, rejected: 0, gaps: 0, forks: 0, problem: null })
    expect(await read(device, answer)).toMatchObject({
      applied: 30,
      arrived: 20,
      problem: null,
      needsNetwork: false,
    })
    expect(await pending(device)).toBe(0)
    expect(names(device)).toHaveLength(51)
    await until(() => names(other).length === 51, 'everybody has it')
    expect(names(device)).toStrictEqual(names(other))
    expect(await device.call('stick/state', {})).toMatchObject({ ready: true, waiting: 0 })
    // And the network, when it is back, has nothing left to do.
    await device.call('sync/setOptions', { paused: false })
    await device.call('sync/tryNow', {})
    expect(await pending(device)).toBe(0)
  }, 30_000)

  it('may be repeated, come late or out of order', async () => {
    await addPeople(device, '一', 3)
    const first = await written(device)
    await addPeople(device, '二', 3)
    const second = await written(device)
    const late = await stick().take(second)
    expect(late.report).toMatchObject({ applied: 6, gaps: 0 })
    const early = await stick().take(first)
    expect(early.report).toMatchObject({ applied: 0, duplicate: 3 })
    expect((await stick().take(second)).report).toMatchObject({ applied: 0, duplicate: 6 })
    expect(await read(device, late.answer)).toMatchObject({ applied: 6, problem: null })
    expect(await read(device, early.answer)).toMatchObject({ applied: 0, repeated: true, problem: null })
    expect(await read(device, late.answer)).toMatchObject({ applied: 0, repeated: true, problem: null })
    expect(await pending(device)).toBe(0)
    await until(() => names(other).length === 7, 'everybody has it')
  }, 30_000)

  it('news out of order are not applied over a gap, and fit once the earlier file was read', async () => {
    await addPeople(other, '甲', 2)
    await until(async () => (await pending(other)) === 0, 'sent')
    const author = device.core.services.belt().keys.author
    const empty = await written(device)
    const one = (await stick().take(empty)).answer
    expect(await read(device, one)).toMatchObject({ arrived: 2 })
    const next = await written(device)
    await addPeople(other, '乙', 2)
    await until(async () => (await pending(other)) === 0, 'sent')
    const two = (await stick().take(next)).answer
    // A store put back to before the first answer must not skip what it has forgotten.
    const { store } = device.core.services.belt()
    store.db.prepare(`DELETE FROM meta WHERE key LIKE 'cursor:%'`).run()
    expect((await read(device, two)).problem).toMatchObject({ code: 'stick-gap' })
    expect(names(device).filter((name) => name.startsWith('乙'))).toStrictEqual([])
    const news = await stick().take(await written(device))
    expect(await read(device, news.answer)).toMatchObject({ problem: null })
    expect(names(device)).toStrictEqual(names(other))
    expect(await read(device, await stick().news(beltId, author))).toMatchObject({ problem: null })
  }, 30_000)

  it('cut short anywhere: what came before stands, the rest follows with the next file', async () => {
    await addPeople(device, '长', 40)
    const file = await written(device)
    for (let n = 0; n < 12; n++) {
      const part = file.subarray(0, Math.floor((file.length * n) / 12))
      const taken = await stick()
        .take(part)
        .catch((error: unknown) => error)
      if (taken instanceof Error) expect(taken).toMatchObject({ problem: 'not-a-file' })
      else expect((taken as Awaited<ReturnType<HubStick['take']>>).report.problem).toBe('cut-short')
    }
    const { answer } = await stick().take(file)
    for (let n = 1; n < 12; n++) {
      const part = answer.subarray(0, Math.floor((answer.length * n) / 12))
      const result = await read(device, part).catch((error: unknown) => error)
      if (result instanceof Error) expect(result).toMatchObject({ code: 'stick-not-a-file' })
      else expect(result).toMatchObject({ problem: { code: 'stick-cut-short' } })
    }
    expect(await read(device, answer)).toMatchObject({ problem: null })
    expect(await pending(device)).toBe(0)
    await until(() => names(other).length === 41, 'everybody has it')
  }, 60_000)

  it('with one byte changed anywhere: refused or cut, never applied as something else', async () => {
    await addPeople(device, '真', 5)
    for (const encrypted of [true, false]) {
      const file = await written(device, encrypted)
      for (let n = 0; n < 40; n++) {
        const at = Math.floor((file.length * n) / 40)
        const forged = Buffer.from(file)
        forged[at] = forged[at]! ^ 0x20
        const taken = await stick()
          .take(forged)
          .catch((error: unknown) => error)
        if (taken instanceof Error) expect(taken).toHaveProperty('problem')
        else expect((taken as Awaited<ReturnType<HubStick['take']>>).report.problem).not.toBeNull()
      }
    }
    const ops = await hub.hub.database.db.selectFrom('op').select('state').where('state', '<>', 0).execute()
    expect(ops).toStrictEqual([])
    const { answer } = await stick().take(await written(device))
    for (let n = 0; n < 30; n++) {
      const forged = Buffer.from(answer)
      const at = Math.floor((answer.length * n) / 30)
      forged[at] = forged[at]! ^ 0x04
      const result = await read(device, forged).catch((error: unknown) => error)
      if (result instanceof Error) expect(String((result as { code?: string }).code)).toMatch(/^stick-/)
      else expect((result as { problem: unknown }).problem).not.toBeNull()
    }
    expect(names(device)).toHaveLength(6)
  }, 60_000)

  it('for somebody else are refused with the reason', async () => {
    await addPeople(device, '我', 1)
    const file = await written(device)
    const { answer } = await stick().take(file)
    await expect(read(other, answer)).rejects.toMatchObject({ code: 'stick-other-recipient' })
    await expect(read(device, file)).rejects.toMatchObject({ code: 'stick-other-kind' })
    await expect(stick().take(answer)).rejects.toMatchObject({ problem: 'other-kind' })
    await expect(read(device, Buffer.from('PK hello'))).rejects.toMatchObject({ code: 'stick-not-a-file' })
    const stranger = await startIt(0, join(root, 'stranger'))
    try {
      await expect(
        hubStick(stranger.hub, loadHubSeed(join(root, 'stranger'))).take(file),
      ).rejects.toMatchObject({ problem: 'other-recipient' })
    } finally {
      await stranger.close()
    }
    const lone = startCore({ dataDir: join(root, 'lone') })
    running.push(lone)
    await lone.call('app/createBelt', NEW_BELT)
    await expect(lone.call('stick/export', {})).rejects.toMatchObject({ code: 'stick-no-hub' })
  }, 30_000)

  it('of a revoked device are kept for an administrator, who is told', async () => {
    await addPeople(device, '迟', 4)
    const file = await written(device)
    const { revoke } = await import('../../electron/hub/enrol.ts')
    await revoke(hub.hub, beltId, device.core.services.belt().keys.author)
    const { report, answer } = await stick().take(file)
    expect(report).toMatchObject({ applied: 0, quarantined: 4 })
    expect(await read(device, answer)).toMatchObject({ quarantined: 4 })
    expect(names(other)).toStrictEqual(['于敏'])

    // What the administrator decides travels by the next file and its answer.
    const { held } = await other.call('hub/overview', {})
    const settle = (from: number, to: number, choice: 'release' | 'refuse') =>
      other.call('hub/settleHeld', { hubSeqs: held.slice(from, to).map(({ hubSeq }) => hubSeq), choice })
    const early = await stick().take(await written(device))
    await settle(0, 3, 'release')
    await settle(3, 4, 'refuse')
    expect(states(device)).toStrictEqual({ quarantined: 4 })
    const late = await stick().take(await written(device))
    expect(late.report).toMatchObject({ applied: 0, quarantined: 0, problem: null })
    expect(await read(device, late.answer)).toMatchObject({
      applied: 3,
      rejected: 1,
      arrived: 0,
      problem: null,
    })
    expect(states(device)).toStrictEqual({ canonical: 3, rejected: 1 })
    expect(names(device).filter((name) => name.startsWith('迟'))).toHaveLength(3)
    // Told before: it no longer counts, and neither does a repetition.
    for (const old of [answer, early.answer, late.answer])
      expect(await read(device, old)).toMatchObject({ rejected: 0, applied: 0, problem: null })
    expect(states(device)).toStrictEqual({ canonical: 3, rejected: 1 })
    await until(() => names(other).length === 4, 'the others read what was released')
    expect(names(device).filter((name) => !names(other).includes(name))).toStrictEqual([])
  }, 30_000)

  /** How many of the people that the device wrote are in which state. */
  function states(app: TestCore): Record<string, number> {
    const { store } = app.core.services.belt()
    const rows = store.db
      .prepare<[string], { state: string; n: number }>(
        `SELECT state, count(*) AS n FROM op WHERE tbl = 'person' AND author = ? GROUP BY state ORDER BY state`,
      )
      .all(store.author)
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]))
  }

  describe('of a data directory that was copied', () => {
    const author = (app: TestCore) => app.core.services.belt().keys.author
    const ofTag = (app: TestCore, tag: string) => names(app).filter((name) => name.startsWith(tag)).length
    let moved: TestCore

    /** Taken to another place with three steps that nobody has heard of; there is no network any more. */
    beforeEach(async () => {
      const { store } = device.core.services.belt()
      store.transact(() => writeLink(store, { ...readLink(store)!, url: 'http://127.0.0.1:9' }))
      await addPeople(device, '旧', 3)
      const dataDir = join(root, 'moved')
      cpSync(device.dataDir, dataDir, { recursive: true, filter: (path) => !path.includes('lock') })
      moved = startCore({ dataDir, deviceName: 'moved' })
      running.push(moved)
      moved.core.services.setPerson(moved.connection, (await moved.call('app/state', {})).people[0]!.id)
      expect(author(moved)).not.toBe(author(device))
      await addPeople(moved, '新', 2)
    })

    it('ask for the rights of the old key, and then carry all of its work', async () => {
      expect(await moved.call('stick/state', {})).toMatchObject({ ready: true, why: null })
      expect(await moved.call('stick/export', {})).toMatchObject({ asksFirst: true, ops: 0 })
      const { report, answer } = await stick().take(await written(moved))
      expect(report).toMatchObject({ device: author(device), renewed: true, applied: 0, problem: null })
      const known = await hub.hub.database.db
        .selectFrom('device')
        .select(['role', 'previousAuthor', 'status'])
        .where('author', '=', author(moved))
        .executeTakeFirst()
      expect(known).toMatchObject({ role: 'administrator', previousAuthor: author(device), status: 'active' })
      for (const part of [0.3, 0.6, 0.95]) {
        const cut = read(moved, answer.subarray(0, Math.floor(answer.length * part)))
        expect(await cut).toMatchObject({ problem: { code: 'stick-cut-short' } })
      }
      expect(await read(moved, answer)).toMatchObject({ needsNetwork: false, problem: null })
      const second = await stick().take(await written(moved))
      expect(second.report).toMatchObject({ device: author(moved), renewed: false, rejected: 0, gaps: 0 })
      expect(second.report.applied).toBeGreaterThanOrEqual(5)
      expect(await read(moved, second.answer)).toMatchObject({ problem: null })
      expect(await pending(moved)).toBe(0)
      await until(() => ofTag(other, '旧') === 3 && ofTag(other, '新') === 2, 'everybody has it')
      expect(names(moved)).toStrictEqual(names(other))
      await expect(read(moved, answer)).rejects.toMatchObject({ code: 'stick-other-recipient' })

      const former = author(moved)
      await moved.core.close()
      running.splice(running.indexOf(moved), 1)
      moved = startCore({ dataDir: join(root, 'moved'), deviceName: 'moved' })
      running.push(moved)
      expect(author(moved)).toBe(former)
      expect(moved.core.services.belt().keys.renewing).toBeUndefined()
    }, 30_000)

    it('give no new name to what the original has handed in meanwhile', async () => {
      expect((await stick().take(await written(device))).report).toMatchObject({ applied: 3 })
      const { answer } = await stick().take(await written(moved))
      expect(await read(moved, answer)).toMatchObject({ problem: null })
      const second = await stick().take(await written(moved))
      expect(second.report).toMatchObject({ duplicate: 0, rejected: 0, gaps: 0, forks: 0 })
      expect(await read(moved, second.answer)).toMatchObject({ problem: null })
      expect(await pending(moved)).toBe(0)
      await until(() => ofTag(other, '旧') === 3 && ofTag(other, '新') === 2, 'everybody has it once')
      expect(names(moved)).toStrictEqual(names(other))
    }, 30_000)

    it('get nothing once the old key was shut out', async () => {
      const { revoke } = await import('../../electron/hub/enrol.ts')
      await revoke(hub.hub, beltId, author(device))
      const { report, answer } = await stick().take(await written(moved))
      expect(report).toMatchObject({ renewed: false, problem: null })
      expect(await read(moved, answer)).toMatchObject({ problem: { code: 'stick-new-identity' }, arrived: 0 })
      expect((await stick().take(await written(moved))).report).toMatchObject({ applied: 0, quarantined: 0 })
      expect(await pending(moved)).toBe(5)
    }, 30_000)
  })

  /** The hub cuts its log off behind the device. */
  async function cutBehind(): Promise<void> {
    await addPeople(other, '早', 300)
    await until(async () => (await pending(other)) === 0, 'sent')
    const { id } = other.core.services
      .belt()
      .store.db.prepare<[], { id: string }>(`SELECT id FROM person WHERE name = '早0'`)
      .get()!
    await other.call('person/save', { id, name: '早改', role: 'planner', baseId: null })
    await until(async () => (await pending(other)) === 0, 'sent')
    await noteBackup(hub.hub)
    const all = { keepMs: 0, awayMs: 0, leastOps: 1, tombstoneMs: 0 }
    expect(await truncate(hub.hub, beltId, all)).toBeGreaterThan(0)
  }

  it('bring a snapshot where the hub has cut its log off', async () => {
    await cutBehind()
    await addPeople(device, '谷', 3)
    const { report, answer } = await stick().take(await written(device))
    expect(report).toMatchObject({ applied: 3, problem: null })
    await addPeople(other, '后', 2)
    await until(async () => (await pending(other)) === 0, 'sent')
    expect(await read(device, answer)).toMatchObject({ applied: 3, needsNetwork: false, problem: null })
    expect(names(device).filter((name) => name.startsWith('早'))).toHaveLength(300)
    const busy = device.core.services.belt().store.db.prepare('SELECT 1 FROM snapshotJob').get()
    expect(busy).toBeUndefined()
    // What came after the snapshot is in the next file, and the same file again is none the worse.
    expect(await read(device, answer)).toMatchObject({ repeated: true, needsNetwork: false, problem: null })
    const next = await stick().take(await written(device))
    expect(await read(device, next.answer)).toMatchObject({ arrived: 2, needsNetwork: false, problem: null })
    await until(() => names(other).length === names(device).length, 'the founder has it')
    expect(names(device)).toStrictEqual(names(other))
  }, 60_000)

  it('bring the rest of a snapshot that was cut short, from another file', async () => {
    await cutBehind()
    await addPeople(device, '谷', 3)
    const { answer } = await stick().take(await written(device))
    for (const part of [0.5, 0.8]) {
      const cut = await read(device, answer.subarray(0, Math.floor(answer.length * part)))
      expect(cut).toMatchObject({ problem: { code: 'stick-cut-short' } })
    }
    expect(await read(device, answer)).toMatchObject({ needsNetwork: false, problem: null })
    expect(names(device).filter((name) => name.startsWith('早'))).toHaveLength(300)
    expect(names(device).filter((name) => name.startsWith('谷'))).toHaveLength(3)
    expect(await pending(device)).toBe(0)
  }, 60_000)

  describe('where a copy of the device has written under its name', () => {
    let copy: TestCore
    const author = (app: TestCore) => app.core.services.belt().keys.author
    const count = (app: TestCore, tag: string) => names(app).filter((name) => name.startsWith(tag)).length

    /** Both go on from the same place; the hub has heard of the copy's work alone. */
    beforeEach(async () => {
      await addPeople(device, '同', 2)
      const dataDir = join(root, 'copy')
      cpSync(device.dataDir, dataDir, { recursive: true, filter: (path) => !path.includes('lock') })
      // Nothing on a disk that was cloned as a whole shows that it is another one.
      const keys = join(dataDir, 'keys')
      const lease = join(
        keys,
        readdirSync(keys).find((name) => name.endsWith('.lease.json'))!,
      )
      const paper = JSON.parse(readFileSync(lease, 'utf8')) as object
      writeFileSync(lease, JSON.stringify({ ...paper, place: placeOf(dataDir) }))
      copy = startCore({ dataDir, deviceName: 'copy' })
      running.push(copy)
      copy.core.services.setPerson(copy.connection, (await copy.call('app/state', {})).people[0]!.id)
      await addPeople(device, '谷', 3)
      expect(author(copy)).toBe(author(device))
    })

    async function expectNothingTaken(problem: unknown): Promise<void> {
      expect(problem).toMatchObject({ code: 'stick-copied' })
      expect(count(device, '抄')).toBe(0)
      expect(count(device, '谷')).toBe(3)
    }

    /** With a network the device goes on under a name of its own, and nobody's work is lost. */
    async function expectAllInTheEnd(): Promise<void> {
      const former = author(device)
      await device.call('sync/setOptions', { paused: false })
      await until(
        async () => author(device) !== former && (await pending(device)) === 0,
        'the device is through under another name',
      )
      for (const app of [device, other])
        await until(
          () => count(app, '抄') === count(copy, '抄') && count(app, '谷') === 3,
          'all of it is there',
        )
      await until(() => names(other).length === names(device).length, 'both have the same')
      expect(names(device)).toStrictEqual(names(other))
    }

    it('a snapshot that brings it is recognised', async () => {
      await addPeople(copy, '抄', 3)
      expect((await stick().take(await written(copy))).report).toMatchObject({ applied: 5, forks: 0 })
      await cutBehind()
      const { problem } = await read(device, await stick().news(beltId, author(device)))
      await expectNothingTaken(problem)
      await expectAllInTheEnd()
    }, 60_000)

    it.each([2, 3, 4])(
      'the answer to the copy settles nothing of the device (%i steps)',
      async (n) => {
        await addPeople(copy, '抄', n)
        await written(device)
        const { answer } = await stick().take(await written(copy))
        expect(await read(copy, answer)).toMatchObject({ applied: 2 + n, problem: null })
        const result = await read(device, answer)
        expect(await pending(device)).toBe(5)
        expect(result).toMatchObject({ applied: 0 })
        await expectNothingTaken(result.problem)
        await expectAllInTheEnd()
      },
      60_000,
    )

    it('the answer to the device’s own file says so', async () => {
      await addPeople(copy, '抄', 3)
      await stick().take(await written(copy))
      const { report, answer } = await stick().take(await written(device))
      expect(report).toMatchObject({ applied: 0, forks: 1 })
      const { problem } = await read(device, answer)
      await expectNothingTaken(problem)
      await expectAllInTheEnd()
    }, 60_000)
  })

  it('work from the command line', async () => {
    await addPeople(device, '命', 2)
    const from = join(root, 'valley.chanbo')
    writeFileSync(from, await written(device))
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [resolve('electron/hub/main.ts'), ...args, '--data-dir', hubDir()], {
        encoding: 'utf8',
      })
    await hub.close()
    const said = run('import', '--from', from)
    expect(said).toContain('taken 2 here-already 0 rejected 0')
    const answer = join(root, 'valley-answer.chanbo')
    copyFileSync(answer, join(root, 'copy'))
    hub = await startIt(hub.port)
    expect(await read(device, readFileSync(answer))).toMatchObject({ applied: 2, problem: null })
    const author = device.core.services.belt().keys.author
    await hub.close()
    run('export', '--belt', beltId, '--device', author, '--to', join(root, 'news.chanbo'))
    hub = await startIt(hub.port)
    expect(await read(device, readFileSync(join(root, 'news.chanbo')))).toMatchObject({ problem: null })
  }, 40_000)
})
