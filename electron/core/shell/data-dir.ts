import { chmodSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where both shells keep the user's data unless told otherwise. */
export function findDefaultDataDir(platform: NodeJS.Platform = process.platform, env = process.env): string {
  const home = homedir()
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Chanbo')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Chanbo')
  return join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'chanbo')
}

/** Creates a folder only its owner can enter and returns its absolute path. */
export function makePrivateDir(path: string): string {
  const absolute = resolve(path)
  mkdirSync(absolute, { recursive: true, mode: 0o700 })
  try {
    chmodSync(absolute, 0o700)
  } catch {
    // A read-only or foreign folder: whether it can be used is for the store to find out and explain.
  }
  return absolute
}
