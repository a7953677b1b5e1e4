import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeKeys, recoveryCodeOf, type DeviceKeys } from '../../electron/core/keys.ts'
import { CoreProcess } from '../chaos/driver.ts'
import { NEW_BELT } from '../helpers/core.ts'
import { codeFor, startTestHub } from '../helpers/hub.ts'
import { findKeyringObstacle, startSession, type TestSession } from '../helpers/keyring.ts'

const KEY_CHILD = fileURLToPath(new URL('../chaos/key-child.ts', import.meta.url))
const NO_STORE = { CHANBO_KEY_STORE: 'file' }
const NO_BUS = { CHANBO_KEY_STORE: 'system', DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: '' }

let root: string
let dataDir: string
let core: CoreProcess | null = null

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chanbo-keys-'))
  dataDir = join(root, 'data')
})
afterEach(async () => {
  await core?.kill()
  core = null
  rmSync(root, { recursive: true, force: true })
})

async function start(env: NodeJS.ProcessEnv, folder = dataDir): Promise<CoreProcess> {
  await core?.end()
  core = await CoreProcess.start(folder, env)
  return core
}
async function end(): Promise<void> {
  await core?.end()
  core = null
}

const keyPath = (folder = dataDir): string => {
  const name = readdirSync(join(folder, 'keys')).find((file) => /^belt-\w+\.json$/.test(file))
  return join(folder, 'keys', name!)
}
const beltOf = (folder = dataDir): string => basename(keyPath(folder), '.json')
const keyText = (folder = dataDir): string => readFileSync(keyPath(folder), 'utf8')
const isWrapped = (folder = dataDir): boolean => 'wrapped' in (JSON.parse(keyText(folder)) as object)
const snapshot = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(folder, 'keys')).map((name) => [name, readFileSync(join(folder, 'keys', name), 'utf8')]),
  )
const copyTo = (name: string): string => {
  const folder = join(root, name)
  cpSync(dataDir, folder, { recursive: true, filter: (path) => !path.endsWith('lock.db') })
  return folder
}
const state = () => core!.call('app/state', {})
async function until(met: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await met()) return
    await delay(50)
  }
  throw new Error(`not in time: ${what}`)
}

/** What is in the keys, as the product reads it in a process of its own. */
function readKeys(session: TestSession, folder: string): DeviceKeys {
  const reader = spawnSync(process.execPath, ['--input-type=module', '-e', READ, folder, beltOf(folder)], {
    env: { ...process.env, ...session.env },
    encoding: 'utf8',
  })
  if (reader.status !== 0) throw new Error(reader.stderr)
  return JSON.parse(reader.stdout) as DeviceKeys
}
const at = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href)
const READ = `
  import { KeyFiles } from ${at('electron/core/key-files.ts')}
  import { systemKeyStore as store } from ${at('electron/core/key-store/system.ts')}
  const [dataDir, belt] = process.argv.slice(-2)
  const files = new KeyFiles({ dataDir, store, wraps: true, log: { info() {}, warn() {} } })
  await files.unlock([belt], false)
  console.log(JSON.stringify(files.load(belt, false)))`

const obstacle = findKeyringObstacle()
if (obstacle !== null) console.log(`keys in the Secret Service are not tested: ${obstacle}`)

