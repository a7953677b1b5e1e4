import { readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { send, startTestServer, tokenOf } from '../helpers/standalone.ts'
import type { TestServer } from '../helpers/standalone.ts'

let box: TestServer
beforeAll(async () => {
  box = await startTestServer()
})
afterAll(() => box.stop())

const post = (path: string, headers: Record<string, string>, json: unknown) =>
  send(box.origin + path, { method: 'POST', headers, json })

/** Status of a WebSocket handshake; 101 means that it got in. */
function handshake(headers: Record<string, string>, path = '/ws'): Promise<number> {
  const socket = new WebSocket(`ws://${box.host}${path}`, { headers })
  return new Promise((done, reject) => {
    socket.on('open', () => {
      socket.close()
      done(101)
    })
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      done(response.statusCode ?? 0)
    })
    socket.on('error', reject)
  })
}

describe('the page', () => {
  it('is served without a token and shows nothing private', async () => {
    const answer = await send(`${box.origin}/`)
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('<!doctype html><title>Chanbo</title>')
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  it('is locked down by its headers', async () => {
    const { headers } = await send(`${box.origin}/`)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("style-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain(`connect-src 'self' ws://${box.host};`)
    expect(policy).not.toMatch(/unsafe|\*/)
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['x-frame-options']).toBe('DENY')
    expect(headers['referrer-policy']).toBe('no-referrer')
  })

  it('lets only hashed assets be cached', async () => {
    expect((await send(`${box.origin}/assets/main-abc.js`)).headers['cache-control']).toContain('immutable')
    expect((await send(`${box.origin}/`)).headers['cache-control']).toBe('no-cache')
    expect((await send(`${box.origin}/session`)).headers['cache-control']).toBe('no-store')
  })

  it('sends what the page has already only when it has changed', async () => {
    const { etag } = (await send(`${box.origin}/`)).headers
    const again = (known: string) => send(`${box.origin}/`, { headers: { 'if-none-match': known } })
    expect(await again(String(etag))).toMatchObject({ status: 304, text: '' })
    expect((await again('"another"')).status).toBe(200)
  })

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..\\secret.txt',
    '/..%5csecret.txt',
    '//secret.txt',
    '/assets/%00../../secret.txt',
    '/.hidden',
  ])('does not lead out of its folder: %s', async (path) => {
    const answer = await send(box.origin, { path })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.text).not.toContain('outside the page')
  })
})

describe('the Host header', () => {
  it.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1:1', 'localhost.evil.example:4780'])(
    'refuses %j even for the page',
    async (host) => {
      expect((await send(`${box.origin}/`, { headers: { host } })).status).toBeGreaterThanOrEqual(400)
    },
  )

  it('accepts this machine under both its names', async () => {
    expect((await send(`${box.origin}/`, { headers: { host: `localhost:${box.server.port}` } })).status).toBe(
      200,
    )
  })

  it('is checked on upgrades too', async () => {
    const cookie = await box.signIn()
    expect(await handshake({ cookie, host: 'evil.example', origin: 'http://evil.example' })).toBe(403)
  })
})

