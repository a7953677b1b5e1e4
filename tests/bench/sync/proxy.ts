import { connect, createServer, type Server, type Socket } from 'node:net'
import { BodyCounter } from './body-counter.ts'
import { Pipe } from './pipe.ts'

export interface LinkShape {
  /** Bytes per second in each direction, shared by all connections; null for no limit. */
  readonly bytesPerSecond: number | null
  readonly oneWayMs: number
  /** Connections are cut after this long, and refused for `outageMs` afterwards. */
  readonly cutEveryMs: number | null
  readonly outageMs: number
  /** One byte in so many is damaged; none when absent. */
  readonly damageEvery?: number
}

export const OPEN_LINK: LinkShape = { bytesPerSecond: null, oneWayMs: 0, cutEveryMs: null, outageMs: 0 }

export interface LinkProxy {
  readonly port: number
  /** Bytes that passed in each direction. */
  up: number
  down: number
  cuts: number
  /** Bodies of batches on their way to the hub, by what of them passed. */
  readonly bodies: BodyCounter
  /** Cuts every connection and refuses new ones until `restore`. */
  cut(): void
  restore(): void
  /** Lets what is connected now hang in the air: nothing passes, nobody is told. */
  silence(): void
  close(): Promise<void>
}

interface Line {
  readonly client: Socket
  readonly hub: Socket
  silent: boolean
}

/** A loopback link that counts, delays, throttles, cuts, falls silent and damages. */
export async function startLink(target: number, shape: LinkShape): Promise<LinkProxy> {
  const lines = new Set<Line>()
  let away = false
  const up = new Pipe(shape)
  const down = new Pipe(shape)
  const server: Server = createServer((client) => {
    if (away) return void client.resetAndDestroy()
    const hub = connect(target, '127.0.0.1')
    const line: Line = { client, hub, silent: false }
    lines.add(line)
    for (const socket of [client, hub]) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        if (line.silent) return
        lines.delete(line)
        client.destroy()
        hub.destroy()
      })
    }
    const bodies = link.bodies.connection()
    // The first byte waits for the handshake: there and back.
    const readyMs = performance.now() + shape.oneWayMs * 2
    up.carry(
      client,
      hub,
      readyMs,
      () => line.silent,
      (bytes) => {
        link.up += bytes.length
        bodies(bytes)
      },
    )
    down.carry(
      hub,
      client,
      readyMs,
      () => line.silent,
      (bytes) => {
        link.down += bytes.length
      },
    )
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  let outage: NodeJS.Timeout | null = null
  const timer =
    shape.cutEveryMs === null
      ? null
      : setInterval(() => {
          link.cut()
          outage = setTimeout(() => link.restore(), shape.outageMs)
        }, shape.cutEveryMs + shape.outageMs)
  const link: LinkProxy = {
    port: typeof address === 'object' && address ? address.port : 0,
    up: 0,
    down: 0,
    cuts: 0,
    bodies: new BodyCounter(),
    cut() {
      link.cuts++
      away = true
      for (const { client, hub } of lines) {
        client.resetAndDestroy()
        // What has arrived has arrived: a reset would take it out of the hub's hands.
        hub.destroy()
      }
    },
    restore() {
      away = false
    },
    silence() {
      for (const line of lines) line.silent = true
    },
    async close() {
      if (timer) clearInterval(timer)
      if (outage) clearTimeout(outage)
      up.close()
      down.close()
      for (const { client, hub } of lines) {
        client.destroy()
        hub.destroy()
      }
      await new Promise((closed) => server.close(closed))
    },
  }
  return link
}
