import type { Actor, ActionContext, CommandContext, QueryContext } from './context.ts'
import type { RollupHooks } from './store/rollups.ts'
import { verdictRollups } from './store/verdicts.ts'
import { appActions, appCoreQueries } from './features/app/actions.ts'
import { auditActions, auditQueries } from './features/audit/actions.ts'
import { backupActions, backupCoreQueries } from './features/backup/actions.ts'
import { watchBackups } from './features/backup/schedule.ts'
import { danmakuActions } from './features/danmaku/actions.ts'
import { danmakuQueries } from './features/danmaku/queries.ts'
import { dashboardRollups } from './features/dashboard/rollups.ts'
import { demoActions } from './features/demo/actions.ts'
import { historyActions, historyCommands, historyQueries } from './features/history/handlers.ts'
import { hubAdminActions } from './features/hub-admin/actions.ts'
import { importsActions } from './features/imports/actions.ts'
import { importsCommands } from './features/imports/commands.ts'
import { importsQueries } from './features/imports/queries.ts'
import { importsRollups } from './features/imports/rollups.ts'
import { resumeImports } from './features/imports/resume.ts'
import { peopleActions } from './features/people/actions.ts'
import { peopleCommands } from './features/people/commands.ts'
import { slotCommands } from './features/slots/commands.ts'
import { slotQueries } from './features/slots/queries.ts'
import { planningActions } from './planning/actions.ts'
import { planningCommands } from './planning/commands.ts'
import { planningCoreQueries, planningQueries } from './planning/queries.ts'
import { promiseActions, promiseCommands, promiseQueries } from './planning/promise.ts'
import { forgetStanding } from './planning/standing.ts'
import { planningRollups } from './planning/repo.ts'
import { replanningActions, replanningCommands, replanningQueries } from './planning/replan-handlers.ts'
import { resumeReplan, watchPlan } from './planning/replan.ts'
import { scenarioActions, scenarioQueries } from './planning/scenario-job.ts'
import { versionsActions, versionsQueries } from './planning/versions.ts'
import { settingsCommands } from './features/settings/commands.ts'
import { settingsQueries } from './features/settings/queries.ts'
import { stickActions, stickCoreQueries } from './features/stick/actions.ts'
import { syncCentreCommands } from './features/sync-centre/commands.ts'
import { syncCentreQueries } from './features/sync-centre/queries.ts'
import { dashboardQueries } from './features/dashboard/queries.ts'
import { sessionCommands } from './features/sessions/commands.ts'
import { sessionQueries } from './features/sessions/queries.ts'
import { todayQueries } from './features/today/queries.ts'
import { syncActions, syncCoreQueries } from './sync/actions.ts'
import { catalogueCommands } from './features/catalogue/commands.ts'
import { catalogueQueries } from './features/catalogue/queries.ts'
import type { Services } from './services.ts'

type Handler<C> = (input: never, ctx: C) => unknown

/** Every command, one line a feature. */
export const COMMANDS: Readonly<Record<string, Handler<CommandContext>>> = {
  ...settingsCommands,
  ...sessionCommands,
  ...catalogueCommands,
  ...syncCentreCommands,
  ...planningCommands,
  ...replanningCommands,
  ...promiseCommands,
  ...slotCommands,
  ...peopleCommands,
  ...importsCommands,
  ...historyCommands,
}

/** Queries that reader threads answer from tables alone. */
export const QUERIES: Readonly<Record<string, Handler<QueryContext>>> = {
  ...settingsQueries,
  ...sessionQueries,
  ...danmakuQueries,
  ...dashboardQueries,
  ...todayQueries,
  ...catalogueQueries,
  ...syncCentreQueries,
  ...planningQueries,
  ...replanningQueries,
  ...scenarioQueries,
  ...promiseQueries,
  ...versionsQueries,
  ...slotQueries,
  ...importsQueries,
  ...historyQueries,
  ...auditQueries,
}

/** Queries about the core itself (which belt is open, who is signed in), answered in its own thread. */
export const CORE_QUERIES: Readonly<
  Record<string, (input: never, ctx: { actor: Actor; services: Services }) => unknown>
> = {
  ...appCoreQueries,
  ...backupCoreQueries,
  ...stickCoreQueries,
  ...planningCoreQueries,
  ...syncCoreQueries,
}

export const ACTIONS: Readonly<Record<string, Handler<ActionContext>>> = {
  ...appActions,
  ...backupActions,
  ...auditActions,
  ...historyActions,
  ...hubAdminActions,
  ...stickActions,
  ...danmakuActions,
  ...demoActions,
  ...importsActions,
  ...peopleActions,
  ...planningActions,
  ...replanningActions,
  ...scenarioActions,
  ...promiseActions,
  ...versionsActions,
  ...syncActions,
}

/** Derived tables, kept in step inside the transaction that changes their sources. */
export const ROLLUPS: readonly RollupHooks[] = [
  planningRollups,
  dashboardRollups,
  importsRollups,
  verdictRollups,
]

/** Work that goes on when a belt has been opened: what an earlier run left unfinished. */
export const ON_OPEN: readonly ((services: Services) => Promise<void>)[] = [
  watchBackups,
  resumeImports,
  resumeReplan,
]

/** Told after every commit which tables changed. */
export const ON_CHANGED: readonly ((services: Services, topics: readonly string[]) => void)[] = [
  watchPlan,
  forgetStanding,
]
