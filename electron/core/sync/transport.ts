import { createHash, verify, createPublicKey, type KeyObject } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { buildConnector, Client, errors } from 'undici'
import { answerText, hubErrorSchema, requestText, type HubErrorCode } from '../../../shared/wire/messages.ts'
import { signWith } from '../keys.ts'

/** The hub cannot be reached, or the connection broke on the way. */
export class HubUnreachable extends Error {
  override readonly name = 'HubUnreachable'
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

/** What a device needs of its connection once it has joined. */
export interface SignedRequests {
  /** @throws HubUnreachable, HubRefused or WrongHub */
  signed(
    path: string,
    body: Uint8Array,
    identity: { belt: string; epoch: number; author: string; seed: string; counter: number },
  ): Promise<{ body: Uint8Array; wireBytes: number }>
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
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const connectToHub: Connect = (options) => new HubTransport(options)

/** One connection to a hub. Requests on it are answered in order, so that batches can follow each other without waiting. */
export class HubTransport implements HubConnection {
  readonly #client: Client
  readonly #hubKey: KeyObject | null
  readonly #prefix: string

  constructor(options: TransportOptions) {
    const url = new URL(options.url)
    this.#prefix = url.pathname.replace(/\/$/, '')
    this.#hubKey = options.hubKey === null ? null : publicKeyOf(options.hubKey)
    this.#client = new Client(url.origin, {
      pipelining: PIPELINE,
      connect:
        options.tlsFingerprint === null ? { timeout: CONNECT_TIMEOUT_MS } : pinned(options.tlsFingerprint),
      keepAliveTimeout: 30_000,
    })
  }

  /** An unsigned request, for joining. */
  async plain(path: string, body: unknown): Promise<unknown> {
    const bytes = Buffer.from(JSON.stringify(body))
    const answer = await this.#send(path, bytes, {})
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
  ): Promise<{ body: Uint8Array; wireBytes: number }> {
    const { belt, epoch, author, seed, counter } = identity
    const target = this.#prefix + path
    const text = requestText({ belt, epoch, path: target, bodyHash: sha256Hex(body), author, counter })
    const signature = signWith(seed, Buffer.from(text)).toString('base64url')
    const answer = await this.#send(path, body, {
      authorization: `Chanbo ${author}.${epoch}.${counter}.${signature}`,
    })
    const signed = answerText({
      belt,
      author,
      counter,
      status: answer.status,
      bodyHash: sha256Hex(answer.body),
    })
    const proof = Buffer.from(answer.signature ?? '', 'base64url')
    if (!this.#hubKey || !verify(null, Buffer.from(signed), this.#hubKey, proof))
      throw new WrongHub('answer not signed by the hub')
    return { body: answer.body, wireBytes: body.length + answer.body.length }
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
      const response = await this.#client.request({
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
    await this.#client.destroy()
  }

  async #send(
    path: string,
    body: Uint8Array,
    headers: Record<string, string>,
  ): Promise<{ status: number; body: Uint8Array; signature: string | undefined }> {
    const timeoutMs = ANSWER_TIMEOUT_MS + body.length / SLOWEST_BYTES_PER_MS
    try {
      const response = await this.#client.request({
        method: 'POST',
        path: this.#prefix + path,
        headers: { 'content-type': 'application/octet-stream', ...headers },
        body,
        // Repeating any request is safe, which is what lets several be under way on one connection.
        idempotent: true,
        headersTimeout: timeoutMs,
        bodyTimeout: ANSWER_TIMEOUT_MS,
        blocking: false,
      })
      const bytes = new Uint8Array(await response.body.arrayBuffer())
      if (response.statusCode !== 200) throw refusal(bytes, response.statusCode)
      const signature = response.headers['x-hub-signature']
      return { status: 200, body: bytes, signature: typeof signature === 'string' ? signature : undefined }
    } catch (error) {
      if (error instanceof HubRefused || error instanceof WrongHub) throw error
      if (error instanceof errors.UndiciError || error instanceof Error) {
        if (error.cause instanceof WrongHub) throw error.cause
        throw new HubUnreachable(error.message, { cause: error })
      }
      throw error
    }
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
function pinned(fingerprint: string): buildConnector.connector {
  const connect = buildConnector({ rejectUnauthorized: false, timeout: CONNECT_TIMEOUT_MS })
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
