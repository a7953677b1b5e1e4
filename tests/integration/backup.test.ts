import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCore } from '../../electron/core/index.ts'
import { findBackups } from '../../electron/core/features/backup/list.ts'
import { backUpIfDue } from '../../electron/core/features/backup/schedule.ts'
import { outdated } from '../../electron/core/features/backup/generations.ts'
import { recoveryCodeOf, rootSeedOf, newSeed } from '../../electron/core/keys.ts'
import type { RunningHub } from '../../electron/hub/index.ts'
import { openDb } from '../../electron/sqlite/open.ts'
import {
  NEW_BELT,
  RESOURCES_DIR,
  SILENT,
  startCore,
  tempDir,
  WORKER_URLS,
  type TestCore,
} from '../helpers/core.ts'
import { until } from '../helpers/sync-rig.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'

const DAY_MS = 86_400_000
let root: string
let nowMs = Date.UTC(2026, 8, 17, 6)
const running: TestCore[] = []
const homeBefore = process.env.HOME

beforeEach(() => {
  root = tempDir()
  nowMs = Date.UTC(2026, 8, 17, 6)
  process.env.HOME = join(root, 'home')
  mkdirSync(join(root, 'home', 'Documents'), { recursive: true })
})
afterEach(async () => {
  for (const app of running.splice(0)) await app.core.close()
  process.env.HOME = homeBefore
  rmSync(root, { recursive: true, force: true })
})

function start(name: string, clock = () => nowMs): TestCore {
  const app = startCore({ dataDir: join(root, name), clock, deviceName: name })
  running.push(app)
  return app
}
async function stop(app: TestCore): Promise<void> {
  running.splice(running.indexOf(app), 1)
  await app.core.close()
}
const db = (app: TestCore) => app.core.services.belt().store.db
const names = (app: TestCore) =>
  (
    db(app).prepare('SELECT name FROM person WHERE deleted = 0 ORDER BY name').all() as { name: string }[]
  ).map(({ name }) => name)
const author = (app: TestCore) => app.core.services.belt().keys.author
const addPerson = (app: TestCore, name: string) =>
  app.call('person/save', { id: null, name, role: 'planner', baseId: null })
async function signIn(app: TestCore): Promise<void> {
  const { people } = await app.call('app/state', {})
  const person = people.find(({ name }) => name === NEW_BELT.administrator.name)!
  await app.call('session/open', { personId: person.id, pin: NEW_BELT.administrator.pin })
}

describe('generations', () => {
  it('keep the newest of seven days and four weeks, two from before upgrades, and always the last', () => {
    const at = (daysAgo: number, reason: 'daily' | 'upgrade' = 'daily') => ({
      atMs: Date.UTC(2026, 8, 17, 4) - daysAgo * DAY_MS,
      reason,
    })
    const all = [
      ...Array.from({ length: 60 }, (_, day) => at(day)),
      ...Array.from({ length: 60 }, (_, day) => at(day + 0.1)),
      at(40, 'upgrade'),
      at(50, 'upgrade'),
      at(55, 'upgrade'),
    ]
    const gone = new Set(outdated(all, { keepDaily: 7, keepWeekly: 4 }, 480))
    const kept = all.filter((backup) => !gone.has(backup))
    const daysKept = kept
      .filter(({ reason }) => reason === 'daily')
      .map(({ atMs }) => Math.round((all[0]!.atMs - atMs) / DAY_MS))
    // 17 September 2026 is a Thursday: earlier weeks end on the 13th, 6th and 30th, of which the 13th is among the seven days.
    expect(daysKept).toStrictEqual([0, 1, 2, 3, 4, 5, 6, 11, 18])
    expect(kept.filter(({ reason }) => reason === 'upgrade')).toHaveLength(2)
    expect(outdated([at(900)], { keepDaily: 1, keepWeekly: 0 }, 480)).toStrictEqual([])
  })
})

