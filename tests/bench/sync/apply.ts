import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import zlib from 'node:zlib'
import { makeKeys } from '../../../electron/core/keys.ts'
import { Intake } from '../../../electron/core/sync/intake.ts'
import { authenticate } from '../../../electron/hub/auth.ts'
import { sha256Hex } from '../../../electron/hub/crypto.ts'
import { beltRequests } from '../../../electron/hub/requests.ts'
import { encodeOp } from '../../../shared/ops/canonical.ts'
import { chainNext, chainStart } from '../../../shared/ops/chain.ts'
import { opId } from '../../../shared/ops/id.ts'
import type { CanonicalOp, Op } from '../../../shared/ops/types.ts'
import { encodeBatch, encodeCanonicalBatch } from '../../../shared/wire/batch.ts'
import { compressionOf } from '../../../shared/wire/compression.ts'
import { seal } from '../../../shared/wire/envelope.ts'
import { requestText } from '../../../shared/wire/messages.ts'
import { signWith } from '../../../electron/core/keys.ts'
import { sha256, startHubBench } from '../../helpers/hub-client.ts'
import { openDevice, scratch } from '../../helpers/sync-rig.ts'
import { fsyncRate } from './disk.ts'
import type { Note } from './cases.ts'
import { workload } from './workload.ts'

const OPS = 20_000
const SIZES = [100, 1000] as const
const compression = compressionOf(zlib)

/** Five-field records as one device writes them. */
function records(author: string, seed: number, stream: number): Op[] {
  const skuIds = Array.from({ length: 160 }, (_, index) => opId({ author, stream: 9, seq: index + 1 }))
  const load = workload(seed, skuIds)
  let ms = Date.now() - 120 * 86_400_000
  return Array.from({ length: OPS }, (_, index): Op => {
    ms += load.nextGapMs() / 10
    const identity = { author, stream, seq: index + 1 }
    return {
      ...identity,
      scope: 'base:00000000001',
      lane: 'register',
      kind: 'create',
      table: 'sellingPointCard',
      row: opId(identity),
      fields: load.record(),
      at: { ms: Math.floor(ms), ctr: 0 },
      person: null,
    }
  })
}

/** The hub alone: signed batches from a device, each checked and committed before the next. */
export async function measureHubApply(seed: number, note: Note): Promise<void> {
  for (const size of SIZES) {
    const bench = await startHubBench()
    try {
      const { hub } = bench.running
      const { keys, belt } = bench.founder
      const ops = records(keys.author, seed, 3)
      const path = `/v1/belts/${encodeURIComponent(belt)}/push`
      let head = chainStart(sha256, keys.author, 3)
      const requests = []
      for (let from = 0; from < OPS; from += size) {
        const part = ops.slice(from, from + size)
        for (const op of part) head = chainNext(sha256, head, encodeOp(op))
        const links = [{ author: keys.author, stream: 3, previousSeq: from, head }]
        const body = seal(compression, 'zstd', encodeBatch({ ops: part, links, stamps: null }))
        const bodyHash = sha256Hex(body)
        const counter = from / size + 1
        const text = requestText({
          belt,
          epoch: bench.founder.epoch,
          path,
          bodyHash,
          author: keys.author,
          counter,
        })
        const signature = signWith(keys.privateSeed, Buffer.from(text)).toString('base64url')
        const authorization = `Chanbo ${keys.author}.${bench.founder.epoch}.${counter}.${signature}`
        requests.push({ body, authorization })
      }
      const { push } = beltRequests(hub)
      const startMs = performance.now()
      const startCpu = process.cpuUsage()
      for (const { body, authorization } of requests) {
        const signed = { belt, path, authorization, bodyHash: sha256Hex(body) }
        await push.answer(await authenticate(hub.database, signed, hub.clock()), body)
      }
      const seconds = (performance.now() - startMs) / 1000
      const cpu = process.cpuUsage(startCpu)
      const rows = hub.database.file!.prepare<[], { n: number }>('SELECT count(*) AS n FROM op').get()!.n
      note(`hub apply, batches of ${size}`, {
        ops_per_second: OPS / seconds,
        ops_per_cpu_second: (OPS * 1e6) / (cpu.user + cpu.system),
        fsyncs_per_second: fsyncRate(),
        synchronous_full: Number(hub.database.file!.pragma('synchronous', { simple: true })) === 2 ? 1 : 0,
        lost: OPS - rows,
      })
    } finally {
      await bench.close()
    }
  }
}

/** A device alone: batches from the hub, applied as they are when they arrive. */
export async function measureDeviceApply(seed: number, note: Note): Promise<void> {
  for (const size of SIZES) {
    const { path, dispose } = scratch()
    const device = openDevice(join(path, 'device.db'), makeKeys({ founder: false }))
    try {
      const author = makeKeys({ founder: false }).author
      const ops = records(author, seed, 3).map((op, index): CanonicalOp => ({
        ...op,
        hubEpoch: 1,
        hubSeq: index + 1,
        stamp: op.at,
      }))
      const envelopes = []
      for (let from = 0; from < OPS; from += size)
        envelopes.push(
          seal(compression, 'zstd', encodeCanonicalBatch({ hubEpoch: 1, ops: ops.slice(from, from + size) })),
        )
      const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
      const intake = new Intake(device.store, compression, breathe)
      const startMs = performance.now()
      const startCpu = process.cpuUsage()
      for (const envelope of envelopes) await intake.apply('base:00000000001', envelope, { hubEpoch: 1 })
      const seconds = (performance.now() - startMs) / 1000
      const cpu = process.cpuUsage(startCpu)
      const { db } = device.store
      const rows = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM sellingPointCard').get()!.n
      note(`device apply, batches of ${size}`, {
        ops_per_second: OPS / seconds,
        ops_per_cpu_second: (OPS * 1e6) / (cpu.user + cpu.system),
        fsyncs_per_second: fsyncRate(),
        synchronous_full: Number(db.pragma('synchronous', { simple: true })) === 2 ? 1 : 0,
        lost: OPS - rows,
      })
    } finally {
      await device.close()
      dispose()
    }
  }
}
