import { decodeOp } from '../../shared/ops/canonical.ts'
import type { CanonicalOp, Scope } from '../../shared/ops/types.ts'
import { encodeCanonicalBatch, versionFor } from '../../shared/wire/batch.ts'
import { chooseCoding, seal } from '../../shared/wire/envelope.ts'
import {
  hubHeadText,
  type HubHead,
  type PullHead,
  type pullRequestSchema,
} from '../../shared/wire/messages.ts'
import { toHex } from '../../shared/ops/bytes.ts'
import type { z } from 'zod'
import { readBelt } from './belts.ts'
import type { HubContext } from './context.ts'
import type { Queries } from './database.ts'
import { HubRefusal } from './errors.ts'
import { ownNames } from './own-names.ts'
import { truncatedSeq } from './log-start.ts'
import { OP_STATE, RELEASED, type BeltRow, type DeviceRow } from './schema.ts'
import { viewOf } from './views.ts'

type PullRequest = z.output<typeof pullRequestSchema>

/** Envelope bytes per op of a typical batch: how many rows to read for a wanted size. */
const TYPICAL_OP_BYTES = 12
const MAX_OPS = 20_000

/**
 * What a device has not seen yet of the scopes it may read, each as one sealed batch behind a common head.
 * @throws HubRefusal `revoked`, `expired` or `not-found`
 */
export async function pull(
  hub: HubContext,
  device: DeviceRow,
  request: PullRequest,
): Promise<{ head: PullHead; envelopes: Uint8Array[] }> {
  if (device.status !== 'active') throw new HubRefusal('revoked')
  const { db } = hub.database
  // Read before the ops: what commits later than this is left for the next call.
  const belt = await readBelt(db, device.belt)
  const lastSeq = Math.min(belt.nextSeq - 1, request.again?.through ?? Infinity)
  const envelopes: Uint8Array[] = []
  const scopes: PullHead['scopes'] = []
  const hubHeads = new Map<string, Omit<HubHead, 'signature'>>()
  const ownAuthors = await ownNames(hub, db, device.belt)
  let budget = request.maxBytes
  for (const cursor of request.cursors) {
    const view = viewOf(device, cursor.scope)
    if (!view) throw new HubRefusal('bad-request')
    const from = await validFrom(db, belt, cursor)
    const limit = Math.min(MAX_OPS, Math.max(1, Math.floor(budget / TYPICAL_OP_BYTES)))
    const all = await readOps(db, device, {
      scope: cursor.scope,
      from: from ?? 0,
      to: lastSeq,
      limit: from === null ? 0 : limit,
      own: request.own,
    })
    // Looked at after the ops: what was cut off meanwhile is not missed.
    if (from === null || from < (await truncatedSeq(db, device.belt))) {
      scopes.push({ scope: cursor.scope, through: cursor.seq, more: false, bytes: 0, resync: true })
      continue
    }
    const more = all.length === limit
    const through = more ? all.at(-1)!.hubSeq : lastSeq
    const ops = all.filter((op) => view.shows(op))
    if (ops.length === 0) {
      scopes.push({ scope: cursor.scope, through: Math.max(through, from), more, bytes: 0 })
      continue
    }
    for (const { author, stream, seq, hash } of ops)
      if (ownAuthors.has(author))
        hubHeads.set(`${author} ${stream}`, { author, stream, seq, head: toHex(hash) })
    const coding = chooseCoding(hub.compression.accepts, request.accepts)
    const envelope = seal(
      hub.compression,
      coding,
      encodeCanonicalBatch({ hubEpoch: belt.epoch, ops }, versionFor(request.batchVersion)),
    )
    envelopes.push(envelope)
    scopes.push({ scope: cursor.scope, through, more, bytes: envelope.length })
    budget = Math.max(256, budget - envelope.length)
  }
  const pulledSeq = Math.min(...scopes.map(({ through }) => through))
  if (pulledSeq > device.pulledSeq && !scopes.some(({ resync }) => resync))
    await db
      .updateTable('device')
      .set({ pulledSeq })
      .where('belt', '=', device.belt)
      .where('author', '=', device.author)
      .execute()
  return {
    head: {
      hubEpoch: belt.epoch,
      hubTimeMs: request.again?.timeMs ?? hub.clock(),
      lastSeq,
      backupWatermark: belt.backupWatermark,
      scopes,
      ...(hubHeads.size > 0
        ? { hubHeads: [...hubHeads.values()].map((head) => signHead(hub, belt.belt, head)) }
        : {}),
    },
    envelopes,
  }
}

export function signHead(hub: HubContext, belt: string, head: Omit<HubHead, 'signature'>): HubHead {
  return { ...head, signature: hub.signer.sign(hubHeadText(belt, head)) }
}

/**
 * Where to read on. A cursor of an earlier epoch is cut back to where the next one began; null for one that never was here.
 * An epoch that this database does not know was lived through by one that it replaced: nobody can tell where the two parted.
 */
async function validFrom(
  db: Queries,
  belt: BeltRow,
  cursor: { epoch: number; seq: number },
): Promise<number | null> {
  if (cursor.epoch > belt.epoch) return null
  if (cursor.epoch === belt.epoch) return cursor.seq < belt.nextSeq ? cursor.seq : null
  const [own, ...later] = await db
    .selectFrom('epochStart')
    .select(['epoch', 'fromSeq'])
    .where('belt', '=', belt.belt)
    .where('epoch', '>=', cursor.epoch)
    .orderBy('epoch')
    .execute()
  if (own?.epoch !== cursor.epoch) return 0
  return Math.min(cursor.seq, ...later.map(({ fromSeq }) => fromSeq))
}

async function readOps(
  db: Queries,
  device: DeviceRow,
  range: { scope: Scope; from: number; to: number; limit: number; own: boolean },
): Promise<(CanonicalOp & { hash: Uint8Array })[]> {
  let query = db
    .selectFrom('op')
    .select(['hubSeq', 'stampMs', 'stampCtr', 'payload', 'hash'])
    .where('belt', '=', device.belt)
    .where('scope', '=', range.scope)
    .where('state', '=', OP_STATE.applied)
    .where('hubSeq', '>', range.from)
    .where('hubSeq', '<=', range.to)
  // Its own ops a device knows already, except those that were set aside and an administrator has let in since.
  if (!range.own)
    query = query.where((eb) => eb.or([eb('author', '<>', device.author), eb('reason', '=', RELEASED)]))
  const rows = await query.orderBy('hubSeq').limit(range.limit).execute()
  return rows.map((row) => ({
    ...decodeOp(row.payload),
    hubEpoch: 0,
    hubSeq: row.hubSeq,
    stamp: { ms: row.stampMs, ctr: row.stampCtr },
    hash: row.hash,
  }))
}
