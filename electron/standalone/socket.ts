import { z } from 'zod'
import type { WebSocket } from 'ws'
import type { AppEvent } from '../../shared/contract/event.ts'
import { fail } from '../../shared/contract/result.ts'
import type { Result } from '../../shared/contract/result.ts'
import type { CorePort } from '../core/shell/port.ts'
import type { Session } from './sessions.ts'

/** Needed, and with it every request's description, only where somebody comes over the network. */
const isOpenToRemote = async (name: string) => (await import('./remote.ts')).isOpenToRemote(name)

const HEARTBEAT_MS = 20_000
const MAX_IN_FLIGHT = 128
/** A page that does not read is cut off before its backlog eats the machine's memory. */
const MAX_BACKLOG_BYTES = 32 * 1024 * 1024

const messageSchema = z.object({
  id: z.union([z.number().int(), z.string().max(64)]),
  name: z.string().min(1).max(100),
  input: z.unknown(),
})
const personSchema = z.object({ name: z.string() })

export interface Peer {
  readonly session: Session
  readonly connectionId: string
  readonly sinceMs: number
  personName: string | null
  deliver(event: AppEvent): void
  close(code: number): void
}

export interface SocketHooks {
  /** Answers `shell/*` requests. */
  answerShell(peer: Peer, name: string, input: unknown): Promise<Result<unknown>>
  /** Told about every answer to a sign-in attempt, so that guesses can be counted. */
  onSignIn(peer: Peer, result: Result<unknown>): void
  /** Epoch ms until which this peer may not try a PIN, or null. */
  lockedUntil(peer: Peer): number | null
  onClose(peer: Peer): void
}

/** Connects one WebSocket to the core: `{id, name, input}` in, `{id, ok, value | error}` and `{event}` out. */
export function servePeer(
  socket: WebSocket,
  session: Session,
  core: CorePort,
  hooks: SocketHooks,
  clock: () => number,
): Peer {
  const connectionId = core.openConnection({
    kind: 'socket',
    remote: session.remote,
    sessionKey: session.label,
  })
  const send = (message: unknown) => {
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > MAX_BACKLOG_BYTES) socket.terminate()
    else socket.send(JSON.stringify(message))
  }
  const peer: Peer = {
    session,
    connectionId,
    sinceMs: clock(),
    personName: null,
    deliver: (event) => send({ event }),
    close: (code) => socket.close(code),
  }

  let inFlight = 0
  const answer = async (name: string, input: unknown): Promise<Result<unknown>> => {
    if (inFlight > MAX_IN_FLIGHT) return fail('bad-input', { reason: 'too-many-requests' })
    if (name.startsWith('shell/')) return hooks.answerShell(peer, name, input)
    if (session.remote && !(await isOpenToRemote(name))) return fail('not-allowed', { reason: 'remote' })
    if (name !== 'session/open') return core.request(connectionId, name, input)
    const waitUntilMs = hooks.lockedUntil(peer)
    if (waitUntilMs !== null) return fail('pin-locked', { waitMs: waitUntilMs - clock() })
    const result = await core.request(connectionId, name, input)
    if (result.ok) peer.personName = personSchema.safeParse(result.value).data?.name ?? null
    hooks.onSignIn(peer, result)
    return result
  }
  const receive = async (text: string): Promise<void> => {
    const parsed = messageSchema.safeParse(parseJson(text))
    if (!parsed.success) {
      socket.close(1008, 'malformed request')
      return
    }
    const { id, name, input } = parsed.data
    inFlight += 1
    try {
      const result = await answer(name, input)
      if (name === 'session/close' && result.ok) peer.personName = null
      send({ id, ...result })
    } finally {
      inFlight -= 1
    }
  }

  let alive = true
  const heartbeat = setInterval(() => {
    if (!alive) socket.terminate()
    alive = false
    if (socket.readyState === socket.OPEN) socket.ping()
  }, HEARTBEAT_MS)
  socket.on('pong', () => (alive = true))
  socket.on('message', (data, isBinary) => {
    alive = true
    if (isBinary) socket.close(1003, 'text only')
    else void receive((data as Buffer).toString('utf8'))
  })
  socket.on('close', () => {
    clearInterval(heartbeat)
    core.closeConnection(connectionId)
    hooks.onClose(peer)
  })
  return peer
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
