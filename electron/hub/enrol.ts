import { randomBytes } from 'node:crypto'
import type { Role } from '../../shared/contract/define.ts'
import { FINGERPRINT_BYTES, formatEnrolCode } from '../../shared/wire/enrol-code.ts'
import {
  certificateText,
  enrolText,
  handoverText,
  renewText,
  type Certificate,
  type EnrolAnswer,
  type EnrolRequest,
} from '../../shared/wire/messages.ts'
import type { HubContext } from './context.ts'
import { authorOfKey, equalTexts, sha256, sha256Hex, verifyText } from './crypto.ts'
import type { Tx } from './database.ts'
import { HubRefusal } from './errors.ts'
import { UNTIL_FILLED } from './recovery.ts'
import type { DeviceRow, EnrolCodeRow } from './schema.ts'

const CODE_LIFE_MS = 24 * 3_600_000
const CERTIFICATE_LIFE_MS = 400 * 24 * 3_600_000

export const hubFingerprint = (publicKey: string): Uint8Array =>
  sha256(Buffer.from(publicKey, 'base64url')).subarray(0, FINGERPRINT_BYTES)

/** Makes a one-time code for a new device. Only its hash is kept. A null belt founds one that this hub does not know yet. */
export async function makeEnrolCode(
  hub: HubContext,
  request: { belt: string | null; role: Role; baseId: string | null },
): Promise<{ code: string; expiresMs: number }> {
  const secret = randomBytes(16)
  const expiresMs = hub.clock() + CODE_LIFE_MS
  const row: EnrolCodeRow = { codeHash: sha256Hex(secret), ...request, expiresMs, usedMs: null, usedBy: null }
  await hub.database.db.insertInto('enrolCode').values(row).execute()
  const code = formatEnrolCode({
    secret,
    hubFingerprint: hubFingerprint(hub.signer.publicKey),
    tlsFingerprint: hub.tlsFingerprint,
  })
  return { code, expiresMs }
}

/**
 * Takes a device in by its code, or a whole belt together with its founding device. Asking again with the same code and
 * key gives the same answer, because the first one may have been lost on the way.
 * @throws HubRefusal `code-wrong`, `code-expired`, `bad-signature` or `belt-exists`
 */
export async function enrol(hub: HubContext, request: EnrolRequest): Promise<EnrolAnswer> {
  const codeHash = sha256Hex(Buffer.from(request.secret, 'hex'))
  const nowMs = hub.clock()
  if (
    !verifyText(
      request.publicKey,
      enrolText(codeHash, request.publicKey, hub.signer.publicKey),
      request.proof,
    )
  )
    throw new HubRefusal('bad-signature')
  const author = authorOfKey(request.publicKey)
  return hub.database.db.transaction().execute(async (tx) => {
    const code = await tx
      .selectFrom('enrolCode')
      .selectAll()
      .where('codeHash', '=', codeHash)
      .executeTakeFirst()
    if (!code || !equalTexts(code.codeHash, codeHash)) throw new HubRefusal('code-wrong')
    if (code.usedBy !== null && code.usedBy !== author) throw new HubRefusal('code-wrong')
    if (code.usedBy === null && nowMs > code.expiresMs) throw new HubRefusal('code-expired')
    // A code for a device of a belt never takes another belt in, and a code for a belt never a lone device.
    if ((code.belt === null) !== (request.handover !== null)) throw new HubRefusal('code-wrong')
    const belt = code.belt ?? (await foundBelt(hub, tx, request, author, nowMs, code.usedBy !== null))
    const used = await tx
      .updateTable('enrolCode')
      .set({ usedMs: nowMs, usedBy: author })
      .where('codeHash', '=', codeHash)
      .where((eb) => eb.or([eb('usedBy', 'is', null), eb('usedBy', '=', author)]))
      .executeTakeFirst()
    if (used.numUpdatedRows !== 1n) throw new HubRefusal('code-wrong')
    const arbiterUpTo = code.belt === null ? (request.handover?.statement.arbiterUpTo ?? {}) : {}
    const certificate = certify(hub, {
      belt,
      role: code.role,
      baseId: code.baseId,
      publicKey: request.publicKey,
      nowMs,
    })
    await putDevice(tx, { certificate, name: request.name, nowMs, arbiterUpTo, previousAuthor: null })
    return answer(hub, tx, certificate)
  })
}

async function foundBelt(
  hub: HubContext,
  tx: Tx,
  request: EnrolRequest,
  author: string,
  nowMs: number,
  again: boolean,
): Promise<string> {
  const { handover } = request
  if (!handover) throw new HubRefusal('bad-request')
  const { statement, signature } = handover
  const sound =
    statement.hubKey === hub.signer.publicKey &&
    statement.founder === author &&
    verifyText(statement.rootKey, handoverText(statement), signature)
  if (!sound) throw new HubRefusal('bad-signature')
  const existing = await tx
    .selectFrom('belt')
    .select('rootKey')
    .where('belt', '=', statement.belt)
    .executeTakeFirst()
  if (existing) {
    if (again && existing.rootKey === statement.rootKey) return statement.belt
    throw new HubRefusal('belt-exists')
  }
  const waits = Object.values(statement.arbiterUpTo).some((seq) => seq > 0)
  await tx
    .insertInto('belt')
    .values({
      belt: statement.belt,
      rootKey: statement.rootKey,
      term: statement.term,
      epoch: 1,
      nextSeq: 1,
      nextFence: statement.nextFence,
      lastTimeMs: 0,
      backupWatermark: 0,
      recoveringUntilMs: waits ? UNTIL_FILLED : null,
      createdMs: nowMs,
    })
    .execute()
  await tx
    .insertInto('epochStart')
    .values({ belt: statement.belt, epoch: 1, fromSeq: 0, startedMs: nowMs })
    .execute()
  return statement.belt
}

