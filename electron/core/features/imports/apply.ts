import { Refusal } from '../../../../shared/contract/result.ts'
import { pickUpDueMs } from '../../../../shared/domain/promise.ts'
import type { OrderStanding } from '../../../../shared/domain/orders.ts'
import type { Scope } from '../../../../shared/ops/types.ts'
import { EXPORT_ZONE } from '../../../../shared/imports/cells.ts'
import { decideAfterSale, decideOrder, type Decision } from '../../../../shared/imports/compare.ts'
import type { OrderDraft } from '../../../../shared/imports/order-row.ts'
import type { AfterSaleDraft } from '../../../../shared/imports/aftersale-row.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandContext } from '../../context.ts'
import type { Mutator } from '../../store/mutator.ts'
import { caseFinder } from './compare-staged.ts'
import { knownLines } from './known.ts'
import { firstBase, noteImportLine, setDoneThrough, type ImportFileRow } from './repo.ts'
import { loadSessionFinder, loadSkuCodes, type SkuTarget } from './resolver.ts'
import type { RowBody } from './staged-row.ts'

/** Turns staged rows into facts. Everything is decided again here: the belt may have changed since the preview. */
export interface RowApplier {
  /** Applies rows after `afterRow` for at most `budgetMs`, inside the caller's transaction. @returns the last row done, null at the end */
  slice(ctx: CommandContext, afterRow: number, budgetMs: number): number | null
}

interface StagedRow {
  rowNo: number
  body: string
}

const TAKEN = `verdict IN ('new', 'changed', 'unchanged', 'older')`
const LOOK_AT_CLOCK_EVERY = 20

export function rowApplier(beltDb: Db, staging: Db, file: ImportFileRow): RowApplier {
  const rows = staging.prepare<[number], StagedRow>(
    `SELECT rowNo, body FROM stagedRow WHERE rowNo > ? AND ${TAKEN} ORDER BY rowNo LIMIT 500`,
  )
  const known = knownLines(beltDb)
  const casesOf = caseFinder(staging)
  const sessionOf = loadSessionFinder(beltDb)
  const trackedSince = stockTracking(beltDb)
  const targets = new Map<string, Map<string, SkuTarget>>()
  const asOfMs = file.asOfMs ?? 0
  const fallbackBase = file.baseId ?? firstBase(beltDb)

  const targetOf = (source: string, code: string): SkuTarget | null => {
    let codes = targets.get(source)
    if (!codes) targets.set(source, (codes = loadSkuCodes(beltDb, source)))
    return codes.get(code) ?? null
  }

  const scopeOf = (target: SkuTarget | null): Scope => {
    if (file.baseId) return `base:${file.baseId}`
    if (target?.scope.startsWith('base:')) return target.scope as Scope
    if (fallbackBase) return `base:${fallbackBase}`
    throw new Refusal('not-found', { table: 'liveBase', id: '' })
  }

  function applyOrder(ctx: CommandContext, rowNo: number, draft: OrderDraft, slice: Slice): void {
    const line = known(draft.source, draft.subOrderNo)
    const decision = decideOrder(line, draft, asOfMs)
    if (!decision.standing) return
    const target = targetOf(draft.source, draft.skuCode)
    const write = line ? ctx.write : slice.writerFor(scopeOf(target))
    const lineId = line?.lineId ?? writeLine(write, draft, target)
    if (lineId === null) return
    writeState(ctx, write, rowNo, lineId, line?.stateId ?? null, decision)
    const shipMs = decision.standing.clickedShipMs
    if (!target || shipMs === null || (line?.standing?.clickedShipMs ?? null) !== null) return
    const since = trackedSince(target.skuId)
    if (since !== null && shipMs > since) slice.ship(target.skuId, draft.quantity)
  }

  function writeLine(write: Mutator, draft: OrderDraft, target: SkuTarget | null): string | null {
    const session = target ? sessionOf(target.skuId, draft.orderedMs) : null
    const paidMs = draft.paidMs ?? draft.orderedMs
    const promisedMs =
      draft.promisedMs ?? (session ? pickUpDueMs(paidMs, session.promiseHours, EXPORT_ZONE) : null)
    return write.fact('orderLine', {
      source: draft.source,
      orderNo: draft.orderNo,
      subOrderNo: draft.subOrderNo,
      merchantId: target?.merchantId ?? null,
      skuId: target?.skuId ?? null,
      sessionId: session?.sessionId ?? null,
      skuCode: draft.skuCode,
      productName: draft.productName,
      quantity: draft.quantity,
      isGift: draft.isGift,
      orderedMs: draft.orderedMs,
      paidMs: draft.paidMs,
      payableFen: draft.payableFen,
      paidFen: draft.paidFen,
      promisedMs,
      provinceName: draft.provinceName,
    })
  }

  function applyAfterSale(ctx: CommandContext, rowNo: number, draft: AfterSaleDraft): void {
    const line = known(draft.source, draft.subOrderNo)
    if (!line) return
    const decision = decideAfterSale(line, casesOf(draft.subOrderNo) ?? draft, asOfMs)
    if (decision.standing) writeState(ctx, ctx.write, rowNo, line.lineId, line.stateId, decision)
    if (!draft.isReturn) return
    ctx.write.fact('returnItem', {
      orderLineId: line.lineId,
      requestedMs: draft.requestedMs,
      receivedMs: null,
      reason: draft.reason,
      isQuality: draft.isQuality,
      refundFen: draft.refundFen,
      sourceKey: `${draft.source}:${draft.afterSaleNo}`,
    })
  }

  function writeState(
    ctx: CommandContext,
    write: Mutator,
    rowNo: number,
    orderLineId: string,
    previousStateId: string | null,
    decision: Decision,
  ): void {
    const stateId = recordStanding(write, orderLineId, decision.standing!)
    noteImportLine(ctx.db, file.id, { n: rowNo, orderLineId, stateId, previousStateId })
  }

  return {
    slice(ctx, afterRow, budgetMs) {
      const waiting = rows.all(afterRow)
      if (waiting.length === 0) return null
      const until = performance.now() + budgetMs
      const slice = new Slice(ctx)
      let done = afterRow
      for (const [index, row] of waiting.entries()) {
        if (index % LOOK_AT_CLOCK_EVERY === 0 && index > 0 && performance.now() > until) break
        const body = JSON.parse(row.body) as RowBody
        if (body.kind === 'order') applyOrder(ctx, row.rowNo, body, slice)
        else if (body.kind === 'aftersale') applyAfterSale(ctx, row.rowNo, body)
        done = row.rowNo
      }
      slice.writeShipped(`import:${file.id}:${done}`, asOfMs)
      setDoneThrough(ctx.db, file.id, done)
      return done
    },
  }
}

