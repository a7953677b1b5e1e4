import { existsSync, readFileSync } from 'node:fs'
import { replaceText } from '../sqlite/text-file.ts'

export { replaceText }

/** Reads JSON; null when the file is absent. @throws SyntaxError when it is damaged */
export function readJson<T>(path: string): T | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : null
}

/** Replaces a small owner-only file with JSON, as `replaceText` does. */
export function writeJson(path: string, value: unknown): void {
  replaceText(path, JSON.stringify(value, null, 2))
}
