import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeKeys } from '../../electron/core/keys.ts'
import { readCursor } from '../../electron/core/sync/cursors.ts'
import { FirstSync } from '../../electron/core/sync/first-sync.ts'
import type { HubLink } from '../../electron/core/sync/link.ts'
import { opId } from '../../shared/ops/id.ts'
import type { CanonicalOp } from '../../shared/ops/types.ts'
import { encodeCanonicalBatch } from '../../shared/wire/batch.ts'
import { compressionOf } from '../../shared/wire/compression.ts'
import { seal } from '../../shared/wire/envelope.ts'
import {
  chunksRequestSchema,
  manifestText,
  SNAPSHOT_VERSION,
  type Manifest,
} from '../../shared/wire/snapshot.ts'
import { openDevice, quietLog, scratch, until, type RigDevice } from '../helpers/sync-rig.ts'

const SCOPE = 'base:00000000001'
const BELT = '00000000000'
const AUTHOR = 'aaaaaaaa'
const SEQ = 5000
/** Three slices of what is applied at once. */
const CARDS = 600
const compression = compressionOf(zlib)

/** Where the author's chain ends; nobody here has anything of it but what the snapshots tell. */
const HEAD = Buffer.alloc(32, 7).toString('base64url')
const hubKeys = generateKeyPairSync('ed25519')
const hubKey = hubKeys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64url')

function card(seq: number): CanonicalOp {
  const named = { author: AUTHOR, stream: 3, seq }
  return {
    ...named,
    scope: SCOPE,
    lane: 'register',
    kind: 'create',
    table: 'sellingPointCard',
    row: opId(named),
    fields: { skuId: BELT, claims: [], priceFen: seq, script: '', promiseHours: null },
    at: { ms: 1000 + seq, ctr: 0 },
    person: null,
    hubEpoch: 1,
    hubSeq: seq,
    stamp: { ms: 1000 + seq, ctr: 0 },
  }
}

/** A snapshot as a hub signs it: all of them end at the same place. */
function snapshotOf(seqs: readonly number[]): { manifest: Manifest; bytes: Uint8Array } {
  const bytes = seal(
    compression,
    'gzip',
    encodeCanonicalBatch({ hubEpoch: 1, ops: seqs.map((seq) => card(seq)) }),
  )
  const chunk = createHash('sha256').update(bytes).digest('base64url')
  const about = {
    version: SNAPSHOT_VERSION,
    belt: BELT,
    scope: SCOPE,
    epoch: 1,
    seq: SEQ,
    usable: 1,
    chunks: [[chunk, bytes.length, seqs.length]],
    streams: [[AUTHOR, 3, CARDS, HEAD]],
  } satisfies Omit<Manifest, 'signature'>
  const signature = sign(null, Buffer.from(manifestText(about)), hubKeys.privateKey).toString('base64url')
  return { manifest: { ...about, signature }, bytes }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
const whole = snapshotOf(numbers(CARDS))
/** Made anew at the same place: most of it was deleted so long ago that the deletion itself is forgotten. */
const shorter = snapshotOf(numbers(150))

describe('a snapshot that makes way while a part of it is being applied', () => {
  const folder = scratch()
  afterAll(() => folder.dispose())
  let device: RigDevice
  let first: FirstSync
  let offered: typeof whole
  /** Runs once, between two slices. */
  let meanwhile: (() => Promise<void>) | null
  let made = 0

  beforeEach(() => {
    const keys = makeKeys({ founder: false })
    device = openDevice(join(folder.path, `${++made}.db`), keys)
    offered = whole
    meanwhile = null
    const link = { belt: BELT, hubKey } as HubLink
    first = new FirstSync({
      store: device.store,
      clock: () => Date.now(),
      random: () => 0.5,
      compression,
      log: quietLog,
      link: () => link,
      request: () =>
        Promise.resolve(
          Buffer.from(JSON.stringify({ manifest: offered.manifest, making: false, held: [], hubHeads: [] })),
        ),
      connect: () => ({
        stream: (_, body, onBytes) => {
          const wanted = chunksRequestSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')))
          const named = [whole, shorter].find(({ manifest }) => manifest.signature === wanted.manifest)!
          onBytes(named.bytes.subarray(wanted.offset))
          return Promise.resolve()
        },
        close: () => Promise.resolve(),
      }),
      later: (work, ms) => {
        const timer = setTimeout(work, ms)
        return () => clearTimeout(timer)
      },
      pause: async () => {
        const now = meanwhile
        meanwhile = null
        await now?.()
        await new Promise((resolve) => setImmediate(resolve))
      },
      onFork: () => expect.unreachable('nobody else writes'),
      onProgress: () => undefined,
    })
  })
  afterEach(async () => {
    await first.close()
    await device.close()
  })

  const cards = (): number[] =>
    device.store.db
      .prepare<[], { priceFen: number }>(
        'SELECT priceFen FROM sellingPointCard WHERE deleted = 0 ORDER BY priceFen',
      )
      .all()
      .map(({ priceFen }) => priceFen)
  const isOver = () => until(() => !first.busy, 'all is taken over')

  it('leaves nothing behind when another of the same place takes over', async () => {
    meanwhile = () => {
      offered = shorter
      return first.takeOver(SCOPE, shorter.manifest)
    }
    await first.takeOver(SCOPE, whole.manifest)
    await isOver()
    expect(cards()).toStrictEqual(numbers(150))
  })

  it('loses nothing when the same one begins again, to be swept after', async () => {
    meanwhile = () => first.resync(SCOPE)
    await first.admit([SCOPE])
    await isOver()
    expect(cards()).toStrictEqual(numbers(CARDS))
    expect(readCursor(device.store, SCOPE)).toStrictEqual({ epoch: 1, seq: SEQ })
  })

  it('does not sweep for one that has made way', async () => {
    offered = shorter
    await first.takeOver(SCOPE, shorter.manifest)
    await isOver()
    // The pause of the one slice is over; the next is that of the sweep.
    offered = whole
    await first.takeOver(SCOPE, whole.manifest)
    await isOver()
    expect(cards()).toStrictEqual(numbers(CARDS))
    offered = shorter
    let pauses = 0
    const swap = async (): Promise<void> => {
      if (++pauses === 1) {
        meanwhile = swap
        return
      }
      offered = whole
      await first.takeOver(SCOPE, whole.manifest)
    }
    meanwhile = swap
    await first.takeOver(SCOPE, shorter.manifest)
    await isOver()
    expect(cards()).toStrictEqual(numbers(CARDS))
  })
})
