import type { Actor, ActionContext, CommandContext, QueryContext } from './context.ts'
import type { RollupHooks } from './store/rollups.ts'
import { appActions, appCoreQueries } from './features/app/actions.ts'
import { peopleActions } from './features/people/actions.ts'
import { peopleCommands } from './features/people/commands.ts'
import { settingsCommands } from './features/settings/commands.ts'
import { settingsQueries } from './features/settings/queries.ts'
import type { Services } from './services.ts'

type Handler<C> = (input: never, ctx: C) => unknown

/** Every command, one line a feature. */
export const COMMANDS: Readonly<Record<string, Handler<CommandContext>>> = {
  ...settingsCommands,
  ...peopleCommands,
}

/** Queries that reader threads answer from tables alone. */
export const QUERIES: Readonly<Record<string, Handler<QueryContext>>> = {
  ...settingsQueries,
}

/** Queries about the core itself (which belt is open, who is signed in), answered in its own thread. */
export const CORE_QUERIES: Readonly<
  Record<string, (input: never, ctx: { actor: Actor; services: Services }) => unknown>
> = {
  ...appCoreQueries,
}

export const ACTIONS: Readonly<Record<string, Handler<ActionContext>>> = { ...appActions, ...peopleActions }

/** Derived tables, kept in step inside the transaction that changes their sources. */
export const ROLLUPS: readonly RollupHooks[] = []
