import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { DecodeError } from '../../shared/ops/bytes.ts'
import {
  answerText,
  enrolRequestSchema,
  WIRE_VERSION,
  type HubErrorCode,
} from '../../shared/wire/messages.ts'
import { authenticate, type Caller } from './auth.ts'
import type { HubContext } from './context.ts'
import { sha256Hex } from './crypto.ts'
import { enrol } from './enrol.ts'
import { HubRefusal } from './errors.ts'
import { RateLimit } from './rate-limit.ts'
import { beltRequests, parseJson } from './requests.ts'

export const MAX_REQUEST_BYTES = 4 * 1024 * 1024
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
  for (const [name, ask] of Object.entries(beltRequests(hub)))
    app.post<BeltRoute>(`/v1/belts/:belt/${name}`, async (request, reply) => {
      const who = await caller(request)
      return sendSigned(reply, who, ask.type, await ask.answer(who, bodyOf(request)))
    })

  return app
}

function bodyOf(request: FastifyRequest): Uint8Array {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}

export function refusalOf(error: unknown): HubRefusal {
  if (error instanceof HubRefusal) return error
  if (error instanceof DecodeError) return new HubRefusal('bad-batch')
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new HubRefusal('too-large')
  if (code.startsWith('FST_ERR_CTP') || code === 'FST_ERR_BAD_URL') return new HubRefusal('bad-request')
  if (/^SQLITE_(FULL|BUSY|IOERR|READONLY)/.test(code) || /^(53|57P)/.test(code) || code === 'ECONNREFUSED')
    return new HubRefusal('busy')
  return new HubRefusal('internal')
}
