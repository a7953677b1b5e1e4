import { startHub, type HubOptions, type RunningHub } from '../../electron/hub/index.ts'
import { makeEnrolCode } from '../../electron/hub/enrol.ts'
import type { Role } from '../../shared/contract/define.ts'
import { RESOURCES_DIR } from './core.ts'
import { quietLog } from './sync-rig.ts'

/** A real hub on loopback; its port is any free one unless told. */
export const startTestHub = (
  dataDir: string,
  options: Partial<HubOptions & { port: number }> = {},
): Promise<RunningHub> =>
  startHub({
    dataDir,
    resourcesDir: RESOURCES_DIR,
    clock: () => Date.now(),
    log: quietLog,
    host: '127.0.0.1',
    port: 0,
    ...options,
  })

/** A one-time code: for the founder of a belt when `belt` is null, otherwise for a device of that belt. */
export const codeFor = async (
  hub: RunningHub,
  belt: string | null,
  role: Role = 'administrator',
  baseId: string | null = null,
): Promise<string> => (await makeEnrolCode(hub.hub, { belt, role, baseId })).code
