import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { DecodeError } from '../../shared/ops/bytes.ts'
import { decodeBatch } from '../../shared/wire/batch.ts'
import { unseal } from '../../shared/wire/envelope.ts'
import {
  answerText,
  enrolRequestSchema,
  pullRequestSchema,
  renewRequestSchema,
  returnHeadSchema,
  WIRE_VERSION,
  type HubErrorCode,
  type StatusAnswer,
} from '../../shared/wire/messages.ts'
import { authenticate, type Caller } from './auth.ts'
import { readBelt } from './belts.ts'
import type { HubContext } from './context.ts'
import { sha256Hex } from './crypto.ts'
import { enrol, renew } from './enrol.ts'
import { HubRefusal } from './errors.ts'
import { ingest, takeBack } from './ingest.ts'
import { hubStreams, noteRefilled } from './refill.ts'
import { RateLimit } from './rate-limit.ts'
import { pull } from './pull.ts'
import { certificateSchema } from '../../shared/wire/messages.ts'

export const MAX_REQUEST_BYTES = 4 * 1024 * 1024
const MAX_BATCH_OPS = 20_000
const MAX_BATCH_BODY = 24 * 1024 * 1024
const REQUEST_TIMEOUT_MS = 60_000

export interface ServerOptions {
  readonly tls: { readonly cert: string; readonly key: string } | null
}

