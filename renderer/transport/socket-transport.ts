import type { AppEvent } from '../../shared/contract/event.ts'
import { fail, ok, type AppError, type Result } from '../../shared/contract/result.ts'
import { reconnectDelayMs } from './backoff.ts'
import { chooseFile, downloadFile, uploadFile } from './files.ts'
import type { LinkState, Transport } from './transport.ts'

interface Answer {
  readonly id: number
  readonly ok: boolean
  readonly value?: unknown
  readonly error?: AppError
}

interface Waiting {
  readonly text: string
  sent: boolean
  readonly resolve: (result: Result<unknown>) => void
  readonly timer: ReturnType<typeof setTimeout>
}

export interface SocketOptions {
  /** Page address, e.g. http://127.0.0.1:4173 */
  readonly origin: string
  /** One-time launch token, exchanged for a cookie; null when the cookie is already there. */
  readonly token: string | null
  /** How long a request may wait for the link to come back before it is given up, ms. */
  readonly patienceMs?: number
}

/**
 * Requests over one WebSocket. A request not yet sent waits for the link; one already sent when the link breaks is
 * answered `connection-lost`, because nobody can know whether it was carried out (queries are read again by their screens).
 */
export function createSocketTransport(options: SocketOptions): Transport {
  const patienceMs = options.patienceMs ?? 8_000
  const waiting = new Map<number, Waiting>()
  const eventListeners = new Set<(event: AppEvent) => void>()
  const linkListeners = new Set<(state: LinkState) => void>()
  let link: LinkState = 'connecting'
  let socket: WebSocket | null = null
  let token = options.token
  let attempt = 0
  let nextId = 1

  function setLink(state: LinkState) {
    if (state === link) return
    link = state
    for (const listener of linkListeners) listener(state)
  }

  function settle(id: number, result: Result<unknown>) {
    const entry = waiting.get(id)
    if (!entry) return
    waiting.delete(id)
    clearTimeout(entry.timer)
    entry.resolve(result)
  }

  /** True when the cookie stands; false when the launch token was refused or is missing. */
  async function openSession(): Promise<boolean> {
    const answer = token
      ? await fetch(new URL('/session', options.origin), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token }),
        })
      : await fetch(new URL('/session', options.origin))
    if (answer.ok) token = null
    else if (answer.status !== 401 && answer.status !== 403) throw new Error(`session ${answer.status}`)
    return answer.ok
  }

  function onMessage(raw: unknown) {
    if (typeof raw !== 'string') return
    const message = JSON.parse(raw) as Answer | { readonly event: AppEvent }
    if ('event' in message) {
      for (const listener of eventListeners) listener(message.event)
      return
    }
    settle(
      message.id,
      message.ok ? ok(message.value) : { ok: false, error: message.error ?? fail('internal').error },
    )
  }

  function retry() {
    socket = null
    for (const [id, entry] of waiting) if (entry.sent) settle(id, fail('connection-lost'))
    setLink('down')
    attempt += 1
    setTimeout(() => void connect(), reconnectDelayMs(attempt, Math.random()))
  }

  async function connect() {
    try {
      if (!(await openSession())) {
        setLink('refused')
        for (const id of waiting.keys()) settle(id, fail('connection-lost'))
        return
      }
    } catch {
      retry()
      return
    }
    const address = new URL('/ws', options.origin)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const opened = new WebSocket(address)
    opened.addEventListener('open', () => {
      socket = opened
      attempt = 0
      for (const entry of waiting.values()) send(entry)
      setLink('up')
    })
    opened.addEventListener('message', (event) => onMessage(event.data))
    opened.addEventListener('close', retry)
  }

  function send(entry: Waiting) {
    if (entry.sent || !socket || socket.readyState !== WebSocket.OPEN) return
    entry.sent = true
    clearTimeout(entry.timer)
    socket.send(entry.text)
  }

  function call<T>(name: string, input: unknown): Promise<Result<T>> {
    if (link === 'refused') return Promise.resolve(fail('connection-lost'))
    const id = nextId++
    return new Promise((resolve) => {
      const entry: Waiting = {
        text: JSON.stringify({ id, name, input }),
        sent: false,
        resolve: resolve as (result: Result<unknown>) => void,
        timer: setTimeout(() => settle(id, fail('connection-lost')), patienceMs),
      }
      waiting.set(id, entry)
      send(entry)
    })
  }

  void connect()
  return {
    request: (name, input) => call(name, input),
    shell: (name, input) => call(name, input),
    on(listener) {
      eventListeners.add(listener)
      return () => eventListeners.delete(listener)
    },
    onLink(listener) {
      linkListeners.add(listener)
      listener(link)
      return () => linkListeners.delete(listener)
    },
    async pickFile(accept) {
      const file = await chooseFile(accept)
      return file ? uploadFile(file) : ok(null)
    },
    sendFile: uploadFile,
    saveFile(handle, suggestedName) {
      downloadFile(handle, suggestedName)
      return Promise.resolve(ok({ name: suggestedName }))
    },
  }
}