describe('a backup', () => {
  it('is checked, says what it is, and holds neither keys nor PINs', async () => {
    const app = start('a')
    await app.call('app/createBelt', NEW_BELT)
    const made = await app.call('backup/make', {})
    const { n } = db(app).prepare('SELECT count(*) AS n FROM op').get() as { n: number }
    expect(made).toMatchObject({ beltName: NEW_BELT.name, ops: n, reason: 'manual', atMs: nowMs })
    expect(await app.call('backup/list', {})).toStrictEqual([made])
    const path = join(made.folder, made.id)
    const bytes = readFileSync(path)
    const { keys } = app.core.services.belt()
    for (const secret of [keys.privateSeed, keys.rootSeed!, keys.beltSecret])
      expect(bytes.includes(secret)).toBe(false)
    const pin = db(app).prepare('SELECT salt, hash FROM pinVerifier').get() as { salt: Buffer; hash: Buffer }
    expect(bytes.includes(pin.salt) || bytes.includes(pin.hash)).toBe(false)
    expect(readdirSync(made.folder)).toStrictEqual([made.id])
    const copy = openDb(path, { readOnly: true })
    expect(copy.prepare('SELECT count(*) AS n FROM pinVerifier').get()).toStrictEqual({ n: 0 })
    expect(copy.pragma('journal_mode', { simple: true })).toBe('delete')
    copy.close()
    expect(
      app.events.filter((event) => event.kind === 'progress' && event.jobId === 'backup'),
    ).not.toHaveLength(0)
  })

  it('is made daily when due, into the chosen folder, and old generations go', async () => {
    const app = start('a')
    await app.call('app/createBelt', NEW_BELT)
    const { services } = app.core
    expect(await backUpIfDue(services)).toBe(true)
    expect(await backUpIfDue(services)).toBe(false)
    const plan = await app.call('backup/plan', {})
    expect(plan).toMatchObject({ daily: true, lastMs: nowMs, nextMs: nowMs + DAY_MS, lastError: null })
    const documents = plan.places.find(({ path }) => path.startsWith(join(root, 'home', 'Documents')))!
    await app.call('backup/setPlan', { placeId: documents.id, keepDaily: 2, keepWeekly: 0 })
    for (let day = 0; day < 4; day++) {
      nowMs += DAY_MS
      expect(await backUpIfDue(services)).toBe(true)
    }
    expect(readdirSync(documents.path)).toHaveLength(2)
    expect(await app.call('backup/list', {})).toHaveLength(3)
    await app.call('backup/setPlan', { daily: false })
    nowMs += 5 * DAY_MS
    expect(await backUpIfDue(services)).toBe(false)
  })

  it('that cannot be written leaves the older ones and is said', async () => {
    const app = start('a')
    await app.call('app/createBelt', NEW_BELT)
    const first = await app.call('backup/make', {})
    const { places } = await app.call('backup/plan', {})
    const documents = places.find(({ path }) => path.startsWith(join(root, 'home', 'Documents')))!
    await app.call('backup/setPlan', { placeId: documents.id })
    writeFileSync(documents.path, 'a file where the folder should be')
    nowMs += DAY_MS
    await expect(app.call('backup/make', {})).rejects.toMatchObject({ code: 'store-read-only' })
    expect((await app.call('backup/plan', {})).lastError).toMatchObject({ code: 'store-read-only' })
    expect(await app.call('backup/list', {})).toStrictEqual([first])
  })

  it('is made before an upgrade', async () => {
    const app = start('a')
    await app.call('app/createBelt', NEW_BELT)
    await stop(app)
    const resourcesDir = join(root, 'resources')
    cpSync(RESOURCES_DIR, resourcesDir, { recursive: true })
    writeFileSync(
      join(resourcesDir, 'migrations', 'local', '9999_later.sql'),
      'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;',
    )
    nowMs += 1000
    const core = createCore({
      dataDir: join(root, 'a'),
      resourcesDir,
      clock: () => nowMs,
      log: SILENT,
      native: { deviceName: 'a', version: '9' },
      workerUrls: WORKER_URLS,
    })
    try {
      const { db: upgraded } = core.services.belt().store
      expect(upgraded.prepare('SELECT count(*) AS n FROM later').get()).toStrictEqual({ n: 0 })
      const [backup] = findBackups(join(root, 'a'), null)
      expect(backup).toMatchObject({ reason: 'upgrade', atMs: nowMs, beltName: NEW_BELT.name })
      const copy = openDb(backup!.path, { readOnly: true })
      expect(copy.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'later'`).get()).toBeUndefined()
      copy.close()
    } finally {
      await core.close()
    }
  })
})

describe('restoring', () => {
  it('brings back the data, keeps this machine’s PINs, and goes on under a new identity', async () => {
    const app = start('a')
    await app.call('app/createBelt', NEW_BELT)
    await addPerson(app, '备份里的')
    const backup = await app.call('backup/make', {})
    await addPerson(app, '之后的')
    const before = author(app)
    await app.call('backup/restore', { backupId: backup.id })
    expect(names(app)).toStrictEqual(['于敏', '备份里的'])
    expect(author(app)).not.toBe(before)
    expect(await app.call('backup/identity', {})).toMatchObject({ why: 'restored' })
    await signIn(app)
    await addPerson(app, '恢复后的')
    const { author: writer } = db(app).prepare('SELECT author FROM op ORDER BY n DESC LIMIT 1').get() as {
      author: string
    }
    expect(writer).toBe(author(app))
    await app.call('backup/identitySeen', {})
    expect(await app.call('backup/identity', {})).toBeNull()
    const now = author(app)
    await stop(app)
    const again = start('a')
    expect(author(again)).toBe(now)
    expect(readdirSync(join(root, 'a', 'belts')).some((name) => name.includes('.replaced-'))).toBe(true)
  })

  it('works on another machine from a picked file: people choose PINs, and the recovery code makes it the founder', async () => {
    const app = start('a')
    const { recoveryCode } = await app.call('app/createBelt', NEW_BELT)
    const backup = await app.call('backup/make', {})
    const picked = join(root, 'picked.db')
    cpSync(join(backup.folder, backup.id), picked)
    const other = start('b')
    const handle = () =>
      other.core.registerFile({ path: picked, name: 'picked.db', sizeBytes: 1, ephemeral: false })
    await expect(
      other.call('backup/restoreFile', { fileHandle: handle(), recoveryCode: 'ABCD-EFGH' }),
    ).rejects.toMatchObject({ code: 'recovery-code-wrong' })
    await other.call('backup/restoreFile', { fileHandle: handle(), recoveryCode: recoveryCode.toLowerCase() })
    expect((await other.call('app/state', {})).phase).toBe('sign-in')
    await signIn(other)
    expect(names(other)).toStrictEqual(['于敏'])
    expect((await other.call('sync/link', {})).canHandOver).toBe(true)
    expect(author(other)).not.toBe(author(app))
    // A belt that works here is not replaced by somebody who is not signed in.
    await other.call('app/leaveBelt', {})
    await expect(other.call('backup/restoreFile', { fileHandle: handle() })).rejects.toMatchObject({
      code: 'belt-exists',
    })
  })

  it('lists what is there on the start screen of an empty machine', async () => {
    const app = start('a')
    await app.call('app/createBelt', NEW_BELT)
    const { places } = await app.call('backup/plan', {})
    await app.call('backup/setPlan', { placeId: places.find(({ path }) => path.includes('Documents'))!.id })
    const backup = await app.call('backup/make', {})
    const other = start('b')
    expect(await other.call('backup/list', {})).toMatchObject([{ id: backup.id, beltName: NEW_BELT.name }])
    await other.call('backup/restore', { backupId: backup.id })
    expect((await other.call('app/state', {})).belt?.name).toBe(NEW_BELT.name)
  })

  it('reads a recovery code as people type it', () => {
    for (let i = 0; i < 20; i++) {
      const seed = newSeed()
      const code = recoveryCodeOf(seed)
      expect(rootSeedOf(code)).toBe(seed)
      expect(rootSeedOf(code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o'))).toBe(seed)
      expect(rootSeedOf(code.slice(0, -1))).toBeNull()
    }
  })

  it('tells a recovery code with a wrong digit, but for one in a thousand', () => {
    const wrong = Array.from({ length: 3000 }, () =>
      recoveryCodeOf(newSeed()).replace(/[2-9]/, (digit) => (digit === '9' ? '2' : '9')),
    )
    // Two characters of the code are its check: 3 of 3,000 slip through on average.
    expect(wrong.filter((code) => rootSeedOf(code) !== null).length).toBeLessThan(20)
  })
})

describe('a copied data directory', () => {
  let hub: RunningHub
  const startIt = (port: number) => startTestHub(join(root, 'hub'), { port })
  beforeEach(async () => {
    hub = await startIt(0)
  })
  afterEach(() => hub.close())
  const url = () => `http://127.0.0.1:${hub.port}`
  const allSent = (app: TestCore) =>
    until(async () => (await app.call('app/syncBar', {})).pending === 0, 'everything is at the hub')

  it('is recognised before it writes, also without a network; both go on and nothing is lost', async () => {
    const clock = () => Date.now()
    const app = start('a', clock)
    await app.call('app/createBelt', NEW_BELT)
    const code = await codeFor(hub, null)
    await app.call('sync/handOver', { url: url(), code })
    await allSent(app)
    const { port } = hub
    await stop(app)
    await hub.close()

    cpSync(join(root, 'a'), join(root, 'b'), { recursive: true })
    const one = start('a', clock)
    const two = start('b', clock)
    expect(author(two)).not.toBe(author(one))
    expect(await one.call('backup/identity', {})).toBeNull()
    expect(await two.call('backup/identity', {})).toMatchObject({ why: 'copied' })
    for (const [app_, tag] of [
      [one, '甲'],
      [two, '乙'],
    ] as const) {
      await signIn(app_)
      for (let i = 0; i < 20; i++) await addPerson(app_, `${tag}${String(i).padStart(2, '0')}`)
    }
    await until(
      async () => (await two.call('app/syncBar', {})).network === 'offline',
      'the copy says it is offline',
    )
    hub = await startIt(port)
    await Promise.all([one.call('sync/tryNow', {}), two.call('sync/tryNow', {})])
    await allSent(one)
    await allSent(two)
    await until(() => names(one).length === 41 && names(two).length === 41, 'both have all')
    expect(names(two)).toStrictEqual(names(one))
    expect(existsSync(join(root, 'b', 'keys'))).toBe(true)
    const now = author(two)
    await stop(two)
    expect(author(start('b', clock))).toBe(now)
  }, 60_000)

  it('of a belt without a hub: either copy can move to a hub with all its work, grants included', async () => {
    const clock = () => Date.now()
    const app = start('a', clock)
    await app.call('app/createBelt', NEW_BELT)
    await addPerson(app, '复制前的')
    await stop(app)
    cpSync(join(root, 'a'), join(root, 'b'), { recursive: true })
    const two = start('b', clock)
    await signIn(two)
    await addPerson(two, '复制后的')
    const code = await codeFor(hub, null)
    await two.call('sync/handOver', { url: url(), code })
    await allSent(two)
    const held = await hub.hub.database.db.selectFrom('op').select('state').where('state', '<>', 0).execute()
    expect(held).toStrictEqual([])
    const ops = await hub.hub.database.db
      .selectFrom('op')
      .select((eb) => eb.fn.countAll().as('n'))
      .executeTakeFirstOrThrow()
    const own = db(two)
      .prepare(`SELECT count(*) AS n FROM op WHERE scope <> 'device' AND state = 'canonical'`)
      .get() as { n: number }
    expect(Number(ops.n)).toBe(own.n)
    expect(names(two)).toStrictEqual(['于敏', '复制前的', '复制后的'].sort())
  }, 60_000)
})
