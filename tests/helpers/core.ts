import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Call, Output, RequestName } from '../../shared/contract/index.ts'
import type { AppEvent } from '../../shared/contract/event.ts'
import { createCore, type Core } from '../../electron/core/index.ts'

export const RESOURCES_DIR = fileURLToPath(new URL('../../resources', import.meta.url))
export const WORKER_URLS = {
  scheduler: new URL('../../electron/workers/scheduler.ts', import.meta.url),
  import: new URL('../../electron/workers/import.ts', import.meta.url),
}
export const SILENT = {
  info: () => {},
  warn: () => {},
  error: (message: string, details?: unknown) => console.error(message, details),
}

export interface TestCore {
  readonly core: Core
  readonly dataDir: string
  readonly connection: string
  readonly events: AppEvent[]
  /** The value, or an error that carries the code. */
  call<N extends RequestName>(name: N, input: Call<N>): Promise<Output<N>>
  close(): Promise<void>
}

export function tempDir(prefix = 'chanbo-'): string {
  return mkdtempSync(join(tmpdir(), prefix))
}

/** A real core on a real store in a temporary folder (or a given one, which is then kept on close). */
export function startCore(
  options: { dataDir?: string; clock?: () => number; deviceName?: string } = {},
): TestCore {
  const dataDir = options.dataDir ?? tempDir()
  const core = createCore({
    dataDir,
    resourcesDir: RESOURCES_DIR,
    clock: options.clock ?? (() => Date.now()),
    log: SILENT,
    native: { deviceName: options.deviceName ?? 'test device', version: '0.0.0' },
    workerUrls: WORKER_URLS,
  })
  const connection = core.openConnection({ kind: 'window', remote: false })
  const events: AppEvent[] = []
  core.onEvent((_, event) => events.push(event))
  return {
    core,
    dataDir,
    connection,
    events,
    async call(name, input) {
      const result = await core.request(connection, name, input)
      if (!result.ok)
        throw Object.assign(new Error(`${name}: ${result.error.code}`), {
          code: result.error.code,
          details: result.error.details,
        })
      return result.value as never
    },
    async close() {
      await core.close()
      if (!options.dataDir) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export const NEW_BELT: Call<'app/createBelt'> = {
  name: '威海渔具产业带',
  shortName: '威海',
  base: {
    name: '文登基地',
    shortName: '文登',
    kind: 'rural',
    networkProfile: '4g',
    openMin: 480,
    closeMin: 1680,
  },
  administrator: { name: '于敏', pin: '258013' },
}
