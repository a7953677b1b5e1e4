import { decodeOp } from '../../shared/ops/canonical.ts'
import { opId } from '../../shared/ops/id.ts'
import type { AdminOverview, AdminRequest } from '../../shared/wire/admin.ts'
import { answerWaiting, noteArbitrated } from './arbitration.ts'
import { readBelt } from './belts.ts'
import { isDecisionTable, writeCells } from './cells.ts'
import type { HubContext } from './context.ts'
import { makeEnrolCode, revoke } from './enrol.ts'
import { HubRefusal } from './errors.ts'
import { withBench } from './bench.ts'
import { ARBITRATED_TABLES } from './ingest.ts'
import { OP_STATE, RELEASED, type DeviceRow } from './schema.ts'

const HELD_SHOWN = 200
const REFUSED = 'refused-by-administrator'

/** Answers an administrator's device. @throws HubRefusal `not-found` for any other device, or a device that is not there */
export async function administer(
  hub: HubContext,
  device: DeviceRow,
  request: AdminRequest,
): Promise<unknown> {
  if (device.role !== 'administrator' || device.status !== 'active' || hub.clock() > device.validUntilMs)
    throw new HubRefusal('not-found')
  switch (request.ask) {
    case 'overview':
      return overview(hub, device.belt)
    case 'revoke':
      // Nobody locks themselves out; the hub's own command line can.
      if (request.author === device.author || !(await revoke(hub, device.belt, request.author)))
        throw new HubRefusal('not-found')
      return {}
    case 'code':
      return makeEnrolCode(hub, { belt: device.belt, role: request.role, baseId: request.baseId })
    case 'settle':
      return { settled: await settleHeld(hub, device.belt, request.hubSeqs, request.choice) }
  }
}

async function overview(hub: HubContext, beltId: string): Promise<AdminOverview> {
  const { db } = hub.database
  const belt = await readBelt(db, beltId)
  const lastSeq = belt.nextSeq - 1
  const devices = await db
    .selectFrom('device')
    .selectAll()
    .where('belt', '=', beltId)
    .orderBy('status')
    .orderBy('lastSeenMs', 'desc')
    .execute()
  const perDevice = await db
    .selectFrom('op')
    .select((eb) => ['author', eb.fn.countAll().as('n')])
    .where('belt', '=', beltId)
    .where('state', '=', OP_STATE.quarantined)
    .groupBy('author')
    .execute()
  const heldOf = new Map(perDevice.map(({ author, n }) => [author, Number(n)]))
  const held = await db
    .selectFrom('op')
    .select(['hubSeq', 'author', 'reason', 'payload'])
    .where('belt', '=', beltId)
    .where('state', '=', OP_STATE.quarantined)
    .orderBy('hubSeq')
    .limit(HELD_SHOWN)
    .execute()
  return {
    epoch: belt.epoch,
    term: belt.term,
    lastSeq,
    backupWatermark: belt.backupWatermark,
    recovering: belt.recoveringUntilMs !== null,
    hubTimeMs: hub.clock(),
    devices: devices.map((device) => ({
      author: device.author,
      name: device.name,
      role: device.role,
      baseId: device.baseId,
      status: device.status,
      lastSeenMs: device.lastSeenMs,
      behind: Math.max(0, lastSeq - device.pulledSeq),
      validUntilMs: device.validUntilMs,
      held: heldOf.get(device.author) ?? 0,
      previousAuthor: device.previousAuthor,
    })),
    held: held.map(({ hubSeq, author, reason, payload }) => {
      const op = decodeOp(payload)
      const { kind, table, row, person } = op
      const fields = op.fields as AdminOverview['held'][number]['fields']
      return { hubSeq, author, reason: reason ?? '', atMs: op.at.ms, person, kind, table, row, fields }
    }),
    heldTotal: [...heldOf.values()].reduce((sum, n) => sum + n, 0),
  }
}

/**
 * Decides about held ops in one transaction. A released op takes the next place in the belt's order, so that no cursor has
 * passed it, and keeps its stamp: what was written later than it still wins.
 */
function settleHeld(
  hub: HubContext,
  belt: string,
  hubSeqs: readonly number[],
  choice: 'release' | 'refuse',
): Promise<number> {
  return withBench(hub, belt, async (bench) => {
    const { tx, counters } = bench
    const rows = await tx
      .selectFrom('op')
      .select(['hubSeq', 'stampMs', 'stampCtr', 'payload'])
      .where('belt', '=', belt)
      .where('state', '=', OP_STATE.quarantined)
      .where('hubSeq', 'in', [...new Set(hubSeqs)])
      .orderBy('hubSeq')
      .execute()
    for (const row of rows) {
      const change =
        choice === 'release'
          ? { state: OP_STATE.applied, reason: RELEASED, hubSeq: counters.seq() }
          : { state: OP_STATE.rejected, reason: REFUSED }
      await tx
        .updateTable('op')
        .set(change)
        .where('belt', '=', belt)
        .where('hubSeq', '=', row.hubSeq)
        .execute()
      const op = decodeOp(row.payload)
      if (choice !== 'release') {
        await bench.author.fact('stepRefusal', { step: opId(op), reason: REFUSED, atMs: bench.nowMs })
        continue
      }
      if (isDecisionTable(op.table)) await writeCells(tx, belt, op, { ms: row.stampMs, ctr: row.stampCtr })
      if (ARBITRATED_TABLES.has(op.table)) await noteArbitrated(bench, op, change.hubSeq ?? row.hubSeq)
    }
    await answerWaiting(bench)
    return rows.length
  })
}
