import type {
  ImportPreview,
  PreviewProblem,
  PreviewRow,
  RowVerdict,
  UnknownSku,
  importsContract,
} from '../../../../shared/contract/imports.ts'
import { Refusal, type AppError } from '../../../../shared/contract/result.ts'
import type { QueryHandlers } from '../../context.ts'
import type { Db } from '../../../sqlite/open.ts'
import { demandView } from './demand-repo.ts'
import { listOrders } from './orders-repo.ts'
import { findImport, summaryOf, type ImportFileRow } from './repo.ts'
import type { RowBody } from './staged-row.ts'
import { openStaging, stagingPathOf } from './staging.ts'

const SHOWN_UNKNOWN_SKUS = 300

interface StagedSqlRow {
  rowNo: number
  verdict: RowVerdict
  body: string
}

type Filter = RowVerdict | 'all' | 'warning'

/** One page of a staging store's rows. */
function stagedPage(staging: Db, filter: Filter, after: number, limit: number): StagedSqlRow[] {
  const condition = filter === 'all' ? '' : filter === 'warning' ? 'AND warned = 1' : 'AND verdict = ?'
  const values = condition.includes('?') ? [after, filter, limit] : [after, limit]
  return staging
    .prepare<(string | number)[], StagedSqlRow>(
      `SELECT rowNo, verdict, body FROM stagedRow WHERE rowNo > ? ${condition} ORDER BY rowNo LIMIT ?`,
    )
    .all(...values)
}

function previewRow(row: StagedSqlRow, problems: readonly PreviewProblem[]): PreviewRow {
  const body = JSON.parse(row.body) as RowBody
  const order = body.kind === 'order' ? body : null
  const afterSale = body.kind === 'aftersale' ? body : null
  return {
    rowNo: row.rowNo,
    verdict: row.verdict,
    orderNo: body.orderNo,
    subOrderNo: body.subOrderNo,
    productName: afterSale ? afterSale.reason : body.kind === 'aftersale' ? '' : body.productName,
    skuCode: order?.skuCode ?? '',
    quantity: order?.quantity ?? null,
    isGift: order?.isGift ?? false,
    payableFen: order?.payableFen ?? null,
    paidFen: order?.paidFen ?? null,
    orderedMs: order?.orderedMs ?? afterSale?.requestedMs ?? null,
    paidMs: order?.paidMs ?? null,
    promisedMs: order?.promisedMs ?? null,
    status: order?.standing.status ?? null,
    afterSale: order?.standing.afterSale ?? afterSale?.afterSale ?? '',
    refundFen: order?.standing.refundFen ?? afterSale?.refundFen ?? null,
    problems,
  }
}

/** Problems of the rows of one page, by row. */
export function problemsOf(staging: Db, fromRow: number, toRow: number): Map<number, PreviewProblem[]> {
  const rows = staging
    .prepare<[number, number], PreviewProblem & { rowNo: number }>(
      `SELECT rowNo, severity, columnName AS "column", excerpt, reason, suggestion FROM stagedProblem
       WHERE rowNo BETWEEN ? AND ? ORDER BY rowNo, n`,
    )
    .all(fromRow, toRow)
  const byRow = new Map<number, PreviewProblem[]>()
  for (const { rowNo, ...problem } of rows) {
    const list = byRow.get(rowNo)
    if (list) list.push(problem)
    else byRow.set(rowNo, [problem])
  }
  return byRow
}

function preview(db: Db, row: ImportFileRow, filter: Filter, after: number, limit: number): ImportPreview {
  const summary = summaryOf(db, row)
  const empty = { summary, unknownSkus: [], unknownSkuCount: 0, rows: [], nextCursor: null }
  if (row.status === 'reading') return empty
  const staging = openStaging(stagingPathOf(db.name, row.id))
  if (!staging) return empty
  try {
    const rows = stagedPage(staging, filter, after, limit + 1)
    const page = rows.slice(0, limit)
    const problems = problemsOf(staging, page[0]?.rowNo ?? 0, page.at(-1)?.rowNo ?? 0)
    const unknownSkus = staging
      .prepare<[number], UnknownSku>(
        'SELECT code, productName, "rows", units, unitPriceFen FROM stagedSku ORDER BY units DESC, code LIMIT ?',
      )
      .all(SHOWN_UNKNOWN_SKUS)
    const count = staging.prepare<[], { n: number }>('SELECT count(*) AS n FROM stagedSku').get()!
    return {
      summary,
      unknownSkus,
      unknownSkuCount: count.n,
      rows: page.map((item) => previewRow(item, problems.get(item.rowNo) ?? [])),
      nextCursor: rows.length > limit ? String(page.at(-1)!.rowNo) : null,
    }
  } finally {
    staging.close()
  }
}

export const importsQueries: QueryHandlers<typeof importsContract> = {
  'import/preview': ({ importId, filter, cursor, limit }, { db }) => {
    const row = findImport(db, importId)
    if (!row) throw new Refusal('not-found', { table: 'importFile', id: importId })
    if ((row.status === 'failed' || row.status === 'cancelled') && row.error !== null) {
      const { code, details } = JSON.parse(row.error) as AppError
      throw new Refusal(code, details)
    }
    return preview(db, row, filter, Number(cursor ?? 0) || 0, limit)
  },

  'import/history': ({ cursor, limit }, { db }) => {
    const [createdMs, id] = (cursor ?? '').split(' ')
    const from = cursor === null ? [Number.MAX_SAFE_INTEGER, ''] : [Number(createdMs), id ?? '']
    const rows = db
      .prepare<unknown[], ImportFileRow>(
        `SELECT * FROM importFile WHERE (createdMs, id) < (?, ?) ORDER BY createdMs DESC, id DESC LIMIT ?`,
      )
      .all(...from, limit + 1)
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      rows: page.map((row) => summaryOf(db, row)),
      nextCursor: rows.length > limit && last ? `${last.createdMs} ${last.id}` : null,
    }
  },

  'order/list': ({ cursor, limit, ...filter }, { db }) => listOrders(db, filter, cursor, limit),

  'demand/bySku': (range, { db }) => demandView(db, range),
}
