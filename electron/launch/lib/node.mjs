import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MODULES } from './paths.mjs'

/** The oldest Node the product runs on: it loads TypeScript files and has zstd in node:zlib. */
const NEEDED_MAJOR = 24

/** Room for what a start creates, so that the collector hardly runs: a tenth less processor time, 9 MB more memory. */
export const SERVER_FLAGS = ['--min-semi-space-size=16']

/** The Node that comes with the dependencies, or null where there is none for this platform. */
export function findBundledNode() {
  const os = process.platform === 'win32' ? 'win' : process.platform
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const path = join(MODULES, `node-${os}-${process.arch}`, 'bin', file)
  return existsSync(path) ? path : null
}

/** Path of a Node that can run the product. Throws with what to do when there is none. */
export function findNode() {
  const bundled = findBundledNode()
  if (bundled) return bundled
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) return process.execPath
  throw new Error(
    `Chanbo needs Node ${NEEDED_MAJOR} here, and this is ${process.versions.node}. Install it from https://nodejs.org and run the command again.`,
  )
}
