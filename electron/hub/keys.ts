import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createText } from '../sqlite/text-file.ts'

/** The hub's Ed25519 seed, base64url; made on the first start and readable by its owner only. Never part of a backup. */
export function loadHubSeed(dataDir: string): string {
  const path = join(dataDir, 'hub-key')
  const text = existsSync(path)
    ? readFileSync(path, 'utf8')
    : createText(path, `${randomBytes(32).toString('base64url')}\n`)
  const seed = text.trim()
  if (Buffer.from(seed, 'base64url').length !== 32) throw new Error(`${path} does not hold a key`)
  return seed
}