/** The hub over HTTP: every answer to an enrolled device is signed, refusals are one word, nothing else gets out. */
export function createServer(hub: HubContext, options: ServerOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_REQUEST_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: 70_000,
    ...(options.tls ? { https: options.tls } : {}),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error)
    if (refusal.code === 'internal')
      hub.log.error('request failed', { path: request.routeOptions.url ?? '', error: String(error) })
    return reply
      .code(refusal.status)
      .header('content-type', 'application/json')
      .send(
        JSON.stringify({
          code: refusal.code,
          ...(refusal.number === undefined ? {} : { number: refusal.number }),
        }),
      )
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ code: 'not-found' satisfies HubErrorCode }),
  )

  app.get('/health', () => ({ ok: true, version: WIRE_VERSION }))
  app.post('/v1/hub', () => ({ hubKey: hub.signer.publicKey, version: WIRE_VERSION }))

  const strangers = new RateLimit(hub.clock, { perMinute: 30 })
  const devices = new RateLimit(hub.clock, { perMinute: 3000 })

  app.post('/v1/enrol', async (request) => {
    strangers.take(request.ip)
    return enrol(hub, parseJson(enrolRequestSchema, bodyOf(request)))
  })

  type BeltRoute = { Params: { belt: string } }
  const caller = async (request: FastifyRequest<BeltRoute>): Promise<Caller> => {
    const { belt } = request.params
    const signed = {
      belt,
      path: request.url,
      authorization: request.headers.authorization,
      body: bodyOf(request),
    }
    try {
      const found = await authenticate(hub.database, signed, hub.clock())
      devices.take(`${belt} ${found.device.author}`)
      return found
    } catch (error) {
      if (error instanceof HubRefusal && error.code !== 'stale-counter') strangers.take(request.ip)
      throw error
    }
  }
  const sendSigned = (reply: FastifyReply, who: Caller, type: string, body: Uint8Array): FastifyReply => {
    const text = answerText({
      belt: who.device.belt,
      author: who.device.author,
      counter: who.counter,
      status: 200,
      bodyHash: sha256Hex(body),
    })
    return reply.header('content-type', type).header('x-hub-signature', hub.signer.sign(text)).send(body)
  }
  const sendJson = (reply: FastifyReply, who: Caller, value: unknown): FastifyReply =>
    sendSigned(reply, who, 'application/json', Buffer.from(JSON.stringify(value)))

  app.post<BeltRoute>('/v1/belts/:belt/push', async (request, reply) => {
    const who = await caller(request)
    await sameEpoch(hub, who)
    const body = unseal(hub.compression, bodyOf(request), MAX_BATCH_BODY)
    const batch = decodeBatch(body, { maxOps: MAX_BATCH_OPS })
    return sendJson(reply, who, await ingest(hub, who.device, batch))
  })

  app.post<BeltRoute>('/v1/belts/:belt/return', async (request, reply) => {
    const who = await caller(request)
    await sameEpoch(hub, who)
    if (who.device.status !== 'active') throw new HubRefusal('revoked')
    const body = bodyOf(request)
    const headLength = body.length < 4 ? 0 : Buffer.from(body.buffer, body.byteOffset, 4).readUInt32LE(0)
    const { heads } = parseJson(returnHeadSchema, body.subarray(4, 4 + headLength))
    const batch = decodeBatch(unseal(hub.compression, body.subarray(4 + headLength), MAX_BATCH_BODY), {
      maxOps: MAX_BATCH_OPS,
    })
    return sendJson(reply, who, await takeBack(hub, who.device.belt, heads, batch))
  })

  app.post<BeltRoute>('/v1/belts/:belt/pull', async (request, reply) => {
    const who = await caller(request)
    const wanted = parseJson(pullRequestSchema, bodyOf(request))
    if (wanted.refilled) await noteRefilled(hub, who.device, who.epoch)
    const { head, envelopes } = await pull(hub, who.device, wanted)
    const headBytes = Buffer.from(JSON.stringify(head))
    const length = Buffer.alloc(4)
    length.writeUInt32LE(headBytes.length)
    return sendSigned(
      reply,
      who,
      'application/octet-stream',
      Buffer.concat([length, headBytes, ...envelopes]),
    )
  })

  app.post<BeltRoute>('/v1/belts/:belt/status', async (request, reply) => {
    const who = await caller(request)
    const belt = await readBelt(hub.database.db, who.device.belt)
    const streams = await hub.database.db
      .selectFrom('stream')
      .select(['author', 'stream', 'seq'])
      .where('belt', '=', belt.belt)
      .where('author', '=', who.device.author)
      .execute()
    const answer: StatusAnswer = {
      hubEpoch: belt.epoch,
      hubTimeMs: hub.clock(),
      term: belt.term,
      backupWatermark: belt.backupWatermark,
      recovering: belt.recoveringUntilMs !== null,
      hubStreams: await hubStreams(hub, belt),
      certificate: certificateSchema.parse(JSON.parse(who.device.certificate)),
      streams,
    }
    return sendJson(reply, who, answer)
  })

  app.post<BeltRoute>('/v1/belts/:belt/renew', async (request, reply) => {
    const who = await caller(request)
    return sendJson(reply, who, await renew(hub, who.device, parseJson(renewRequestSchema, bodyOf(request))))
  })

  return app
}

/** A device that still lives in an earlier epoch first looks at how far the hub is. */
async function sameEpoch(hub: HubContext, who: Caller): Promise<void> {
  const { epoch } = await readBelt(hub.database.db, who.device.belt)
  if (who.epoch !== epoch) throw new HubRefusal('epoch', epoch)
}

function bodyOf(request: FastifyRequest): Uint8Array {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}

function parseJson<S extends z.ZodType>(schema: S, body: Uint8Array): z.output<S> {
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

function refusalOf(error: unknown): HubRefusal {
  if (error instanceof HubRefusal) return error
  if (error instanceof DecodeError) return new HubRefusal('bad-batch')
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new HubRefusal('too-large')
  if (code.startsWith('FST_ERR_CTP') || code === 'FST_ERR_BAD_URL') return new HubRefusal('bad-request')
  if (/^SQLITE_(FULL|BUSY|IOERR|READONLY)/.test(code) || /^(53|57P)/.test(code) || code === 'ECONNREFUSED')
    return new HubRefusal('busy')
  return new HubRefusal('internal')
}
