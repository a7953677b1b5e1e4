import { createHash, verify, createPublicKey } from 'node:crypto'
import { DecodeError, toHex } from '../../../shared/ops/bytes.ts'
import { FINGERPRINT_BYTES, parseEnrolCode, type EnrolCode } from '../../../shared/wire/enrol-code.ts'
import {
  certificateText,
  enrolAnswerSchema,
  enrolText,
  handoverText,
  type EnrolAnswer,
  type EnrolRequest,
  type Handover,
} from '../../../shared/wire/messages.ts'
import { Refusal } from '../../../shared/contract/result.ts'
import { publicKeyOf, signWith, type DeviceKeys } from '../keys.ts'
import type { Store } from '../store/store.ts'
import { adoptFormer } from './incarnation.ts'
import { writeLink, type HubLink } from './link.ts'
import { connectToHub, HubRefused, WrongHub, type Connect } from './transport.ts'
import { z } from 'zod'

const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

interface Introduction {
  readonly url: string
  readonly code: EnrolCode
  readonly hubKey: string
}

const hubSchema = z.object({ hubKey: z.string() })

/**
 * Reads a joining code and makes sure that the hub at `url` is the one that printed it.
 * @throws Refusal `enrol-code-wrong`, `hub-unreachable` or `hub-wrong-identity`
 */
async function introduce(url: string, codeText: string, connect: Connect): Promise<Introduction> {
  const code = readCode(codeText)
  const tlsFingerprint = code.tlsFingerprint ? toHex(code.tlsFingerprint) : null
  const transport = connect({ url, tlsFingerprint, hubKey: null })
  try {
    const { hubKey } = hubSchema.parse(await transport.plain('/v1/hub', {}))
    const fingerprint = createHash('sha256')
      .update(Buffer.from(hubKey, 'base64url'))
      .digest()
      .subarray(0, FINGERPRINT_BYTES)
    if (!fingerprint.equals(code.hubFingerprint)) throw new WrongHub('another key')
    return { url, code, hubKey }
  } catch (error) {
    throw asRefusal(error)
  } finally {
    await transport.close()
  }
}

function readCode(text: string): EnrolCode {
  try {
    return parseEnrolCode(text)
  } catch (error) {
    if (error instanceof DecodeError) throw new Refusal('enrol-code-wrong')
    throw error
  }
}

/** What a person is told when joining fails. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof WrongHub) return new Refusal('hub-wrong-identity')
  if (!(error instanceof HubRefused)) return new Refusal('hub-unreachable')
  if (error.code === 'code-wrong') return new Refusal('enrol-code-wrong')
  if (error.code === 'code-expired') return new Refusal('enrol-code-expired')
  if (error.code === 'belt-exists') return new Refusal('already-joined')
  return new Refusal('hub-refused', { reason: error.code })
}

async function enrol(
  introduction: Introduction,
  keys: DeviceKeys,
  deviceName: string,
  handover: EnrolRequest['handover'],
  connect: Connect,
): Promise<EnrolAnswer> {
  const { url, code, hubKey } = introduction
  const tlsFingerprint = code.tlsFingerprint ? toHex(code.tlsFingerprint) : null
  const transport = connect({ url, tlsFingerprint, hubKey: null })
  try {
    const proof = signWith(
      keys.privateSeed,
      Buffer.from(enrolText(sha256Hex(code.secret), keys.publicKey, hubKey)),
    )
    const request: EnrolRequest = {
      secret: toHex(code.secret),
      publicKey: keys.publicKey,
      name: deviceName.slice(0, 80) || 'device',
      proof: proof.toString('base64url'),
      handover,
    }
    const answer = enrolAnswerSchema.parse(await transport.plain('/v1/enrol', request))
    const key = createPublicKey({
      key: Buffer.concat([SPKI_ED25519, Buffer.from(hubKey, 'base64url')]),
      format: 'der',
      type: 'spki',
    })
    const genuine = verify(
      null,
      Buffer.from(certificateText(answer.certificate)),
      key,
      Buffer.from(answer.certificateSignature, 'base64url'),
    )
    if (!genuine || answer.hubKey !== hubKey || answer.certificate.publicKey !== keys.publicKey)
      throw new WrongHub('bad certificate')
    return answer
  } catch (error) {
    throw asRefusal(error)
  } finally {
    await transport.close()
  }
}

function linkOf(introduction: Introduction, answer: EnrolAnswer, nowMs: number): HubLink {
  const { code, url, hubKey } = introduction
  return {
    url,
    belt: answer.belt,
    hubKey,
    tlsFingerprint: code.tlsFingerprint ? toHex(code.tlsFingerprint) : null,
    epoch: answer.hubEpoch,
    term: answer.term,
    certificate: answer.certificate,
    certificateSignature: answer.certificateSignature,
    joinedMs: nowMs,
  }
}

/** Enrols a new device. The caller makes its store afterwards and writes the link into it. */
export async function joinHub(request: {
  url: string
  code: string
  keys: DeviceKeys
  deviceName: string
  nowMs: number
  connect?: Connect
}): Promise<HubLink> {
  const connect = request.connect ?? connectToHub
  const introduction = await introduce(request.url, request.code, connect)
  const answer = await enrol(introduction, request.keys, request.deviceName, null, connect)
  return linkOf(introduction, answer, request.nowMs)
}

