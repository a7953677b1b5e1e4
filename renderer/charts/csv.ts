import { CSV_BOM, CSV_LINE_END, csvLine } from '../../shared/imports/csv-out.ts'

export type Cell = string | number | null

/** CSV text with a byte order mark, so that spreadsheets read it as UTF-8; text is never a formula. */
export function writeCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return CSV_BOM + [header, ...rows].map((row) => csvLine(row) + CSV_LINE_END).join('')
}
