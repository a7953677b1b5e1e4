import { readFileSync } from 'node:fs'
import zlib from 'node:zlib'
import { z } from 'zod'
import type { ErrorCode } from '../../../../shared/contract/errors.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { StickImport } from '../../../../shared/contract/stick.ts'
import { DecodeError, toHex } from '../../../../shared/ops/bytes.ts'
import { decodeCanonicalBatch } from '../../../../shared/wire/batch.ts'
import { compressionOf } from '../../../../shared/wire/compression.ts'
import { unseal } from '../../../../shared/wire/envelope.ts'
import {
  enrolAnswerSchema,
  pullRequestSchema,
  pushAnswerSchema,
  statusAnswerSchema,
  type PushAnswer,
} from '../../../../shared/wire/messages.ts'
import { readPullHead } from '../../../../shared/wire/pull-body.ts'
import { readFrames, readHeader, StickError, type StickProblem } from '../../../../shared/wire/stick.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { OpenBelt, Services } from '../../services.ts'
import { opOf, type OpRow } from '../../store/store.ts'
import { readableScopes, readCursor, writeCursor } from '../../sync/cursors.ts'
import { rememberHeads } from '../../sync/give-back.ts'
import { renameLeftovers } from '../../sync/incarnation.ts'
import { takeIn } from '../../sync/intake.ts'
import { readLink, writeLink } from '../../sync/link.ts'
import { Outbox } from '../../sync/outbox.ts'
import { renewedLink } from '../../sync/renewal.ts'
import { ownCrypto, requireLink } from './own.ts'
import { FiledSnapshot } from './snapshot.ts'

const CODES: Record<StickProblem, ErrorCode> = {
  'not-a-file': 'stick-not-a-file',
  newer: 'stick-newer',
  'other-belt': 'stick-other-belt',
  'other-recipient': 'stick-other-recipient',
  'other-kind': 'stick-other-kind',
  forged: 'stick-forged',
  'cut-short': 'stick-cut-short',
}
const MAX_BODY = 64 * 1024 * 1024
const APPLY_SLICE = 200
const cursorsSchema = pullRequestSchema.shape.cursors
const compression = compressionOf(zlib)
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

type Counts = { -readonly [K in keyof StickImport]: StickImport[K] }

/**
 * Takes in a hub's file: verdicts on own steps, then the news. Each part is proven before it is used, so that what came
 * before a break stands.
 * @throws Refusal when the file as a whole is not for this device
 */
export async function readStick(services: Services, path: string): Promise<StickImport> {
  const belt = services.belt()
  const { link, known, isRenewing } = requireLink(belt)
  const bytes = readFileSync(path)
  let read
  try {
    read = readHeader(bytes)
    const { header } = read
    if (header.kind !== 'to-device') throw new StickError('other-kind')
    if (header.belt !== link.belt || header.from !== link.hubKey) throw new StickError('other-belt')
    if (header.to !== known.publicKey) throw new StickError('other-recipient')
  } catch (error) {
    if (error instanceof StickError) throw new Refusal(CODES[error.problem])
    throw error
  }
  const counts: Counts = {
    madeMs: read.header.madeMs,
    applied: 0,
    rejected: 0,
    quarantined: 0,
    arrived: 0,
    repeated: false,
    needsNetwork: false,
    problem: null,
  }
  /** Scopes of which the hub's log no longer reaches back to what is here. */
  const cut = new Set<string>()
  /** Scopes of which all that the hub had is here. */
  const whole = new Set<string>()
  let rights: Uint8Array | null = null
  let snapshot: FiledSnapshot | null = null
  const takeOver = async (): Promise<void> => {
    const filed = snapshot
    snapshot = null
    if (!filed) return
    mustBePresent(belt, filed.epoch)
    const arrived = await filed.takeOver(services, belt)
    if (arrived === null) counts.repeated = true
    counts.arrived += arrived ?? 0
    cut.delete(filed.scope)
  }
  try {
    for (const frame of readFrames(ownCrypto(known), bytes, read)) {
      if (services.openBelt() !== belt) throw new Refusal('cancelled')
      if (frame.name === 'chunk') {
        snapshot?.add(frame.body)
        continue
      }
      await takeOver()
      if (frame.name === 'snapshot') snapshot = new FiledSnapshot(frame.body)
      else if (frame.name === 'pushed') await settle(belt, pushAnswerSchema.parse(parse(frame.body)), counts)
      else if (frame.name === 'renewed') rights = frame.body
      else if (frame.name === 'status') await hearStatus(belt, frame.body, counts)
      else if (frame.name === 'pulled') await applyNews(belt, frame.body, counts, { cut, whole })
      await pause()
    }
    await takeOver()
    // Only at its end: the rest of a file that was cut short could not be read any more under another key.
    if (isRenewing) takeRights(services, belt, rights)
    if (isWhole(belt, whole)) renameLeftovers(belt.store, belt.keys.author)
  } catch (error) {
    // Chunks that came before the break are sound.
    if (error instanceof StickError) await takeOver()
    if (error instanceof StickError) counts.problem = { code: CODES[error.problem], details: {} }
    else if (error instanceof DecodeError || error instanceof z.ZodError || error instanceof SyntaxError)
      counts.problem = { code: 'stick-newer', details: {} }
    else if (error instanceof Refusal && error.error.code.startsWith('stick-')) counts.problem = error.error
    else throw error
  }
  counts.needsNetwork = cut.size > 0
  const { store } = belt
  store.transact(() => {
    store.setMeta('stickImportMs', String(services.clock()))
    store.touch('sync')
  })
  return counts
}

