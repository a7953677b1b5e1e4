import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeRig, settled, until, type Rig, type RigDevice } from '../../helpers/sync-rig.ts'
import { writeLink, readLink } from '../../../electron/core/sync/link.ts'
import { OPEN_LINK, startLink, type LinkProxy, type LinkShape } from './proxy.ts'
import { workload, type Workload } from './workload.ts'

interface Case {
  readonly name: string
  readonly metrics: Record<string, number>
}

const SKUS = 160
const RECORDS = 20_000
const EDITED = 2_000
const EDITS = 9
const SLOW: LinkShape = { bytesPerSecond: 8000, oneWayMs: 300, cutEveryMs: 30_000, outageMs: 5000 }

/** `npm run bench -- sync [--json] [--seed N] [--case TEXT]` */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      case: { type: 'string', default: '' },
    },
  })
  const cases: Case[] = []
  const note = (name: string, metrics: Record<string, number>): void => {
    cases.push({ name, metrics })
    if (!values.json)
      console.log(
        `${name.padEnd(28)} ${Object.entries(metrics)
          .map(([key, value]) => `${key} ${Number(value.toFixed(2))}`)
          .join('  ')}`,
      )
  }
  const wanted = (name: string) =>
    values.case === '' || name.toLowerCase().includes(values.case.toLowerCase())
  const seed = Number(values.seed)
  if (wanted('disk')) note('disk', { fsyncs_per_second: fsyncRate() })
  if (wanted('W1 push') || wanted('W1 pull')) await measure('W1', seed, writeRecords, OPEN_LINK, true, note)
  if (wanted('W2 push')) await measure('W2 compacted', seed, writeEdits, OPEN_LINK, true, note)
  if (wanted('W2 push') || wanted('W2 raw')) await measure('W2 raw', seed, writeEdits, OPEN_LINK, false, note)
  if (wanted('W1 slow')) await measure('W1 slow', seed, writeRecords, SLOW, true, note)
  for (const { name, metrics } of values.json ? cases : [])
    for (const [metric, value] of Object.entries(metrics))
      console.log(
        JSON.stringify({ bench: 'sync', case: name, metric, value: Number(value.toFixed(3)), seed }),
      )
  return 0
}

/** One device writes offline, sends over the given link; another, at home, takes it in over an open one. */
async function measure(
  name: string,
  seed: number,
  write: (rig: Rig, device: RigDevice, load: Workload, clock: { ms: number }) => number,
  shape: LinkShape,
  compact: boolean,
  note: (name: string, metrics: Record<string, number>) => void,
): Promise<void> {
  const clock = { ms: Date.now() - 120 * 86_400_000 }
  const rig = await makeRig({ founderClock: { now: () => clock.ms }, compact })
  try {
    const { founder } = rig
    const reader = await rig.join('reader', 'administrator', null)
    founder.go()
    reader.go()
    const skuIds = founder.write((mutator) =>
      Array.from({ length: SKUS }, (_, index) =>
        mutator.withScope(`base:${rig.baseA}`).create('sku', {
          name: `sku ${index}`,
          productId: rig.beltId,
          code: `c${index}`,
          externalId: null,
          priceFen: 1,
          costFen: 1,
          weightG: 1,
          packaging: '',
          packagingG: 0,
        }),
      ),
    )
    await until(() => settled(founder) && has(reader, 'sku', SKUS), 'the belt is ready', 60_000)
    await founder.stop()
    await reader.stop()

    const ops = write(rig, founder, workload(seed, skuIds), clock)
    const up = await linkTo(rig, founder, shape)
    let startMs = performance.now()
    founder.go()
    await until(() => settled(founder), 'everything is acknowledged', 600_000)
    const pushMs = performance.now() - startMs
    await founder.stop()
    note(`${name} push`, {
      bytes_per_op: (up.up + up.down) / ops,
      up_per_op: up.up / ops,
      ops_per_second: (ops / pushMs) * 1000,
      seconds: pushMs / 1000,
      cuts: up.cuts,
    })
    await up.close()

    const down = await linkTo(rig, reader, OPEN_LINK)
    const before = canonical(reader)
    startMs = performance.now()
    reader.go()
    await until(
      () => canonical(reader) - before >= sentOps(founder) - SKUS - 5,
      'everything is read',
      600_000,
    )
    const pullMs = performance.now() - startMs
    await reader.stop()
    note(`${name} pull`, {
      bytes_per_op: (down.up + down.down) / ops,
      ops_per_second: ((canonical(reader) - before) / pullMs) * 1000,
    })
    await down.close()
  } finally {
    await rig.close()
  }
}

