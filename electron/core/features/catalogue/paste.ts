import {
  lineInput,
  merchantInput,
  pastedSkuInput,
  streamerInput,
  studioInput,
  type PasteKind,
  type PastePreview,
} from '../../../../shared/contract/catalogue.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import { readMerchant, readSku } from './paste-goods.ts'
import { PASTE_COLUMNS, columnFor, type PasteColumn } from './paste-columns.ts'

interface PasteInput {
  readonly kind: PasteKind
  readonly baseId: string
  readonly text: string
}

type Problem = PastePreview['rows'][number]['problems'][number]
type Values = Record<string, unknown>

export interface ReadRow {
  readonly line: number
  readonly cells: readonly string[]
  readonly problems: readonly Problem[]
  /** Row that the same name stands for already. */
  readonly replacesId: string | null
  readonly input: Values
}

const TABLES = { studio: 'studio', line: 'productionLine', streamer: 'streamer' } as const
const SCHEMAS = {
  studio: studioInput,
  line: lineInput,
  streamer: streamerInput,
  merchant: merchantInput,
  sku: pastedSkuInput,
}
/** What a row is known by: two rows of one table that say the same would silently undo each other. */
const KEY_FIELD = { studio: 'name', line: 'name', streamer: 'name', merchant: 'name', sku: 'code' } as const

/** Cells of text copied from a spreadsheet, or of a CSV file: a cell with a line break or a separator is in double quotes. */
export function cellsOf(text: string): string[][] {
  const [head = ''] = text.split('\n', 1)
  const separator = head.includes('\t') ? '\t' : /[^,]*,/.test(head) ? ',' : '\t'
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  const endRow = () => {
    row.push(cell.trim())
    if (row.some((value) => value !== '')) rows.push(row)
    row = []
    cell = ''
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (quoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') cell += text[at++]!
      else quoted = false
    } else if (character === '"' && cell === '') quoted = true
    else if (character === separator) {
      row.push(cell.trim())
      cell = ''
    } else if (character === '\n') endRow()
    else if (character !== '\r') cell += character
  }
  endRow()
  return rows
}

const problem = (field: string, key: string, value = ''): Problem => ({ field, key, value })

function readCells(
  columns: readonly PasteColumn[],
  byColumn: ReadonlyMap<string, string>,
): { values: Values; problems: Problem[]; given: ReadonlySet<string> } {
  const values: Values = {}
  const given = new Set<string>()
  const problems: Problem[] = []
  for (const column of columns) {
    const cell = byColumn.get(column.field) ?? ''
    if (cell === '') {
      if (column.required) problems.push(problem(column.field, 'paste.missing'))
      else values[column.field] = column.fallback
      continue
    }
    const value = column.read(cell)
    if (value === undefined) problems.push(problem(column.field, 'paste.unreadable', cell))
    else {
      values[column.field] = value
      given.add(column.field)
    }
  }
  return { values, problems, given }
}

/** Turns what was read into the input of the save command of its kind. */
function inputOf(
  db: Db,
  kind: Exclude<PasteKind, 'merchant' | 'sku'>,
  baseId: string,
  values: Values,
  problems: Problem[],
): Values {
  if (kind === 'studio') return { ...values, baseId, kit: [] }
  if (kind === 'streamer')
    return {
      ...values,
      baseId,
      guardianConsent: false,
      firstTrainedMs: null,
      lastTrainedMs: null,
      maxStretchMin: 240,
      minRestMin: 480,
    }
  const { factory: named, changeMin, ...rest } = values
  const factory = typeof named === 'string' ? named : ''
  const found = prepared<[string, string, string], { id: string }>(
    db,
    'SELECT id FROM factory WHERE deleted = 0 AND baseId = ? AND (name = ? OR shortName = ?) ORDER BY createdMs, id LIMIT 1',
  ).get(baseId, factory, factory)
  if (factory !== '' && !found) problems.push(problem('factory', 'paste.unknownFactory', factory))
  const families = Object.keys(rest['unitsPerHour'] ?? {})
  const minutes = typeof changeMin === 'number' ? changeMin : 30
  return {
    ...rest,
    factoryId: found?.id ?? '-',
    initialFamily: families[0] ?? null,
    changeoverMin: {
      families,
      matrix: families.map((from) => families.map((to) => (from === to ? 0 : minutes))),
    },
  }
}

