import { readFileSync, statSync } from 'node:fs'
import { connect as netConnect } from 'node:net'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { cookieOf, send, startTestServer, tokenOf } from '../helpers/standalone.ts'
import type { TestServer } from '../helpers/standalone.ts'

let box: TestServer
let nowMs = 1_800_000_000_000
let lanOrigin: string
let lanHost: string
beforeAll(async () => {
  box = await startTestServer({ lan: true, clock: () => nowMs })
  lanHost = `127.0.0.1:${box.server.lan?.port}`
  lanOrigin = `https://${lanHost}`
})
afterAll(() => box.stop())

const exchange = (token: string, origin = lanOrigin) =>
  send(`${origin}/session`, { method: 'POST', headers: { origin }, json: { token } })
const inviteToken = () => tokenOf(box.server.makeInvite().url)

async function openSocket(cookie: string): Promise<WebSocket> {
  const socket = new WebSocket(`wss://${lanHost}/ws`, {
    headers: { cookie, origin: lanOrigin },
    rejectUnauthorized: false,
  })
  return new Promise((done, reject) => {
    socket.on('open', () => done(socket))
    socket.on('error', reject)
  })
}

function ask(socket: WebSocket, name: string, input: unknown): Promise<Record<string, unknown>> {
  return new Promise((done) => {
    const take = (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as Record<string, unknown>
      if (message.event !== undefined) return
      socket.off('message', take)
      done(message)
    }
    socket.on('message', take)
    socket.send(JSON.stringify({ id: 1, name, input }))
  })
}

describe('the network side', () => {
  it('speaks TLS only', async () => {
    const answer = await new Promise<string>((done) => {
      const socket = netConnect(box.server.lan?.port ?? 0, '127.0.0.1', () => {
        socket.write(`GET / HTTP/1.1\r\nHost: ${lanHost}\r\n\r\n`)
      })
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString('latin1')))
      socket.on('close', () => done(text))
      socket.on('error', () => done(text))
    })
    expect(answer).not.toContain('200 OK')
    expect(answer).not.toContain('Chanbo')
    expect((await send(`${lanOrigin}/`)).status).toBe(200)
  })

  it('refuses old TLS', async () => {
    const outcome = await new Promise<string>((done) => {
      const socket = tlsConnect(
        {
          port: box.server.lan?.port,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          maxVersion: 'TLSv1.1',
          minVersion: 'TLSv1',
        },
        () => done('connected'),
      )
      socket.on('error', () => done('refused'))
    })
    expect(outcome).toBe('refused')
  })

  it('shows the fingerprint of the certificate it really uses', async () => {
    const seen = await new Promise<string>((done, reject) => {
      const socket = tlsConnect(
        { port: box.server.lan?.port, host: '127.0.0.1', rejectUnauthorized: false },
        () => {
          done(socket.getPeerX509Certificate()?.fingerprint256 ?? '')
          socket.destroy()
        },
      )
      socket.on('error', reject)
    })
    expect(seen).toBe(box.server.lan?.fingerprint)
    expect(seen).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  })

  it('keeps its key to its owner', () => {
    expect(statSync(join(box.dataDir, 'lan', 'lan-key.pem')).mode & 0o777).toBe(0o600)
    expect(statSync(join(box.dataDir, 'lan')).mode & 0o777).toBe(0o700)
  })

  it('is not there without --lan', async () => {
    const plain = await startTestServer()
    expect(plain.server.lan).toBeNull()
    expect(() => plain.server.makeInvite()).toThrow()
    const outcome = await new Promise<string>((done) => {
      const socket = netConnect(plain.server.port + 1, '127.0.0.1', () => done('open'))
      socket.on('error', () => done('closed'))
      socket.on('connect', () => socket.destroy())
    })
    expect(outcome).toBe('closed')
    await plain.stop()
  })

  it('takes neither the loopback token nor the loopback cookie', async () => {
    const token = tokenOf(box.server.makeLink())
    expect((await exchange(token)).status).toBe(401)
    const cookie = await box.signIn()
    const secret = cookie.split('=')[1] ?? ''
    const forged = `__Host-chanbo-${box.server.lan?.port}=${secret}`
    expect((await send(`${lanOrigin}/session`, { headers: { cookie: forged } })).status).toBe(401)
  })

  it('gives a Secure, host-bound cookie', async () => {
    const answer = await exchange(inviteToken())
    expect(answer.status).toBe(204)
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^__Host-chanbo-\d+=.*; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    )
  })

  it('lets an invitation lapse after 15 minutes', async () => {
    const token = inviteToken()
    nowMs += 15 * 60_000 + 1
    expect((await exchange(token)).status).toBe(401)
  })

  it('lets nobody from the network decide what this machine opens, or see who else is connected', async () => {
    const socket = await openSocket(cookieOf(await exchange(inviteToken())))
    for (const name of ['app/openDemo', 'app/leaveBelt', 'app/removeDemo', 'shell/invite']) {
      expect(await ask(socket, name, {})).toMatchObject({ ok: false, error: { code: 'not-allowed' } })
    }
    expect(await ask(socket, 'backup/restore', { backupId: 'x' })).toMatchObject({
      error: { code: 'not-allowed' },
    })
    expect(await ask(socket, 'app/state', {})).toMatchObject({
      ok: true,
      value: { phase: 'first-run', person: null },
    })
    expect(await ask(socket, 'shell/info', {})).toMatchObject({ value: { remote: true, connections: [] } })
    socket.close()
  })

  it('shows the machine itself who is connected', async () => {
    const remote = await openSocket(cookieOf(await exchange(inviteToken())))
    const local = new WebSocket(`ws://${box.host}/ws`, {
      headers: { cookie: await box.signIn(), origin: box.origin },
    })
    await new Promise((done) => local.on('open', done))
    const info = await ask(local, 'shell/info', {})
    const { connections } = info.value as { connections: { remote: boolean; address: string }[] }
    expect(connections.filter((item) => item.remote)).toEqual([
      expect.objectContaining({ address: '127.0.0.1', personName: null }),
    ])
    remote.close()
    local.close()
  })
})

