import { createHash, randomBytes } from 'node:crypto'

const SECRET_BYTES = 32

export interface Session {
  /** Short public name, for lists and logs; it opens nothing. */
  readonly label: string
  readonly address: string
  readonly remote: boolean
  readonly sinceMs: number
}

const digest = (secret: string) => createHash('sha256').update(secret).digest('hex')
const makeSecret = () => randomBytes(SECRET_BYTES).toString('base64url')

/**
 * Single-use launch tokens and the sessions they were exchanged for. Only digests are kept, so that looking a secret up
 * takes the same time however much of it was guessed.
 */
export class Sessions {
  readonly #clock: () => number
  readonly #tokens = new Map<string, { expiresMs: number; remote: boolean }>()
  readonly #sessions = new Map<string, Session & { expiresMs: number }>()
  #count = 0

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** A token that opens one session, on the loopback or on the LAN side but not on the other. */
  issueToken(remote: boolean, lifeMs: number): string {
    this.#dropExpired()
    const token = makeSecret()
    this.#tokens.set(digest(token), { expiresMs: this.#clock() + lifeMs, remote })
    return token
  }

  /** The secret of a new session, or null for a token that is unknown, used, expired or of the other side. */
  exchange(token: string, from: { address: string; remote: boolean }, lifeMs: number): string | null {
    this.#dropExpired()
    const key = digest(token)
    const found = this.#tokens.get(key)
    if (!found || found.remote !== from.remote) return null
    this.#tokens.delete(key)
    const secret = makeSecret()
    const nowMs = this.#clock()
    this.#count += 1
    const label = `session-${this.#count}`
    this.#sessions.set(digest(secret), { ...from, label, sinceMs: nowMs, expiresMs: nowMs + lifeMs })
    return secret
  }

  find(secret: string | undefined, remote: boolean): Session | null {
    if (secret === undefined) return null
    this.#dropExpired()
    const session = this.#sessions.get(digest(secret))
    return session && session.remote === remote ? session : null
  }

  has(session: Session): boolean {
    return [...this.#sessions.values()].some((known) => known.label === session.label)
  }

  end(secret: string): void {
    this.#sessions.delete(digest(secret))
  }

  #dropExpired(): void {
    const nowMs = this.#clock()
    for (const map of [this.#tokens, this.#sessions]) {
      for (const [key, { expiresMs }] of map) if (expiresMs <= nowMs) map.delete(key)
    }
  }
}
