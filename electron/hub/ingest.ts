import { canonicalStamp, laterStamp } from '../../shared/ops/stamp.ts'
import { rightsProblem, type DeviceRights, type PersonRights } from '../../shared/ops/rights.ts'
import type { Stamp } from '../../shared/ops/types.ts'
import type { OpBatch } from '../../shared/wire/batch.ts'
import { toHex } from '../../shared/ops/bytes.ts'
import { hubHeadText, type HubHead, type PushAnswer } from '../../shared/wire/messages.ts'
import { answerWaiting, expireClaims, noteArbitrated, revokeLosers } from './arbitration.ts'
import { withBench, type Bench } from './bench.ts'
import { isDecisionTable, personRights, writeCells } from './cells.ts'
import type { HubContext } from './context.ts'
import { verifyText } from './crypto.ts'
import type { Tx } from './database.ts'
import { saveStream } from './hub-author.ts'
import { HubRefusal } from './errors.ts'
import { noteOwnName } from './own-names.ts'
import { closeRecoveryWhenFilled } from './recovery.ts'
import { OP_STATE, type DeviceRow, type OpRow, type OpState } from './schema.ts'
import { compareStreams, type OfferedOp, type StreamOffer } from './streams.ts'
import { runsOf, VERDICTS, type Judged } from './verdicts.ts'

/** Tables whose ops the arbiter acts on. */
export const ARBITRATED_TABLES = new Set([
  'booking',
  'slotLease',
  'bookingRelease',
  'claimWait',
  'resourceGrant',
  'claimAnswer',
])

/**
 * Takes a pushed batch into the belt's log in one transaction: chains checked, each op judged on its own, stamped once,
 * put in the belt's order, and claims among them answered.
 * @throws HubRefusal `bad-batch` for a batch that contradicts itself; nothing is taken then
 */
export function ingest(hub: HubContext, device: DeviceRow, batch: OpBatch): Promise<PushAnswer> {
  return withBench(hub, device.belt, async (bench) => {
    const { tx, counters } = bench
    const offers = await compareStreams(tx, device.belt, device.author, batch)
    const judge = new Judge(hub, tx, device, bench.nowMs)
    const hubTime: Stamp = { ms: bench.nowMs, ctr: 0 }
    const streams: PushAnswer['streams'] = []
    for (const offer of offers) {
      const judged = await takeStream(hub, bench, judge, offer, hubTime)
      streams.push({
        author: offer.row.author,
        stream: offer.row.stream,
        have: offer.row.seq,
        ...(offer.gap ? { gap: true } : {}),
        ...(offer.cut ? { cut: true, cutAt: { seq: offer.cut.seq, head: toHex(offer.cut.head) } } : {}),
        ...(offer.forkAt === null ? {} : { forkAt: offer.forkAt }),
        runs: runsOf(judged),
      })
    }
    await revokeLosers(bench)
    await closeRecoveryWhenFilled(bench)
    await expireClaims(bench)
    await answerWaiting(bench)
    return {
      hubEpoch: counters.row.epoch,
      hubTimeMs: bench.nowMs,
      backupWatermark: counters.row.backupWatermark,
      streams,
    }
  })
}

async function takeStream(
  hub: HubContext,
  bench: Bench,
  judge: Pick<Judge, 'judge'> & Partial<Pick<Judge, 'forgetPerson'>>,
  offer: StreamOffer,
  hubTime: Stamp,
): Promise<Judged[]> {
  const { row } = offer
  const judged: Judged[] = offer.known.map(({ op, at }) => ({
    seq: op.seq,
    verdict: at.state === OP_STATE.applied ? 'duplicate' : VERDICTS[at.state as OpState],
    hubSeq: at.hubSeq,
    reason: at.reason,
    stamp: { ms: at.stampMs, ctr: at.stampCtr },
    at: op.at,
  }))
  const rows: OpRow[] = []
  const accepted: { item: OfferedOp; hubSeq: number; stamp: Stamp }[] = []
  let previous: Stamp | null = row.seq > 0 ? { ms: row.stampMs, ctr: row.stampCtr } : null
  for (const item of offer.fresh) {
    const { op } = item
    const wanted = earlier(item.returned, op.at)
    // What a hub gave before it was restored stays, also when its clock has gone back since.
    const keeps = item.returned !== null && bench.counters.row.epoch > 1
    const stamp = canonicalStamp(wanted, keeps ? laterStamp(wanted, hubTime) : hubTime, previous)
    if (keeps) bench.counters.timeSeen(stamp.ms)
    previous = stamp
    const { state, reason } = await judge.judge(item)
    const hubSeq = bench.counters.seq()
    rows.push({
      belt: row.belt,
      hubSeq,
      author: op.author,
      stream: op.stream,
      seq: op.seq,
      scope: op.scope,
      lane: op.lane,
      state,
      reason,
      stampMs: stamp.ms,
      stampCtr: stamp.ctr,
      hash: item.hash,
      payload: item.payload,
    })
    judged.push({ seq: op.seq, verdict: VERDICTS[state], hubSeq, reason, stamp, at: op.at })
    if (state !== OP_STATE.applied) continue
    accepted.push({ item, hubSeq, stamp })
    if (op.table === 'person') judge.forgetPerson?.(op.row)
    if (isDecisionTable(op.table)) await writeCells(bench.tx, row.belt, op, stamp)
  }
  const last = rows.at(-1)
  if (!last) return judged
  await hub.database.insertMany(bench.tx, 'op', rows)
  row.seq = last.seq
  row.head = last.hash
  row.stampMs = last.stampMs
  row.stampCtr = last.stampCtr
  await saveStream(bench.tx, row)
  for (const { item, hubSeq } of accepted)
    if (ARBITRATED_TABLES.has(item.op.table)) await noteArbitrated(bench, item.op, hubSeq)
  return judged
}

