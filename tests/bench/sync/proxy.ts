import { connect, createServer, type Server, type Socket } from 'node:net'

export interface LinkShape {
  /** Bytes per second in each direction; null for no limit. */
  readonly bytesPerSecond: number | null
  readonly oneWayMs: number
  /** Connections are cut after this long, and refused for `outageMs` afterwards. */
  readonly cutEveryMs: number | null
  readonly outageMs: number
}

export const OPEN_LINK: LinkShape = { bytesPerSecond: null, oneWayMs: 0, cutEveryMs: null, outageMs: 0 }

export interface LinkProxy {
  readonly port: number
  /** Bytes that passed in each direction. */
  up: number
  down: number
  cuts: number
  close(): Promise<void>
}

const SLICE_MS = 20

/** A loopback link that counts, delays, throttles and cuts. */
export async function startLink(target: number, shape: LinkShape): Promise<LinkProxy> {
  const sockets = new Set<Socket>()
  let away = false
  const server: Server = createServer((client) => {
    if (away) return void client.resetAndDestroy()
    const hub = connect(target, '127.0.0.1')
    for (const socket of [client, hub]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        hub.destroy()
      })
    }
    carry(client, hub, shape, (bytes) => (link.up += bytes))
    carry(hub, client, shape, (bytes) => (link.down += bytes))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  const timer = shape.cutEveryMs === null ? null : setInterval(cut, shape.cutEveryMs + shape.outageMs)
  const link: LinkProxy = {
    port: typeof address === 'object' && address ? address.port : 0,
    up: 0,
    down: 0,
    cuts: 0,
    async close() {
      if (timer) clearInterval(timer)
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
  function cut(): void {
    link.cuts++
    away = true
    for (const socket of sockets) socket.resetAndDestroy()
    setTimeout(() => (away = false), shape.outageMs)
  }
  return link
}

/** One direction: bytes leave at the link's rate and arrive after its delay. Reading stops while too much is under way. */
function carry(from: Socket, to: Socket, shape: LinkShape, count: (bytes: number) => void): void {
  if (shape.bytesPerSecond === null && shape.oneWayMs === 0) {
    from.on('data', (chunk) => {
      count(chunk.length)
      to.write(chunk)
    })
    return
  }
  const queue: Buffer[] = []
  let queued = 0
  let credit = 0
  let lastMs = performance.now()
  const perMs = shape.bytesPerSecond === null ? Infinity : shape.bytesPerSecond / 1000
  from.on('data', (chunk: Buffer) => {
    queue.push(chunk)
    queued += chunk.length
    if (queued > 8 * 1024) from.pause()
  })
  const timer = setInterval(() => {
    const nowMs = performance.now()
    // A late timer gives what it owes, up to a fifth of a second.
    credit = Math.min(credit + (nowMs - lastMs) * perMs, perMs * 200)
    lastMs = nowMs
    while (queue.length > 0 && credit >= 1) {
      const first = queue[0]!
      const part = first.subarray(0, Math.min(first.length, Math.floor(credit)))
      if (part.length === first.length) queue.shift()
      else queue[0] = first.subarray(part.length)
      credit -= part.length
      queued -= part.length
      count(part.length)
      setTimeout(() => to.write(part), shape.oneWayMs)
    }
    if (queued < 4 * 1024 && from.isPaused()) from.resume()
  }, SLICE_MS)
  from.on('close', () => clearInterval(timer))
}
