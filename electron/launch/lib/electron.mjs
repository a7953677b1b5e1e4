// Finds the Electron binary without importing 'electron', which would download it synchronously.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findNode } from './node.mjs'
import { MODULES } from './paths.mjs'

const PACKAGE = join(MODULES, 'electron')
const FAILURE = join(MODULES, '.chanbo-electron.json')
const DOWNLOAD_LIMIT_MS = 20_000

export function findElectron() {
  const pathFile = join(PACKAGE, 'path.txt')
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (!existsSync(pathFile) && !override) return null
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron'
  const binary = join(override ?? join(PACKAGE, 'dist'), name)
  return existsSync(binary) ? binary : null
}

/** Why a window cannot be opened on this machine, or null. */
export function findWindowObstacle() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return 'no display'
  // Electron refuses to sandbox pages for root, and running it unsandboxed is not an option.
  if (process.platform === 'linux' && process.getuid?.() === 0) return 'running as root'
  return null
}

function readVersion() {
  return JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')).version
}

function hasFailedBefore(version) {
  try {
    return JSON.parse(readFileSync(FAILURE, 'utf8')).version === version
  } catch {
    return false
  }
}

/**
 * One attempt of at most 20 s per Electron version; a failure is remembered and never stops a start.
 * Returns the binary's path or null.
 */
export function fetchElectronOnce() {
  const version = readVersion()
  if (hasFailedBefore(version)) return null
  console.log('Chanbo: fetching the window program once (at most 20 s)…')
  const run = spawnSync(findNode(), [join(PACKAGE, 'install.js')], {
    timeout: DOWNLOAD_LIMIT_MS,
    killSignal: 'SIGKILL',
    stdio: 'ignore',
  })
  const binary = run.status === 0 ? findElectron() : null
  if (binary) return binary
  writeFileSync(FAILURE, `${JSON.stringify({ version, failedAtMs: Date.now() })}\n`)
  console.log(
    'Chanbo: it did not arrive; the cockpit opens in the browser instead. To try again without a limit: npm run fetch-window',
  )
  return null
}
