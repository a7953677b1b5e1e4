import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { OrderFilter } from '../../../../shared/contract/imports.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { formatYuan } from '../../../../shared/domain/money.ts'
import { dayKeyOf, formatLocalStamp } from '../../../../shared/domain/time.ts'
import { EXPORT_ZONE } from '../../../../shared/imports/cells.ts'
import { CSV_BOM, CSV_LINE_END, csvLine, type CsvValue } from '../../../../shared/imports/csv-out.ts'
import type { Actor } from '../../context.ts'
import type { Services } from '../../services.ts'
import { listOrders, type FullOrderRow } from './orders-repo.ts'
import { problemsOf } from './queries.ts'
import { requireImport } from './run.ts'
import { openStaging, stagingPathOf } from './staging.ts'

export interface Export {
  readonly handle: string
  readonly name: string
  readonly rows: number
}

const PAGE = 2000
/** Said in every row of an export of the demo belt, so that nobody takes it for business. */
const DEMO_MARK = '演示数据'

/** Own headings; the importer knows them. */
const ORDER_HEADINGS = [
  '来源',
  '主订单编号',
  '子订单编号',
  '选购商品',
  '商家编码',
  '商品数量',
  '订单应付金额',
  '用户实付',
  '退款金额',
  '订单提交时间',
  '支付完成时间',
  '承诺发货时间',
  '发货时间',
  '订单完成时间',
  '订单状态',
  '售后状态',
  '取消原因',
  '省',
]

const stamp = (ms: number | null): string => (ms === null ? '' : formatLocalStamp(ms, EXPORT_ZONE))

const orderCells = (row: FullOrderRow): CsvValue[] => [
  row.source,
  row.orderNo,
  row.subOrderNo,
  row.productName,
  row.skuCode,
  row.quantity,
  formatYuan(row.payableFen),
  formatYuan(row.paidFen),
  formatYuan(row.refundFen),
  stamp(row.orderedMs),
  stamp(row.paidMs),
  stamp(row.promisedMs),
  stamp(row.clickedShipMs),
  stamp(row.completedMs),
  row.status,
  row.afterSale,
  row.cancelReason,
  row.provinceName,
]

/** Order rows as CSV, a page at a time so that other requests are answered in between. */
export function exportOrders(services: Services, actor: Actor, filter: OrderFilter): Promise<Export> {
  let cursor: string | null = null
  let ended = false
  return writeCsv(services, 'orders', ORDER_HEADINGS, () => {
    if (ended) return null
    const page = services.read(actor, ({ db }) => listOrders(db, filter, cursor, PAGE))
    cursor = page.nextCursor
    ended = cursor === null
    return page.rows.map(orderCells)
  })
}

/** Every problem of a preview, with the row it belongs to. */
export async function exportProblems(services: Services, importId: string): Promise<Export> {
  const belt = services.belt()
  requireImport(belt, importId)
  const staging = openStaging(stagingPathOf(belt.path, importId))
  if (!staging) throw new Refusal('not-found', { table: 'importFile', id: importId })
  try {
    const last =
      staging.prepare<[], { n: number | null }>('SELECT max(rowNo) AS n FROM stagedProblem').get()?.n ?? 0
    let from = 1
    return await writeCsv(services, 'import-problems', ['行号', '级别', '列', '内容', '原因', '建议'], () => {
      if (from > last) return null
      const problems = problemsOf(staging, from, from + PAGE - 1)
      from += PAGE
      return [...problems].flatMap(([rowNo, list]) =>
        list.map((item) => [rowNo, item.severity, item.column, item.excerpt, item.reason, item.suggestion]),
      )
    })
  } finally {
    staging.close()
  }
}

const exportFolder = (services: Services): string => join(services.dataDir, 'exports')

/** Forgets exports of earlier runs: their handles are gone. */
export function sweepExports(services: Services): void {
  rmSync(exportFolder(services), { recursive: true, force: true })
}

/** @param nextRows null at the end */
async function writeCsv(
  services: Services,
  topic: string,
  headings: readonly string[],
  nextRows: () => CsvValue[][] | null,
): Promise<Export> {
  const belt = services.belt()
  const { isDemo } = belt.info
  const folder = exportFolder(services)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${randomUUID()}.csv`)
  const file = openSync(path, 'wx', 0o600)
  let rows = 0
  try {
    writeSync(file, CSV_BOM + csvLine(isDemo ? [...headings, DEMO_MARK] : headings) + CSV_LINE_END)
    for (let page = nextRows(); page !== null; page = nextRows()) {
      rows += page.length
      writeSync(
        file,
        page.map((cells) => csvLine(isDemo ? [...cells, DEMO_MARK] : cells) + CSV_LINE_END).join(''),
      )
      await new Promise((resolve) => setImmediate(resolve))
    }
  } catch (error) {
    closeSync(file)
    rmSync(path, { force: true })
    throw error
  }
  closeSync(file)
  const day = dayKeyOf(belt.nowMs(), belt.info.timeZone)
  const name = `${isDemo ? 'demo-' : ''}${topic}-${day}.csv`
  return { handle: services.offerFile(path, name), name, rows }
}
