import { parseYuan } from '../domain/money.ts'
import { parseLocalStamp } from '../domain/time.ts'

/** Every export read here writes wall-clock times of China, whatever zone the belt is in. */
export const EXPORT_ZONE = 'Asia/Shanghai'

const GUARD = /^['\t\s\uFEFF\u00A0]+|[\t\s\uFEFF\u00A0]+$/g
const EMPTY = new Set(['', '-', '—', '--', '–', '/', 'null', 'NULL'])

/** A cell without the TAB or apostrophe that keeps spreadsheets from reading it as a number; cells for "nothing" become empty. */
export function cleanCell(raw: string): string {
  const cell = raw.replace(GUARD, '')
  return EMPTY.has(cell) ? '' : cell
}

/** Personal data that the platform has hidden (`##…`, `$$…`): never kept, not even hidden. */
export const isMasked = (cell: string): boolean => cell.startsWith('##') || cell.startsWith('$$')

const CONTROL = /(?![\t\r\n])[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu
const LONGEST_TEXT = 300

/** Free text made harmless to show on one line: no control or direction characters, at most 300 characters. */
export function plainText(cell: string): string {
  if (isMasked(cell)) return ''
  const line = cell.replace(CONTROL, '').replace(/[\r\n\t]+/g, ' ')
  return line.length > LONGEST_TEXT ? [...line].slice(0, LONGEST_TEXT).join('') : line
}

const ID = /^[0-9A-Za-z][0-9A-Za-z_-]{4,47}$/
/** An order number, or null for text that cannot be one. */
export const parseOrderNo = (cell: string): string | null => (ID.test(cell) ? cell : null)

const COUNT = /^\d{1,9}(?:\.0+)?$/
/** A whole number of pieces, or null. */
export const parseCount = (cell: string): number | null =>
  COUNT.test(cell) ? Number.parseInt(cell, 10) : null

/** Yuan text → fen, exactly; null for text that is no amount. */
export const parseFen = (cell: string): number | null => parseYuan(cell)

const STAMP = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/
/** Years that an order of these platforms can carry. */
const FIRST_YEAR = 2010
const LAST_YEAR = 2099

/** `YYYY-MM-DD HH:mm:ss` (or with `/`), China time → epoch ms; null for anything else. */
export function parseExportTime(cell: string): number | null {
  const ms = parseLocalStamp(cell, EXPORT_ZONE)
  if (ms === null) return null
  const year = Number(cell.trim().slice(0, 4))
  return year >= FIRST_YEAR && year <= LAST_YEAR ? ms : null
}

/** What a spreadsheet program turns a long order number into. */
export const isScientific = (cell: string): boolean => /^\d(?:\.\d+)?E\+?\d{1,2}$/i.test(cell)

/** `2026/9/10 8:00`: a spreadsheet's own way to write a time; these platforms write `2026-09-10 08:00:00`. */
export const isSpreadsheetTime = (cell: string): boolean =>
  !STAMP.test(cell) && /^\d{4}\/\d{1,2}\/\d{1,2}(?: \d{1,2}:\d{2})?$/.test(cell)

/** Sixteen digits or more that end in zeros after the fifteenth: a spreadsheet keeps only fifteen. */
export const isRounded = (cell: string): boolean => /^\d{15}0+$/.test(cell)
