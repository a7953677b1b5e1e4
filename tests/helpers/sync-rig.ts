import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import zlib from 'node:zlib'
import { makeKeys, type DeviceKeys } from '../../electron/core/keys.ts'
import { createMutator, type Mutator } from '../../electron/core/store/mutator.ts'
import { Store } from '../../electron/core/store/store.ts'
import type { Fork } from '../../electron/core/sync/outbox.ts'
import { SyncEngine, type EngineStatus } from '../../electron/core/sync/engine.ts'
import { handOver, joinHub } from '../../electron/core/sync/enrolment.ts'
import { writeLink } from '../../electron/core/sync/link.ts'
import { arbitrateLocally } from '../../electron/core/sync/local-arbiter.ts'
import type { DeviceTiming } from '../../shared/wire/device.ts'
import { compressionOf } from '../../shared/wire/compression.ts'
import type { HubLog } from '../../electron/hub/context.ts'
import { makeEnrolCode } from '../../electron/hub/enrol.ts'
import { startHub, type RunningHub } from '../../electron/hub/index.ts'
import { migrate, readMigrations } from '../../electron/sqlite/migrate.ts'
import { openDb } from '../../electron/sqlite/open.ts'
import type { Role } from '../../shared/contract/define.ts'
import { STUDIO } from '../fixtures/rows.ts'

export const RESOURCES = resolve(import.meta.dirname, '../../resources')
const localMigrations = readMigrations(join(RESOURCES, 'migrations', 'local'))

export const quietLog: HubLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** A folder that disappears with `dispose`. */
export function scratch(): { path: string; dispose(): void } {
  const path = mkdtempSync(join(tmpdir(), 'chanbo-sync-'))
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) }
}

export interface RigDevice {
  readonly store: Store
  readonly keys: DeviceKeys
  readonly forks: Fork[]
  write<T>(work: (write: Mutator) => T): T
  engine(): SyncEngine
  status(): EngineStatus
  /** Starts syncing; looks for news every few ten milliseconds unless told otherwise. */
  go(timing?: Partial<DeviceTiming>): void
  stop(): Promise<void>
  close(): Promise<void>
}

export interface RigClock {
  now(): number
}

/** A store as a device has it, with the real engine, without the rest of the core. */
export function openDevice(
  path: string,
  keys: DeviceKeys,
  clock: RigClock = { now: () => Date.now() },
  compact = true,
): RigDevice {
  const db = openDb(path)
  migrate(db, localMigrations, 0)
  let engine: SyncEngine | null = null
  const forks: Fork[] = []
  const store = new Store({
    db,
    author: keys.author,
    clock: () => clock.now(),
    hooks: [],
    onChanged: () => engine?.poke(),
  })
  const device: RigDevice = {
    store,
    keys,
    forks,
    write(work) {
      const write = createMutator({
        store,
        person: null,
        baseId: null,
        afterClaim: (table, id, mutator) =>
          arbitrateLocally(store, table, id, mutator, { nowMs: clock.now(), zoneOffsetMin: 480 }),
      })
      return store.transact(() => work(write))
    },
    engine() {
      if (!engine) throw new Error('not syncing')
      return engine
    },
    status: () => device.engine().status(),
    go(timing = { pollMs: 60, busyPollMs: 30 }) {
      engine = new SyncEngine({
        store,
        keys,
        clock: () => Date.now(),
        random: Math.random,
        compression: compressionOf(zlib),
        log: quietLog,
        onChanged: () => undefined,
        onFork: (found) => forks.push(...found),
        timing,
        compact,
      })
      engine.poke()
    },
    async stop() {
      const running = engine
      engine = null
      await running?.close()
    },
    async close() {
      await device.stop()
      db.close()
    },
  }
  return device
}

export interface Rig {
  readonly folder: string
  hub: RunningHub
  readonly url: string
  readonly beltId: string
  readonly baseA: string
  readonly baseB: string
  readonly studioId: string
  readonly founder: RigDevice
  join(name: string, role: Role, baseId: string | null): Promise<RigDevice>
  stopHub(): Promise<void>
  startHub(): Promise<void>
  close(): Promise<void>
}

