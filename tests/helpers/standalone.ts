import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startCoreHost } from '../../electron/core/host.ts'
import { openLog } from '../../electron/core/shell/log.ts'
import { findPlaces } from '../../electron/core/shell/places.ts'
import type { CorePort } from '../../electron/core/shell/port.ts'
import { startServer } from '../../electron/standalone/server.ts'
import type { RunningServer, ServerOptions } from '../../electron/standalone/server.ts'

const ENTRY = pathToFileURL(resolve(import.meta.dirname, '../../electron/standalone/index.ts')).href

export interface TestServer {
  server: RunningServer
  core: CorePort
  dataDir: string
  origin: string
  host: string
  /** A fresh session's cookie, as a `Cookie` header. */
  signIn(): Promise<string>
  /** Starts the server again on the same data and core; `server` is then the new one. */
  restart(options: Partial<ServerOptions>): Promise<RunningServer>
  stop(): Promise<void>
}

export interface TestServerOptions extends Partial<ServerOptions> {
  /** Stands between the server and the real core, to watch what passes. */
  wrapCore?: (core: CorePort) => CorePort
}

/** The real server over the real core on a fresh data directory, with a page of its own so that no build is needed. */
export async function startTestServer({
  wrapCore = (core) => core,
  ...options
}: TestServerOptions = {}): Promise<TestServer> {
  const root = mkdtempSync(join(tmpdir(), 'chanbo-server-'))
  const dataDir = options.dataDir ?? join(root, 'data')
  const assetsDir = join(root, 'page')
  mkdirSync(join(assetsDir, 'assets'), { recursive: true })
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(join(assetsDir, 'index.html'), '<!doctype html><title>Chanbo</title>')
  writeFileSync(join(assetsDir, 'assets', 'main-abc.js'), 'export {}')
  writeFileSync(join(root, 'secret.txt'), 'outside the page')
  const clock = () => Date.now()
  const log = openLog(dataDir, 'test', clock)
  const core = await startCoreHost({ dataDir, log, readers: 1, ...findPlaces(ENTRY) })
  const settings = { core: wrapCore(core), log, clock, assetsDir, port: 0, lan: false, dataDir }
  const server = await startServer({ ...settings, ...options })
  const host = `127.0.0.1:${server.port}`
  const origin = `http://${host}`
  const box: TestServer = {
    server,
    core,
    dataDir,
    origin,
    host,
    async signIn() {
      const token = tokenOf(server.makeLink())
      const answer = await send(`${origin}/session`, { method: 'POST', headers: { origin }, json: { token } })
      return cookieOf(answer)
    },
    async restart(changes) {
      box.server = await startServer({ ...settings, ...options, ...changes })
      return box.server
    },
    async stop() {
      await box.server.close()
      await core.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
  return box
}

export function tokenOf(link: string): string {
  return new URLSearchParams(new URL(link).hash.slice(1)).get('token') ?? ''
}

export function cookieOf(answer: Answer): string {
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** One raw request: unlike `fetch` it lets a test lie about Host and Origin and send a path as it stands. */
export function send(
  url: string,
  o: {
    method?: string
    path?: string
    headers?: Record<string, string>
    json?: unknown
    body?: Iterable<Buffer>
  } = {},
): Promise<Answer> {
  const { hostname, port, pathname, search, protocol } = new URL(url)
  const make = protocol === 'https:' ? httpsRequest : httpRequest
  const headers = { ...(o.json === undefined ? {} : { 'content-type': 'application/json' }), ...o.headers }
  return new Promise((done, reject) => {
    const call = make(
      {
        hostname,
        port,
        path: o.path ?? pathname + search,
        method: o.method ?? 'GET',
        headers,
        rejectUnauthorized: false,
        agent: false,
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, text }))
      },
    )
    call.on('error', reject)
    if (o.json !== undefined) call.end(JSON.stringify(o.json))
    else {
      for (const chunk of o.body ?? []) call.write(chunk)
      call.end()
    }
  })
}
