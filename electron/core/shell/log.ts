import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../services.ts'

const ROTATE_AT_BYTES = 5 * 1024 * 1024

/**
 * A log of one JSON object per line in `dataDir/logs/<name>.log`; at 5 MiB the file becomes `<name>.1.log`. A log that
 * cannot be written never stops the product.
 */
export function openLog(dataDir: string, name: string, clock: () => number): Log {
  const folder = join(dataDir, 'logs')
  const file = join(folder, `${name}.log`)
  const write = (level: string, message: string, details?: Record<string, unknown>) => {
    const line = JSON.stringify({ at: new Date(clock()).toISOString(), level, message, ...details })
    try {
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_AT_BYTES) {
        renameSync(file, join(folder, `${name}.1.log`))
      }
      appendFileSync(file, `${line}\n`, { mode: 0o600 })
    } catch {
      if (level !== 'info') console.error(line)
    }
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch {
    // Each write then reports to the console instead.
  }
  return {
    info: (message, details) => write('info', message, details),
    warn: (message, details) => write('warn', message, details),
    error: (message, details) => write('error', message, details),
  }
}