function certify(
  hub: HubContext,
  about: { belt: string; role: Role; baseId: string | null; publicKey: string; nowMs: number },
): Certificate {
  const { nowMs, ...rest } = about
  return {
    ...rest,
    author: authorOfKey(about.publicKey),
    notBeforeMs: nowMs,
    notAfterMs: nowMs + CERTIFICATE_LIFE_MS,
  }
}

async function putDevice(
  tx: Tx,
  device: {
    certificate: Certificate
    name: string
    nowMs: number
    arbiterUpTo: Record<string, number>
    previousAuthor: string | null
  },
): Promise<void> {
  const { certificate, name, nowMs, arbiterUpTo, previousAuthor } = device
  const row: DeviceRow = {
    belt: certificate.belt,
    author: certificate.author,
    publicKey: certificate.publicKey,
    name,
    role: certificate.role,
    baseId: certificate.baseId,
    status: 'active',
    certificate: JSON.stringify(certificate),
    validUntilMs: certificate.notAfterMs,
    previousAuthor,
    arbiterUpTo: JSON.stringify(arbiterUpTo),
    lastCounter: 0,
    recentCounters: '[]',
    lastSeenMs: nowMs,
    pulledSeq: 0,
    revokedMs: null,
    refilledEpoch: 0,
  }
  await tx
    .insertInto('device')
    .values(row)
    .onConflict((conflict) => conflict.columns(['belt', 'author']).doNothing())
    .execute()
}

async function answer(hub: HubContext, tx: Tx, certificate: Certificate): Promise<EnrolAnswer> {
  const belt = await tx
    .selectFrom('belt')
    .select(['epoch', 'term'])
    .where('belt', '=', certificate.belt)
    .executeTakeFirst()
  if (!belt) throw new HubRefusal('not-found')
  return {
    belt: certificate.belt,
    hubKey: hub.signer.publicKey,
    hubEpoch: belt.epoch,
    term: belt.term,
    certificate,
    certificateSignature: hub.signer.sign(certificateText(certificate)),
  }
}

/** Gives a device that had to take a new identity the rights of its old one. */
export async function renew(
  hub: HubContext,
  device: DeviceRow,
  request: { publicKey: string; proof: string },
): Promise<EnrolAnswer> {
  if (!verifyText(request.publicKey, renewText(device.belt, device.author, request.publicKey), request.proof))
    throw new HubRefusal('bad-signature')
  if (device.status !== 'active') throw new HubRefusal('revoked')
  const nowMs = hub.clock()
  return hub.database.db.transaction().execute(async (tx) => {
    const certificate = certify(hub, {
      belt: device.belt,
      role: device.role,
      baseId: device.baseId,
      publicKey: request.publicKey,
      nowMs,
    })
    await putDevice(tx, {
      certificate,
      name: device.name,
      nowMs,
      arbiterUpTo: {},
      previousAuthor: device.author,
    })
    return answer(hub, tx, certificate)
  })
}

/**
 * Takes a device in again that joined after the backup which this hub was restored from. A device that is known, also a revoked
 * one, stays as it is.
 * @throws HubRefusal `bad-signature`, `expired` or `not-found`
 */
export async function readmit(
  hub: HubContext,
  request: { certificate: Certificate; certificateSignature: string },
): Promise<{ ok: true }> {
  const { certificate, certificateSignature } = request
  const isOurs =
    verifyText(hub.signer.publicKey, certificateText(certificate), certificateSignature) &&
    authorOfKey(certificate.publicKey) === certificate.author
  if (!isOurs) throw new HubRefusal('bad-signature')
  const nowMs = hub.clock()
  if (nowMs > certificate.notAfterMs) throw new HubRefusal('expired')
  await hub.database.db.transaction().execute(async (tx) => {
    const known = await tx
      .selectFrom('belt')
      .select('belt')
      .where('belt', '=', certificate.belt)
      .executeTakeFirst()
    if (!known) throw new HubRefusal('not-found')
    await putDevice(tx, {
      certificate,
      name: certificate.author,
      nowMs,
      arbiterUpTo: {},
      previousAuthor: null,
    })
  })
  return { ok: true }
}

/** Shuts a device out. What it still sends is kept for an administrator to look at. */
export async function revoke(hub: HubContext, belt: string, author: string): Promise<boolean> {
  const result = await hub.database.db
    .updateTable('device')
    .set({ status: 'revoked', revokedMs: hub.clock() })
    .where('belt', '=', belt)
    .where('author', '=', author)
    .where('status', '=', 'active')
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
