import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from '../../../../shared/contract/result.ts'
import { dayKeyOf, formatLocalStamp } from '../../../../shared/domain/time.ts'
import { EXPORT_ZONE } from '../../../../shared/imports/cells.ts'
import { CSV_BOM, CSV_LINE_END, csvLine, type CsvValue } from '../../../../shared/imports/csv-out.ts'
import { opId } from '../../../../shared/ops/id.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import { labelOf } from '../../labels.ts'
import type { OpenBelt, Services } from '../../services.ts'
import type { OpRow } from '../../store/store.ts'

const PAGE = 500
/** Said in every row of an export of the demo belt, so that nobody takes it for business. */
const DEMO_MARK = '演示数据'
const HEAD = [
  '序号',
  '编号',
  '时间',
  '人员',
  '设备',
  '动作',
  '类别',
  '名称',
  '内容',
  '状态',
  '枢纽的话',
  '枢纽序号',
]
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The whole log of a belt as this machine has it, oldest first, a page at a time so that work goes on meanwhile. */
export async function exportLog(services: Services): Promise<{ handle: string; name: string; rows: number }> {
  const belt = services.belt()
  const { isDemo } = belt.info
  const folder = join(services.dataDir, 'exports')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${randomUUID()}.csv`)
  const file = openSync(path, 'wx', 0o600)
  const line = (cells: readonly CsvValue[]) =>
    csvLine(isDemo ? [...cells, DEMO_MARK] : [...cells]) + CSV_LINE_END
  let rows = 0
  try {
    writeSync(file, CSV_BOM + line(HEAD))
    for (let after = 0; ;) {
      if (services.openBelt() !== belt) throw new Refusal('cancelled')
      const page = prepared<
        [number, number],
        OpRow & { personName: string | null; deviceName: string | null }
      >(
        belt.store.db,
        `SELECT op.*, person.name AS personName,
           (SELECT name FROM device WHERE device.author = op.author LIMIT 1) AS deviceName
         FROM op LEFT JOIN person ON person.id = op.person WHERE op.n > ? ORDER BY op.n LIMIT ?`,
      ).all(after, PAGE)
      if (page.length === 0) break
      writeSync(file, page.map((op) => line(cellsOf(belt, op))).join(''))
      rows += page.length
      after = page.at(-1)!.n
      await pause()
    }
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  const name = `${isDemo ? 'demo-' : ''}log-${dayKeyOf(belt.nowMs(), belt.info.timeZone)}.csv`
  return { handle: services.offerFile(path, name), name, rows }
}

function cellsOf(
  { store }: OpenBelt,
  op: OpRow & { personName: string | null; deviceName: string | null },
): CsvValue[] {
  const verdict =
    op.verdict === null ? '' : String((JSON.parse(op.verdict) as { reason?: string }).reason ?? '')
  return [
    op.n,
    opId(op),
    formatLocalStamp(op.atMs, EXPORT_ZONE),
    op.personName ?? '',
    op.deviceName ?? op.author,
    op.kind,
    op.tbl,
    labelOf(store.db, op.tbl, op.row),
    op.fields,
    op.state,
    verdict,
    op.hubSeq === null ? '' : `${op.hubEpoch}:${op.hubSeq}`,
  ]
}
