import { statSync } from 'node:fs'
import type { ImportCounts } from '../../../../shared/contract/imports.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { damageFinder, detectFormat, type Damage, type Detection } from '../../../../shared/imports/detect.ts'
import type { FormatId } from '../../../../shared/imports/formats.ts'
import type { Problem } from '../../../../shared/imports/problems.ts'
import { openDb, type Db } from '../../../sqlite/open.ts'
import { compareStaged } from './compare-staged.ts'
import { openCsv, type CsvRecord, type CsvSource } from './csv-stream.ts'
import { readStagedRow, type StagedBody } from './staged-row.ts'
import { loadSkuCodes, type SkuTarget } from './resolver.ts'
import { createStaging, prepareProblem, putProblem, settleStaging } from './staging.ts'

export interface StageInput {
  readonly path: string
  /** Where the rows are put; whatever is there is replaced. */
  readonly stagingPath: string
  readonly beltPath: string
}

export interface StageProgress {
  readonly phase: 'reading' | 'comparing'
  readonly done: number
  readonly total: number
  readonly rows: number
}

export interface StageResult {
  readonly format: FormatId
  readonly source: string
  readonly encoding: string
  readonly fileHash: string
  readonly asOfMs: number
  readonly firstOrderMs: number | null
  readonly lastOrderMs: number | null
  readonly rows: number
  readonly counts: ImportCounts
  readonly warnings: number
  readonly payableFen: number
  readonly paidFen: number
  readonly refundFen: number
  readonly units: number
}

export interface StageControl {
  isCancelled(): boolean
  onProgress(progress: StageProgress): void
}

const ROWS_PER_SLICE = 1000
/** How many rows of a file with unknown headings are searched for spreadsheet damage. */
const DAMAGE_SAMPLE = 50

/**
 * Streams a file into a staging store and compares it with the belt, which is only read.
 * @throws Refusal with a `file-…` code, or `cancelled`; the caller removes the staging store then
 */
export async function stageFile(input: StageInput, control: StageControl): Promise<StageResult> {
  const totalBytes = statSync(input.path, { throwIfNoEntry: false })?.size
  if (totalBytes === undefined) throw new Refusal('file-gone')
  const csv = await openCsv(input.path)
  const staging = createStaging(input.stagingPath)
  const belt = openDb(input.beltPath, { readOnly: true })
  try {
    const reader = new FileReader(staging, belt, csv, control, totalBytes)
    const read = await reader.read()
    const compared = await compareStaged(staging, belt, read, control)
    settleStaging(staging)
    return { ...read, ...compared, encoding: csv.encoding, fileHash: csv.hash() }
  } finally {
    belt.close()
    staging.close()
  }
}

interface Totals {
  format: FormatId
  source: string
  asOfMs: number
  firstOrderMs: number | null
  lastOrderMs: number | null
  rows: number
  payableFen: number
  paidFen: number
  refundFen: number
  units: number
}

/** Reads one file into a staging store, a slice of rows per transaction. */
class FileReader {
  readonly #staging: Db
  readonly #belt: Db
  readonly #csv: CsvSource
  readonly #control: StageControl
  readonly #totalBytes: number
  readonly #insertRow
  readonly #insertProblem
  readonly #bodyOfKey
  readonly #countSku
  #codes: ReadonlyMap<string, SkuTarget> = new Map()
  #source = ''

