import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** Reads JSON; null when the file is absent. @throws SyntaxError when it is damaged */
export function readJson<T>(path: string): T | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : null
}

/** Replaces a small file so that a power cut leaves either the old or the new one. `mode` is octal, owner-only by default. */
export function writeJson(path: string, value: unknown, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true })
  const partial = `${path}.partial`
  const handle = openSync(partial, 'w', mode)
  try {
    writeSync(handle, JSON.stringify(value, null, 2))
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(partial, path)
}
