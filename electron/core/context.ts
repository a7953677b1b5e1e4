import type { Contract, InputOf, OutputOf, Role } from '../../shared/contract/define.ts'
import type { Db } from '../sqlite/open.ts'
import type { Mutator } from './store/mutator.ts'
import type { Services } from './services.ts'

/** The person behind a call; null for a connection nobody has signed in on. */
export interface Actor {
  readonly connectionId: string
  readonly personId: string | null
  readonly role: Role | null
  readonly baseId: string | null
}

export interface BeltInfo {
  readonly id: string
  readonly timeZone: string
  readonly isDemo: boolean
}

export interface QueryContext {
  /** Read-only connection. */
  readonly db: Db
  readonly actor: Actor
  readonly belt: BeltInfo
  /** The belt's present, epoch ms. */
  readonly nowMs: number
}

export interface CommandContext extends QueryContext {
  /** The only way to write; everything it does commits with the answer or not at all. */
  readonly write: Mutator
  /** Tells screens after commit that something outside the replicated tables changed. */
  readonly touch: (topic: string) => void
}

export interface ActionContext {
  readonly actor: Actor
  readonly services: Services
}

/** Handlers of a feature, one per name of that kind in its contract. */
export type CommandHandlers<C extends Contract> = {
  [K in keyof C as C[K]['kind'] extends 'command' ? K : never]: (
    input: InputOf<C[K]>,
    ctx: CommandContext,
  ) => OutputOf<C[K]>
}
export type QueryHandlers<C extends Contract> = {
  [K in keyof C as C[K]['kind'] extends 'query' ? K : never]: (
    input: InputOf<C[K]>,
    ctx: QueryContext,
  ) => OutputOf<C[K]>
}
export type ActionHandlers<C extends Contract> = {
  [K in keyof C as C[K]['kind'] extends 'action' ? K : never]: (
    input: InputOf<C[K]>,
    ctx: ActionContext,
  ) => Promise<OutputOf<C[K]>>
}
