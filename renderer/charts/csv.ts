export type Cell = string | number | null

/** Cells a spreadsheet would run as a formula. */
const FORMULA = /^[=+\-@\t\r]/

function writeCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const safe = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** CSV text with a byte order mark, so that spreadsheets read it as UTF-8; text is never a formula. */
export function writeCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return '\ufeff' + [header, ...rows].map((row) => row.map(writeCell).join(',')).join('\r\n') + '\r\n'
}