describe('the lock-out', () => {
  it('closes after five bad tokens, grows, and outlives a restart', async () => {
    for (let i = 0; i < 5; i += 1) expect((await exchange(`guess-${i}`)).status).toBe(401)
    const good = inviteToken()
    const locked = await exchange(good)
    expect(locked.status).toBe(429)
    const { error } = JSON.parse(locked.text) as { error: { code: string; details: { waitMs: number } } }
    expect(error.code).toBe('pin-locked')
    expect(error.details.waitMs).toBe(15 * 60_000)
    expect(readFileSync(join(box.dataDir, 'lan', 'lockout.json'), 'utf8')).toContain('127.0.0.1')

    await box.server.close()
    const again = await box.restart({ lan: true, clock: () => nowMs })
    lanHost = `127.0.0.1:${again.lan?.port}`
    lanOrigin = `https://${lanHost}`
    expect((await exchange(tokenOf(again.makeInvite().url))).status).toBe(429)

    nowMs += 15 * 60_000 + 1
    expect((await exchange('one more guess')).status).toBe(401)
    expect((await exchange(tokenOf(again.makeInvite().url))).status).toBe(429)
    nowMs += 15 * 60_000 + 1
    expect((await exchange(tokenOf(again.makeInvite().url))).status).toBe(429)
    nowMs += 15 * 60_000 + 1
    const token = tokenOf(again.makeInvite().url)
    expect((await exchange(token)).status).toBe(204)
    expect((await exchange('a guess after success')).status).toBe(401)
  })

  it('counts bad PINs like bad tokens', async () => {
    const other = await startTestServer({ lan: true, clock: () => nowMs })
    const connection = other.core.openConnection({ kind: 'window', remote: false })
    const made = await other.core.request(connection, 'app/createBelt', {
      name: '荣成渔具产业带',
      shortName: '荣成',
      base: {
        name: '荣成基地',
        shortName: '荣成',
        kind: 'rural',
        networkProfile: '4g',
        openMin: 480,
        closeMin: 1320,
      },
      administrator: { name: '王敏', pin: '246810' },
    })
    expect(made).toMatchObject({ ok: true })
    lanHost = `127.0.0.1:${other.server.lan?.port}`
    lanOrigin = `https://${lanHost}`
    const socket = await openSocket(cookieOf(await exchange(tokenOf(other.server.makeInvite().url))))
    const state = (await ask(socket, 'app/state', {})) as {
      value: { people: { id: string }[]; person: unknown }
    }
    expect(state.value.person).toBeNull()
    const personId = state.value.people[0]?.id
    const codes: unknown[] = []
    for (let i = 0; i < 5; i += 1) {
      const answer = await ask(socket, 'session/open', { personId, pin: `00000${i}` })
      codes.push((answer.error as { code: string }).code)
    }
    expect(codes[0]).toBe('wrong-pin')
    const locked = await ask(socket, 'session/open', { personId, pin: '246810' })
    expect(locked).toMatchObject({
      ok: false,
      error: { code: 'pin-locked', details: { waitMs: 15 * 60_000 } },
    })
    expect((await exchange(tokenOf(other.server.makeInvite().url))).status).toBe(429)
    socket.close()
    await other.stop()
  })
})
