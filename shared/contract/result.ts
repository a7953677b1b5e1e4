import type { ErrorCode } from './errors.ts'

/** Figures and names that fill the placeholders of an error's text. Never markup. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/** What crosses the boundary when something cannot be done; its text is the message key `error.<code>`. */
export interface AppError {
  readonly code: ErrorCode
  readonly details: ErrorDetails
}

export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: AppError }

export const ok = <T>(value: T): Result<T> => ({ ok: true, value })
export const fail = (code: ErrorCode, details: ErrorDetails = {}): { ok: false; error: AppError } => ({
  ok: false,
  error: { code, details },
})

/** Thrown inside the core by a handler that refuses; the dispatcher turns it into a `Result` and rolls back. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly error: AppError

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(code)
    this.error = { code, details }
  }
}
