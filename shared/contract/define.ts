import type { z } from 'zod'

/** The product's roles; `official` only reads. */
export const ROLES = ['administrator', 'planner', 'cluster-manager', 'official'] as const
export type Role = (typeof ROLES)[number]

/**
 * Who may call: `anyone` needs no person (first run, sign-in, the sync bar), otherwise the caller's person must hold one of
 * the roles. Checked in the core before the handler runs.
 */
export type Access = 'anyone' | readonly Role[]

export const SIGNED_IN: Access = ROLES
export const WRITERS: Access = ['administrator', 'planner', 'cluster-manager']
export const PLANNERS: Access = ['administrator', 'planner', 'cluster-manager']
export const MANAGERS: readonly Role[] = ['administrator', 'cluster-manager']
export const ADMINISTRATORS: Access = ['administrator']

/**
 * - `command`: one write transaction; answered after commit
 * - `query`: reads; may be cancelled
 * - `action`: starts or steers work that outlives a transaction (a solve, an import, a connection)
 */
export type RequestKind = 'command' | 'query' | 'action'

export interface RequestSpec<
  I extends z.ZodType = z.ZodType,
  O = unknown,
  K extends RequestKind = RequestKind,
> {
  readonly kind: K
  readonly input: I
  readonly access: Access
  /** Carries the output type; never set at run time. */
  readonly output?: O
}

export type Contract = Readonly<Record<string, RequestSpec>>

export type InputOf<S> = S extends RequestSpec<infer I, unknown> ? z.output<I> : never
/** What a caller may pass (defaults may be left out). */
export type CallOf<S> = S extends RequestSpec<infer I, unknown> ? z.input<I> : never
export type OutputOf<S> = S extends RequestSpec<z.ZodType, infer O> ? O : never

const spec =
  <K extends RequestKind>(kind: K) =>
  <I extends z.ZodType>(input: I, access: Access) => ({
    returns: <O>(): RequestSpec<I, O, K> => ({ kind, input, access }),
  })

export const command = spec('command')
export const query = spec('query')
export const action = spec('action')