/** A founded belt with two bases and a studio, handed over to a real hub on loopback. */
export async function makeRig(
  options: { databaseUrl?: string; watchEveryMs?: number; founderClock?: RigClock; compact?: boolean } = {},
): Promise<Rig> {
  const { path: folder, dispose } = scratch()
  const devices: RigDevice[] = []
  const hubOptions = {
    dataDir: join(folder, 'hub'),
    resourcesDir: RESOURCES,
    clock: () => Date.now(),
    log: quietLog,
    databaseUrl: options.databaseUrl ?? null,
    watchEveryMs: options.watchEveryMs,
    host: '127.0.0.1',
  }
  let hub = await startHub({ ...hubOptions, port: 0 })
  const port = hub.port
  const url = `http://127.0.0.1:${port}`

  const founder = openDevice(
    join(folder, 'founder.db'),
    makeKeys({ founder: true }),
    options.founderClock,
    options.compact,
  )
  devices.push(founder)
  founder.store.transact(() => founder.store.setMeta('arbiter', 'self'))
  const rows = founder.write((write) => {
    const beltId = write.create('belt', {
      name: '渔具',
      shortName: '渔',
      trade: '',
      countyCode: '',
      province: '',
      tier: 'primary',
      timeZone: 'Asia/Shanghai',
      isDemo: false,
      demoNowMs: null,
    })
    const base = (name: string) =>
      write.create('liveBase', {
        name,
        shortName: name,
        kind: 'rural',
        networkProfile: 'poor',
        openMin: 0,
        closeMin: 1440,
      })
    const baseA = base('A')
    const baseB = base('B')
    const studioId = write.create('studio', {
      ...STUDIO,
      name: 'S1',
      shortName: 'S1',
      baseId: baseA,
    })
    return { beltId, baseA, baseB, studioId }
  })
  const { code } = await makeEnrolCode(hub.hub, { belt: null, role: 'administrator', baseId: null })
  await handOver({
    url,
    code,
    keys: founder.keys,
    store: founder.store,
    beltId: rows.beltId,
    deviceName: 'founder',
    nowMs: Date.now(),
  })

  return {
    folder,
    get hub() {
      return hub
    },
    set hub(next) {
      hub = next
    },
    url,
    ...rows,
    founder,
    async join(name, role, baseId) {
      const made = await makeEnrolCode(hub.hub, { belt: rows.beltId, role, baseId })
      const keys = makeKeys({ founder: false })
      const link = await joinHub({ url, code: made.code, keys, deviceName: name, nowMs: Date.now() })
      const device = openDevice(join(folder, `${name}.db`), keys)
      device.store.transact(() => writeLink(device.store, link))
      devices.push(device)
      return device
    },
    stopHub: () => hub.close(),
    async startHub() {
      hub = await startHub({ ...hubOptions, port })
    },
    async close() {
      for (const device of devices) await device.close()
      await hub.close()
      dispose()
    },
  }
}

/** Waits until `done` holds. @throws with `what` after `timeoutMs` */
export async function until(
  done: () => boolean | Promise<boolean>,
  what: string | (() => string),
  timeoutMs = 15_000,
): Promise<void> {
  const endMs = Date.now() + timeoutMs
  while (!(await done())) {
    if (Date.now() > endMs) throw new Error(`timed out: ${typeof what === 'string' ? what : what()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** True when nothing of this device waits for the hub. */
export function settled(device: RigDevice): boolean {
  const row = device.store.db.prepare(`SELECT count(*) AS n FROM op WHERE state = 'pending'`).get() as {
    n: number
  }
  return row.n === 0
}

/** Every replicated row of the belt's scope as text: equal on converged devices. */
export function beltState(device: RigDevice, tables: readonly string[]): string {
  return JSON.stringify(
    tables.map((table) => [
      table,
      device.store.db.prepare(`SELECT * FROM ${table} WHERE scope = 'belt' ORDER BY id`).all(),
    ]),
  )
}
