// Decides whether the installed dependencies are those of the lockfile, and installs them when they are not.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { MODULES, ROOT } from './paths.mjs'

const LOCKFILE = join(ROOT, 'package-lock.json')
const STAMP = join(MODULES, '.chanbo-lock')
const NPM_RECORD = join(MODULES, '.package-lock.json')
const PARKED_NODE = join(ROOT, '.node-during-setup.exe')

function hashLockfile() {
  return createHash('sha256').update(readFileSync(LOCKFILE)).digest('hex')
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/** True when npm's own record of the folder names every package of the lockfile at its version. */
export function isCompleteInstall(lock, record) {
  if (!lock?.packages || !record?.packages) return false
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true
    const found = record.packages[path]
    return found ? found.version === wanted.version : wanted.optional === true
  })
}

/** What has to happen before a start: nothing, only remember a finished install, or install. */
export function planInstall() {
  const hash = hashLockfile()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8').trim() === hash) return { action: 'none', hash }
  const matches = isCompleteInstall(readJson(LOCKFILE), readJson(NPM_RECORD))
  return { action: matches ? 'remember' : 'install', hash }
}

/**
 * Windows cannot delete a running program, and `npm ci` empties node_modules: the Node that runs this script is moved
 * out of the way first when it is the one installed there.
 */
function parkRunningNode() {
  if (process.platform !== 'win32') return process.execPath
  if (!process.execPath.startsWith(MODULES + sep)) {
    rmSync(PARKED_NODE, { force: true })
    return process.execPath
  }
  renameSync(process.execPath, PARKED_NODE)
  return PARKED_NODE
}

function runNpm() {
  const args = ['ci', '--no-audit', '--no-fund']
  const script = process.env.npm_execpath
  const options = { cwd: ROOT, stdio: 'inherit' }
  if (script && /\.[cm]?js$/.test(script)) return spawnSync(parkRunningNode(), [script, ...args], options)
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
}

/** Installs when needed. Returns the exit code: 0, or 1 after a message that says what to do. */
export function ensureInstalled() {
  const plan = planInstall()
  if (plan.action === 'install') {
    console.log('Chanbo: installing dependencies (once per version, about a minute)…')
    const startMs = Date.now()
    const run = runNpm()
    if (run.status !== 0) {
      console.error(
        'Chanbo: the dependencies could not be installed; npm says why above. ' +
          'This step needs the npm registry: check the network or the proxy (npm config get registry) and run the same command again.',
      )
      return 1
    }
    console.log(`Chanbo: dependencies installed in ${Math.round((Date.now() - startMs) / 1000)} s.`)
  }
  if (plan.action !== 'none') writeFileSync(STAMP, `${plan.hash}\n`)
  return 0
}
