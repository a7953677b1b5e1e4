import type { z } from 'zod'
import { toHex } from '../../shared/ops/bytes.ts'
import { BATCH_VERSION, decodeBatch, type OpBatch } from '../../shared/wire/batch.ts'
import { unseal } from '../../shared/wire/envelope.ts'
import {
  certificateSchema,
  pullRequestSchema,
  renewRequestSchema,
  returnHeadSchema,
  statusRequestSchema,
  type StatusAnswer,
} from '../../shared/wire/messages.ts'
import { chunksRequestSchema, snapshotRequestSchema } from '../../shared/wire/snapshot.ts'
import { adminRequestSchema } from '../../shared/wire/admin.ts'
import { administer } from './admin.ts'
import type { Caller } from './auth.ts'
import { readBelt } from './belts.ts'
import type { HubContext } from './context.ts'
import { renew } from './enrol.ts'
import { HubRefusal } from './errors.ts'
import { ingest, takeBack } from './ingest.ts'
import { pull } from './pull.ts'
import { hubStreams, noteRefilled } from './refill.ts'
import { judgedAfter, runsOf } from './verdicts.ts'
import { chunkBytes, snapshotFor } from './snapshot.ts'

const MAX_BATCH_OPS = 20_000
const MAX_BATCH_BODY = 24 * 1024 * 1024
const JSON_TYPE = 'application/json'

/** What an enrolled device may ask: the answer's bytes to a request that has been authenticated. */
export interface BeltRequest {
  readonly type: string
  answer(who: Caller, body: Uint8Array): Promise<Uint8Array>
}

/** The requests of one belt's devices by their name in the path. */
export function beltRequests(
  hub: HubContext,
): Record<'push' | 'return' | 'pull' | 'status' | 'admin' | 'renew' | 'snapshot' | 'chunks', BeltRequest> {
  const json = (answer: (who: Caller, body: Uint8Array) => Promise<unknown>): BeltRequest => ({
    type: JSON_TYPE,
    answer: async (who, body) => Buffer.from(JSON.stringify(await answer(who, body))),
  })
  return {
    push: json(async (who, body) => {
      await sameEpoch(hub, who)
      return ingest(hub, who.device, batchOf(hub, body))
    }),
    return: json(async (who, body) => {
      await sameEpoch(hub, who)
      if (who.device.status !== 'active') throw new HubRefusal('revoked')
      const headLength = body.length < 4 ? 0 : Buffer.from(body.buffer, body.byteOffset, 4).readUInt32LE(0)
      const { heads } = parseJson(returnHeadSchema, body.subarray(4, 4 + headLength))
      return takeBack(hub, who.device.belt, heads, batchOf(hub, body.subarray(4 + headLength)))
    }),
    pull: {
      type: 'application/octet-stream',
      async answer(who, body) {
        const wanted = parseJson(pullRequestSchema, body)
        if (wanted.refilled) await noteRefilled(hub, who.device, who.epoch)
        const { head, envelopes } = await pull(hub, who.device, wanted)
        const headBytes = Buffer.from(JSON.stringify(head))
        const length = Buffer.alloc(4)
        length.writeUInt32LE(headBytes.length)
        return Buffer.concat([length, headBytes, ...envelopes])
      },
    },
    status: json((who, body) =>
      status(
        hub,
        who,
        body.length === 0 ? { streams: [], uploads: [] } : parseJson(statusRequestSchema, body),
      ),
    ),
    admin: json(async (who, body) => {
      // A restored hub has forgotten which counters were used: what was asked before is not done again.
      await sameEpoch(hub, who)
      return administer(hub, who.device, parseJson(adminRequestSchema, body))
    }),
    renew: json((who, body) => renew(hub, who.device, parseJson(renewRequestSchema, body))),
    snapshot: json((who, body) => snapshotFor(hub, who.device, parseJson(snapshotRequestSchema, body))),
    chunks: {
      type: 'application/octet-stream',
      answer: (who, body) => chunkBytes(hub, who.device, parseJson(chunksRequestSchema, body)),
    },
  }
}

async function status(
  hub: HubContext,
  who: Caller,
  asked: z.output<typeof statusRequestSchema>,
): Promise<StatusAnswer> {
  const { db } = hub.database
  const { belt: id, author } = who.device
  const belt = await readBelt(db, id)
  const rows = await db
    .selectFrom('stream')
    .select(['author', 'stream', 'seq', 'head'])
    .where('belt', '=', id)
    .where('author', '=', author)
    .execute()
  const streams: StatusAnswer['streams'] = []
  for (const { head, ...row } of rows) {
    const after = asked.streams.find(({ stream }) => stream === row.stream)?.after
    const told =
      after === undefined || after >= row.seq
        ? {}
        : { head: toHex(head), runs: runsOf(await judgedAfter(db, { belt: id, ...row }, after)) }
    streams.push({ ...row, ...told })
  }
  const uploads: number[] = []
  for (const upload of asked.uploads) uploads.push(await hub.uploads.have({ belt: id, author, id: upload }))
  return {
    hubEpoch: belt.epoch,
    hubTimeMs: hub.clock(),
    term: belt.term,
    backupWatermark: belt.backupWatermark,
    recovering: belt.recoveringUntilMs !== null,
    hubStreams: await hubStreams(hub, belt),
    certificate: certificateSchema.parse(JSON.parse(who.device.certificate)),
    streams,
    uploads,
    accepts: [...hub.compression.accepts],
    batchVersion: BATCH_VERSION,
  }
}

/** @throws DecodeError */
export const batchOf = (hub: HubContext, envelope: Uint8Array): OpBatch =>
  decodeBatch(unseal(hub.compression, envelope, MAX_BATCH_BODY), { maxOps: MAX_BATCH_OPS })

/** A device that still lives in an earlier epoch first looks at how far the hub is. */
async function sameEpoch(hub: HubContext, who: Caller): Promise<void> {
  const { epoch } = await readBelt(hub.database.db, who.device.belt)
  if (who.epoch !== epoch) throw new HubRefusal('epoch', epoch)
}

/** @throws HubRefusal `bad-request` for anything but the schema's JSON */
export function parseJson<S extends z.ZodType>(schema: S, body: Uint8Array): z.output<S> {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    throw new HubRefusal('bad-request')
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new HubRefusal('bad-request')
  return parsed.data
}
