import zlib from 'node:zlib'
import { hash } from 'node:crypto'
import { makeKeys, publicKeyOf, signWith, type DeviceKeys } from '../../electron/core/keys.ts'
import { makeEnrolCode } from '../../electron/hub/enrol.ts'
import { startHub, type RunningHub } from '../../electron/hub/index.ts'
import type { Role } from '../../shared/contract/define.ts'
import { toHex } from '../../shared/ops/bytes.ts'
import { encodeOp } from '../../shared/ops/canonical.ts'
import { chainNext, chainStart } from '../../shared/ops/chain.ts'
import { opId } from '../../shared/ops/id.ts'
import type { Op } from '../../shared/ops/types.ts'
import { decodeCanonicalBatch, encodeBatch } from '../../shared/wire/batch.ts'
import { compressionOf } from '../../shared/wire/compression.ts'
import { parseEnrolCode } from '../../shared/wire/enrol-code.ts'
import { seal, unseal } from '../../shared/wire/envelope.ts'
import {
  enrolText,
  handoverText,
  requestText,
  type EnrolAnswer,
  type PullHead,
  type PushAnswer,
} from '../../shared/wire/messages.ts'
import { quietLog, RESOURCES, scratch } from './sync-rig.ts'

export const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')
export const compression = compressionOf(zlib)

export interface Answer<T> {
  readonly status: number
  readonly body: T
}

/** A bare device: speaks the protocol by hand, so that a test can also speak it wrongly. */
export interface BareDevice {
  readonly keys: DeviceKeys
  readonly belt: string
  /** Which of the hub's processes it speaks to. */
  url: string
  epoch: number
  counter: number
  /** Makes the next op of a stream; `draft` may override anything. */
  op(draft: Partial<Op> & Pick<Op, 'table' | 'kind' | 'fields'>): Op
  push(
    ops: readonly Op[],
    options?: { previousSeq?: number; head?: Uint8Array; base?: Uint8Array },
  ): Promise<Answer<PushAnswer & { code?: string }>>
  pull(
    cursors: { scope: 'belt' | `base:${string}`; epoch: number; seq: number }[],
  ): Promise<{ head: PullHead; ops: (Op & { hubSeq: number; stamp: { ms: number; ctr: number } })[] }>
  send(
    path: string,
    body: Uint8Array,
    change?: { counter?: number; signature?: string; headers?: Record<string, string> },
  ): Promise<Answer<unknown> & { bytes: Uint8Array; signature: string | null }>
}

export interface HubBench {
  readonly running: RunningHub
  readonly dataDir: string
  readonly url: string
  readonly belt: string
  readonly founder: BareDevice
  enrol(role: Role, baseId: string | null): Promise<BareDevice>
  close(): Promise<void>
}

async function post(url: string, body: Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': 'application/octet-stream', ...headers },
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { status: response.status, bytes, signature: response.headers.get('x-hub-signature') }
}

const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'))

export async function startHubBench(
  options: { databaseUrl?: string | null; clock?: () => number } = {},
): Promise<HubBench> {
  const { path, dispose } = scratch()
  const running = await startHub({
    dataDir: path,
    resourcesDir: RESOURCES,
    clock: options.clock ?? (() => Date.now()),
    log: quietLog,
    databaseUrl: options.databaseUrl ?? null,
    host: '127.0.0.1',
    port: 0,
  })
  const url = `http://127.0.0.1:${running.port}`
  const keys = makeKeys({ founder: true })
  const belt = opId({ author: keys.author, stream: 0, seq: 1 })
  const founded = await enrolAt(running, url, { belt: null, role: 'administrator', baseId: null }, keys, belt)
  return {
    running,
    dataDir: path,
    url,
    belt,
    founder: bareDevice(url, keys, founded),
    async enrol(role, baseId) {
      const own = makeKeys({ founder: false })
      return bareDevice(url, own, await enrolAt(running, url, { belt, role, baseId }, own, belt))
    },
    async close() {
      await running.close()
      dispose()
    },
  }
}

