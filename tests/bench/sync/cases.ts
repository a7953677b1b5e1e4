import { makeRig, settled, until, type Rig, type RigDevice } from '../../helpers/sync-rig.ts'
import { readLink, writeLink } from '../../../electron/core/sync/link.ts'
import { compareWithHub } from './compare.ts'
import { OPEN_LINK, startLink, type LinkProxy, type LinkShape } from './proxy.ts'
import { workload, type Workload } from './workload.ts'
import { BOOKING } from '../../fixtures/rows.ts'

export type Metrics = Record<string, number>
export type Note = (name: string, metrics: Metrics) => void
export type Write = (rig: Rig, device: RigDevice, load: Workload, clock: { ms: number }) => number

export const RECORDS = 20_000
export const EDITED = 2_000
export const EDITS = 9
const SKUS = 160
/** Looks for news as the product does. */
const TIMING = {}

/** A belt of which one device has everything and has written nothing yet. */
export async function readyRig(
  seed: number,
  compact: boolean,
): Promise<{ rig: Rig; load: Workload; clock: { ms: number }; reader: RigDevice }> {
  const clock = { ms: Date.now() - 120 * 86_400_000 }
  const rig = await makeRig({ founderClock: { now: () => clock.ms }, compact })
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
  await until(() => settled(founder) && count(reader, 'sku') >= SKUS, 'the belt is ready', 60_000)
  await founder.stop()
  await reader.stop()
  return { rig, load: workload(seed, skuIds), clock, reader }
}