const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown

/** @throws Refusal `stick-old` for words of a hub that has been restored since */
function mustBePresent(belt: OpenBelt, hubEpoch: number): void {
  if (hubEpoch < (readLink(belt.store)?.epoch ?? 0)) throw new Refusal('stick-old')
}

/** @throws Refusal `stick-copied` when it answers what a copy of this store has sent, or says that the hub has the copy's work */
async function settle(belt: OpenBelt, answer: PushAnswer, counts: Counts): Promise<void> {
  mustBePresent(belt, answer.hubEpoch)
  const { store, keys } = belt
  const outbox = new Outbox(store, keys.author)
  const acked = new Map(outbox.streams().map(({ stream, ackedSeq }) => [stream, ackedSeq]))
  for (const part of answer.streams) {
    const first = part.runs[0]
    const n = part.runs.reduce((sum, run) => sum + run.n, 0)
    if (part.author !== keys.author) continue
    if (part.forkAt !== undefined) throw new Refusal('stick-copied')
    if (!first || n === 0) continue
    const rows = prepared<[string, number, number, number], OpRow & { hash: Uint8Array }>(
      store.db,
      'SELECT * FROM op WHERE author = ? AND stream = ? AND seq >= ? AND hash IS NOT NULL ORDER BY seq LIMIT ?',
    ).all(keys.author, part.stream, first.from, n)
    const last = rows.at(-1)
    if (!last || rows.length !== n || rows[0]!.seq !== first.from) continue
    // Older hubs do not say.
    if (part.sent !== undefined && part.sent !== toHex(last.hash)) throw new Refusal('stick-copied')
    if (last.seq <= (acked.get(part.stream) ?? 0)) {
      counts.repeated = true
      continue
    }
    const sent = {
      batch: { ops: rows.map(opOf), links: [], stamps: null },
      seqs: new Map([[part.stream, rows.map(({ seq }) => seq)]]),
      hasClaims: false,
    }
    for (const _ of outbox.settle(sent, { ...answer, streams: [part] })) await pause()
    for (const run of part.runs) {
      if (run.verdict === 'rejected' || run.verdict === 'quarantined') counts[run.verdict] += run.n
      else counts.applied += run.n
    }
  }
}

/** @throws Refusal `stick-new-identity` when the hub has not passed the former key's rights to the present one */
function takeRights(services: Services, belt: OpenBelt, body: Uint8Array | null): void {
  const { link } = requireLink(belt)
  const renewed = body && enrolAnswerSchema.parse(parse(body))
  if (renewed?.belt !== link.belt || renewed.certificate.publicKey !== belt.keys.publicKey)
    throw new Refusal('stick-new-identity')
  mustBePresent(belt, renewed.hubEpoch)
  services.sync.renewed(renewedLink(link, renewed))
}

