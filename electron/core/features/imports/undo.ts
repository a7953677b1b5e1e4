import type { AfterSale, OrderStatus } from '../../../../shared/domain/orders.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandContext } from '../../context.ts'
import { recordStanding } from './apply.ts'
import { setDoneThrough, type ImportFileRow, type ImportLineRow } from './repo.ts'

interface StateRow {
  status: OrderStatus
  afterSale: AfterSale
  pickedUpMs: number | null
  clickedShipMs: number | null
  completedMs: number | null
  refundFen: number
  cancelReason: string
}

const LOOK_AT_CLOCK_EVERY = 20

/**
 * Takes back a slice of what a commit wrote, newest knowledge first: a line that it brought is withdrawn, a line that it changed
 * gets its earlier standing again. Lines about which something newer is known since then are left alone.
 * @returns how far it came, null at the end
 */
export function undoSlice(
  ctx: CommandContext,
  file: ImportFileRow,
  after: number,
  budgetMs: number,
): number | null {
  const lines = prepared<[string, number], ImportLineRow>(
    ctx.db,
    'SELECT n, orderLineId, stateId, previousStateId FROM importLine WHERE importId = ? AND n > ? ORDER BY n LIMIT 500',
  ).all(file.id, after)
  if (lines.length === 0) return null
  const until = performance.now() + budgetMs
  let done = after
  for (const [index, line] of lines.entries()) {
    if (index % LOOK_AT_CLOCK_EVERY === 0 && index > 0 && performance.now() > until) break
    undoLine(ctx, line)
    done = line.n
  }
  setDoneThrough(ctx.db, file.id, done)
  return done
}

function undoLine(ctx: CommandContext, line: ImportLineRow): void {
  const now = prepared<[string], { stateId: string | null; asOfMs: number }>(
    ctx.db,
    'SELECT stateId, asOfMs FROM orderNow WHERE orderLineId = ?',
  ).get(line.orderLineId)
  if (!now || now.stateId !== line.stateId) return
  const earlier = prepared<[string], StateRow>(
    ctx.db,
    `SELECT status, afterSale, pickedUpMs, clickedShipMs, completedMs, refundFen, cancelReason
     FROM orderState WHERE id = ?`,
  ).get(line.previousStateId ?? line.stateId)
  if (!earlier) return
  const standing = line.previousStateId === null ? { ...earlier, status: 'withdrawn' as const } : earlier
  recordStanding(ctx.write, line.orderLineId, { ...standing, asOfMs: now.asOfMs + 1 })
}

/** Puts back into stock what the import took out as shipped. Once, with the last slice. */
export function undoStock(ctx: CommandContext, file: ImportFileRow): void {
  const moves = prepared<[string], { skuId: string; units: number }>(
    ctx.db,
    'SELECT skuId, sum(quantity) AS units FROM stockMove WHERE sourceKey GLOB ? GROUP BY skuId',
  ).all(`import:${file.id}:*`)
  for (const { skuId, units } of moves)
    ctx.write.fact('stockMove', {
      skuId,
      quantity: -units,
      reason: 'import-undone',
      atMs: ctx.nowMs,
      sourceKey: `import-undone:${file.id}:${skuId}`,
    })
}
