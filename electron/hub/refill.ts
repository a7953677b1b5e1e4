import type { StatusAnswer } from '../../shared/wire/messages.ts'
import { answerWaiting } from './arbitration.ts'
import type { HubContext } from './context.ts'
import { withBench } from './bench.ts'
import { closeRecoveryWhenFilled } from './recovery.ts'
import { ownNames } from './own-names.ts'
import type { BeltRow, DeviceRow } from './schema.ts'

/** A device says that nothing of its own is missing here any more; the last one ends the recovery. */
export async function noteRefilled(hub: HubContext, device: DeviceRow, epoch: number): Promise<void> {
  if (device.refilledEpoch >= epoch || device.status !== 'active') return
  await withBench(hub, device.belt, async (bench) => {
    if (epoch !== bench.counters.row.epoch) return
    await bench.tx
      .updateTable('device')
      .set({ refilledEpoch: epoch })
      .where('belt', '=', device.belt)
      .where('author', '=', device.author)
      .execute()
    await closeRecoveryWhenFilled(bench)
    await answerWaiting(bench)
  })
}

/** How far the hub's own streams of this and earlier epochs go, so that devices can give back what it has forgotten. */
export async function hubStreams(hub: HubContext, belt: BeltRow): Promise<StatusAnswer['hubStreams']> {
  const authors = [...(await ownNames(hub, hub.database.db, belt.belt))]
  return hub.database.db
    .selectFrom('stream')
    .select(['author', 'stream', 'seq'])
    .where('belt', '=', belt.belt)
    .where('author', 'in', authors)
    .execute()
}
