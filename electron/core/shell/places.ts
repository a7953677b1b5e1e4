import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { WorkerUrls } from '../workers.ts'

const packageSchema = z.object({ version: z.string() })

export interface Places {
  resourcesDir: string
  /** The built page. */
  assetsDir: string
  workerUrls: WorkerUrls
  native: { deviceName: string; version: string }
}

/**
 * Where everything else lies, seen from a shell's entry: beside it in `out/main`, or in the source tree when the entry
 * is run as TypeScript.
 */
export function findPlaces(entryUrl: string): Places {
  const isSource = entryUrl.endsWith('.ts')
  const worker = (name: string) =>
    new URL(isSource ? `../workers/${name}.ts` : `./${name}-worker.js`, entryUrl)
  const path = (relative: string) => fileURLToPath(new URL(relative, entryUrl))
  const { version } = packageSchema.parse(JSON.parse(readFileSync(path('../../package.json'), 'utf8')))
  return {
    resourcesDir: path('../../resources'),
    assetsDir: path(isSource ? '../../out/renderer' : '../renderer'),
    workerUrls: {
      core: worker('core'),
      reader: worker('reader'),
      scheduler: worker('scheduler'),
      import: worker('import'),
    },
    native: { deviceName: hostname(), version },
  }
}
