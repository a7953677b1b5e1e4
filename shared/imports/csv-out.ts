/**
 * Writing CSV that opens safely in a spreadsheet program: text that would be taken for a formula, and numbers too long for one,
 * get an apostrophe in front; `unguardCell` takes it off again.
 */

export type CsvValue = string | number | boolean | null

/** Full-width signs start a formula too where the input language is Chinese or Japanese. */
const DANGEROUS = /^'*[=+\-@\t\r\n＝＋－＠]/
const LONG_NUMBER = /^'*\d{12,}$/

/** Puts the apostrophe in front of text that needs it. */
export const guardCell = (text: string): string =>
  DANGEROUS.test(text) || LONG_NUMBER.test(text) ? `'${text}` : text

/** The inverse of `guardCell`. */
export const unguardCell = (cell: string): string =>
  cell.startsWith("'") && (DANGEROUS.test(cell) || LONG_NUMBER.test(cell)) ? cell.slice(1) : cell

/** One line of CSV without its line end. Numbers are written as they are, everything else guarded and quoted where needed. */
export function csvLine(values: readonly CsvValue[]): string {
  return values.map(cellOf).join(',')
}

function cellOf(value: CsvValue): string {
  if (value === null) return ''
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`not a figure: ${value}`)
    return String(value)
  }
  if (typeof value === 'boolean') return value ? '1' : '0'
  const text = guardCell(value)
  return /[",\r\n\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** What goes before the first line: spreadsheet programs take a file without it for their own legacy encoding. */
export const CSV_BOM = '\uFEFF'
export const CSV_LINE_END = '\r\n'
