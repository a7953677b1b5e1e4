import crypto from 'node:crypto'
import type { z } from 'zod'
import { toHex } from '../../shared/ops/bytes.ts'
import { pullRequestSchema, pushAnswerSchema, type PushAnswer } from '../../shared/wire/messages.ts'
import { readPullHead } from '../../shared/wire/pull-body.ts'
import { snapshotAnswerSchema, type ChunkRef, type SnapshotAnswer } from '../../shared/wire/snapshot.ts'
import {
  readFrames,
  readHeader,
  StickError,
  StickWriter,
  type StickFrame,
  type StickHeader,
} from '../../shared/wire/stick.ts'
import { stickCryptoOf } from '../../shared/wire/stick-crypto.ts'
import type { Caller } from './auth.ts'
import { readBelt } from './belts.ts'
import type { HubContext } from './context.ts'
import { HubRefusal } from './errors.ts'
import { batchOf, beltRequests } from './requests.ts'
import type { DeviceRow } from './schema.ts'

type PullRequest = z.output<typeof pullRequestSchema>

const MAX_PULL_BYTES = 4_000_000
/** Requests that a file may carry. */
const CARRIED = ['renew', 'push', 'status', 'pull'] as const

export interface StickReport {
  readonly device: string
  readonly deviceName: string
  readonly applied: number
  readonly duplicate: number
  readonly rejected: number
  readonly quarantined: number
  /** Streams of which something in between is missing: another file has to come first. */
  readonly gaps: number
  /** Streams in which this file tells another story than what is here. */
  readonly forks: number
  /** The device goes on under a new key, to which its rights have passed. */
  readonly renewed: boolean
  /** Why reading stopped before the end; what came before it was taken. */
  readonly problem: StickError['problem'] | null
}

/** The hub's own key for files, and what can be done with it. */
export interface HubStick {
  /**
   * Takes in a device's file by the same path as its requests, and writes the answer for it. Safe to repeat.
   * @throws StickError for a file that is not for this hub or not by a device it knows
   */
  take(file: Uint8Array): Promise<{ report: StickReport; answer: Uint8Array }>
  /** News for a device that sent no file. @throws HubRefusal `not-found` */
  news(belt: string, author: string): Promise<Uint8Array>
}

