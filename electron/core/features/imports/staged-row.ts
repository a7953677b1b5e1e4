import type { RowVerdict } from '../../../../shared/contract/imports.ts'
import { readAfterSaleRow, type AfterSaleDraft } from '../../../../shared/imports/aftersale-row.ts'
import { plainText } from '../../../../shared/imports/cells.ts'
import type { Detection } from '../../../../shared/imports/detect.ts'
import { readOrderRow, type OrderDraft } from '../../../../shared/imports/order-row.ts'
import type { Problem } from '../../../../shared/imports/problems.ts'
import { findShapeProblem, rowReader, type RowReader } from '../../../../shared/imports/row-reader.ts'
import type { CsvRecord } from './csv-stream.ts'

/** The few words by which a person finds a row that is not taken. */
export interface RowLabel {
  readonly orderNo: string
  readonly subOrderNo: string
  readonly productName: string
}

export type RowBody =
  | ({ readonly kind: 'order' } & OrderDraft)
  | ({ readonly kind: 'aftersale' } & AfterSaleDraft)
  | ({ readonly kind: 'unpaid'; readonly latestMs: number } & RowLabel)
  | ({ readonly kind: 'problem' } & RowLabel)

/** One row as it waits in the staging store. */
export interface StagedBody {
  readonly rowNo: number
  readonly key: string | null
  readonly verdict: RowVerdict
  readonly body: RowBody
  readonly problems: readonly Problem[]
}

/** Reads one record; every record becomes exactly one row, whatever is wrong with it. */
export function readStagedRow(
  detection: Extract<Detection, { ok: true }>,
  record: CsvRecord,
  delimiter: string,
): StagedBody {
  const { format, columns, headings } = detection
  const { rowNo } = record
  const row = rowReader(headings, columns, record.cells)
  const shape = findShapeProblem(headings, record.cells, delimiter)
  if (shape)
    return {
      rowNo,
      key: null,
      verdict: 'problem',
      body: { kind: 'problem', ...labelOf(row) },
      problems: [shape],
    }
  const read = format.kind === 'orders' ? readOrder(row, format.source) : readAfterSale(row, format.source)
  return { rowNo, ...read, problems: row.problems }
}

type Read = Pick<StagedBody, 'key' | 'verdict' | 'body'>

function readOrder(row: RowReader, source: string): Read {
  const read = readOrderRow(row, source)
  if (read.kind === 'order') {
    const { draft } = read
    // Own exports hold several sources; a sub-order number is unique within one.
    const key = source === '' ? `${draft.source} ${draft.subOrderNo}` : draft.subOrderNo
    return { key, verdict: 'new', body: { kind: 'order', ...draft } }
  }
  const label = labelOf(row)
  if (read.kind === 'unpaid')
    return { key: null, verdict: 'unpaid', body: { kind: 'unpaid', latestMs: read.latestMs, ...label } }
  return { key: null, verdict: 'problem', body: { kind: 'problem', ...label } }
}

function readAfterSale(row: RowReader, source: string): Read {
  const draft = readAfterSaleRow(row, source)
  if (draft) return { key: draft.afterSaleNo, verdict: 'new', body: { kind: 'aftersale', ...draft } }
  return { key: null, verdict: 'problem', body: { kind: 'problem', ...labelOf(row) } }
}

const labelOf = (row: RowReader): RowLabel => ({
  orderNo: plainText(row.text('orderNo')).slice(0, 48),
  subOrderNo: plainText(row.text('subOrderNo')).slice(0, 48),
  productName: plainText(row.text('productName')).slice(0, 80),
})
