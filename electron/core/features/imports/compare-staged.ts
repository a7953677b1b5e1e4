import type { ImportCounts, RowVerdict } from '../../../../shared/contract/imports.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import {
  decideAfterSale,
  decideOrder,
  mergeCases,
  type AfterSaleWord,
} from '../../../../shared/imports/compare.ts'
import type { Problem } from '../../../../shared/imports/problems.ts'
import type { Db } from '../../../sqlite/open.ts'
import { knownLines } from './known.ts'
import type { StageControl } from './stage.ts'
import type { RowBody } from './staged-row.ts'
import { prepareProblem, putProblem } from './staging.ts'

const ROWS_PER_SLICE = 1000

/** All after-sale cases that the file has for a line. */
export function caseFinder(staging: Db): (subOrderNo: string) => AfterSaleWord | null {
  const find = staging.prepare<[string], { body: string }>('SELECT body FROM stagedRow WHERE line = ?')
  return (subOrderNo) =>
    mergeCases(
      find.all(subOrderNo).flatMap(({ body }) => {
        const row = JSON.parse(body) as RowBody
        return row.kind === 'aftersale' ? [row] : []
      }),
    )
}

interface WaitingRow {
  rowNo: number
  body: string
}

/** Second pass: the file's own age is known now, so every row can be held against the belt. */
export async function compareStaged(
  staging: Db,
  belt: Db,
  totals: { readonly asOfMs: number; readonly rows: number },
  control: StageControl,
): Promise<{ counts: ImportCounts; warnings: number }> {
  const next = staging.prepare<[number, number], WaitingRow>(
    'SELECT rowNo, body FROM stagedRow WHERE rowNo > ? AND "key" IS NOT NULL ORDER BY rowNo LIMIT ?',
  )
  const judge = staging.prepare<[string, number, number]>(
    'UPDATE stagedRow SET verdict = ?, warned = MAX(warned, ?) WHERE rowNo = ?',
  )
  const insertProblem = prepareProblem(staging)
  const problemCount = staging.prepare<[number], { n: number }>(
    'SELECT count(*) AS n FROM stagedProblem WHERE rowNo = ?',
  )
  const known = knownLines(belt)
  staging.exec('CREATE INDEX stagedRow_line ON stagedRow (line) WHERE line IS NOT NULL')
  const casesOf = caseFinder(staging)
  const judgeRow = (row: WaitingRow) => {
    const body = JSON.parse(row.body) as RowBody
    if (body.kind !== 'order' && body.kind !== 'aftersale') return
    const line = known(body.source, body.subOrderNo)
    if (body.kind === 'aftersale' && !line) {
      judge.run('problem', 0, row.rowNo)
      putProblem(insertProblem, row.rowNo, problemCount.get(row.rowNo)!.n, orderUnknown(body.subOrderNo))
      return
    }
    const decision =
      body.kind === 'order'
        ? decideOrder(line, body, totals.asOfMs)
        : decideAfterSale(line!, casesOf(body.subOrderNo)!, totals.asOfMs)
    if (decision.verdict !== 'new') judge.run(decision.verdict, decision.lineDiffers ? 1 : 0, row.rowNo)
    if (decision.lineDiffers)
      putProblem(insertProblem, row.rowNo, problemCount.get(row.rowNo)!.n, LINE_DIFFERS)
  }
  let after = 0
  for (;;) {
    if (control.isCancelled()) throw new Refusal('cancelled')
    const slice = next.all(after, ROWS_PER_SLICE)
    if (slice.length === 0) break
    // One read transaction for the slice: opening one for every row would cost more than the rows.
    belt.transaction(() => staging.transaction(() => slice.forEach(judgeRow))())()
    after = slice.at(-1)!.rowNo
    control.onProgress({
      phase: 'comparing',
      done: Math.min(after, totals.rows),
      total: totals.rows,
      rows: totals.rows,
    })
    await new Promise((resolve) => setImmediate(resolve))
  }
  return countVerdicts(staging)
}

const LINE_DIFFERS: Problem = {
  severity: 'warning',
  column: '',
  excerpt: '',
  reason: 'line-differs',
  suggestion: 'kept-as-known',
}

const orderUnknown = (subOrderNo: string): Problem => ({
  severity: 'error',
  column: '',
  excerpt: subOrderNo,
  reason: 'order-unknown',
  suggestion: 'import-orders-first',
})

function countVerdicts(staging: Db): { counts: ImportCounts; warnings: number } {
  const counts: Record<RowVerdict, number> = {
    new: 0,
    changed: 0,
    unchanged: 0,
    older: 0,
    unpaid: 0,
    duplicate: 0,
    problem: 0,
  }
  const rows = staging
    .prepare<[], { verdict: RowVerdict; n: number }>(
      'SELECT verdict, count(*) AS n FROM stagedRow GROUP BY verdict',
    )
    .all()
  for (const row of rows) counts[row.verdict] = row.n
  const warnings = staging
    .prepare<[], { n: number }>('SELECT count(*) AS n FROM stagedRow WHERE warned = 1')
    .get()!.n
  return { counts, warnings }
}
