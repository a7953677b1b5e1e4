import type { Lane } from '../domain/table.ts'

/** What a field may hold once stored or sent. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }
export type Fields = Readonly<Record<string, Value>>

/** `belt`, `base:<base row id>` or `device`. Lanes, chains and cursors are kept per scope. */
export type Scope = 'belt' | `base:${string}` | 'device'

/**
 * - `create`, `set`, `delete`, `restore` act on registers; `set` carries whole field groups
 * - `fact` writes an immutable row
 * - `claim` asks for exclusive use (answers are facts of the arbiter: claimAnswer, resourceGrant)
 */
export const OP_KINDS = ['create', 'set', 'delete', 'restore', 'fact', 'claim'] as const
export type OpKind = (typeof OP_KINDS)[number]

/** A hybrid logical clock reading: physical epoch milliseconds, then a counter within that millisecond. */
export interface Stamp {
  readonly ms: number
  readonly ctr: number
}

/**
 * One change. Its identity is (author, stream, seq): `author` names a device key in one incarnation, a stream is that
 * author's numbered (scope, lane) pair, and seq counts up from 1 inside the stream. A gap means that a superseded write was
 * dropped before anything after it was first sent; that nothing else is missing is proven by the stream's hash chain.
 */
export interface Op {
  readonly author: string
  readonly stream: number
  readonly seq: number
  readonly scope: Scope
  readonly lane: Lane
  readonly kind: OpKind
  readonly table: string
  /** The row acted on; for `create`, `fact` and `claim` it is `opId(op)`. */
  readonly row: string
  readonly fields: Fields
  /** The author's clock when it was written: shown to people, never compared across devices. */
  readonly at: Stamp
  /** Row id of the person whose PIN session wrote it; null for the device itself. */
  readonly person: string | null
}

/** An op as the hub accepted it. */
export interface CanonicalOp extends Op {
  readonly hubEpoch: number
  readonly hubSeq: number
  readonly stamp: Stamp
}

export type Verdict =
  | { readonly kind: 'applied' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'rejected'; readonly reason: string; readonly details?: Fields }
  | { readonly kind: 'quarantined'; readonly reason: string; readonly details?: Fields }
