import type { WebSocket } from 'ws'
import { fail } from '../../shared/contract/result.ts'
import type { Result } from '../../shared/contract/result.ts'
import type { ShellConnection } from '../../shared/contract/shell.ts'
import type { Log } from '../core/services.ts'
import type { CorePort } from '../core/shell/port.ts'
import type { Lockout } from './lockout.ts'
import type { Session, Sessions } from './sessions.ts'
import { servePeer } from './socket.ts'
import type { Peer } from './socket.ts'

/** The core answers a wrong PIN with either, depending on how many there were before. */
const BAD_PIN = new Set<string>(['wrong-pin', 'pin-locked'])

export type AnswerShell = (peer: Peer, name: string, input: unknown) => Promise<Result<unknown>>

/** The pages connected now, on loopback and on the network together. */
export class PeerRegistry {
  readonly #core: CorePort
  readonly #log: Log
  readonly #clock: () => number
  readonly #peers = new Map<string, Peer>()
  readonly #stopEvents: () => void
  /** Set by the server once its links are known. */
  answerShell: AnswerShell = async () => fail('unknown-request')

  constructor(core: CorePort, log: Log, clock: () => number) {
    this.#core = core
    this.#log = log
    this.#clock = clock
    this.#stopEvents = core.onEvent((connectionId, event) => {
      if (connectionId !== null) this.#peers.get(connectionId)?.deliver(event)
      else for (const peer of this.#peers.values()) peer.deliver(event)
    })
  }

  serve(socket: WebSocket, session: Session, lockout: Lockout | null): void {
    const peer = servePeer(
      socket,
      session,
      this.#core,
      {
        answerShell: (from, name, input) => this.answerShell(from, name, input),
        lockedUntil: () => lockout?.lockedUntil(session.address) ?? null,
        onSignIn: (_from, result) => {
          if (result.ok) lockout?.succeed(session.address)
          else if (BAD_PIN.has(result.error.code)) lockout?.fail(session.address)
        },
        onClose: (gone) => {
          this.#peers.delete(gone.connectionId)
          this.#announce('disconnected', session)
        },
      },
      this.#clock,
    )
    this.#peers.set(peer.connectionId, peer)
    this.#announce('connected', session)
  }

  list(): ShellConnection[] {
    return [...this.#peers.values()].map(({ session, sinceMs, personName }) => ({
      label: session.label,
      address: session.address,
      remote: session.remote,
      sinceMs,
      personName,
    }))
  }

  /** Closes the sockets whose session has ended. */
  dropEnded(sessions: Sessions): void {
    for (const peer of this.#peers.values()) {
      if (!sessions.has(peer.session)) peer.close(1008)
    }
  }

  closeAll(): void {
    this.#stopEvents()
    for (const peer of this.#peers.values()) peer.close(1001)
  }

  #announce(what: string, session: Session): void {
    this.#log.info(`page ${what}`, { label: session.label, address: session.address })
    if (session.remote) console.log(`${session.address} ${what}; ${this.#countRemote()} on the network now`)
  }

  #countRemote(): number {
    return [...this.#peers.values()].filter((peer) => peer.session.remote).length
  }
}
