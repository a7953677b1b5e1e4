import type { Services } from '../../services.ts'
import { findBackups } from './list.ts'
import { isBackingUp, makeBackup } from './make.ts'
import { readPlan } from './plan.ts'

const DAY_MS = 86_400_000
/** After opening a belt people want to work first. */
const FIRST_LOOK_MS = 90_000
const LOOK_EVERY_MS = 15 * 60_000

/** When the open belt's next backup is due; null when none is scheduled. */
export function nextDueMs(services: Services): number | null {
  const belt = services.openBelt()
  if (!belt || belt.info.isDemo || !readPlan(services.dataDir).daily) return null
  const last = findBackups(services.dataDir, belt.known.store)[0]
  return last ? last.atMs + DAY_MS : services.clock()
}

/** Makes the daily backup when it is due. @returns whether one was made */
export async function backUpIfDue(services: Services): Promise<boolean> {
  const dueMs = nextDueMs(services)
  if (dueMs === null || services.clock() < dueMs || isBackingUp(services)) return false
  try {
    await makeBackup(services, 'daily')
    return true
  } catch (error) {
    services.log.warn('the daily backup was not made', { error: String(error) })
    return false
  }
}

/** Looks now and then for as long as the belt that is open now stays open. */
export function watchBackups(services: Services): Promise<void> {
  const belt = services.openBelt()
  const look = (): void => {
    if (services.openBelt() !== belt) return
    void backUpIfDue(services).finally(() => setTimeout(look, LOOK_EVERY_MS).unref())
  }
  if (belt && !belt.info.isDemo) setTimeout(look, FIRST_LOOK_MS).unref()
  return Promise.resolve()
}
