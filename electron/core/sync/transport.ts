import { createHash, verify, createPublicKey, type KeyObject } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { buildConnector, Client } from 'undici'
import {
  answerText,
  FROM_HEADER,
  HAVE_HEADER,
  hubErrorSchema,
  PART_HEADER,
  partText,
  requestText,
  type HubErrorCode,
} from '../../../shared/wire/messages.ts'
import { signWith } from '../keys.ts'

/** The hub cannot be reached, or the connection broke on the way. */
export class HubUnreachable extends Error {
  override readonly name = 'HubUnreachable'

  /** True when nobody answered in time, as on a connection of which only one end is left. */
  get silent(): boolean {
    const code = this.cause instanceof Error && 'code' in this.cause ? this.cause.code : null
    return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
  }
}

/** Somebody answered who is not the hub that this device joined. */
export class WrongHub extends Error {
  override readonly name = 'WrongHub'
}

/** The hub said no, in one word. */
export class HubRefused extends Error {
  override readonly name = 'HubRefused'
  readonly code: HubErrorCode
  readonly number: number | null

  constructor(code: HubErrorCode, number: number | null) {
    super(code)
    this.code = code
    this.number = number
  }
}

export interface TransportOptions {
  readonly url: string
  readonly tlsFingerprint: string | null
  /** Null before joining: answers are then not signed. */
  readonly hubKey: string | null
}

/** What arrived of an answer before its connection broke. */
export interface PartialAnswer {
  /** SHA-256 of the whole answer, base64url. */
  readonly id: string
  readonly size: number
  readonly bytes: Uint8Array
}

/** How a request travels; all of it may be ignored where nothing gets lost. */
export interface RequestHow {
  /** Bulk travels on a connection of its own, so that nothing small waits behind it. */
  readonly lane?: 'quick' | 'bulk'
  /** How much of the body the hub has already. */
  readonly from?: number
  /** How long without an answer counts as a dead connection. */
  readonly patienceMs?: number
  /** The start of the same answer, from an earlier try. */
  readonly have?: PartialAnswer | null
  onCut?(part: PartialAnswer): void
}

/** What a device needs of its connection once it has joined. */
export interface SignedRequests {
  /** @throws HubUnreachable, HubRefused or WrongHub */
  signed(
    path: string,
    body: Uint8Array,
    identity: { belt: string; epoch: number; author: string; seed: string; counter: number },
    how?: RequestHow,
  ): Promise<{ body: Uint8Array; wireBytes: number }>
  /** An unsigned request. */
  plain?(path: string, body: unknown): Promise<unknown>
  /** Bytes on the wire so far, both ways, as far as they can be told. */
  traffic?(): number
  /** Everything under way has gone nowhere: begin anew. */
  reset?(): void
  /** The same for answers whose parts count by themselves: bytes are told as they arrive, before a signature could be checked. */
  streamed?(
    path: string,
    body: Uint8Array,
    identity: { belt: string; epoch: number; author: string; seed: string; counter: number },
    onBytes: (bytes: Uint8Array) => void,
  ): Promise<void>
  close(): Promise<void>
}

/** A connection before and after joining. */
export interface HubConnection extends SignedRequests {
  plain(path: string, body: unknown): Promise<unknown>
}

/** How a connection is made; another one is injected where there is no network. */
export type Connect = (options: TransportOptions) => HubConnection

const CONNECT_TIMEOUT_MS = 8_000
const ANSWER_TIMEOUT_MS = 20_000
/** Slowest link that a request still waits for, bytes per millisecond. */
const SLOWEST_BYTES_PER_MS = 1
const PIPELINE = 5
/** Bodies from this size on can be gone on with when the connection breaks. */
const PARTED_FROM_BYTES = 2048
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Loaded with the first request: a machine without a hub starts without it, a tenth of a second earlier. */
const loadUndici = () => import('undici')
type Undici = Awaited<ReturnType<typeof loadUndici>>

export const connectToHub: Connect = (options) => new HubTransport(options)

type LaneName = 'quick' | 'bulk'

/**
 * Two connections to a hub, made when they are needed. Requests on each are answered in order, so that batches can follow
 * each other without waiting; bulk has one for itself.
 */
export class HubTransport implements HubConnection {
  readonly #clients = new Map<LaneName, Client>()
  readonly #sockets = new Set<Socket>()
  readonly #tlsFingerprint: string | null
  readonly #origin: string
  readonly #hubKey: KeyObject | null
  readonly #prefix: string
  #pastBytes = 0
  #closed = false