/** One device writes offline, sends over the given link; another, at home, takes it in over an open one. */
export async function measure(
  name: string,
  seed: number,
  write: Write,
  shape: LinkShape,
  note: Note,
  options: { compact?: boolean; pull?: boolean } = {},
): Promise<void> {
  const { rig, load, clock, reader } = await readyRig(seed, options.compact ?? true)
  try {
    const { founder } = rig
    const ops = write(rig, founder, load, clock)
    const up = await linkTo(rig, founder, shape)
    const progress = watchProgress(founder)
    const startMs = performance.now()
    founder.go(TIMING)
    await until(() => settled(founder), 'everything is acknowledged', 600_000)
    const pushMs = performance.now() - startMs
    const stillestMs = progress.stop()
    await founder.stop()
    await reachesHub(rig, founder)
    note(`${name} push`, {
      bytes_per_op: (up.up + up.down) / ops,
      up_per_op: up.up / ops,
      ops_per_second: (ops / pushMs) * 1000,
      seconds: pushMs / 1000,
      ...(shape.cutEveryMs === null
        ? {}
        : {
            cuts: up.cuts,
            resent_pct: up.bodies.resentPct,
            longest_without_progress_s: stillestMs / 1000,
          }),
      ...lostOf(rig, founder),
    })
    await up.close()
    if (options.pull === false) return

    const down = await linkTo(rig, reader, OPEN_LINK)
    const before = canonical(reader)
    const pullStartMs = performance.now()
    reader.go(TIMING)
    const wanted = sentOps(founder) - SKUS - 5
    await until(() => canonical(reader) - before >= wanted, 'everything is read', 600_000)
    const pullMs = performance.now() - pullStartMs
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

/** A pull that is cut every so often; bytes beyond those of an open link are what was read again. */
export async function measureCutPull(
  name: string,
  seed: number,
  shape: LinkShape,
  note: Note,
): Promise<void> {
  const { rig, load, clock, reader } = await readyRig(seed, true)
  try {
    const { founder } = rig
    const ops = writeRecords(rig, founder, load, clock)
    founder.go()
    await until(() => settled(founder), 'everything is at the hub', 120_000)
    await founder.stop()
    const down = await linkTo(rig, reader, shape)
    const before = canonical(reader)
    const startMs = performance.now()
    reader.go(TIMING)
    await until(() => canonical(reader) - before >= ops, 'everything is read', 600_000)
    const seconds = (performance.now() - startMs) / 1000
    await reader.stop()
    const cards = count(reader, 'sellingPointCard')
    const distinct = number(reader, 'SELECT count(DISTINCT script) AS n FROM sellingPointCard')
    note(`${name} pull`, {
      seconds,
      bytes_per_op: (down.up + down.down) / ops,
      cuts: down.cuts,
      lost: RECORDS - distinct,
      duplicated: cards - distinct,
    })
    await down.close()
  } finally {
    await rig.close()
  }
}

/** Something urgent is written while the link is away and much else waits: how long it takes once the link is back. */
export async function measureUrgent(seed: number, shape: LinkShape, note: Note): Promise<void> {
  const { rig, load, clock } = await readyRig(seed, true)
  try {
    const { founder } = rig
    // More than the link moves while this is measured.
    for (let times = 0; times < 3; times++) writeRecords(rig, founder, load, clock)
    const link = await linkTo(rig, founder, shape)
    founder.go(TIMING)
    const waits: number[] = []
    for (let round = 0; round < 5; round++) {
      await pause(6_000 + round * 700)
      link.cut()
      await pause(3_000 + round * 2_500)
      const id = claim(rig, founder, clock, round)
      link.restore()
      const startMs = performance.now()
      await until(() => stateOf(founder, id) === 'canonical', 'the claim is acknowledged', 60_000)
      waits.push(performance.now() - startMs)
    }
    const quiet: number[] = []
    for (let round = 5; round < 8; round++) {
      await pause(2_000)
      const id = claim(rig, founder, clock, round)
      const startMs = performance.now()
      await until(() => stateOf(founder, id) === 'canonical', 'the claim is acknowledged', 60_000)
      quiet.push(performance.now() - startMs)
    }
    const waiting = number(founder, `SELECT count(*) AS n FROM op WHERE state = 'pending'`)
    await founder.stop()
    note('urgent', {
      seconds_after_reconnect_max: Math.max(...waits) / 1000,
      seconds_after_reconnect_median: [...waits].sort((a, b) => a - b)[2]! / 1000,
      seconds_while_sending_max: Math.max(...quiet) / 1000,
      ops_still_behind: waiting,
      ...lostOf(rig, founder),
    })
    await link.close()
  } finally {
    await rig.close()
  }
}

function claim(rig: Rig, device: RigDevice, clock: { ms: number }, round: number): string {
  const startMs = clock.ms + (2 + round) * 86_400_000
  return device.write((write) =>
    write.claim('booking', {
      ...BOOKING,
      baseId: rig.baseA,
      label: `round ${round}`,
      studioId: rig.studioId,
      startMs,
      endMs: startMs + 3_600_000,
    }),
  )
}

export async function linkTo(rig: Rig, device: RigDevice, shape: LinkShape): Promise<LinkProxy> {
  const proxy = await startLink(rig.hub.port, shape)
  const link = readLink(device.store)!
  device.store.transact(() => writeLink(device.store, { ...link, url: `http://127.0.0.1:${proxy.port}` }))
  return proxy
}

/** Waits until the hub has finished what it was doing when the link was closed. */
const reachesHub = (_rig: Rig, _device: RigDevice): Promise<void> => pause(200)

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const lostOf = (rig: Rig, device: RigDevice): Metrics => ({ ...compareWithHub(rig, device) })

/** The longest time in which nothing was acknowledged. */
function watchProgress(device: RigDevice): { stop(): number } {
  let last = sentOps(device)
  let lastMs = performance.now()
  let longest = 0
  const look = (): void => {
    const nowMs = performance.now()
    const now = sentOps(device)
    longest = Math.max(longest, nowMs - lastMs)
    if (now === last) return
    last = now
    lastMs = nowMs
  }
  const timer = setInterval(look, 100)
  return {
    stop() {
      clearInterval(timer)
      return longest
    },
  }
}

export const number = (device: RigDevice, sql: string): number =>
  (device.store.db.prepare(sql).get() as { n: number }).n
const count = (device: RigDevice, table: string): number =>
  number(device, `SELECT count(*) AS n FROM ${table}`)
const canonical = (device: RigDevice): number =>
  number(device, `SELECT n FROM opTally WHERE state = 'canonical'`)
const sentOps = canonical
const stateOf = (device: RigDevice, row: string): string | undefined =>
  (
    device.store.db.prepare(`SELECT state FROM op WHERE row = ? AND tbl = 'booking'`).get(row) as
      { state: string } | undefined
  )?.state

export function writeRecords(rig: Rig, device: RigDevice, load: Workload, clock: { ms: number }): number {
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

export function writeEdits(rig: Rig, device: RigDevice, load: Workload, clock: { ms: number }): number {
  const ids: string[] = []
  for (let made = 0; made < EDITED; made += 500)
    device.write((mutator) => {
      const scoped = mutator.withScope(`base:${rig.baseA}`)
      for (let i = 0; i < 500; i++) {
        clock.ms += load.nextGapMs()
        ids.push(scoped.create('productionOrder', load.order(clock.ms)))
      }
    })
  for (let round = 0; round < EDITS; round++)
    for (let from = 0; from < EDITED; from += 500)
      device.write((mutator) => {
        for (let i = 0; i < 500; i++) {
          clock.ms += load.nextGapMs()
          const { index, fields } = load.edit(EDITED, round * 1000 + i)
          mutator.set('productionOrder', ids[index]!, fields)
        }
      })
  return EDITED * (EDITS + 1)
}
