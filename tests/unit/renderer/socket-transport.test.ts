// @vitest-environment node
import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer, type WebSocket as ServerSocket } from 'ws'
import { reconnectDelayMs } from '../../../renderer/transport/backoff.ts'
import { createSocketTransport } from '../../../renderer/transport/socket-transport.ts'
import type { LinkState } from '../../../renderer/transport/transport.ts'

interface Message {
  id: number
  name: string
  input: unknown
}

/** A server of the standalone shell's protocol: one token, then a socket whose answers the test decides. */
class Peer {
  readonly server: Server
  readonly seen: Message[] = []
  readonly sockets = new Set<ServerSocket>()
  tokens: string[] = []
  allowed = true
  answer: (message: Message, socket: ServerSocket) => void = ({ id, name }, socket) =>
    socket.send(JSON.stringify({ id, ok: true, value: { echoed: name } }))

  constructor() {
    this.server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        if (request.method === 'POST') this.tokens.push((JSON.parse(body) as { token: string }).token)
        response.writeHead(this.allowed ? 204 : 401).end()
      })
    })
    new WebSocketServer({ server: this.server, path: '/ws' }).on('connection', (socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Message
        this.seen.push(message)
        this.answer(message, socket)
      })
    })
  }
  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => {
        const address = this.server.address()
        resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
      })
    })
  }
  cut() {
    for (const socket of this.sockets) socket.terminate()
  }
}

const peers: Peer[] = []
async function start() {
  const peer = new Peer()
  peers.push(peer)
  return { peer, origin: await peer.listen() }
}
afterEach(() => {
  for (const peer of peers.splice(0)) {
    peer.allowed = false
    peer.cut()
    peer.server.close()
  }
})
const until = async (done: () => boolean) => {
  for (let turn = 0; turn < 200 && !done(); turn++) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(done()).toBe(true)
}

describe('requests over the socket', () => {
  it('exchange the token once, then are answered by id whatever the order', async () => {
    const { peer, origin } = await start()
    const held: (() => void)[] = []
    peer.answer = (message, socket) => {
      const reply = () => socket.send(JSON.stringify({ id: message.id, ok: true, value: message.name }))
      if (message.name === 'app/state') held.push(reply)
      else {
        reply()
        for (const late of held) late()
      }
    }
    const transport = createSocketTransport({ origin, token: 'T1' })
    const [state, bar] = await Promise.all([
      transport.request('app/state', {}),
      transport.request('app/syncBar', {}),
    ])
    expect([state, bar]).toEqual([
      { ok: true, value: 'app/state' },
      { ok: true, value: 'app/syncBar' },
    ])
    expect(peer.tokens).toEqual(['T1'])
  })

  it('hand on refusals as they are', async () => {
    const { peer, origin } = await start()
    const error = { code: 'wrong-pin', details: { triesLeft: 2 } }
    peer.answer = ({ id }, socket) => socket.send(JSON.stringify({ id, ok: false, error }))
    const transport = createSocketTransport({ origin, token: null })
    expect(await transport.request('session/open', { personId: 'p', pin: '1' })).toEqual({ ok: false, error })
  })

  it('answer connection-lost for what was under way when the link broke, never sending it twice', async () => {
    const { peer, origin } = await start()
    peer.answer = () => peer.cut()
    const transport = createSocketTransport({ origin, token: null })
    const result = await transport.request('backup/make', {})
    expect(result).toMatchObject({ ok: false, error: { code: 'connection-lost' } })
    await until(() => peer.sockets.size === 1)
    expect(peer.seen).toHaveLength(1)
  })

  it('wait for the link when they were not sent yet, and give up after their patience', async () => {
    const { peer, origin } = await start()
    const states: LinkState[] = []
    const transport = createSocketTransport({ origin, token: null, patienceMs: 4_000 })
    transport.onLink((state) => states.push(state))
    await until(() => states.at(-1) === 'up')
    peer.cut()
    await until(() => states.at(-1) === 'down')
    expect(await transport.request('app/syncBar', {})).toMatchObject({ ok: true })
    expect(states).toEqual(['connecting', 'up', 'down', 'up'])

    const hasty = createSocketTransport({ origin: 'http://127.0.0.1:9', token: null, patienceMs: 60 })
    expect(await hasty.request('app/syncBar', {})).toMatchObject({ error: { code: 'connection-lost' } })
  })

  it('stop with `refused` when the launch token is not accepted', async () => {
    const { peer, origin } = await start()
    peer.allowed = false
    const states: LinkState[] = []
    const transport = createSocketTransport({ origin, token: 'used' })
    transport.onLink((state) => states.push(state))
    await until(() => states.at(-1) === 'refused')
    expect(await transport.request('app/state', {})).toMatchObject({ error: { code: 'connection-lost' } })
    expect(peer.sockets.size).toBe(0)
  })
})

describe('events', () => {
  it('reach every listener until it leaves', async () => {
    const { peer, origin } = await start()
    const transport = createSocketTransport({ origin, token: null })
    await transport.request('app/state', {})
    const first: unknown[] = []
    const second: unknown[] = []
    const stop = transport.on((event) => first.push(event))
    transport.on((event) => second.push(event))
    const send = (topics: string[]) => {
      for (const socket of peer.sockets) socket.send(JSON.stringify({ event: { kind: 'changed', topics } }))
    }
    send(['booking'])
    await until(() => first.length === 1)
    stop()
    send(['plan'])
    await until(() => second.length === 2)
    expect(first).toEqual([{ kind: 'changed', topics: ['booking'] }])
  })
})

describe('waiting before the next try', () => {
  it('doubles up to fifteen seconds and spreads by at most half', () => {
    expect([1, 2, 3, 4].map((attempt) => reconnectDelayMs(attempt, 0))).toEqual([250, 500, 1000, 2000])
    expect(reconnectDelayMs(30, 0)).toBe(15_000)
    expect(reconnectDelayMs(30, 1)).toBe(7_500)
  })
})
