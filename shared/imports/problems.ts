/** Why a row, or one cell of it, is not taken as it stands. The texts live with the screens. */
export const PROBLEM_REASONS = [
  'cell-missing',
  'id-unreadable',
  'time-unreadable',
  'amount-unreadable',
  'amount-negative',
  'quantity-unreadable',
  'status-unknown',
  'row-too-short',
  'row-too-long',
  'quote-unclosed',
  'encoding-damaged',
  'duplicate-row',
  'line-differs',
  'order-unknown',
] as const
export type ProblemReason = (typeof PROBLEM_REASONS)[number]

/** What a person can do about it. */
export const SUGGESTIONS = [
  'export-again',
  'correct-cell',
  'import-orders-first',
  'first-kept',
  'kept-as-known',
  'inferred-from-times',
  'check-name',
] as const
export type Suggestion = (typeof SUGGESTIONS)[number]

export interface Problem {
  /** `error`: the row is left out. `warning`: the row is taken, but somebody should look. */
  readonly severity: 'error' | 'warning'
  /** Heading of the column as in the file; empty when the whole row is meant. */
  readonly column: string
  /** What the cell says, shortened; never a masked one. */
  readonly excerpt: string
  readonly reason: ProblemReason
  readonly suggestion: Suggestion
}

const EXCERPT_LENGTH = 60

export const excerptOf = (text: string): string => {
  const line = text.replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim()
  return line.length > EXCERPT_LENGTH ? `${[...line].slice(0, EXCERPT_LENGTH).join('')}…` : line
}