async function linkTo(rig: Rig, device: RigDevice, shape: LinkShape): Promise<LinkProxy> {
  const proxy = await startLink(rig.hub.port, shape)
  const link = readLink(device.store)!
  device.store.transact(() => writeLink(device.store, { ...link, url: `http://127.0.0.1:${proxy.port}` }))
  return proxy
}

const number = (device: RigDevice, sql: string): number =>
  (device.store.db.prepare(sql).get() as { n: number }).n
const has = (device: RigDevice, table: string, count: number): boolean =>
  number(device, `SELECT count(*) AS n FROM ${table}`) >= count
const canonical = (device: RigDevice): number =>
  number(device, `SELECT n FROM opTally WHERE state = 'canonical'`)
const sentOps = (device: RigDevice): number =>
  number(device, `SELECT count(*) AS n FROM op WHERE state = 'canonical'`)

function writeRecords(rig: Rig, device: RigDevice, load: Workload, clock: { ms: number }): number {
  for (let made = 0; made < RECORDS; made += 500)
    device.write((mutator) => {
      const scoped = mutator.withScope(`base:${rig.baseA}`)
      for (let i = 0; i < 500; i++) {
        clock.ms += load.nextGapMs()
        scoped.create('sellingPointCard', load.record())
      }
    })
  return RECORDS
}

function writeEdits(rig: Rig, device: RigDevice, load: Workload, clock: { ms: number }): number {
  const skuId = (device.store.db.prepare('SELECT id FROM sku LIMIT 1').get() as { id: string }).id
  const ids: string[] = []
  for (let made = 0; made < EDITED; made += 500)
    device.write((mutator) => {
      for (let i = 0; i < 500; i++) {
        clock.ms += load.nextGapMs()
        ids.push(
          mutator.withScope(`base:${rig.baseA}`).create('productionOrder', {
            skuId,
            kind: 'pre-stock',
            sessionId: null,
            sourceKey: null,
            quantity: 100 + Math.floor(load.random() * 900),
            releaseMs: clock.ms,
            dueMs: clock.ms + 86_400_000,
            weight: 1,
            status: 'open',
            doneQuantity: 0,
          }),
        )
      }
    })
  for (let round = 0; round < EDITS; round++)
    for (let from = 0; from < EDITED; from += 500)
      device.write((mutator) => {
        for (let i = 0; i < 500; i++) {
          clock.ms += load.nextGapMs()
          const id = ids[Math.floor(load.random() * EDITED)]!
          if (load.random() < 0.5) mutator.set('productionOrder', id, { quantity: 1000 + round * 1000 + i })
          else mutator.set('productionOrder', id, { weight: 10 + round * 1000 + i })
        }
      })
  return EDITED * (EDITS + 1)
}

/** Synced 4 KiB writes a second on the disk that the stores are on. */
function fsyncRate(): number {
  const path = join(process.env.TMPDIR ?? '/tmp', `chanbo-fsync-${process.pid}`)
  const file = openSync(path, 'w')
  const page = Buffer.alloc(4096)
  const startMs = performance.now()
  for (let i = 0; i < 200; i++) {
    writeSync(file, page, 0, page.length, i * page.length)
    fsyncSync(file)
  }
  const seconds = (performance.now() - startMs) / 1000
  closeSync(file)
  rmSync(path)
  return 200 / seconds
}