function existingId(db: Db, kind: keyof typeof TABLES, baseId: string, name: string): string | null {
  const sql =
    kind === 'line'
      ? `SELECT productionLine.id FROM productionLine JOIN factory ON factory.id = productionLine.factoryId
         WHERE productionLine.deleted = 0 AND factory.baseId = ? AND productionLine.name = ? LIMIT 1`
      : `SELECT id FROM ${TABLES[kind]} WHERE deleted = 0 AND baseId = ? AND name = ? LIMIT 1`
  return prepared<[string, string], { id: string }>(db, sql).get(baseId, name)?.id ?? null
}

function readRow(
  db: Db,
  kind: PasteKind,
  baseId: string,
  { values, problems, given }: { values: Values; problems: Problem[]; given: ReadonlySet<string> },
): { input: Values; replacesId: string | null } {
  if (kind === 'merchant' || kind === 'sku') {
    const goods = (kind === 'merchant' ? readMerchant : readSku)(db, baseId, values, given)
    const told = goods.problem
    if (told && !problems.some(({ field }) => field === told.field)) problems.push(told)
    return goods
  }
  const name = values['name']
  return {
    input: inputOf(db, kind, baseId, values, problems),
    replacesId: typeof name === 'string' ? existingId(db, kind, baseId, name) : null,
  }
}

/** Reads pasted rows without storing anything: which column is what, and what is wrong with which row. */
export function previewPaste(
  db: Db,
  { kind, baseId, text }: PasteInput,
): { preview: PastePreview; rows: ReadRow[] } {
  const [header = [], ...lines] = cellsOf(text)
  const columns = header.map((name) => columnFor(kind, name))
  const taken = new Set<string>()
  const fields = columns.map((column) => {
    if (!column || taken.has(column.field)) return null
    taken.add(column.field)
    return column.field
  })
  const lineOf = new Map<string, number>()
  const rows = lines.map((cells, index): ReadRow => {
    const byColumn = new Map<string, string>()
    fields.forEach((field, at) => {
      if (field !== null) byColumn.set(field, cells[at] ?? '')
    })
    const { values, problems, given } = readCells(PASTE_COLUMNS[kind], byColumn)
    const { input: read, replacesId } = readRow(db, kind, baseId, { values, problems, given })
    const input = { ...read, id: replacesId }
    const key = [values['merchant'], values[KEY_FIELD[kind]]].join('\n')
    const before = lineOf.get(key)
    if (before !== undefined && problems.length === 0)
      problems.push(problem(KEY_FIELD[kind], 'paste.twice', String(before)))
    lineOf.set(key, before ?? index + 2)
    if (problems.length === 0) {
      const checked = SCHEMAS[kind].safeParse(input)
      for (const issue of checked.error?.issues ?? [])
        problems.push(
          problem(
            String(issue.path[0] ?? 'name'),
            'paste.outOfRange',
            byColumn.get(String(issue.path[0])) ?? '',
          ),
        )
    }
    return { line: index + 2, cells, problems, replacesId, input }
  })
  const preview: PastePreview = {
    kind,
    columns: header.map((name, at) => ({ header: name, field: fields[at] ?? null })),
    rows: rows.map(({ line, cells, problems, replacesId }) => ({
      line,
      cells,
      problems,
      replaces: replacesId !== null,
    })),
    usable: rows.filter((row) => row.problems.length === 0).length,
  }
  return { preview, rows }
}