export function hubStick(hub: HubContext, seed: string): HubStick {
  const hubKey = hub.signer.publicKey
  const own = stickCryptoOf(crypto, { seed, publicKey: hubKey }, (text) => Buffer.from(text, 'base64url'))
  const requests = beltRequests(hub)

  async function deviceOf(header: Pick<StickHeader, 'belt' | 'from'>): Promise<DeviceRow> {
    const device = await hub.database.db
      .selectFrom('device')
      .selectAll()
      .where('belt', '=', header.belt)
      .where('publicKey', '=', header.from)
      .executeTakeFirst()
    if (!device) throw new StickError('other-belt')
    return device
  }

  const writerFor = (device: DeviceRow): StickWriter =>
    new StickWriter(
      own,
      { kind: 'to-device', belt: device.belt, from: hubKey, to: device.publicKey, madeMs: hub.clock() },
      true,
    )

  /** Everything that is new for a device, as one answer after another; where the log does not reach back, a snapshot first. */
  async function* tail(who: Caller, request: PullRequest): AsyncGenerator<StickFrame> {
    let { cursors } = request
    const taken = new Set<string>()
    for (;;) {
      const asked: PullRequest = { ...request, cursors, refilled: false, maxBytes: MAX_PULL_BYTES }
      const body = await requests.pull.answer(who, Buffer.from(JSON.stringify(asked)))
      const { head } = readPullHead(body)
      const cursorBytes = Buffer.from(JSON.stringify(cursors))
      const length = Buffer.alloc(4)
      length.writeUInt32LE(cursorBytes.length)
      yield { name: 'pulled', body: Buffer.concat([length, cursorBytes, body]) }
      const next: PullRequest['cursors'] = []
      let isCut = false
      for (const { scope, through, resync } of head.scopes) {
        const snapshot = resync && !taken.has(scope) ? await snapshotOf(who, scope, request) : null
        taken.add(scope)
        if (snapshot?.manifest) {
          isCut = true
          yield { name: 'snapshot', body: Buffer.from(JSON.stringify(snapshot)) }
          yield* chunksOf(who, snapshot.manifest, request)
          next.push({ scope, epoch: snapshot.manifest.epoch, seq: snapshot.manifest.seq })
        } else next.push({ scope, epoch: head.hubEpoch, seq: through })
      }
      if (!isCut && !head.scopes.some(({ more }) => more)) return
      cursors = next
    }
  }

  async function snapshotOf(who: Caller, scope: string, { accepts }: PullRequest): Promise<SnapshotAnswer> {
    const wanted = Buffer.from(JSON.stringify({ scope, accepts, resync: true }))
    for (;;) {
      const answer = snapshotAnswerSchema.parse(
        JSON.parse(Buffer.from(await requests.snapshot.answer(who, wanted)).toString('utf8')),
      )
      // Nobody waits at the other end of a file.
      if (!answer.making) return answer
    }
  }

  async function* chunksOf(
    who: Caller,
    { scope, seq, chunks }: { scope: string; seq: number; chunks: readonly ChunkRef[] },
    { accepts }: PullRequest,
  ): AsyncGenerator<StickFrame> {
    for (const [index, [, size]] of chunks.entries()) {
      const parts: Uint8Array[] = []
      for (let offset = 0; offset < size;) {
        const wanted = { scope, seq, chunks: [index], offset, maxBytes: MAX_PULL_BYTES, accepts }
        const part = await requests.chunks.answer(who, Buffer.from(JSON.stringify(wanted)))
        parts.push(part)
        offset += part.length
      }
      yield { name: 'chunk', body: Buffer.concat(parts) }
    }
  }

  /** The answer says what it answers: somebody who holds a copy of the device's key may read it too. */
  async function push(who: Caller, envelope: Uint8Array): Promise<PushAnswer> {
    const { links } = batchOf(hub, envelope)
    const answer = pushAnswerSchema.parse(
      JSON.parse(Buffer.from(await requests.push.answer(who, envelope)).toString('utf8')),
    )
    const streams = answer.streams.map((part) => {
      const link = links.find(({ stream }) => stream === part.stream)
      return link ? { ...part, sent: toHex(link.head) } : part
    })
    return { ...answer, streams }
  }

  /** Null for a device that has been shut out, and for a request that does not prove the new key. */
  async function renewed(who: Caller, body: Uint8Array): Promise<Uint8Array | null> {
    try {
      return await requests.renew.answer(who, body)
    } catch (error) {
      if (error instanceof HubRefusal) return null
      throw error
    }
  }

  const statusFrame = async (writer: StickWriter, who: Caller, asked: Uint8Array): Promise<Uint8Array> =>
    writer.frame({ name: 'status', body: await requests.status.answer(who, asked) })

  return {
    async take(file) {
      const read = readHeader(file)
      const { header } = read
      if (header.kind !== 'to-hub') throw new StickError('other-kind')
      if (header.to !== hubKey) throw new StickError('other-recipient')
      const device = await deviceOf(header)
      const { epoch } = await readBelt(hub.database.db, device.belt)
      const who: Caller = { device, epoch, counter: 0 }
      const counts = { applied: 0, duplicate: 0, rejected: 0, quarantined: 0, gaps: 0, forks: 0 }
      const writer = writerFor(device)
      const parts = [writer.begin()]
      let pullRequest: PullRequest | null = null
      let question: Uint8Array | null = null
      let isRenewed = false
      let problem: StickError['problem'] | null = null
      try {
        for (const frame of readFrames(own, file, read)) {
          const name = CARRIED.find((carried) => carried === frame.name)
          if (name === undefined) continue
          if (name === 'pull') {
            pullRequest = pullRequestSchema.parse(JSON.parse(Buffer.from(frame.body).toString('utf8')))
            continue
          }
          if (name === 'status') {
            question = frame.body
            continue
          }
          if (name === 'renew') {
            const body = await renewed(who, frame.body)
            if (body) parts.push(writer.frame({ name: 'renewed', body }))
            isRenewed ||= body !== null
            continue
          }
          const answer = await push(who, frame.body)
          for (const part of answer.streams) {
            if (part.gap) counts.gaps++
            if (part.forkAt !== undefined) counts.forks++
            for (const { verdict, n } of part.runs) counts[verdict] += n
          }
          parts.push(writer.frame({ name: 'pushed', body: Buffer.from(JSON.stringify(answer)) }))
        }
      } catch (error) {
        if (!(error instanceof StickError)) throw error
        problem = error.problem
      }
      // Who was shut out hears what became of its work, and nothing else.
      if (question || device.status === 'active')
        parts.push(await statusFrame(writer, who, question ?? new Uint8Array()))
      if (pullRequest && device.status === 'active')
        for await (const frame of tail(who, pullRequest)) parts.push(writer.frame(frame))
      parts.push(writer.finish())
      const report = {
        device: device.author,
        deviceName: device.name,
        ...counts,
        renewed: isRenewed,
        problem,
      }
      return { report, answer: Buffer.concat(parts) }
    },

    async news(belt, author) {
      const device = await hub.database.db
        .selectFrom('device')
        .selectAll()
        .where('belt', '=', belt)
        .where('author', '=', author)
        .executeTakeFirst()
      if (!device || device.status !== 'active') throw new HubRefusal('not-found')
      const { epoch } = await readBelt(hub.database.db, belt)
      const who: Caller = { device, epoch, counter: 0 }
      const scopes = await scopesOf(hub, device)
      const request: PullRequest = pullRequestSchema.parse({
        cursors: scopes.map((scope) => ({ scope, epoch, seq: device.pulledSeq })),
        maxBytes: MAX_PULL_BYTES,
        accepts: [...hub.compression.accepts],
      })
      const writer = writerFor(device)
      const parts = [writer.begin(), await statusFrame(writer, who, new Uint8Array())]
      for await (const frame of tail(who, request)) parts.push(writer.frame(frame))
      parts.push(writer.finish())
      return Buffer.concat(parts)
    },
  }
}

async function scopesOf(hub: HubContext, device: DeviceRow): Promise<string[]> {
  if (device.role === 'official') return ['belt']
  if (device.baseId !== null) return ['belt', `base:${device.baseId}`]
  const rows = await hub.database.db
    .selectFrom('stream')
    .select('scope')
    .distinct()
    .where('belt', '=', device.belt)
    .where('scope', 'like', 'base:%')
    .execute()
  return ['belt', ...rows.map(({ scope }) => scope)].slice(0, 64)
}
