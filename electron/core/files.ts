import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Reads JSON; null when the file is absent. @throws SyntaxError when it is damaged */
export function readJson<T>(path: string): T | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : null
}

/** Replaces a small owner-only file so that a power cut leaves either the old or the new one. */
export function replaceText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const partial = `${path}.partial`
  writeFileSync(partial, text, { mode: 0o600, flush: true })
  renameSync(partial, path)
}

/** Replaces a small owner-only file with JSON, as `replaceText` does. */
export function writeJson(path: string, value: unknown): void {
  replaceText(path, JSON.stringify(value, null, 2))
}