/**
 * Moves a belt from its founding device to a hub: the root key signs that the hub is the arbiter from the next term on,
 * and everything logged so far becomes something to send.
 */
export async function handOver(request: {
  url: string
  code: string
  keys: DeviceKeys
  store: Store
  beltId: string
  deviceName: string
  nowMs: number
  connect?: Connect
}): Promise<HubLink> {
  const { keys, store, connect = connectToHub } = request
  if (store.hasHub) throw new Refusal('already-joined')
  if (keys.rootSeed === null || (!store.isArbiter && store.meta('handingOver') === null))
    throw new Refusal('not-allowed')
  const introduction = await introduce(request.url, request.code, connect)
  adoptFormer(store)
  const statement: Handover = {
    belt: request.beltId,
    rootKey: publicKeyOf(keys.rootSeed),
    hubKey: introduction.hubKey,
    term: Number(store.meta('term') ?? '1') + 1,
    nextFence: Number(store.meta('nextFence') ?? '1'),
    founder: keys.author,
    arbiterUpTo: arbiterStreams(store, keys.author),
  }
  const signature = signWith(keys.rootSeed, Buffer.from(handoverText(statement))).toString('base64url')
  // From here on nothing is granted by this device any more, also if the answer is lost: the same code can be used again.
  store.transact(() => {
    store.dropMeta('arbiter')
    store.setMeta('handingOver', introduction.hubKey)
  })
  let answer: EnrolAnswer
  try {
    answer = await enrol(introduction, keys, request.deviceName, { statement, signature }, connect)
  } catch (error) {
    if (error instanceof Refusal && error.error.code !== 'hub-unreachable')
      store.transact(() => store.setMeta('arbiter', 'self'))
    throw error
  }
  const link = linkOf(introduction, answer, request.nowMs)
  store.transact(() => {
    store.db.prepare(`UPDATE op SET state = 'pending' WHERE state = 'local' AND scope <> 'device'`).run()
    store.setMeta('term', String(answer.term))
    store.dropMeta('handingOver')
    writeLink(store, link)
  })
  return link
}

/** How far each stream with decisions goes: up to here this device's grants and answers count. */
function arbiterStreams(store: Store, author: string): Record<string, number> {
  const rows = store.db
    .prepare<[string], { stream: number; seq: number }>(
      `SELECT stream, nextSeq - 1 AS seq FROM stream WHERE author = ? AND scope <> 'device' AND lane = 'urgent' AND nextSeq > 1`,
    )
    .all(author)
  return Object.fromEntries(rows.map(({ stream, seq }) => [String(stream), seq]))
}
