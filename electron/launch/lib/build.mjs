// Builds out/ when a source has changed since the last build.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { findNode } from './node.mjs'
import { MODULES, OUT, ROOT } from './paths.mjs'

const INPUTS = [
  'electron',
  'shared',
  'renderer',
  'electron.vite.config.ts',
  'package-lock.json',
  'tsconfig.base.json',
]
const NOT_INPUTS = new Set([join('electron', 'launch')])
const STAMP = join(OUT, '.stamp')
const LOCK = join(ROOT, 'node_modules', '.chanbo-build-lock')
const LOCK_POLL_MS = 300

function* listFiles(path) {
  if (!existsSync(path) || NOT_INPUTS.has(relative(ROOT, path))) return
  if (!statSync(path).isDirectory()) {
    yield path
    return
  }
  for (const name of readdirSync(path).sort()) yield* listFiles(join(path, name))
}

/** Hash of the names and contents of everything that goes into the build. */
export function hashSources() {
  const hash = createHash('sha256')
  for (const input of INPUTS) {
    for (const file of listFiles(join(ROOT, input))) {
      hash
        .update(relative(ROOT, file).split(sep).join('/'))
        .update('\0')
        .update(readFileSync(file))
        .update('\0')
    }
  }
  return hash.digest('hex')
}

export function isBuildFresh(hash = hashSources()) {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8').trim() === hash
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Waits while another process builds, so that two starts do not write the same folder at once. */
function takeLock() {
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      const owner = existsSync(LOCK) ? Number(readFileSync(LOCK, 'utf8')) : 0
      if (owner > 0 && !isAlive(owner)) rmSync(LOCK, { force: true })
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS)
    }
  }
}

/** Builds when needed; throws with the builder's output when it fails. `force` builds in any case. */
export function ensureBuilt({ force = false, quiet = false } = {}) {
  takeLock()
  try {
    const hash = hashSources()
    if (!force && isBuildFresh(hash)) return false
    if (!quiet) console.log('Chanbo: building…')
    const startMs = Date.now()
    rmSync(STAMP, { force: true })
    const cli = join(MODULES, 'electron-vite', 'bin', 'electron-vite.js')
    const run = spawnSync(findNode(), [cli, 'build', '--logLevel', 'warn'], { cwd: ROOT, encoding: 'utf8' })
    if (run.status !== 0) throw new Error(`The build failed:\n${run.stdout ?? ''}${run.stderr ?? run.error}`)
    writeFileSync(STAMP, `${hash}\n`)
    if (!quiet) console.log(`Chanbo: built in ${((Date.now() - startMs) / 1000).toFixed(1)} s.`)
    return true
  } finally {
    rmSync(LOCK, { force: true })
  }
}