describe('the launch token', () => {
  it('opens one session and is then worthless', async () => {
    const token = tokenOf(box.server.makeLink())
    const first = await post('/session', { origin: box.origin }, { token })
    expect(first.status).toBe(204)
    const cookie = String(first.headers['set-cookie']?.[0])
    expect(cookie).toMatch(/^chanbo-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    const replay = await post('/session', { origin: box.origin }, { token })
    expect(replay.status).toBe(401)
    expect(replay.headers['set-cookie']).toBeUndefined()
  })

  it.each(['', 'x', 'a'.repeat(43), '../../etc/passwd'])('refuses %j', async (token) => {
    const answer = await post('/session', { origin: box.origin }, { token })
    expect([400, 401]).toContain(answer.status)
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  it.each([undefined, 'null', 'http://evil.example', 'http://127.0.0.1:1', 'https://127.0.0.1'])(
    'is not exchanged for a page of origin %s',
    async (origin) => {
      const token = tokenOf(box.server.makeLink())
      const headers: Record<string, string> = origin === undefined ? {} : { origin }
      expect((await post('/session', headers, { token })).status).toBe(403)
      expect((await post('/session', { origin: box.origin }, { token })).status).toBe(204)
    },
  )

  it('is not read out of a large body', async () => {
    expect((await post('/session', { origin: box.origin }, { token: 'a'.repeat(5000) })).status).toBe(413)
  })

  it('is asked for in the body alone', async () => {
    const token = tokenOf(box.server.makeLink())
    const answer = await send(`${box.origin}/session?token=${token}`)
    expect(answer.status).toBe(401)
    expect((await send(`${box.origin}/?token=${token}`)).headers['set-cookie']).toBeUndefined()
  })

  it('never reaches the log', async () => {
    await post('/session', { origin: box.origin }, { token: 'guessed-token-value' })
    const log = readFileSync(join(box.dataDir, 'logs', 'test.log'), 'utf8')
    expect(log).toContain('launch token refused')
    expect(log).not.toContain('guessed-token-value')
  })

  it('is handed to a second start by the owner-only control file, and to nobody else', async () => {
    const file = join(box.dataDir, 'standalone.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const { secret } = JSON.parse(readFileSync(file, 'utf8')) as { secret: string }
    const own = await post('/launch-link', { origin: box.origin }, { secret })
    expect((JSON.parse(own.text) as { link: string }).link).toMatch(/#token=/)
    expect((await post('/launch-link', { origin: box.origin }, { secret: `${secret}x` })).status).toBe(403)
    expect((await post('/launch-link', { origin: 'http://evil.example' }, { secret })).status).toBe(403)
  })
})

describe('the socket', () => {
  it('opens for the own page with its cookie', async () => {
    expect(await handshake({ cookie: await box.signIn(), origin: box.origin })).toBe(101)
  })

  it('stays shut without a cookie, and for a guessed one', async () => {
    expect(await handshake({ origin: box.origin })).toBe(401)
    expect(
      await handshake({ origin: box.origin, cookie: `chanbo-${box.server.port}=${'a'.repeat(43)}` }),
    ).toBe(401)
  })

  it('stays shut for other sites, for other ports of this machine and for no origin at all', async () => {
    const cookie = await box.signIn()
    for (const origin of ['http://evil.example', 'http://127.0.0.1:1', `https://${box.host}`, 'null']) {
      expect(await handshake({ cookie, origin })).toBe(403)
    }
    expect(await handshake({ cookie })).toBe(403)
  })

  it('does not keep the connections of refused handshakes', async () => {
    for (let i = 0; i < 20; i += 1) await handshake({ origin: 'http://evil.example' })
    await expect.poll(() => countConnections()).toBeLessThan(5)
  })

  it('opens on its own path only', async () => {
    const cookie = await box.signIn()
    expect(await handshake({ cookie, origin: box.origin }, '/')).toBe(404)
    expect(await handshake({ cookie, origin: box.origin }, '/session')).toBe(404)
  })

  it('cuts off nonsense and oversized messages', async () => {
    const codes = await Promise.all(
      ['not json', '{"id":1}', `{"id":1,"name":"x","input":"${'a'.repeat(1_100_000)}"}`].map(async (text) => {
        const socket = await openSocket()
        socket.send(text)
        return closeCode(socket)
      }),
    )
    expect(codes).toEqual([1008, 1008, 1009])
  })

  it('ends with its session', async () => {
    const cookie = await box.signIn()
    const socket = await openSocket(cookie)
    const ended = closeCode(socket)
    const answer = await send(`${box.origin}/session`, {
      method: 'DELETE',
      headers: { cookie, origin: box.origin },
    })
    expect(answer.status).toBe(204)
    expect(await ended).toBe(1008)
    expect(await handshake({ cookie, origin: box.origin })).toBe(401)
  })

  it('carries requests and answers', async () => {
    const socket = await openSocket()
    const answer = nextMessage(socket)
    socket.send(JSON.stringify({ id: 7, name: 'app/state', input: {} }))
    expect(await answer).toMatchObject({ id: 7, ok: true, value: { phase: 'first-run' } })
    socket.close()
  })

  it('answers for the shell itself', async () => {
    const socket = await openSocket()
    const answer = nextMessage(socket)
    socket.send(JSON.stringify({ id: 1, name: 'shell/info', input: {} }))
    expect(await answer).toMatchObject({ ok: true, value: { kind: 'browser', remote: false, lan: null } })
    const refused = nextMessage(socket)
    socket.send(JSON.stringify({ id: 2, name: 'shell/invite', input: {} }))
    expect(await refused).toMatchObject({ id: 2, ok: false, error: { code: 'not-allowed' } })
    socket.close()
  })
})

describe('requests from other sites', () => {
  it.each(['cross-site', 'same-site'])('gets nothing private for a %s request', async (site) => {
    const cookie = await box.signIn()
    const headers = { cookie, 'sec-fetch-site': site }
    expect((await send(`${box.origin}/session`, { headers })).status).toBe(403)
    expect((await send(`${box.origin}/files/abc`, { headers })).status).toBe(403)
    expect((await send(`${box.origin}/`, { headers })).status).toBe(200)
  })

  it('survives a request that is no HTTP at all', async () => {
    await new Promise<void>((done) => {
      const socket = connect(box.server.port, '127.0.0.1', () =>
        socket.end('\u0000\u0001GET / HTTP/9.9\r\n\r\n'),
      )
      socket.on('close', () => done())
      socket.on('error', () => done())
      socket.resume()
    })
    expect((await send(`${box.origin}/`)).status).toBe(200)
  })
})

/** TCP connections to the server that are still open, seen from this process. */
function countConnections(): number {
  const handles = process.getActiveResourcesInfo()
  return handles.filter((kind) => kind === 'TCPSocketWrap').length
}

async function openSocket(cookie?: string): Promise<WebSocket> {
  const headers = { cookie: cookie ?? (await box.signIn()), origin: box.origin }
  const socket = new WebSocket(`ws://${box.host}/ws`, { headers })
  return new Promise((done, reject) => {
    socket.on('open', () => done(socket))
    socket.on('error', reject)
  })
}

function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((done) => socket.on('close', done))
}

function nextMessage(socket: WebSocket): Promise<unknown> {
  return new Promise((done) => {
    const take = (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as { event?: unknown }
      if (message.event !== undefined) return
      socket.off('message', take)
      done(message)
    }
    socket.on('message', take)
  })
}
