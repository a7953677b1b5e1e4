import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { fail, ok } from '../../shared/contract/result.ts'
import type { Result } from '../../shared/contract/result.ts'
import type { ShellInfo } from '../../shared/contract/shell.ts'
import type { Log } from '../core/services.ts'
import { makePrivateDir } from '../core/shell/data-dir.ts'
import type { CorePort } from '../core/shell/port.ts'
import { LOOPBACK_NAMES, bracket, listHosts, listLanAddresses, listLanNames } from './addresses.ts'
import { createApp } from './app.ts'
import { loadCertificate } from './certificate.ts'
import { isControlSecret, removeControl, writeControl } from './control.ts'
import { Lockout } from './lockout.ts'
import { PeerRegistry } from './peers.ts'
import { Sessions } from './sessions.ts'
import type { Peer } from './socket.ts'

export const DEFAULT_PORT = 4780
const LAUNCH_TOKEN_LIFE_MS = 24 * 3_600_000
const INVITE_LIFE_MS = 15 * 60_000
const secretSchema = z.object({ secret: z.string() })

export interface ServerOptions {
  core: CorePort
  log: Log
  clock: () => number
  /** The built page. */
  assetsDir: string
  dataDir: string
  /** Null: the usual port. A busy port is replaced by a free one. */
  port: number | null
  /** Serves the local network too, over TLS, beside loopback. */
  lan: boolean
  maxUploadBytes?: number
}

export interface RunningServer {
  port: number
  lan: { urls: string[]; port: number; fingerprint: string } | null
  /** A fresh loopback address with a token that opens one session. */
  makeLink(): string
  /** The same for one more machine of the network; throws without `lan`. */
  makeInvite(): { url: string; expiresMs: number }
  close(): Promise<void>
}

/** Listens on the port, or on a free one when it is taken. */
async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    await app.listen({ host, port: 0 })
  }
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

export async function startServer(o: ServerOptions): Promise<RunningServer> {
  const incomingDir = join(o.dataDir, 'incoming')
  rmSync(incomingDir, { recursive: true, force: true })
  mkdirSync(incomingDir, { recursive: true, mode: 0o700 })
  const sessions = new Sessions(o.clock)
  const peers = new PeerRegistry(o.core, o.log, o.clock)
  const shared = { ...o, incomingDir, sessions, peers }

  const hosts = new Set<string>()
  const local = await createApp({ ...shared, hosts, tls: null, lockout: null })
  const controlSecret = randomBytes(32).toString('base64url')
  const makeLink = () => `http://127.0.0.1:${port}/#token=${sessions.issueToken(false, LAUNCH_TOKEN_LIFE_MS)}`
  local.post('/launch-link', (request, reply) => {
    const body = secretSchema.safeParse(request.body)
    const isOwner = body.success && isControlSecret(body.data.secret, controlSecret)
    return isOwner ? reply.send({ link: makeLink() }) : reply.code(403).send(fail('not-allowed'))
  })
  const port = await listen(local, '127.0.0.1', o.port ?? DEFAULT_PORT)
  for (const host of listHosts(LOOPBACK_NAMES, port)) hosts.add(host)
  writeControl(o.dataDir, { port, secret: controlSecret, pid: process.pid })

  const network = o.lan ? await startNetworkSide(shared, port + 1) : null
  const server: RunningServer = {
    port,
    lan: network && { urls: network.urls, port: network.port, fingerprint: network.fingerprint },
    makeLink,
    makeInvite() {
      const url = network?.urls[0]
      if (url === undefined) throw new Error('the local network is not served')
      const token = sessions.issueToken(true, INVITE_LIFE_MS)
      return { url: `${url}#token=${token}`, expiresMs: o.clock() + INVITE_LIFE_MS }
    },
    async close() {
      peers.closeAll()
      await Promise.all([local.close(), network?.app.close()])
      removeControl(o.dataDir)
      rmSync(incomingDir, { recursive: true, force: true })
    },
  }
  peers.answerShell = async (peer, name) => answerShell(server, peers, peer, name)
  return server
}

interface NetworkSide {
  app: FastifyInstance
  urls: string[]
  port: number
  fingerprint: string
}

async function startNetworkSide(
  shared: Omit<Parameters<typeof createApp>[0], 'hosts' | 'tls' | 'lockout'>,
  wantedPort: number,
): Promise<NetworkSide> {
  const folder = makePrivateDir(join(shared.dataDir, 'lan'))
  const addresses = listLanAddresses()
  const names = listLanNames()
  const certificate = await loadCertificate(folder, names, addresses, shared.clock())
  const hosts = new Set<string>()
  const lockout = new Lockout(join(folder, 'lockout.json'), shared.clock)
  const app = await createApp({ ...shared, hosts, tls: certificate, lockout })
  const port = await listen(app, '0.0.0.0', wantedPort)
  for (const host of listHosts([...names, ...addresses, ...LOOPBACK_NAMES], port)) hosts.add(host)
  const urls = [...addresses, ...names].map((name) => `https://${bracket(name)}:${port}/`)
  return { app, urls, port, fingerprint: certificate.fingerprint }
}

function answerShell(server: RunningServer, peers: PeerRegistry, peer: Peer, name: string): Result<unknown> {
  const { remote } = peer.session
  if (name === 'shell/info') {
    const info: ShellInfo = {
      kind: 'browser',
      remote,
      lan: server.lan && { urls: server.lan.urls, fingerprint: server.lan.fingerprint },
      connections: remote ? [] : peers.list(),
    }
    return ok(info)
  }
  if (name === 'shell/invite') {
    if (remote || !server.lan) return fail('not-allowed', { reason: remote ? 'remote' : 'no-lan' })
    return ok(server.makeInvite())
  }
  return fail('unknown-request', { name })
}
