import { execFileSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { asAppError } from '../../electron/core/dispatch.ts'
import { recoveryCodeOf } from '../../electron/core/keys.ts'
import { openDb } from '../../electron/sqlite/open.ts'
import { DOUDIAN_73, csvText, doudianRow } from '../fixtures/exports.ts'
import { NEW_BELT, startCore, tempDir, type TestCore } from '../helpers/core.ts'
import { readFile } from '../helpers/imports.ts'

const cleanUps: (() => void)[] = []
const running: TestCore[] = []
afterEach(async () => {
  for (const app of running.splice(0)) await app.core.close()
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp()
})

function folder(): string {
  const dir = tempDir()
  cleanUps.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

function start(dataDir: string): TestCore {
  const app = startCore({ dataDir })
  running.push(app)
  return app
}

async function stop(app: TestCore): Promise<void> {
  running.splice(running.indexOf(app), 1)
  await app.core.close()
}

const storePath = (dataDir: string): string => {
  const file = readdirSync(join(dataDir, 'belts')).find((name) => name.endsWith('.db'))!
  return join(dataDir, 'belts', file)
}

const people = (app: TestCore) =>
  app.core.services
    .belt()
    .store.db.prepare<[], { name: string }>('SELECT name FROM person ORDER BY name')
    .all()
    .map((row) => row.name)

const addPerson = (app: TestCore, name: string) =>
  app.call('person/save', { id: null, name, role: 'planner', baseId: null })

/** Mounting needs rights that a test run may not have; then the tests that need it are skipped and say so. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const dir = tempDir()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' })
    execFileSync('umount', [dir], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
const mountable = canMount()

function smallDisk(megabytes: number): string {
  const dir = folder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir])
  cleanUps.push(() => execFileSync('umount', ['-l', dir]))
  return dir
}

/** By a mount, or by file modes for anybody but root, whom they do not stop. */
const canForbidWriting = mountable || (process.platform !== 'win32' && process.getuid?.() !== 0)

function setWritable(dataDir: string, writable: boolean): void {
  if (mountable) execFileSync('mount', ['-o', `remount,${writable ? 'rw' : 'ro'}`, dataDir])
  else execFileSync('chmod', ['-R', writable ? 'u+w' : 'a-w', dataDir])
}

describe('a full disk', () => {
  /** The store may not grow by more than this many pages: SQLite then answers as on a full disk. */
  const capPages = (app: TestCore, more: number) => {
    const { db } = app.core.services.belt().store
    const pages = db.pragma('page_count', { simple: true }) as number
    db.pragma(`max_page_count = ${pages + more}`)
  }

  it('refuses what does not fit, keeps everything before it, and goes on when there is room', async () => {
    const app = start(folder())
    await app.call('app/createBelt', NEW_BELT)
    capPages(app, 3)
    const kept: string[] = []
    let refused: unknown = null
    for (let i = 0; i < 400 && !refused; i++) {
      const name = `person ${String(i).padStart(3, '0')} ${'x'.repeat(20)}`
      await addPerson(app, name).then(
        () => kept.push(name),
        (error: unknown) => (refused = error),
      )
    }
    expect(refused).toMatchObject({ code: 'store-full' })
    expect(people(app)).toEqual([...kept, NEW_BELT.administrator.name])
    capPages(app, 1000)
    await addPerson(app, 'after')
    expect(people(app)).toContain('after')
    await stop(app)
    const again = start(app.dataDir)
    expect(people(again)).toHaveLength(kept.length + 2)
  })

  it('stops an import between two slices; it ends well once there is room', async () => {
    const app = start(folder())
    await app.call('app/createBelt', NEW_BELT)
    const rows = Array.from({ length: 600 }, (_, n) => doudianRow(n))
    const { summary } = await readFile(app, csvText(DOUDIAN_73, rows))
    capPages(app, 60)
    const { importId } = summary
    await expect(app.call('import/commit', { importId })).rejects.toMatchObject({ code: 'store-full' })
    capPages(app, 100_000)
    expect(await app.call('import/commit', { importId })).toMatchObject({ status: 'committed' })
    const { db } = app.core.services.belt().store
    const count = (table: string) =>
      db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table}`).get()!.n
    expect([count('orderLine'), count('orderState'), count('importBatch')]).toEqual([600, 600, 1])
  })

  it.skipIf(!mountable)(
    'met while a file is read leaves the belt as it was (skipped without the right to mount a small disk)',
    async () => {
      const app = start(smallDisk(6))
      await app.call('app/createBelt', NEW_BELT)
      const upload = folder()
      const path = join(upload, 'large.csv')
      const rows = Array.from({ length: 20_000 }, (_, n) => doudianRow(n))
      writeFileSync(path, csvText(DOUDIAN_73, rows))
      const fileHandle = app.core.registerFile({
        path,
        name: 'large.csv',
        sizeBytes: statSync(path).size,
        ephemeral: false,
      })
      const { importId } = await app.call('import/start', { fileHandle })
      while ((await app.call('import/history', {})).rows[0]!.status === 'reading')
        await new Promise((resolve) => setTimeout(resolve, 20))
      await expect(app.call('import/preview', { importId })).rejects.toMatchObject({ code: 'store-full' })
      expect(readdirSync(join(app.dataDir, 'imports'))).toEqual([])
      await addPerson(app, 'still here')
      expect(people(app)).toContain('still here')
    },
  )
})

describe('a data directory that cannot be written', () => {
  it.skipIf(!canForbidWriting)(
    'is named as the reason, and stays as it is (skipped where writing cannot be forbidden)',
    async () => {
      const dataDir = mountable ? smallDisk(8) : folder()
      const app = start(dataDir)
      await app.call('app/createBelt', NEW_BELT)
      await stop(app)
      const before = readFileSync(storePath(dataDir))
      setWritable(dataDir, false)
      const locked = start(dataDir)
      expect(await locked.call('app/state', {})).toMatchObject({
        phase: 'trouble',
        trouble: { error: { code: 'store-read-only' } },
      })
      await expect(locked.call('app/createBelt', NEW_BELT)).rejects.toMatchObject({ code: 'store-read-only' })
      await stop(locked)
      expect(readFileSync(storePath(dataDir)).equals(before)).toBe(true)
      setWritable(dataDir, true)
      const again = start(dataDir)
      expect(people(again)).toEqual([NEW_BELT.administrator.name])
    },
  )

  it('is refused with its reason when a file is in its place', () => {
    const path = join(folder(), 'taken')
    writeFileSync(path, 'not a folder')
    let thrown: unknown = null
    try {
      start(join(path, 'data'))
    } catch (error) {
      thrown = error
    }
    expect(asAppError(thrown)).toMatchObject({ code: 'store-read-only' })
    expect(readFileSync(path, 'utf8')).toBe('not a folder')
  })
})

describe('a store from a newer version', () => {
  it('is left untouched and explained', async () => {
    const app = start(folder())
    await app.call('app/createBelt', NEW_BELT)
    await stop(app)
    const path = storePath(app.dataDir)
    const db = openDb(path)
    db.prepare(
      `INSERT INTO migration (number, name, checksum, appliedMs) VALUES (9000, '9000_later', 'x', 1)`,
    ).run()
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.close()
    const before = readFileSync(path)
    const again = start(app.dataDir)
    const state = await again.call('app/state', {})
    expect(state).toMatchObject({
      phase: 'trouble',
      trouble: { error: { code: 'store-newer', details: { migration: '9000_later' } } },
    })
    await expect(again.call('demand/bySku', { fromMs: 0, toMs: 1 })).rejects.toMatchObject({
      code: expect.stringMatching(/store-newer|not-signed-in/) as string,
    })
    await stop(again)
    expect(readFileSync(path).equals(before)).toBe(true)
  })
})

describe('a damaged key file', () => {
  it('is explained, kept, and replaced only when somebody says so', async () => {
    const app = start(folder())
    const { recoveryCode } = await app.call('app/createBelt', NEW_BELT)
    const personId = (await app.call('app/state', {})).person!.id
    await stop(app)
    const keys = join(app.dataDir, 'keys')
    const name = readdirSync(keys).find((file) => /^belt-\w+\.json$/.test(file))!
    truncateSync(join(keys, name), 40)
    const damaged = readFileSync(join(keys, name), 'utf8')
    const again = start(app.dataDir)
    expect(await again.call('app/state', {})).toMatchObject({
      phase: 'trouble',
      trouble: { error: { code: 'keys-damaged' } },
    })
    expect(readFileSync(join(keys, name), 'utf8')).toBe(damaged)
    const guest = again.core.openConnection({ kind: 'socket', remote: true })
    expect(await again.core.request(guest, 'app/replaceKeys', { recoveryCode })).toMatchObject({
      error: { code: 'not-allowed' },
    })
    await again.call('app/replaceKeys', { recoveryCode })
    expect(await again.call('app/state', {})).toMatchObject({ phase: 'sign-in', trouble: null })
    expect(recoveryCodeOf(again.core.services.belt().keys.rootSeed!)).toBe(recoveryCode)
    const kept = readdirSync(keys).find((file) => file.startsWith(`${name}.unreadable-`))!
    expect(readFileSync(join(keys, kept), 'utf8')).toBe(damaged)
    await again.call('session/open', { personId, pin: NEW_BELT.administrator.pin })
    await addPerson(again, 'after')
    expect(people(again)).toContain('after')
  })
})

describe('a damaged store', () => {
  const damages: [string, (path: string) => void][] = [
    ['without its beginning', (path) => overwrite(path, 0, 4096)],
    ['with torn pages', (path) => overwrite(path, 8192, Math.min(400_000, statSync(path).size - 8192))],
    ['cut short', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['replaced by something else', (path) => writeFileSync(path, 'hello '.repeat(5000))],
  ]

  function overwrite(path: string, from: number, bytes: number): void {
    const file = openSync(path, 'r+')
    writeSync(
      file,
      new Uint8Array(bytes).map((_, i) => (i * 131 + 7) % 256),
      0,
      bytes,
      from,
    )
    closeSync(file)
  }

  it.each(damages)('%s: offers the last backup and keeps the damaged file', async (_, damage) => {
    const app = start(folder())
    await app.call('app/createBelt', NEW_BELT)
    await addPerson(app, 'in the backup')
    const backup = await app.call('backup/make', {})
    await addPerson(app, 'after the backup')
    await stop(app)
    const path = storePath(app.dataDir)
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
    damage(path)
    const damaged = join(folder(), 'copy')
    mkdirSync(damaged, { recursive: true })
    copyFileSync(path, join(damaged, 'store.db'))

    const again = start(app.dataDir)
    const state = await again.call('app/state', {})
    expect(state).toMatchObject({
      phase: 'trouble',
      trouble: { error: { code: 'store-corrupt' }, backups: [{ id: backup.id }] },
    })
    await again.call('backup/restore', { backupId: backup.id })
    expect(people(again)).toEqual(['in the backup', NEW_BELT.administrator.name])
    const kept = readdirSync(join(app.dataDir, 'belts')).find((name) => /\.replaced-\d+$/.test(name))!
    expect(
      readFileSync(join(app.dataDir, 'belts', kept)).equals(readFileSync(join(damaged, 'store.db'))),
    ).toBe(true)
    expect(existsSync(path)).toBe(true)
  })

  it('refuses a backup that is damaged too, and changes nothing', async () => {
    const app = start(folder())
    await app.call('app/createBelt', NEW_BELT)
    const backup = await app.call('backup/make', {})
    await addPerson(app, 'newest')
    writeFileSync(join(app.dataDir, 'backups', backup.id), 'nothing of use')
    await expect(app.call('backup/restore', { backupId: backup.id })).rejects.toMatchObject({
      code: 'backup-not-usable',
    })
    expect(people(app)).toContain('newest')
  })
})
