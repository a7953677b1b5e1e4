import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The hub's Ed25519 seed, base64url; made on the first start and readable by its owner only. Never part of a backup. */
export function loadHubSeed(dataDir: string): string {
  const path = join(dataDir, 'hub-key')
  if (existsSync(path)) {
    const seed = readFileSync(path, 'utf8').trim()
    if (Buffer.from(seed, 'base64url').length !== 32) throw new Error(`${path} does not hold a key`)
    return seed
  }
  const seed = randomBytes(32).toString('base64url')
  const partial = `${path}.partial`
  writeFileSync(partial, `${seed}\n`, { mode: 0o600, flush: true })
  renameSync(partial, path)
  return seed
}