describe.skipIf(obstacle !== null)('keys wrapped by a Secret Service', () => {
  let session: TestSession
  beforeAll(async () => {
    session = await startSession()
  })
  afterAll(() => session.stop())

  it('never lie in the clear for a belt that is founded there, and open it again', async () => {
    await start(session.env)
    const made = await core!.call('app/createBelt', NEW_BELT)
    expect(isWrapped()).toBe(true)
    expect(keyText()).not.toMatch(/seed|secret/i)
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600)
    expect(await state()).toMatchObject({ phase: 'ready', keyGuard: 'system' })
    const id = readFileSync(join(dataDir, 'keys', 'id'), 'utf8').trim()
    expect(await session.accounts()).toContain(id)

    const before = keyText()
    await start(session.env)
    expect(await state()).toMatchObject({ phase: 'sign-in', trouble: null, belt: { id: made.beltId } })
    await end()
    expect(keyText()).toBe(before)
    const { rootSeed } = readKeys(session, dataDir)
    expect(recoveryCodeOf(rootSeed!)).toBe(made.recoveryCode)
  })

  it('were in the clear before: wrapped by themselves after a start, and back again without wrapping', async () => {
    await start(NO_STORE)
    await core!.call('app/createBelt', NEW_BELT)
    expect(await state()).toMatchObject({ keyGuard: 'file' })
    await end()
    const clear = keyText()
    expect(JSON.parse(clear)).toHaveProperty('privateSeed')

    await start(session.env)
    await until(isWrapped, 'the file is wrapped')
    expect(await state()).toMatchObject({ phase: 'sign-in', keyGuard: 'system' })
    await end()
    expect(readKeys(session, dataDir)).toEqual(JSON.parse(clear))

    await start({ ...session.env, ...NO_STORE })
    expect(await state()).toMatchObject({ phase: 'sign-in', keyGuard: 'file' })
    await end()
    expect(JSON.parse(keyText())).toEqual(JSON.parse(clear))
  })

  it('stay wrapped when a copied folder gets keys of its own, also after the hub has renewed them', async () => {
    const hub = await startTestHub(join(root, 'hub'))
    try {
      await start(session.env)
      await core!.call('app/createBelt', NEW_BELT)
      await core!.call('sync/handOver', {
        url: `http://127.0.0.1:${hub.port}`,
        code: await codeFor(hub, null),
      })
      await until(async () => (await core!.call('app/syncBar', {})).network === 'online', 'the hub is there')
      await end()
      const first = readKeys(session, dataDir)

      const copy = copyTo('copy')
      await start(session.env, copy)
      expect(await state()).toMatchObject({ phase: 'sign-in', keyGuard: 'system' })
      await until(() => !readKeys(session, copy).renewing, 'the hub knows its key')
      expect(isWrapped(copy)).toBe(true)
      await end()
      const renewed = readKeys(session, copy)
      expect(renewed).toMatchObject({
        incarnation: 2,
        rootSeed: first.rootSeed,
        beltSecret: first.beltSecret,
      })
      expect(renewed.author).not.toBe(first.author)
      expect(readKeys(session, dataDir)).toEqual(first)
    } finally {
      await hub.close()
    }
  })

  it('are left alone on a computer that cannot open them, which says so and can go on under new ones', async () => {
    await start(session.env)
    const made = await core!.call('app/createBelt', NEW_BELT)
    await end()
    const copy = copyTo('elsewhere')
    const kept = snapshot(copy)
    const other = await startSession()
    try {
      for (const env of [other.env, NO_BUS]) {
        await start(env, copy)
        expect(await state()).toMatchObject({
          phase: 'trouble',
          trouble: { error: { code: 'keys-elsewhere' } },
        })
        await core!.call('app/openBelt', { beltId: beltOf(copy) })
        expect(await state()).toMatchObject({ phase: 'trouble' })
        expect(snapshot(copy)).toEqual(kept)
      }
      await expect(core!.call('app/replaceKeys', { recoveryCode: 'WRONG' })).rejects.toMatchObject({
        code: 'recovery-code-wrong',
      })
      expect(snapshot(copy)).toEqual(kept)

      await start(other.env, copy)
      await core!.call('app/replaceKeys', { recoveryCode: made.recoveryCode })
      expect(await state()).toMatchObject({
        phase: 'sign-in',
        belt: { id: made.beltId, name: NEW_BELT.name },
        people: [{ name: NEW_BELT.administrator.name }],
        keyGuard: 'system',
      })
      await end()
      const { rootSeed } = readKeys(other, copy)
      expect(recoveryCodeOf(rootSeed!)).toBe(made.recoveryCode)
      const aside = readdirSync(join(copy, 'keys')).filter((name) => name.includes('.unreadable-'))
      expect(aside).toHaveLength(1)
      expect(readFileSync(join(copy, 'keys', aside[0]!), 'utf8')).toBe(keyText())

      await start(session.env)
      expect(await state()).toMatchObject({ phase: 'sign-in', trouble: null })
    } finally {
      await end()
      await other.stop()
    }
  })

  it('are told as lost once the store has forgotten theirs', async () => {
    await start(session.env)
    await core!.call('app/createBelt', NEW_BELT)
    await end()
    await session.remove(readFileSync(join(dataDir, 'keys', 'id'), 'utf8').trim())
    const kept = keyText()
    await start(session.env)
    expect(await state()).toMatchObject({ trouble: { error: { code: 'keys-elsewhere' } } })
    expect(keyText()).toBe(kept)
    await core!.call('app/leaveBelt', {})
    expect(await state()).toMatchObject({ phase: 'first-run', trouble: null })
    await core!.call('app/createBelt', { ...NEW_BELT, name: '另一个产业带' })
    expect(await state()).toMatchObject({ phase: 'ready', keyGuard: 'system' })
    expect(readdirSync(join(dataDir, 'keys')).filter((name) => /^belt-\w+\.json$/.test(name))).toHaveLength(2)
  })

  it('wait for a store that is locked or away, and nothing replaces them meanwhile', async () => {
    await start(session.env)
    await core!.call('app/createBelt', NEW_BELT)
    const backup = await core!.call('backup/make', {})
    await end()
    const kept = snapshot(dataDir)
    const beltId = beltOf()
    const refused = async () => {
      expect(await state()).toMatchObject({ phase: 'trouble', trouble: { error: { code: 'keys-locked' } } })
      await expect(core!.call('app/replaceKeys', { recoveryCode: '' })).rejects.toMatchObject({
        code: 'not-allowed',
      })
      await expect(core!.call('backup/restore', { backupId: backup.id })).rejects.toMatchObject({
        code: 'keys-locked',
      })
      await core!.call('app/openBelt', { beltId })
      expect(await state()).toMatchObject({ trouble: { error: { code: 'keys-locked' } } })
      expect(snapshot(dataDir)).toEqual(kept)
    }
    await start(NO_BUS)
    await refused()
    await session.lock()
    try {
      await start(session.env)
      await refused()
    } finally {
      await session.unlock()
    }
    await core!.call('app/openBelt', { beltId })
    expect(await state()).toMatchObject({ phase: 'sign-in', trouble: null })
  })

  it('do not hold up a start while the keyring hangs, and open by themselves when it answers', async () => {
    await start(session.env)
    await core!.call('app/createBelt', NEW_BELT)
    await end()
    session.pause()
    try {
      await start(session.env)
      expect(await state()).toMatchObject({ trouble: { error: { code: 'keys-locked' } } })
    } finally {
      session.resume()
    }
    await until(async () => (await state()).phase === 'sign-in', 'the belt is open')
    expect(await state()).toMatchObject({ trouble: null, keyGuard: 'system' })
  })

  it('need nobody for a keyring without a password, also while it is locked', async () => {
    const easy = await startSession(null)
    try {
      await start(easy.env)
      await core!.call('app/createBelt', NEW_BELT)
      expect(isWrapped()).toBe(true)
      await end()
      await easy.lock()
      await start(easy.env)
      expect(await state()).toMatchObject({ phase: 'sign-in', trouble: null, keyGuard: 'system' })
    } finally {
      await end()
      await easy.stop()
    }
  })

  it('stay in the clear while the store is locked: no question is put without need', async () => {
    await start(NO_STORE)
    await core!.call('app/createBelt', NEW_BELT)
    await end()
    const clear = JSON.parse(keyText()) as DeviceKeys
    await session.lock()
    try {
      await start(session.env)
      await delay(4000)
      expect(await state()).toMatchObject({ phase: 'sign-in', keyGuard: 'file' })
      expect(JSON.parse(keyText())).toEqual(clear)
    } finally {
      await session.unlock()
    }
  })

  it('are readable whenever the wrapping is killed, and the next try completes it', () => {
    const run = (...args: string[]) => {
      const options = { env: { ...process.env, ...session.env }, encoding: 'utf8' } as const
      return spawnSync(process.execPath, [KEY_CHILD, dataDir, ...args], options)
    }
    const CALLS = 3
    for (let point = 0; point < CALLS * 2; point++) {
      rmSync(dataDir, { recursive: true, force: true })
      mkdirSync(join(dataDir, 'keys'), { recursive: true })
      const keys = makeKeys({ founder: true })
      writeFileSync(join(dataDir, 'keys', 'belt-k.json'), JSON.stringify(keys))
      expect(run(String(point)).signal).toBe('SIGKILL')
      expect(JSON.parse(keyText())).toEqual(keys)
      const id = readFileSync(join(dataDir, 'keys', 'id'), 'utf8')
      expect(run().stdout.trim()).toBe('system')
      expect(readFileSync(join(dataDir, 'keys', 'id'), 'utf8')).toBe(id)
      const again = run()
      expect([again.status, again.stdout.trim()]).toEqual([0, 'system'])
    }
  })
})

describe('keys where no store answers', () => {
  it('lie in an owner-only file, as without one', async () => {
    await start(NO_BUS)
    await core!.call('app/createBelt', NEW_BELT)
    expect(await state()).toMatchObject({ keyGuard: 'file' })
    expect(JSON.parse(keyText())).toHaveProperty('privateSeed')
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600)
    await start(NO_BUS)
    expect(await state()).toMatchObject({ phase: 'sign-in', keyGuard: 'file' })
  })

  it('hold up neither a start nor the founding of a belt when the bus is silent', async () => {
    mkdirSync(root, { recursive: true })
    const silent = createServer(() => undefined)
    const path = join(root, 'bus')
    await new Promise<void>((resolve) => silent.listen(path, resolve))
    try {
      const env = { CHANBO_KEY_STORE: 'system', DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` }
      await start(env)
      const startMs = performance.now()
      await core!.call('app/createBelt', NEW_BELT)
      expect(performance.now() - startMs).toBeLessThan(5000)
      expect(JSON.parse(keyText())).toHaveProperty('privateSeed')
      await end()
    } finally {
      silent.close()
    }
  })
})