  constructor(options: TransportOptions) {
    const url = new URL(options.url)
    this.#origin = url.origin
    this.#prefix = url.pathname.replace(/\/$/, '')
    this.#hubKey = options.hubKey === null ? null : publicKeyOf(options.hubKey)
    this.#tlsFingerprint = options.tlsFingerprint
  }

  /** Connects, and counts what passes. */
  #connector(undici: Undici): buildConnector.connector {
    const connect =
      this.#tlsFingerprint === null
        ? undici.buildConnector({ timeout: CONNECT_TIMEOUT_MS })
        : pinned(undici, this.#tlsFingerprint)
    return (how, callback) => {
      connect(how, (error, socket) => {
        if (error || !socket) return callback(error ?? new Error('no connection'), null)
        this.#sockets.add(socket)
        socket.once('close', () => {
          this.#sockets.delete(socket)
          this.#pastBytes += socket.bytesRead + socket.bytesWritten
        })
        return callback(null, socket)
      })
    }
  }

  traffic(): number {
    let bytes = this.#pastBytes
    for (const socket of this.#sockets) bytes += socket.bytesRead + socket.bytesWritten
    return bytes
  }

  reset(): void {
    for (const client of this.#clients.values()) drop(client)
    this.#clients.clear()
  }

  async #client(lane: LaneName): Promise<Client> {
    const undici = await loadUndici()
    let client = this.#clients.get(lane)
    if (!client) {
      if (this.#closed) throw new HubUnreachable('closed')
      client = new undici.Client(this.#origin, {
        pipelining: PIPELINE,
        connect: this.#connector(undici),
        keepAliveTimeout: 30_000,
      })
      this.#clients.set(lane, client)
    }
    return client
  }

  /** What waits on a broken connection must not be sent again by itself: the hub is asked first how much it has. */
  #broke(lane: LaneName, client: Client): void {
    if (this.#clients.get(lane) === client) this.#clients.delete(lane)
    drop(client)
  }

  /** An unsigned request, for joining. */
  async plain(path: string, body: unknown): Promise<unknown> {
    const bytes = Buffer.from(JSON.stringify(body))
    const answer = await this.#send(path, bytes, {}, {})
    return JSON.parse(Buffer.from(answer.body).toString('utf8')) as unknown
  }

  /**
   * A request signed by the device, and its answer checked against the hub's key.
   * @throws HubUnreachable, HubRefused or WrongHub
   */
  async signed(
    path: string,
    body: Uint8Array,
    identity: { belt: string; epoch: number; author: string; seed: string; counter: number },
    how: RequestHow = {},
  ): Promise<{ body: Uint8Array; wireBytes: number }> {
    const { belt, epoch, author, seed, counter } = identity
    const target = this.#prefix + path
    const bodyHash = createHash('sha256').update(body).digest()
    const request = { belt, epoch, path: target, bodyHash: bodyHash.toString('hex'), author, counter }
    const signature = signWith(seed, Buffer.from(requestText(request))).toString('base64url')
    const headers: Record<string, string> = {
      authorization: `Chanbo ${author}.${epoch}.${counter}.${signature}`,
    }
    const from = how.from ?? 0
    if (body.length >= PARTED_FROM_BYTES)
      headers[PART_HEADER] = partText(bodyHash.toString('base64url'), body.length, from)
    if (how.have) headers[HAVE_HEADER] = partText(how.have.id, how.have.size, how.have.bytes.length)
    const answer = await this.#send(path, body.subarray(from), headers, how)
    const text = answerText({
      belt,
      author,
      counter,
      status: answer.status,
      bodyHash: sha256Hex(answer.body),
    })
    const proof = Buffer.from(answer.signature ?? '', 'base64url')
    if (!this.#hubKey || !verify(null, Buffer.from(text), this.#hubKey, proof))
      throw new WrongHub('answer not signed by the hub')
    return { body: answer.body, wireBytes: body.length - from + answer.wireBytes }
  }

  async streamed(
    path: string,
    body: Uint8Array,
    identity: { belt: string; epoch: number; author: string; seed: string; counter: number },
    onBytes: (bytes: Uint8Array) => void,
  ): Promise<void> {
    const { belt, epoch, author, seed, counter } = identity
    const target = this.#prefix + path
    const text = requestText({ belt, epoch, path: target, bodyHash: sha256Hex(body), author, counter })
    const signature = signWith(seed, Buffer.from(text)).toString('base64url')
    try {
      const client = await this.#client('quick')
      const response = await client.request({
        method: 'POST',
        path: target,
        headers: {
          'content-type': 'application/octet-stream',
          authorization: `Chanbo ${author}.${epoch}.${counter}.${signature}`,
        },
        body,
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: ANSWER_TIMEOUT_MS,
      })
      if (response.statusCode !== 200)
        throw refusal(new Uint8Array(await response.body.arrayBuffer()), response.statusCode)
      for await (const bytes of response.body) onBytes(bytes as Uint8Array)
    } catch (error) {
      if (error instanceof HubRefused || error instanceof WrongHub || error instanceof HubUnreachable)
        throw error
      if (error instanceof Error && error.cause instanceof WrongHub) throw error.cause
      throw new HubUnreachable(error instanceof Error ? error.message : 'broken', { cause: error })
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#clients.values()].map((client) => client.destroy()))
    this.#clients.clear()
  }

  async #send(
    path: string,
    body: Uint8Array,
    headers: Record<string, string>,
    how: RequestHow,
  ): Promise<{ status: number; body: Uint8Array; signature: string | undefined; wireBytes: number }> {
    const lane = how.lane ?? 'quick'
    const client = await this.#client(lane)
    try {
      const response = await client.request({
        method: 'POST',
        path: this.#prefix + path,
        headers: { 'content-type': 'application/octet-stream', ...headers },
        body,
        // Repeating any request is safe, which is what lets several be under way on one connection.
        idempotent: true,
        headersTimeout: how.patienceMs ?? ANSWER_TIMEOUT_MS + body.length / SLOWEST_BYTES_PER_MS,
        bodyTimeout: ANSWER_TIMEOUT_MS,
        blocking: false,
      })
      const header = (name: string): string | undefined => {
        const value = response.headers[name]
        return typeof value === 'string' ? value : undefined
      }
      const known = Number(header(FROM_HEADER) ?? 0)
      const start = known > 0 && how.have ? how.have.bytes.subarray(0, known) : new Uint8Array()
      const size = start.length + Number(header('content-length') ?? 0)
      const bytes = await gather(response.body, start, (part) => {
        const id = header(HAVE_HEADER)
        if (id !== undefined && part.length > 0) how.onCut?.({ id, size, bytes: part })
      })
      if (response.statusCode !== 200) throw refusal(bytes, response.statusCode)
      const wireBytes = bytes.length - start.length
      return { status: 200, body: bytes, signature: header('x-hub-signature'), wireBytes }
    } catch (error) {
      if (error instanceof HubRefused || error instanceof WrongHub) throw error
      if (error instanceof Error) {
        this.#broke(lane, client)
        if (error.cause instanceof WrongHub) throw error.cause
        throw new HubUnreachable(error.message, { cause: error })
      }
      throw error
    }
  }
}

function drop(client: Client): void {
  client.destroy(new Error('connection broke')).catch(() => undefined)
}

/** Reads a body behind what is here of it; `onCut` is told what there is when it breaks off. */
async function gather(
  body: AsyncIterable<Uint8Array>,
  start: Uint8Array,
  onCut: (bytes: Uint8Array) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [start]
  try {
    for await (const chunk of body) chunks.push(chunk)
    return new Uint8Array(Buffer.concat(chunks))
  } catch (error) {
    onCut(new Uint8Array(Buffer.concat(chunks)))
    throw error
  }
}

function refusal(body: Uint8Array, status: number): HubRefused | HubUnreachable {
  try {
    const { code, number } = hubErrorSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')))
    return new HubRefused(code, number ?? null)
  } catch {
    // Whatever stands in front of the hub answered instead of it.
    return new HubUnreachable(`status ${status}`)
  }
}

const publicKeyOf = (key: string): KeyObject =>
  createPublicKey({
    key: Buffer.concat([SPKI_ED25519, Buffer.from(key, 'base64url')]),
    format: 'der',
    type: 'spki',
  })

/** Trusts exactly one certificate, the one whose fingerprint came with the joining code. */
function pinned(undici: Undici, fingerprint: string): buildConnector.connector {
  const connect = undici.buildConnector({ rejectUnauthorized: false, timeout: CONNECT_TIMEOUT_MS })
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error || !socket) return callback(error ?? new Error('no connection'), null)
      const certificate = (socket as TLSSocket).getPeerCertificate?.()
      const actual = certificate?.fingerprint256?.replaceAll(':', '').toLowerCase() ?? ''
      if (actual.startsWith(fingerprint)) return callback(null, socket)
      socket.destroy()
      return callback(new WrongHub('another certificate'), null)
    })
  }
}
