import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { DecodeError, toHex } from '../../shared/ops/bytes.ts'
import {
  answerText,
  enrolRequestSchema,
  FROM_HEADER,
  HAVE_HEADER,
  parsePart,
  readmitRequestSchema,
  PART_HEADER,
  WIRE_VERSION,
  type HubErrorCode,
} from '../../shared/wire/messages.ts'
import { codeOf } from '../sqlite/error-code.ts'
import { authenticate, type Caller } from './auth.ts'
import type { HubContext } from './context.ts'
import { sha256, sha256Hex } from './crypto.ts'
import { isDatabaseAway } from './database-away.ts'
import { enrol, readmit } from './enrol.ts'
import { HubRefusal } from './errors.ts'
import { mayReadMetrics, Metrics } from './metrics.ts'
import { RateLimit } from './rate-limit.ts'
import { beltRequests, parseJson } from './requests.ts'
import type { UploadPart } from './uploads.ts'

export const MAX_REQUEST_BYTES = 4 * 1024 * 1024
const REQUEST_TIMEOUT_MS = 120_000
/** Answers from this size on can be gone on with when the connection breaks. */
const RESUMED_FROM_BYTES = 4096

export interface ServerOptions {
  readonly tls: { readonly cert: string; readonly key: string } | null
  /** Lets its holder read the metrics from elsewhere; without one only this machine may. */
  readonly metricsToken?: string | null
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
  const parts = new WeakMap<FastifyRequest, { who: Caller; part: UploadPart }>()
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
    const known = parts.get(request)
    if (!known) return collect(payload)
    const { belt, author } = known.who.device
    return hub.uploads.receive({ belt, author, id: known.part.id }, known.part, payload)
  })

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

  app.get('/health', async (_request, reply) => {
    const isUp = await hub.database.db
      .selectFrom('belt')
      .select('belt')
      .limit(1)
      .execute()
      .then(() => true)
      .catch(() => false)
    return reply.code(isUp ? 200 : 503).send({ ok: isUp, version: WIRE_VERSION })
  })
  const metrics = new Metrics(hub)
  app.addHook('onResponse', (request, reply, done) => {
    metrics.note(request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime)
    done()
  })
  app.get('/metrics', async (request, reply) => {
    if (!mayReadMetrics(request, options.metricsToken ?? null)) throw new HubRefusal('not-found')
    return reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(await metrics.text())
  })
  app.post('/v1/hub', () => ({ hubKey: hub.signer.publicKey, version: WIRE_VERSION }))

  const strangers = new RateLimit(hub.clock, { perMinute: 30 })
  const devices = new RateLimit(hub.clock, { perMinute: 3000 })

  app.post('/v1/enrol', async (request) => {
    strangers.take(request.ip)
    return enrol(hub, parseJson(enrolRequestSchema, bodyOf(request)))
  })

  app.post('/v1/readmit', async (request) => {
    strangers.take(request.ip)
    return readmit(hub, parseJson(readmitRequestSchema, bodyOf(request)))
  })

  type BeltRoute = { Params: { belt: string } }
  const caller = async (request: FastifyRequest<BeltRoute>, bodyHash: string): Promise<Caller> => {
    const { belt } = request.params
    const signed = { belt, path: request.url, authorization: request.headers.authorization, bodyHash }
    try {
      const found = await authenticate(hub.database, signed, hub.clock())
      devices.take(`${belt} ${found.device.author}`)
      return found
    } catch (error) {
      if (error instanceof HubRefusal && error.code !== 'stale-counter') strangers.take(request.ip)
      throw error
    }
  }
  const sendSigned = (
    reply: FastifyReply,
    who: Caller,
    type: string,
    body: Uint8Array,
    have: string | string[] | undefined,
  ): FastifyReply => {
    const hash = sha256(body)
    const text = answerText({
      belt: who.device.belt,
      author: who.device.author,
      counter: who.counter,
      status: 200,
      bodyHash: toHex(hash),
    })
    reply.header('content-type', type).header('x-hub-signature', hub.signer.sign(text))
    if (body.length < RESUMED_FROM_BYTES) return reply.send(body)
    const id = Buffer.from(hash).toString('base64url')
    const known = parsePart(String(have ?? ''))
    reply.header(HAVE_HEADER, id)
    if (known?.id !== id || known.size !== body.length) return reply.send(body)
    return reply.header(FROM_HEADER, String(known.from)).send(body.subarray(known.from))
  }
  /** A body that may arrive in several goes says its hash first, so that only enrolled devices have some of it kept. */
  const preParsing = async (request: FastifyRequest<BeltRoute>): Promise<void> => {
    const header = request.headers[PART_HEADER]
    if (header === undefined) return
    const part = parsePart(String(header))
    if (!part) throw new HubRefusal('bad-request')
    if (part.size > MAX_REQUEST_BYTES) throw new HubRefusal('too-large')
    const who = await caller(request, Buffer.from(part.id, 'base64url').toString('hex'))
    parts.set(request, { who, part })
  }
  for (const [name, ask] of Object.entries(beltRequests(hub)))
    app.post<BeltRoute>(`/v1/belts/:belt/${name}`, { preParsing }, async (request, reply) => {
      const body = bodyOf(request)
      const who = parts.get(request)?.who ?? (await caller(request, sha256Hex(body)))
      return sendSigned(reply, who, ask.type, await ask.answer(who, body), request.headers[HAVE_HEADER])
    })

  return app
}

async function collect(payload: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of payload) {
    size += (chunk as Buffer).length
    if (size > MAX_REQUEST_BYTES) throw new HubRefusal('too-large')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

function bodyOf(request: FastifyRequest): Uint8Array {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}

export function refusalOf(error: unknown): HubRefusal {
  if (error instanceof HubRefusal) return error
  if (error instanceof DecodeError) return new HubRefusal('bad-batch')
  const code = codeOf(error)
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new HubRefusal('too-large')
  if (code.startsWith('FST_ERR_CTP') || code === 'FST_ERR_BAD_URL') return new HubRefusal('bad-request')
  return isDatabaseAway(error) ? new HubRefusal('busy') : new HubRefusal('internal')
}