/** Writes the newest word on a line. @returns the fact's id */
export function recordStanding(
  write: Mutator,
  orderLineId: string,
  standing: OrderStanding & { readonly asOfMs: number },
): string {
  const id = write.fact('orderState', {
    orderLineId,
    asOfMs: standing.asOfMs,
    status: standing.status,
    pickedUpMs: standing.pickedUpMs,
    clickedShipMs: standing.clickedShipMs,
    completedMs: standing.completedMs,
    afterSale: standing.afterSale,
    refundFen: standing.refundFen,
    cancelReason: standing.cancelReason,
  })
  return id!
}

/** What one transaction gathers: a mutator per base, and shipped units, so that each SKU gets one stock move. */
class Slice {
  readonly #ctx: CommandContext
  readonly #writers = new Map<Scope, Mutator>()
  readonly #shipped = new Map<string, number>()

  constructor(ctx: CommandContext) {
    this.#ctx = ctx
  }

  writerFor(scope: Scope): Mutator {
    let writer = this.#writers.get(scope)
    if (!writer) this.#writers.set(scope, (writer = this.#ctx.write.withScope(scope)))
    return writer
  }

  ship(skuId: string, quantity: number): void {
    this.#shipped.set(skuId, (this.#shipped.get(skuId) ?? 0) + quantity)
  }

  writeShipped(sourceKey: string, atMs: number): void {
    for (const [skuId, units] of this.#shipped)
      this.#ctx.write.fact('stockMove', {
        skuId,
        quantity: -units,
        reason: 'shipped',
        atMs,
        sourceKey: `${sourceKey}:${skuId}`,
      })
  }
}

/** Since when a SKU's stock is kept: what was shipped before its first move is in that first count already. */
function stockTracking(db: Db): (skuId: string) => number | null {
  const since = new Map<string, number | null>()
  return (skuId) => {
    let atMs = since.get(skuId)
    if (atMs === undefined) {
      atMs =
        prepared<[string], { atMs: number | null }>(
          db,
          'SELECT min(atMs) AS atMs FROM stockMove WHERE skuId = ?',
        ).get(skuId)?.atMs ?? null
      since.set(skuId, atMs)
    }
    return atMs
  }
}