/**
 * Takes back ops that the hub itself wrote and lost with a restore. Every one is covered by a chain head that the hub signed.
 * @throws HubRefusal `bad-signature` or `bad-batch`
 */
export function takeBack(
  hub: HubContext,
  belt: string,
  heads: readonly HubHead[],
  batch: OpBatch,
): Promise<{ taken: number }> {
  return withBench(hub, belt, async (bench) => {
    let taken = 0
    for (const author of new Set(heads.map((head) => head.author))) {
      const own = batch.links.filter((link) => link.author === author)
      const proven = own.every((link) =>
        heads.some(
          (head) =>
            head.author === author &&
            head.stream === link.stream &&
            head.head === toHex(link.head) &&
            verifyText(hub.signer.publicKey, hubHeadText(belt, head), head.signature),
        ),
      )
      if (!proven || own.length === 0) throw new HubRefusal('bad-signature')
      await noteOwnName(bench.tx, belt, author)
      const indexes = [...batch.ops.keys()].filter((index) => batch.ops[index]!.author === author)
      const part: OpBatch = {
        ops: indexes.map((index) => batch.ops[index]!),
        links: own,
        stamps: indexes.map((index) => batch.stamps?.[index] ?? batch.ops[index]!.at),
      }
      for (const offer of await compareStreams(bench.tx, belt, author, part))
        taken += (await takeStream(hub, bench, { judge: accept }, offer, { ms: bench.nowMs, ctr: 0 })).length
    }
    await revokeLosers(bench)
    return { taken }
  })
}

const accept = (): Promise<{ state: OpState; reason: string | null }> =>
  Promise.resolve({ state: OP_STATE.applied, reason: null })

/** A stamp that an op had before may only be kept or lowered, never raised above its author's clock. */
const earlier = (returned: Stamp | null, at: Stamp): Stamp =>
  returned && (returned.ms < at.ms || (returned.ms === at.ms && returned.ctr < at.ctr)) ? returned : at

/** Judges ops of one device by its certificate, its status and the people who wrote them. */
class Judge {
  readonly #tx: Tx
  readonly #device: DeviceRow
  readonly #rights: DeviceRights
  readonly #hold: string | null
  readonly #people = new Map<string, PersonRights | null>()

  constructor(_hub: HubContext, tx: Tx, device: DeviceRow, nowMs: number) {
    this.#tx = tx
    this.#device = device
    this.#rights = {
      author: device.author,
      role: device.role,
      baseId: device.baseId,
      arbiterUpTo: JSON.parse(device.arbiterUpTo) as Record<string, number>,
    }
    this.#hold =
      device.status === 'revoked' ? 'revoked' : nowMs > device.validUntilMs ? 'certificate-expired' : null
  }

  async judge({ op }: OfferedOp): Promise<{ state: OpState; reason: string | null }> {
    const person = op.person === null ? null : await this.#person(op.person)
    const problem = rightsProblem(op, this.#rights, person)
    if (problem) return { state: OP_STATE.rejected, reason: problem }
    if (op.kind === 'restore' && (await this.#isForgotten(op.row)))
      return { state: OP_STATE.rejected, reason: 'forgotten' }
    if (this.#hold) return { state: OP_STATE.quarantined, reason: this.#hold }
    return { state: OP_STATE.applied, reason: null }
  }

  forgetPerson(id: string): void {
    this.#people.delete(id)
  }

  /** Deleted so long ago that other devices have nothing left of it that could be shown again. */
  async #isForgotten(row: string): Promise<boolean> {
    const known = await this.#tx
      .selectFrom('forgottenRow')
      .select('row')
      .where('belt', '=', this.#device.belt)
      .where('row', '=', row)
      .executeTakeFirst()
    return known !== undefined
  }

  async #person(id: string): Promise<PersonRights | null> {
    let rights = this.#people.get(id)
    if (rights === undefined) {
      rights = await personRights(this.#tx, this.#device.belt, id)
      this.#people.set(id, rights)
    }
    return rights
  }
}
