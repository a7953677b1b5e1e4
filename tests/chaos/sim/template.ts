import Database from 'better-sqlite3'
import { join } from 'node:path'
import type { DeviceKeys } from '../../../electron/core/keys.ts'
import { handOver, joinHub } from '../../../electron/core/sync/enrolment.ts'
import { writeLink } from '../../../electron/core/sync/link.ts'
import type { HubConnection } from '../../../electron/core/sync/transport.ts'
import { makeEnrolCode } from '../../../electron/hub/enrol.ts'
import { migrate, readMigrations } from '../../../electron/sqlite/migrate.ts'
import type { Role } from '../../../shared/contract/define.ts'
import { RESOURCES } from '../../helpers/sync-rig.ts'
import { chanceOf } from './chance.ts'
import { settle } from './crash.ts'
import { keysFrom, SimDevice } from './device.ts'
import { SimHub } from './hub.ts'

export const HUB_SEED = Buffer.alloc(32, 7).toString('base64url')
export const START_MS = Date.UTC(2027, 0, 4, 1)

/** A belt in its first calm moment: everybody has joined and is in step. */
export interface Template {
  readonly hub: Buffer
  readonly devices: readonly { readonly name: string; readonly image: Buffer; readonly keys: DeviceKeys }[]
  readonly rows: TemplateRows
}

export interface TemplateRows {
  readonly belt: string
  readonly bases: readonly string[]
  readonly studios: readonly string[]
  readonly streamers: readonly string[]
  readonly equipment: string
  readonly merchants: readonly string[]
  readonly persons: readonly string[]
  readonly cards: readonly string[]
  /** Author names of the devices as they joined. */
  readonly authors: readonly string[]
}

/** Small pages keep a copy of an almost empty schema small. */
function emptyImage(folder: string): Buffer {
  const db = new Database(':memory:')
  db.pragma('page_size = 1024')
  migrate(db, readMigrations(join(RESOURCES, 'migrations', folder)), 0)
  const image = db.serialize()
  db.close()
  return image
}

/** Lets a device and the hub talk until both have nothing more to say. */
export async function talk(device: SimDevice, hub: SimHub, rounds = 40): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    while (device.runTimer()) await settle()
    const [flight] = device.flights.splice(0, 1)
    if (!flight) return
    try {
      const body = await hub.handle(flight)
      flight.resolve({ body: body ?? new Uint8Array(), wireBytes: 100 })
    } catch (error) {
      flight.reject(error as Error)
    }
    await settle()
  }
}

const JOINERS: readonly { name: string; role: Role; base: number | null }[] = [
  { name: 'a', role: 'planner', base: 0 },
  { name: 'b', role: 'planner', base: 1 },
  { name: 'c', role: 'cluster-manager', base: null },
]

export async function makeTemplate(): Promise<Template> {
  let nowMs = START_MS - 3_600_000
  const now = (): number => nowMs
  const empty = emptyImage('local')
  const hub = new SimHub(emptyImage('hub-sqlite'), HUB_SEED, now)
  const connect = (): HubConnection => ({
    plain: (path, body) => hub.plain(path, body),
    signed: () => Promise.reject(new Error('not needed')),
    close: () => Promise.resolve(),
  })
  const founder = new SimDevice({
    name: 'founder',
    image: empty,
    keys: keysFrom('founder', { founder: true }),
    now,
    chance: chanceOf('template'),
  })
  founder.store.transact(() => founder.store.setMeta('arbiter', 'self'))
  const rows = foundBelt(founder)
  const { code } = await makeEnrolCode(hub.context, { belt: null, role: 'administrator', baseId: null })
  await handOver({
    url: 'http://hub.invalid',
    code,
    keys: founder.keys,
    store: founder.store,
    beltId: rows.belt,
    deviceName: 'founder',
    nowMs,
    connect,
  })
  founder.start()
  const devices = [founder]
  for (const { name, role, base } of JOINERS) {
    const baseId = base === null ? null : rows.bases[base]!
    const made = await makeEnrolCode(hub.context, { belt: rows.belt, role, baseId })
    const keys = keysFrom(name)
    const link = await joinHub({
      url: 'http://hub.invalid',
      code: made.code,
      keys,
      deviceName: name,
      nowMs,
      connect,
    })
    const device = new SimDevice({ name, image: empty, keys, now, chance: chanceOf('template', name) })
    device.store.transact(() => writeLink(device.store, link))
    device.start()
    devices.push(device)
  }
  for (let round = 0; round < 8; round++) {
    for (const device of devices) await talk(device, hub)
    nowMs += 15_000
  }
  const template: Template = {
    hub: hub.raw.serialize(),
    devices: devices.map(({ name, db, keys }) => ({ name, image: db.serialize(), keys })),
    rows: { ...rows, authors: devices.map(({ keys }) => keys.author) },
  }
  for (const device of devices) device.close()
  hub.close()
  return template
}

function foundBelt(founder: SimDevice): Omit<TemplateRows, 'authors'> {
  return founder.write(null, (write) => {
    const belt = write.create('belt', {
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
    const bases = ['A', 'B'].map((name) =>
      write.create('liveBase', {
        name,
        shortName: name,
        kind: 'rural',
        networkProfile: 'poor',
        openMin: 0,
        closeMin: 1440,
      }),
    )
    const studios = ['S1', 'S2'].map((name) =>
      write.create('studio', {
        name,
        shortName: name,
        baseId: bases[0]!,
        areaM2: 30,
        kit: [],
        powerKw: 2,
        feeFenPerHour: 0,
        openMin: 0,
        closeMin: 1440,
        resetMin: 0,
        makeUpMin: 0,
      }),
    )
    const streamers = ['X', 'Y'].map((name) =>
      write.create('streamer', {
        name,
        shortName: name,
        baseId: null,
        identityVerified: true,
        birthDate: null,
        guardianConsent: false,
        firstTrainedMs: null,
        lastTrainedMs: null,
        grade: 'A',
        families: [],
        maxMinPerDay: 600,
        maxStretchMin: 240,
        minRestMin: 0,
        weekly: [],
      }),
    )
    const equipment = write.create('equipment', { name: 'lamp', baseId: bases[0]!, quantity: 2 })
    const merchants = bases.map((baseId, index) =>
      write.create('merchant', {
        name: `m${index}`,
        shortName: 'm',
        baseId,
        sizeClass: 'middle',
        returnRatePct: 1,
        creditGrade: 'B',
        listStatus: 'none',
        creditReason: '',
      }),
    )
    const persons = ['P', 'Q'].map((name) =>
      write.create('person', { name, shortName: name, role: 'planner', baseId: null, active: true }),
    )
    const cards = bases.map((base) =>
      write.withScope(`base:${base}`).create('sellingPointCard', {
        skuId: belt,
        claims: [],
        priceFen: 0,
        script: 'shared',
        promiseHours: null,
      }),
    )
    return { belt, bases, studios, streamers, equipment, merchants, persons, cards }
  })
}
