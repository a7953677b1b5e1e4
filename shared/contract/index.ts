import { appContract } from './app.ts'
import { auditContract } from './audit.ts'
import { backupContract } from './backup.ts'
import { catalogueContract } from './catalogue.ts'
import { danmakuContract } from './danmaku.ts'
import { dashboardContract } from './dashboard.ts'
import { historyContract } from './history.ts'
import { hubAdminContract } from './hub-admin.ts'
import { importsContract } from './imports.ts'
import { planningContract, slotContract } from './planning.ts'
import { promiseContract } from './promise.ts'
import { replanningContract } from './replanning.ts'
import { scenarioContract } from './scenario.ts'
import { sessionContract } from './session.ts'
import { settingsContract } from './settings.ts'
import { stickContract } from './stick.ts'
import { syncContract } from './sync.ts'
import { syncCentreContract } from './sync-centre.ts'
import { todayContract } from './today.ts'
import { versionsContract } from './versions.ts'
import type { CallOf, Contract, OutputOf } from './define.ts'

/** Every request the core answers. */
export const CONTRACT = {
  ...appContract,
  ...auditContract,
  ...backupContract,
  ...planningContract,
  ...slotContract,
  ...replanningContract,
  ...scenarioContract,
  ...promiseContract,
  ...versionsContract,
  ...catalogueContract,
  ...danmakuContract,
  ...dashboardContract,
  ...historyContract,
  ...hubAdminContract,
  ...importsContract,
  ...sessionContract,
  ...settingsContract,
  ...stickContract,
  ...syncCentreContract,
  ...syncContract,
  ...todayContract,
} satisfies Contract

export type Requests = typeof CONTRACT
export type RequestName = keyof Requests
export type Call<N extends RequestName> = CallOf<Requests[N]>
export type Output<N extends RequestName> = OutputOf<Requests[N]>
