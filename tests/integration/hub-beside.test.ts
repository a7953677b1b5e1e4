import { readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openSqlite } from '../../electron/hub/database.ts'
import { openDb } from '../../electron/sqlite/open.ts'
import { RESOURCES_DIR, tempDir } from '../helpers/core.ts'

const HUB = pathToFileURL(resolve(import.meta.dirname, '../../electron/hub')).href
const COMMANDS = 15

/** One command after the other, each as `hub enroll` runs it, and between them what a serving hub does: new heads. */
const COMMANDER = `
import { parentPort, workerData } from 'node:worker_threads'
import { openHub } from '${HUB}/index.ts'
import { makeEnrolCode } from '${HUB}/enrol.ts'
const log = { info() {}, warn() {}, error() {} }
const { dataDir, resourcesDir, commands, name } = workerData
const keys = new Set()
for (let i = 0; i < commands; i++) {
  const hub = await openHub({ dataDir, resourcesDir, clock: Date.now, log, databaseUrl: null })
  await makeEnrolCode(hub, { belt: null, role: 'administrator', baseId: null })
  await hub.database.db
    .insertInto('belt')
    .values({ belt: name + i, rootKey: '', term: 0, epoch: 1, nextSeq: 1, nextFence: 1, lastTimeMs: 0, backupWatermark: 0, recoveringUntilMs: null, createdMs: 0 })
    .execute()
  await hub.watch.look()
  keys.add(hub.signer.publicKey)
  await hub.close()
}
parentPort.postMessage([...keys])
`

let root: string
beforeEach(() => {
  root = tempDir()
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const command = (name: string) =>
  new Promise<string[]>((done, fail) => {
    const entry = new URL(`data:text/javascript,${encodeURIComponent(COMMANDER)}`)
    const workerData = { dataDir: join(root, 'hub'), resourcesDir: RESOURCES_DIR, commands: COMMANDS, name }
    new Worker(entry, { workerData }).once('message', done).once('error', fail)
  })

it('commands work beside each other over one folder, from its first moment on, with one key', async () => {
  const keys = await Promise.all(['a', 'b', 'c'].map(command))
  expect(new Set(keys.flat()).size).toBe(1)
  expect(readdirSync(join(root, 'hub')).filter((name) => name.endsWith('.partial'))).toEqual([])
  const file = openDb(join(root, 'hub', 'hub.db'), { readOnly: true })
  expect(file.prepare('SELECT count(*) AS n FROM enrolCode').get()).toEqual({ n: 3 * COMMANDS })
  file.close()
}, 60_000)

it('a transaction that reads first is not refused its writing because another process wrote meanwhile', async () => {
  const folder = join(root, 'hub')
  const { db } = openSqlite(folder, join(RESOURCES_DIR, 'migrations', 'hub-sqlite'), Date.now())
  const other = openDb(join(folder, 'hub.db'))
  other.pragma('busy_timeout = 0')
  await db.transaction().execute(async (tx) => {
    await tx.selectFrom('enrolCode').selectAll().execute()
    expect(() => other.exec('DELETE FROM enrolCode')).toThrow('locked')
    await tx.deleteFrom('enrolCode').execute()
  })
  other.exec('DELETE FROM enrolCode')
  other.close()
  await db.destroy()
})