  constructor(staging: Db, belt: Db, csv: CsvSource, control: StageControl, totalBytes: number) {
    this.#staging = staging
    this.#belt = belt
    this.#csv = csv
    this.#control = control
    this.#totalBytes = totalBytes
    this.#insertRow = staging.prepare<[number, string | null, string | null, string, number, string]>(
      'INSERT INTO stagedRow (rowNo, "key", line, verdict, warned, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT ("key") DO NOTHING',
    )
    this.#insertProblem = prepareProblem(staging)
    this.#bodyOfKey = staging.prepare<[string], { body: string }>(
      'SELECT body FROM stagedRow WHERE "key" = ?',
    )
    this.#countSku = staging.prepare<[string, string, number, number | null]>(
      `INSERT INTO stagedSku (code, productName, "rows", units, unitPriceFen) VALUES (?, ?, 1, ?, ?)
       ON CONFLICT (code) DO UPDATE SET "rows" = "rows" + 1, units = units + excluded.units`,
    )
  }

  async read(): Promise<Totals> {
    const iterator = this.#csv.records[Symbol.asyncIterator]()
    try {
      const heading = await iterator.next()
      if (heading.done) throw new Refusal('file-empty')
      const detection = detectFormat(heading.value.cells)
      if (!detection.ok) throw await this.#refuse(detection, iterator)
      return await this.#readRows(detection, iterator)
    } finally {
      await iterator.return?.()
    }
  }

  /** The headings do not fit. Damage by a spreadsheet explains more than a missing column, so it is looked for first. */
  async #refuse(
    detection: Extract<Detection, { ok: false }>,
    iterator: AsyncIterator<CsvRecord>,
  ): Promise<Refusal> {
    const find = damageFinder(detection.headings)
    for (let i = 0; i < DAMAGE_SAMPLE; i++) {
      const next = await iterator.next()
      if (next.done) break
      const damage = find(next.value.cells)
      if (damage && damage.kind !== 'rounded') return damaged(damage, next.value.rowNo)
    }
    if (detection.reason === 'columns-missing')
      return new Refusal('file-columns-missing', { columns: detection.missing, format: detection.format })
    return new Refusal('file-not-recognised', {
      columns: detection.headings.slice(0, 8).map((name) => name.slice(0, 40)),
    })
  }

  async #readRows(
    detection: Extract<Detection, { ok: true }>,
    iterator: AsyncIterator<CsvRecord>,
  ): Promise<Totals> {
    const { format } = detection
    this.#source = format.source
    this.#codes = loadSkuCodes(this.#belt, format.source)
    const findDamage = damageFinder(detection.headings)
    const totals: Totals = {
      format: format.id,
      source: format.source,
      asOfMs: 0,
      firstOrderMs: null,
      lastOrderMs: null,
      rows: 0,
      payableFen: 0,
      paidFen: 0,
      refundFen: 0,
      units: 0,
    }
    const rounded = { damage: null as Damage | null, rowNo: 0, count: 0 }
    let lastTooShort: number | null = null
    let slice: StagedBody[] = []
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      const record = next.value
      const damage = findDamage(record.cells)
      if (damage && damage.kind !== 'rounded') throw damaged(damage, record.rowNo)
      if (damage) {
        rounded.damage ??= damage
        rounded.rowNo ||= record.rowNo
        rounded.count++
      }
      const row = readStagedRow(detection, record, this.#csv.delimiter)
      lastTooShort = row.problems.some((problem) => problem.reason === 'row-too-short') ? record.rowNo : null
      count(totals, row)
      slice.push(row)
      if (slice.length >= ROWS_PER_SLICE) {
        this.#flush(slice, totals)
        slice = []
      }
    }
    if (totals.rows === 0) throw new Refusal('file-empty')
    if (lastTooShort !== null && !this.#csv.endsWithNewline())
      throw new Refusal('file-truncated', { row: lastTooShort })
    if (rounded.damage && rounded.count * 2 > totals.rows) throw damaged(rounded.damage, rounded.rowNo)
    this.#flush(slice, totals)
    return totals
  }

  #flush(slice: readonly StagedBody[], totals: Totals): void {
    if (this.#control.isCancelled()) throw new Refusal('cancelled')
    this.#staging.transaction(() => {
      for (const row of slice) this.#put(row, totals)
    })()
    this.#control.onProgress({
      phase: 'reading',
      done: this.#csv.bytesRead(),
      total: this.#totalBytes,
      rows: totals.rows,
    })
  }

  #put(row: StagedBody, totals: Totals): void {
    const body = JSON.stringify(row.body)
    const warned = row.problems.some((problem) => problem.severity === 'warning') ? 1 : 0
    const line = row.body.kind === 'aftersale' ? row.body.subOrderNo : null
    const inserted = this.#insertRow.run(row.rowNo, row.key, line, row.verdict, warned, body)
    if (inserted.changes === 0) {
      const same = this.#bodyOfKey.get(row.key!)?.body === body
      this.#insertRow.run(row.rowNo, null, null, 'duplicate', same ? 0 : 1, body)
      if (!same) putProblem(this.#insertProblem, row.rowNo, 0, DUPLICATE)
      return
    }
    addUp(totals, row)
    if (row.body.kind === 'order' && this.#source !== '' && !this.#codes.has(row.body.skuCode))
      this.#countSku.run(row.body.skuCode, row.body.productName, row.body.quantity, row.body.unitPriceFen)
    row.problems.forEach((problem, n) => putProblem(this.#insertProblem, row.rowNo, n, problem))
  }
}

const DUPLICATE: Problem = {
  severity: 'warning',
  column: '',
  excerpt: '',
  reason: 'duplicate-row',
  suggestion: 'first-kept',
}

const damaged = (damage: Damage, row: number): Refusal =>
  new Refusal('file-excel-damaged', {
    kind: damage.kind,
    column: damage.heading,
    excerpt: damage.excerpt.slice(0, 40),
    row,
  })

function count(totals: Totals, row: StagedBody): void {
  totals.rows++
  if (row.body.kind !== 'problem') totals.asOfMs = Math.max(totals.asOfMs, row.body.latestMs)
}

function addUp(totals: Totals, { body }: StagedBody): void {
  if (body.kind === 'aftersale') totals.refundFen += body.refundFen
  if (body.kind !== 'order') return
  totals.payableFen += body.payableFen
  totals.paidFen += body.paidFen
  totals.refundFen += body.standing.refundFen
  totals.units += body.quantity
  totals.firstOrderMs = Math.min(totals.firstOrderMs ?? body.orderedMs, body.orderedMs)
  totals.lastOrderMs = Math.max(totals.lastOrderMs ?? body.orderedMs, body.orderedMs)
}