async function enrolAt(
  running: RunningHub,
  url: string,
  about: { belt: string | null; role: Role; baseId: string | null },
  keys: DeviceKeys,
  belt: string,
): Promise<EnrolAnswer> {
  const { code } = await makeEnrolCode(running.hub, about)
  const secret = parseEnrolCode(code).secret
  const hubKey = running.hub.signer.publicKey
  const proof = signWith(
    keys.privateSeed,
    Buffer.from(enrolText(toHex(sha256(secret)), keys.publicKey, hubKey)),
  )
  let handover = null
  if (about.belt === null) {
    const statement = {
      belt,
      rootKey: publicKeyOf(keys.rootSeed!),
      hubKey,
      term: 2,
      nextFence: 1,
      founder: keys.author,
      arbiterUpTo: {},
    }
    handover = {
      statement,
      signature: signWith(keys.rootSeed!, Buffer.from(handoverText(statement))).toString('base64url'),
    }
  }
  const request = {
    secret: toHex(secret),
    publicKey: keys.publicKey,
    name: 'bare',
    proof: proof.toString('base64url'),
    handover,
  }
  const answer = await post(`${url}/v1/enrol`, Buffer.from(JSON.stringify(request)))
  if (answer.status !== 200)
    throw new Error(`enrolment: ${answer.status} ${Buffer.from(answer.bytes).toString()}`)
  return jsonOf(answer.bytes) as EnrolAnswer
}

function bareDevice(url: string, keys: DeviceKeys, enrolled: EnrolAnswer): BareDevice {
  const seqs = new Map<number, number>()
  const heads = new Map<string, Uint8Array>()
  const device: BareDevice = {
    keys,
    belt: enrolled.belt,
    url,
    epoch: enrolled.hubEpoch,
    counter: 0,
    op(draft) {
      const stream = draft.stream ?? 0
      const seq = draft.seq ?? (seqs.get(stream) ?? 0) + 1
      seqs.set(stream, seq)
      const identity = { author: draft.author ?? keys.author, stream, seq }
      return {
        scope: 'belt',
        lane: 'register',
        person: null,
        at: { ms: Date.now(), ctr: 0 },
        row: opId(identity),
        ...draft,
        ...identity,
      }
    },
    async push(ops, options = {}) {
      const byStream = new Map<number, Op[]>()
      for (const op of ops) byStream.set(op.stream, [...(byStream.get(op.stream) ?? []), op])
      const links = [...byStream].map(([stream, list]) => {
        const previousSeq = options.previousSeq ?? list[0]!.seq - 1
        const start = chainStart(sha256, keys.author, stream)
        let head =
          options.base ?? (previousSeq === 0 ? start : (heads.get(`${stream} ${previousSeq}`) ?? start))
        for (const op of list) {
          head = chainNext(sha256, head, encodeOp(op))
          heads.set(`${stream} ${op.seq}`, head)
        }
        return { author: keys.author, stream, previousSeq, head: options.head ?? head }
      })
      const answer = await device.send(
        'push',
        seal(compression, 'zstd', encodeBatch({ ops, links, stamps: null })),
      )
      return { status: answer.status, body: answer.body as PushAnswer & { code?: string } }
    },
    async pull(cursors) {
      const answer = await device.send(
        'pull',
        Buffer.from(JSON.stringify({ cursors, maxBytes: 1_000_000, accepts: ['zstd'] })),
      )
      if (answer.status !== 200)
        throw Object.assign(new Error('pull refused'), { answer: jsonOf(answer.bytes) })
      const view = Buffer.from(answer.bytes)
      const length = view.readUInt32LE(0)
      const head = jsonOf(view.subarray(4, 4 + length)) as PullHead
      let at = 4 + length
      const ops = head.scopes.flatMap(({ bytes }) => {
        const envelope = view.subarray(at, (at += bytes))
        return bytes === 0 ? [] : [...decodeCanonicalBatch(unseal(compression, envelope)).ops]
      })
      return { head, ops }
    },
    async send(path, body, change = {}) {
      const counter = change.counter ?? ++device.counter
      const target = `/v1/belts/${encodeURIComponent(device.belt)}/${path}`
      const bodyHash = toHex(sha256(body))
      const text = requestText({
        belt: device.belt,
        epoch: device.epoch,
        path: target,
        bodyHash,
        author: keys.author,
        counter,
      })
      const signature =
        change.signature ?? signWith(keys.privateSeed, Buffer.from(text)).toString('base64url')
      const authorization = `Chanbo ${keys.author}.${device.epoch}.${counter}.${signature}`
      const answer = await post(device.url + target, body, { authorization, ...change.headers })
      let parsed: unknown = null
      try {
        parsed = jsonOf(answer.bytes)
      } catch {
        // A pulled batch is not JSON.
      }
      return { ...answer, body: parsed }
    },
  }
  return device
}
