import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import type { RunningHub } from '../../electron/hub/index.ts'
import { loadHubSeed } from '../../electron/hub/keys.ts'
import { hubStick, type HubStick } from '../../electron/hub/stick.ts'
import { noteBackup, truncate } from '../../electron/hub/truncate.ts'
import { NEW_BELT, startCore, tempDir, type TestCore } from './core.ts'
import { codeFor, startTestHub } from './hub.ts'
import { until } from './sync-rig.ts'

/** A hub, the device that founded its belt, and one in a valley that has had no network since it joined. */
export interface StickRig {
  readonly root: string
  readonly hubDir: string
  hub: RunningHub
  readonly beltId: string
  readonly device: TestCore
  readonly other: TestCore
  /** Closed with the rig. */
  readonly running: TestCore[]
  stick(): HubStick
  /** Another core on a data directory, with somebody signed in. */
  open(dataDir: string, deviceName: string): Promise<TestCore>
  /** The hub cuts its log off behind the device. */
  cutBehind(): Promise<void>
  close(): Promise<void>
}

export async function startStickRig(): Promise<StickRig> {
  const root = tempDir()
  const hubDir = join(root, 'hub')
  const hub = await startTestHub(hubDir)
  const url = `http://127.0.0.1:${hub.port}`
  const other = startCore({ dataDir: join(root, 'other'), deviceName: 'founder' })
  const device = startCore({ dataDir: join(root, 'device'), deviceName: 'valley' })
  const { beltId } = await other.call('app/createBelt', NEW_BELT)
  await other.call('sync/handOver', { url, code: await codeFor(hub, null) })
  await until(async () => (await pending(other)) === 0, 'the founder is in step')
  await device.call('sync/join', { url, code: await codeFor(hub, beltId) })
  await signIn(device)
  await until(async () => (await pending(device)) === 0, 'the device is in step')
  await device.call('sync/setOptions', { paused: true })
  const running = [other, device]
  const rig: StickRig = {
    root,
    hubDir,
    hub,
    beltId,
    device,
    other,
    running,
    stick: () => hubStick(rig.hub.hub, loadHubSeed(hubDir)),
    async open(dataDir, deviceName) {
      const app = startCore({ dataDir, deviceName })
      running.push(app)
      await signIn(app)
      return app
    },
    async cutBehind() {
      await addPeople(other, '早', 300)
      await until(async () => (await pending(other)) === 0, 'sent')
      const { id } = other.core.services
        .belt()
        .store.db.prepare<[], { id: string }>(`SELECT id FROM person WHERE name = '早0'`)
        .get()!
      await other.call('person/save', { id, name: '早改', role: 'planner', baseId: null })
      await until(async () => (await pending(other)) === 0, 'sent')
      await noteBackup(rig.hub.hub)
      const all = { keepMs: 0, awayMs: 0, leastOps: 1, tombstoneMs: 0 }
      expect(await truncate(rig.hub.hub, beltId, all)).toBeGreaterThan(0)
    },
    async close() {
      for (const app of running.splice(0)) await app.core.close()
      await rig.hub.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
  return rig
}

async function signIn(app: TestCore): Promise<void> {
  const { people } = await app.call('app/state', {})
  app.core.services.setPerson(app.connection, people[0]!.id)
}

export const pending = async (app: TestCore): Promise<number> => (await app.call('app/syncBar', {})).pending

export const names = (app: TestCore): string[] =>
  (
    app.core.services
      .belt()
      .store.db.prepare('SELECT name FROM person WHERE deleted = 0 ORDER BY name')
      .all() as { name: string }[]
  ).map(({ name }) => name)

export const countOf = (app: TestCore, tag: string): number =>
  names(app).filter((name) => name.startsWith(tag)).length

export const authorOf = (app: TestCore): string => app.core.services.belt().keys.author

export async function addPeople(app: TestCore, tag: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await app.call('person/save', { id: null, name: `${tag}${i}`, role: 'planner', baseId: null })
}

/** The file a device writes, as it lies on the stick. */
export async function written(app: TestCore, encrypted = true): Promise<Buffer> {
  const { handle } = await app.call('stick/export', { encrypted })
  return readFileSync(app.core.takeOffer(handle)!.path)
}

export async function read(app: TestCore, file: Uint8Array) {
  const path = join(dirname(app.dataDir), `answer-${Math.random()}`)
  writeFileSync(path, file)
  const fileHandle = app.core.registerFile({
    path,
    name: 'a.chanbo',
    sizeBytes: file.length,
    ephemeral: true,
  })
  return app.call('stick/import', { fileHandle })
}