/** @throws Refusal `stick-copied` when the hub has more under this device's name than it has written */
async function hearStatus(belt: OpenBelt, body: Uint8Array, counts: Counts): Promise<void> {
  const status = statusAnswerSchema.parse(parse(body))
  mustBePresent(belt, status.hubEpoch)
  const { store, keys } = belt
  const outbox = new Outbox(store, keys.author)
  const own = status.streams.filter((stream) => stream.author === keys.author)
  if (outbox.behind(own).length > 0) throw new Refusal('stick-copied')
  const held = prepared<[string], { n: number }>(
    store.db,
    `SELECT n FROM op WHERE state = 'quarantined' AND author = ?`,
  ).all(keys.author)
  for (const _ of outbox.hear(own, status.hubEpoch)) await pause()
  for (const { n } of held) {
    const now = prepared<[number], { state: string }>(store.db, 'SELECT state FROM op WHERE n = ?').get(n)
    if (now?.state === 'canonical') counts.applied++
    if (now?.state === 'rejected') counts.rejected++
  }
  const link = readLink(store)
  if (!link || status.certificate.publicKey !== keys.publicKey) return
  store.transact(() =>
    writeLink(store, {
      ...link,
      epoch: status.hubEpoch,
      term: status.term,
      certificate: status.certificate,
    }),
  )
}

/** Whether the file held all that the hub had of every scope: what is here under a former name and not there, never got there. */
function isWhole({ store }: OpenBelt, whole: ReadonlySet<string>): boolean {
  const link = readLink(store)
  const isTaking = prepared(store.db, 'SELECT 1 FROM snapshotJob LIMIT 1').get() !== undefined
  return !!link && !isTaking && readableScopes(store, link.certificate).every((scope) => whole.has(scope))
}

async function applyNews(
  belt: OpenBelt,
  body: Uint8Array,
  counts: Counts,
  { cut, whole }: { cut: Set<string>; whole: Set<string> },
): Promise<void> {
  const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const cursorLength = view.readUInt32LE(0)
  const asked = cursorsSchema.parse(parse(view.subarray(4, 4 + cursorLength)))
  const rest = view.subarray(4 + cursorLength)
  const { head, at: envelopesAt } = readPullHead(rest)
  mustBePresent(belt, head.hubEpoch)
  const { store } = belt
  let at = envelopesAt
  for (const { scope, bytes, through, resync, more } of head.scopes) {
    const envelope = rest.subarray(at, at + bytes)
    at += bytes
    const from = asked.find((cursor) => cursor.scope === scope)
    const here = readCursor(store, scope)
    if (resync) {
      if (here.epoch === from?.epoch && here.seq === from.seq) cut.add(scope)
      continue
    }
    if (!from) continue
    if (!more) whole.add(scope)
    if (here.epoch === head.hubEpoch && here.seq >= through) {
      if (bytes > 0) counts.repeated = true
      continue
    }
    const follows = here.epoch === from.epoch ? here.seq >= from.seq : from.seq === 0
    if (!follows) throw new Refusal('stick-gap')
    if (bytes > 0) counts.arrived += await applyOps(belt, envelope, head.hubEpoch)
    rememberHeads(store, head.hubHeads ?? [])
    store.transact(() => writeCursor(store, scope, { epoch: head.hubEpoch, seq: through }))
  }
}

async function applyOps(belt: OpenBelt, envelope: Uint8Array, hubEpoch: number): Promise<number> {
  const { store } = belt
  const { ops } = decodeCanonicalBatch(unseal(compression, envelope, MAX_BODY), { maxOps: 200_000 })
  for (let from = 0; from < ops.length; from += APPLY_SLICE) {
    const slice = ops.slice(from, from + APPLY_SLICE)
    const taken = store.transact(() => takeIn(store, slice, hubEpoch))
    if (!taken) throw new Refusal('stick-copied')
    await pause()
  }
  return ops.length
}
