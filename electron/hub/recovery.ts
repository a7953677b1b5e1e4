import type { Bench } from './bench.ts'

/** Recovery without a time limit: it ends only when what was missing has arrived. */
export const UNTIL_FILLED = Number.MAX_SAFE_INTEGER

/**
 * Ends the time in which claims wait, once the founding device's log has arrived up to the handover, or once the time given
 * to devices for refilling a restored hub has passed.
 */
export async function closeRecoveryWhenFilled(bench: Bench): Promise<void> {
  const { row } = bench.counters
  if (row.recoveringUntilMs === null) return
  if (row.recoveringUntilMs === UNTIL_FILLED) {
    if (!(await founderArrived(bench))) return
  } else if (bench.nowMs < row.recoveringUntilMs && !(await devicesRefilled(bench))) return
  await bench.tx.updateTable('belt').set({ recoveringUntilMs: null }).where('belt', '=', row.belt).execute()
  row.recoveringUntilMs = null
  bench.freed = 'left'
}

const ACTIVE_WITHIN_MS = 30 * 24 * 3_600_000

/** Every device that was about lately has given back what the restored hub had lost. */
async function devicesRefilled(bench: Bench): Promise<boolean> {
  const { belt, epoch } = bench.counters.row
  const missing = await bench.tx
    .selectFrom('device')
    .select('author')
    .where('belt', '=', belt)
    .where('status', '=', 'active')
    .where('lastSeenMs', '>', bench.nowMs - ACTIVE_WITHIN_MS)
    .where('refilledEpoch', '<', epoch)
    .limit(1)
    .execute()
  return missing.length === 0
}

async function founderArrived(bench: Bench): Promise<boolean> {
  const { belt } = bench.counters.row
  const founders = await bench.tx
    .selectFrom('device')
    .select(['author', 'arbiterUpTo'])
    .where('belt', '=', belt)
    .where('arbiterUpTo', '<>', '{}')
    .execute()
  for (const { author, arbiterUpTo } of founders) {
    const rows = await bench.tx
      .selectFrom('stream')
      .select(['stream', 'seq'])
      .where('belt', '=', belt)
      .where('author', '=', author)
      .execute()
    const have = new Map(rows.map(({ stream, seq }) => [String(stream), seq]))
    for (const [stream, seq] of Object.entries(JSON.parse(arbiterUpTo) as Record<string, number>))
      if ((have.get(stream) ?? 0) < seq) return false
  }
  return true
}
