import fastifyWebsocket from '@fastify/websocket'
import fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Readable } from 'node:stream'
import type { ErrorCode } from '../../shared/contract/errors.ts'
import { Refusal, fail } from '../../shared/contract/result.ts'
import type { ErrorDetails } from '../../shared/contract/result.ts'
import type { Log } from '../core/services.ts'
import { SECURITY_HEADERS, buildContentSecurityPolicy } from '../core/shell/headers.ts'
import type { CorePort } from '../core/shell/port.ts'
import { clearSessionCookie, nameSessionCookie, readCookie, writeSessionCookie } from './cookies.ts'
import { readPageFile } from '../core/shell/page.ts'
import { describeAttachment, openOutgoing, receiveFile } from '../core/shell/files.ts'
import { checkGate } from './gate.ts'
import type { Lockout } from './lockout.ts'
import type { PeerRegistry } from './peers.ts'
import type { Session, Sessions } from './sessions.ts'

const NETWORK_SESSION_LIFE_MS = 12 * 3_600_000
const SMALL_BODY_BYTES = 4096
const MAX_MESSAGE_BYTES = 1024 * 1024
const DEFAULT_MAX_UPLOAD_BYTES = 512 * 1024 * 1024
const tokenSchema = z.object({ token: z.string().min(1).max(200) })
const uploadSchema = z.object({ name: z.string().min(1).max(1000) })
const handleSchema = z.object({ handle: z.string().min(1).max(200) })

export interface AppOptions {
  core: CorePort
  log: Log
  clock: () => number
  assetsDir: string
  dataDir: string
  incomingDir: string
  sessions: Sessions
  peers: PeerRegistry
  /** Filled in once the port is known: what a Host header may say. */
  hosts: Set<string>
  /** Certificate for the network side; null serves plain HTTP, for loopback only. */
  tls: { key: string; cert: string } | null
  /** Counts bad tokens and PINs of the network side; null on loopback, where a token of 256 bits suffices. */
  lockout: Lockout | null
  maxUploadBytes?: number
}

/** Input is checked by schemas of our own; the compilers for Fastify's take longer to load than all the rest. */
const NO_SCHEMAS = { buildValidator: refuseSchema, buildSerializer: refuseSchema }
function refuseSchema(): never {
  throw new Error('no route here has a schema of the framework')
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  'bad-input': 400,
  'not-signed-in': 401,
  'not-allowed': 403,
  'not-found': 404,
  'file-gone': 404,
  'file-too-large': 413,
  'pin-locked': 429,
  'store-full': 507,
}

function refuse(reply: FastifyReply, code: ErrorCode, details: ErrorDetails = {}): FastifyReply {
  return reply.code(STATUS[code] ?? 500).send(fail(code, details))
}

/** One listener's worth of server: the page, its session, its socket and its files. */
export async function createApp(o: AppOptions): Promise<FastifyInstance> {
  const scheme = o.tls ? 'https' : 'http'
  const remote = o.tls !== null
  const app = fastify({
    https: o.tls ? { ...o.tls, minVersion: 'TLSv1.2' } : null,
    bodyLimit: SMALL_BODY_BYTES,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 200 },
    schemaController: { compilersFactory: NO_SCHEMAS },
  }) as unknown as FastifyInstance
  const cookieName = (request: FastifyRequest) => nameSessionCookie(request.socket.localPort ?? 0, remote)
  const readSecret = (request: FastifyRequest) => readCookie(request.headers.cookie, cookieName(request))
  const findSession = (request: FastifyRequest): Session | null =>
    o.sessions.find(readSecret(request), remote)

  // Before the gate: its own hooks have to run first, or the sockets of refused upgrades would stay open.
  await app.register(fastifyWebsocket, {
    options: { maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false },
    errorHandler: (error, socket) => {
      o.log.warn('socket failed', { error: String(error) })
      socket.terminate()
    },
  })
  app.addHook('onRequest', async (request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const isUpgrade = request.headers.upgrade !== undefined
    const isPrivate = path === '/ws' || path === '/session' || path.startsWith('/files')
    const verdict = checkGate(
      { method: request.method, headers: request.headers, isUpgrade, isPublicPage: !isPrivate },
      scheme,
      o.hosts,
    )
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })
    if (!verdict.pass) {
      o.log.warn('request refused', { reason: verdict.code, path, address: request.ip })
      return refuse(reply, 'not-allowed', { reason: verdict.code })
    }
    const socketOrigin = verdict.origin.replace(/^http/, 'ws')
    reply.header('content-security-policy', buildContentSecurityPolicy([socketOrigin]))
    if (isUpgrade && path !== '/ws') return refuse(reply, 'not-found')
    if ((path === '/ws' || path.startsWith('/files')) && !findSession(request)) {
      return refuse(reply, 'not-signed-in')
    }
  })
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof Refusal) return refuse(reply, error.error.code, error.error.details)
    const status = (error as { statusCode?: number }).statusCode ?? 500
    if (status >= 500)
      o.log.error('request failed', { path: request.url.split('?')[0], error: String(error) })
    return reply.code(status).send(fail(status >= 500 ? 'internal' : 'bad-input'))
  })
  app.setNotFoundHandler((_request, reply) => refuse(reply, 'not-found'))

  addSessionRoutes(app, o, { remote, cookieName, readSecret, findSession })
  addFileRoutes(app, o)
  await app.register(async (scope) => {
    scope.get('/ws', { websocket: true }, (socket, request) => {
      const session = findSession(request)
      if (session) o.peers.serve(socket, session, o.lockout)
      else socket.close(1008, 'no session')
    })
  })
  addPage(app, o.assetsDir)
  return app
}

