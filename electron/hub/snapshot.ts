import { toHex } from '../../shared/ops/bytes.ts'
import type { Scope } from '../../shared/ops/types.ts'
import { chooseCoding } from '../../shared/wire/envelope.ts'
import type { z } from 'zod'
import {
  manifestSchema,
  type chunksRequestSchema,
  type SnapshotAnswer,
  type snapshotRequestSchema,
} from '../../shared/wire/snapshot.ts'
import type { HubContext } from './context.ts'
import type { Queries } from './database.ts'
import { HubRefusal } from './errors.ts'
import { truncatedSeq } from './log-start.ts'
import { ownNames } from './own-names.ts'
import { signHead } from './pull.ts'
import { OP_STATE, type DeviceRow, type SnapshotRow } from './schema.ts'
import { cutThrough, freshSnapshot, isLong } from './snapshot-make.ts'
import { viewOf, type View } from './views.ts'

/** A device that asks while a snapshot is being made waits this long, and asks again after that. */
const PATIENCE_MS = 8000
/**
 * What a device that begins, or that the log cannot bring up to date any more, starts from.
 * @throws HubRefusal `revoked` or `bad-request`
 */
export async function snapshotFor(
  hub: HubContext,
  device: DeviceRow,
  request: z.output<typeof snapshotRequestSchema>,
): Promise<SnapshotAnswer> {
  if (device.status !== 'active') throw new HubRefusal('revoked')
  const view = viewOf(device, request.scope)
  if (!view) throw new HubRefusal('bad-request')
  const { db } = hub.database
  const coding = chooseCoding(hub.compression.accepts, request.accepts)
  const empty = { manifest: null, making: false, held: [], hubHeads: [] }
  const isCut = (await truncatedSeq(db, device.belt)) > 0
  const isFar =
    request.resync || isCut || (await isLong(hub, device.belt, view, { after: 0, not: device.author }))
  if (!isFar) return empty
  const row = await withPatience(freshSnapshot(hub, device.belt, view, coding))
  if (!row) return { ...empty, making: true }
  return {
    manifest: manifestSchema.parse(JSON.parse(row.manifest)),
    making: false,
    held: await heldOps(db, device, request.scope),
    hubHeads: await hubHeadsOf(hub, device.belt, view),
  }
}

/** Makes ready what the next device of each kind will ask for, where the log is long. */
export async function prepareSnapshots(hub: HubContext, belt: string): Promise<void> {
  const { db } = hub.database
  const coding = chooseCoding(hub.compression.accepts, hub.compression.accepts)
  const isCut = (await truncatedSeq(db, belt)) > 0
  const scopes = await db.selectFrom('stream').select('scope').distinct().where('belt', '=', belt).execute()
  const views = scopes.flatMap(
    ({ scope }) => viewOf({ role: 'administrator', baseId: null }, scope as Scope) ?? [],
  )
  const official = await db
    .selectFrom('device')
    .select('author')
    .where('belt', '=', belt)
    .where('role', '=', 'official')
    .limit(1)
    .execute()
  if (official.length > 0) views.push(...[viewOf({ role: 'official', baseId: null }, 'belt') ?? []].flat())
  for (const view of views)
    if (isCut || (await isLong(hub, belt, view, { after: 0 }))) await freshSnapshot(hub, belt, view, coding)
}

/** Bytes of chunks one after another; ends after `maxBytes`. @throws HubRefusal `not-found` when the snapshot is gone, or another in its place */
export async function chunkBytes(
  hub: HubContext,
  device: DeviceRow,
  request: z.output<typeof chunksRequestSchema>,
): Promise<Uint8Array> {
  if (device.status !== 'active') throw new HubRefusal('revoked')
  const view = viewOf(device, request.scope)
  if (!view) throw new HubRefusal('bad-request')
  const { db } = hub.database
  const row = await db
    .selectFrom('snapshot')
    .select('manifest')
    .where('belt', '=', device.belt)
    .where('view', '=', view.name)
    .where('coding', '=', chooseCoding(hub.compression.accepts, request.accepts))
    .where('seq', '=', request.seq)
    .executeTakeFirst()
  if (!row) throw new HubRefusal('not-found')
  const { chunks, signature } = manifestSchema.parse(JSON.parse(row.manifest))
  if (signature !== (request.manifest ?? signature)) throw new HubRefusal('not-found')
  const parts: Uint8Array[] = []
  let left = request.maxBytes
  let skip = request.offset
  for (const index of request.chunks) {
    const chunk = chunks[index]
    if (!chunk) throw new HubRefusal('bad-request')
    const { bytes } = await db
      .selectFrom('snapshotChunk')
      .select('bytes')
      .where('belt', '=', device.belt)
      .where('hash', '=', chunk[0])
      .executeTakeFirstOrThrow()
    const part = bytes.subarray(Math.min(skip, bytes.length), Math.min(bytes.length, skip + left))
    skip = 0
    parts.push(part)
    left -= part.length
    if (left <= 0) break
  }
  return Buffer.concat(parts)
}

async function heldOps(db: Queries, device: DeviceRow, scope: string): Promise<SnapshotAnswer['held']> {
  const rows = await db
    .selectFrom('op')
    .select(['author', 'stream', 'seq', 'hubSeq', 'state', 'reason', 'stampMs', 'stampCtr', 'hash'])
    .where('belt', '=', device.belt)
    .where('author', '=', device.author)
    .where('scope', '=', scope)
    .where('state', '<>', OP_STATE.applied)
    .execute()
  return rows.map(({ author, stream, seq, hubSeq, state, reason, stampMs, stampCtr, hash }) => ({
    author,
    stream,
    seq,
    hub: hubSeq,
    verdict: state === OP_STATE.rejected ? ('rejected' as const) : ('quarantined' as const),
    reason: reason ?? '',
    stamp: [stampMs, stampCtr],
    hash: Buffer.from(hash).toString('base64url'),
  }))
}

/** The hub's word for its own streams, so that this device can give back what a restored hub has forgotten. */
async function hubHeadsOf(hub: HubContext, belt: string, view: View): Promise<SnapshotAnswer['hubHeads']> {
  const { streams } = await cutThrough(hub, belt, view)
  const own = await ownNames(hub, hub.database.db, belt)
  return streams
    .filter(({ author, seq }) => seq > 0 && own.has(author))
    .map(({ author, stream, seq, head }) => signHead(hub, belt, { author, stream, seq, head: toHex(head) }))
}

async function withPatience(making: Promise<SnapshotRow>): Promise<SnapshotRow | null> {
  let timer: NodeJS.Timeout | undefined
  const tired = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS)
  })
  try {
    return await Promise.race([making, tired])
  } finally {
    clearTimeout(timer)
    // Whoever stopped waiting hears of a failure when asking again.
    making.catch(() => undefined)
  }
}
