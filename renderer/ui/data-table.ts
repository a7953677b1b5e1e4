/** A column of a table; cells are drawn by the slot `cell-<key>` or, without one, as `text(row)`. */
export interface Column<Row> {
  readonly key: string
  readonly title: string
  /** CSS grid track, e.g. `120px` or `minmax(120px, 1fr)`. */
  readonly width?: string
  readonly align?: 'start' | 'end'
  /** What the cell says; used for the filter and as the default cell. */
  readonly text?: (row: Row) => string
  /** What the column sorts by; without it the column does not sort. */
  readonly sortBy?: (row: Row) => number | string | null
}

export interface Sorting {
  readonly key: string
  readonly down: boolean
}

/** Rows in the order asked for; equal rows keep theirs, empty values come last whatever the direction. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sorting: Sorting | null,
  locale: string,
): readonly Row[] {
  const by = sorting && columns.find((column) => column.key === sorting.key)?.sortBy
  if (!sorting || !by) return rows
  const words = new Intl.Collator(locale, { numeric: true })
  const turn = sorting.down ? -1 : 1
  return [...rows].sort((a, b) => {
    const left = by(a)
    const right = by(b)
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1
    if (typeof left === 'number' && typeof right === 'number') return (left - right) * turn
    return words.compare(String(left), String(right)) * turn
  })
}

/** Rows in which every word of `filter` occurs in some column's text, whatever the case. */
export function filterRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  filter: string,
): readonly Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return rows
  return rows.filter((row) => {
    const text = columns
      .map((column) => column.text?.(row) ?? '')
      .join('\n')
      .toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
