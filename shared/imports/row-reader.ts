import { cleanCell, isMasked } from './cells.ts'
import type { ColumnMap } from './detect.ts'
import { excerptOf, type Problem, type ProblemReason, type Suggestion } from './problems.ts'

/** Reads one row by field name and remembers what was wrong with it. */
export interface RowReader {
  /** The file has a column for the field. */
  has(field: string): boolean
  /** The cleaned cell; empty where there is none. Masked cells read as empty. */
  text(field: string): string
  /** The cell's value; an empty or unreadable one is an error of the row and gives null. */
  required<T>(field: string, parse: (cell: string) => T | null, reason: ProblemReason): T | null
  /** The cell's value, null when empty; an unreadable one is a warning and gives null. */
  optional<T>(field: string, parse: (cell: string) => T | null, reason: ProblemReason): T | null
  /** Warns when the text was damaged on its way (the replacement character is in it). */
  checkText(field: string): void
  problem(severity: Problem['severity'], field: string, reason: ProblemReason, suggestion: Suggestion): void
  readonly failed: boolean
  readonly problems: readonly Problem[]
}

export function rowReader(
  headings: readonly string[],
  columns: ColumnMap,
  cells: readonly string[],
): RowReader {
  const problems: Problem[] = []
  let failed = false
  const indexOf = (field: string) => columns[field] ?? -1
  const text = (field: string): string => {
    const cell = cleanCell(cells[indexOf(field)] ?? '')
    return isMasked(cell) ? '' : cell
  }
  const add = (
    severity: Problem['severity'],
    field: string,
    reason: ProblemReason,
    suggestion: Suggestion,
  ): void => {
    const index = indexOf(field)
    if (severity === 'error') failed = true
    problems.push({
      severity,
      column: headings[index] ?? '',
      excerpt: excerptOf(text(field)),
      reason,
      suggestion,
    })
  }
  return {
    has: (field) => indexOf(field) >= 0,
    text,
    required(field, parse, reason) {
      const cell = text(field)
      const value = cell === '' ? null : parse(cell)
      if (value === null) add('error', field, cell === '' ? 'cell-missing' : reason, 'correct-cell')
      return value
    },
    optional(field, parse, reason) {
      const cell = text(field)
      if (cell === '') return null
      const value = parse(cell)
      if (value === null) add('warning', field, reason, 'correct-cell')
      return value
    },
    checkText(field) {
      if (text(field).includes('\uFFFD')) add('warning', field, 'encoding-damaged', 'check-name')
    },
    problem: add,
    get failed() {
      return failed
    },
    get problems() {
      return problems
    },
  }
}

/**
 * Faults of the row's shape: too few or too many cells, or a cell that swallowed following rows because a quote was never
 * closed. Null for a sound row. Empty cells past the last heading are nothing to complain about.
 */
export function findShapeProblem(
  headings: readonly string[],
  cells: readonly string[],
  delimiter: string,
): Problem | null {
  const swallowed = cells.some((cell) => holdsRow(cell, headings.length, delimiter))
  const whole = { severity: 'error', column: '' } as const
  if (swallowed)
    return {
      ...whole,
      excerpt: '',
      reason: 'quote-unclosed',
      suggestion: 'export-again',
    }
  if (cells.length < headings.length)
    return {
      ...whole,
      excerpt: `${cells.length} / ${headings.length}`,
      reason: 'row-too-short',
      suggestion: 'export-again',
    }
  if (cells.slice(headings.length).some((cell) => cell.trim() !== ''))
    return {
      ...whole,
      excerpt: `${cells.length} / ${headings.length}`,
      reason: 'row-too-long',
      suggestion: 'correct-cell',
    }
  return null
}

/** A line break is no harm in a buyer's note; a line with about as many separators as a row has is a row. */
function holdsRow(cell: string, columns: number, delimiter: string): boolean {
  if (!cell.includes('\n')) return false
  const separator = delimiter.charCodeAt(0)
  let separators = 0
  for (let i = 0; i < cell.length; i++) {
    const code = cell.charCodeAt(i)
    if (code === 0x0a) separators = 0
    else if (code === separator && ++separators >= columns / 2) return true
  }
  return false
}
