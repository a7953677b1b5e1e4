import { offsetMin } from '../../shared/domain/time.ts'
import { searchWindow, type ArbiterWorld, type ClaimRequest } from '../../shared/ops/arbiter.ts'
import type { Bench } from './bench.ts'
import { readRows } from './cells.ts'
import { beltZone } from './today.ts'
import { numberOf } from './values.ts'

/** What the belt has to give away; read once per transaction. */
export type Stock = Omit<ArbiterWorld, 'nowMs' | 'held' | 'within'>

export async function readStock({ tx, counters }: Bench): Promise<Stock> {
  const { belt } = counters.row
  const studios = await readRows(tx, belt, 'studio')
  const equipment = await readRows(tx, belt, 'equipment')
  const merchants = await readRows(tx, belt, 'merchant')
  return {
    studios: [...studios]
      .map(([id, fields]) => ({ id, openMin: numberOf(fields.openMin), closeMin: numberOf(fields.closeMin) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    streamerIds: new Set((await readRows(tx, belt, 'streamer')).keys()),
    quantities: new Map([...equipment].map(([id, fields]) => [id, numberOf(fields.quantity)])),
    blockedMerchantIds: new Set(
      [...merchants].flatMap(([id, { listStatus }]) => (listStatus === 'black' ? [id] : [])),
    ),
    zoneOffsetMin: offsetMin(await beltZone(tx, belt)),
  }
}

/** The stock, with what is given away around the hours of a claim. */
export async function readWorld(bench: Bench, claim: ClaimRequest, stock: Stock): Promise<ArbiterWorld> {
  const { startMs, endMs } = searchWindow(claim)
  const held = await bench.tx
    .selectFrom('liveGrant')
    .select(['bookingId', 'resourceKey', 'unit', 'startMs', 'endMs'])
    .where('belt', '=', bench.counters.row.belt)
    .where('startMs', '<', Number.isFinite(endMs) ? endMs : 0)
    .where('endMs', '>', Number.isFinite(startMs) ? startMs : 0)
    .orderBy('grantId')
    .execute()
  return { ...stock, nowMs: bench.nowMs, held }
}
