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
import { OP_STATE, type BeltRow, type DeviceRow } from './schema.ts'

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
  let budget = request.maxBytes
  for (const cursor of request.cursors) {
    if (!mayRead(device, cursor.scope)) throw new HubRefusal('bad-request')
    const from = await validFrom(db, device.belt, belt.epoch, cursor)
    const limit = Math.min(MAX_OPS, Math.max(1, Math.floor(budget / TYPICAL_OP_BYTES)))
    const ops = await readOps(db, device, {
      scope: cursor.scope,
      from,
      to: lastSeq,
      limit,
      own: request.own,
    })
    const more = ops.length === limit
    const through = more ? ops.at(-1)!.hubSeq : lastSeq
    if (ops.length === 0) {
      scopes.push({ scope: cursor.scope, through: Math.max(through, from), more: false, bytes: 0 })
      continue
    }
    for (const { author, stream, seq, hash } of ops)
      if (isHubAuthor(hub, belt, author))
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
  if (pulledSeq > device.pulledSeq)
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

/** True for the names under which this hub has written in a belt, now or in an earlier epoch. */
export function isHubAuthor(hub: HubContext, belt: Pick<BeltRow, 'belt' | 'epoch'>, author: string): boolean {
  for (let epoch = belt.epoch; epoch >= 1; epoch--)
    if (hub.authorName(belt.belt, epoch) === author) return true
  return false
}

function signHead(hub: HubContext, belt: string, head: Omit<HubHead, 'signature'>): HubHead {
  return { ...head, signature: hub.signer.sign(hubHeadText(belt, head)) }
}

/** Everyone reads the belt's scope; a base's scope is read by its own devices and by those that serve the whole belt. */
function mayRead(device: DeviceRow, scope: Scope): boolean {
  if (scope === 'belt') return true
  if (!scope.startsWith('base:') || device.role === 'official') return false
  return device.baseId === null || scope === `base:${device.baseId}`
}

/** A cursor of an earlier epoch is cut back to where the next one began. */
async function validFrom(
  db: Queries,
  belt: string,
  epoch: number,
  cursor: { epoch: number; seq: number },
): Promise<number> {
  if (cursor.epoch === epoch) return cursor.seq
  if (cursor.epoch > epoch) return 0
  const next = await db
    .selectFrom('epochStart')
    .select((eb) => eb.fn.min('fromSeq').as('fromSeq'))
    .where('belt', '=', belt)
    .where('epoch', '>', cursor.epoch)
    .executeTakeFirst()
  return Math.min(cursor.seq, Number(next?.fromSeq ?? 0))
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
  if (!range.own) query = query.where('author', '<>', device.author)
  const rows = await query.orderBy('hubSeq').limit(range.limit).execute()
  return rows.map((row) => ({
    ...decodeOp(row.payload),
    hubEpoch: 0,
    hubSeq: row.hubSeq,
    stamp: { ms: row.stampMs, ctr: row.stampCtr },
    hash: row.hash,
  }))
}