/** The built page. What lies in `assets` carries its hash in its name; the rest is asked for again. */
function addPage(app: FastifyInstance, assetsDir: string): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/*',
    handler: async (request, reply) => {
      const path = request.url.split('?')[0] ?? ''
      const file = await readPageFile(assetsDir, path)
      if (file === null) return refuse(reply, 'not-found')
      const cacheControl = path.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-cache'
      reply.headers({ 'cache-control': cacheControl, etag: file.etag })
      if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
      return reply.type(file.type).send(file.body)
    },
  })
}

interface SessionTools {
  remote: boolean
  cookieName: (request: FastifyRequest) => string
  readSecret: (request: FastifyRequest) => string | undefined
  findSession: (request: FastifyRequest) => Session | null
}

function addSessionRoutes(app: FastifyInstance, o: AppOptions, tools: SessionTools): void {
  const { remote, cookieName, readSecret, findSession } = tools

  /** Exchanges the single-use token of the launch link for the session cookie. */
  app.post('/session', (request, reply) => {
    const waitUntilMs = o.lockout?.lockedUntil(request.ip) ?? null
    if (waitUntilMs !== null) return refuse(reply, 'pin-locked', { waitMs: waitUntilMs - o.clock() })
    const body = tokenSchema.safeParse(request.body)
    if (!body.success) return refuse(reply, 'bad-input')
    // On loopback a session lasts as long as this process: reloading the page must always work.
    const lifeMs = remote ? NETWORK_SESSION_LIFE_MS : Number.POSITIVE_INFINITY
    const secret = o.sessions.exchange(body.data.token, { address: request.ip, remote }, lifeMs)
    if (secret === null) {
      o.lockout?.fail(request.ip)
      o.log.warn('launch token refused', { address: request.ip })
      return refuse(reply, 'not-signed-in')
    }
    o.lockout?.succeed(request.ip)
    return reply
      .header('set-cookie', writeSessionCookie(cookieName(request), secret, remote))
      .code(204)
      .send()
  })

  app.get('/session', (request, reply) =>
    findSession(request) ? reply.code(204).send() : refuse(reply, 'not-signed-in'),
  )

  app.delete('/session', (request, reply) => {
    const secret = readSecret(request)
    if (secret !== undefined) o.sessions.end(secret)
    o.peers.dropEnded(o.sessions)
    return reply
      .header('set-cookie', clearSessionCookie(cookieName(request), remote))
      .code(204)
      .send()
  })
}

function addFileRoutes(app: FastifyInstance, o: AppOptions): void {
  const maxBytes = o.maxUploadBytes ?? DEFAULT_MAX_UPLOAD_BYTES
  app.addContentTypeParser('application/octet-stream', { bodyLimit: maxBytes }, (_request, payload, done) =>
    done(null, payload),
  )

  app.post('/files', { bodyLimit: maxBytes }, async (request) => {
    const query = uploadSchema.safeParse(request.query)
    if (!query.success || request.headers['content-type'] !== 'application/octet-stream') {
      throw new Refusal('bad-input')
    }
    if (Number(request.headers['content-length'] ?? 0) > maxBytes)
      throw new Refusal('file-too-large', { maxBytes })
    return receiveFile(request.body as Readable, query.data.name, {
      core: o.core,
      incomingDir: o.incomingDir,
      maxBytes,
    })
  })

  app.get('/files/:handle', async (request, reply) => {
    const params = handleSchema.safeParse(request.params)
    if (!params.success) throw new Refusal('bad-input')
    const file = await openOutgoing(params.data.handle, o.core, o.dataDir)
    return reply
      .headers({
        'content-type': 'application/octet-stream',
        'content-length': file.sizeBytes,
        'content-disposition': describeAttachment(file.name),
      })
      .send(file.stream)
  })
}
