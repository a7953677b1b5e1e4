import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isBuildFresh } from '../../electron/launch/lib/build.mjs'

const ROOT = resolve(import.meta.dirname, '../..')
const BUILT = isBuildFresh()

/** Entries to run processes from: the build where it is up to date (it starts in a fraction of the time), else the sources. */
export const SHELL_ENTRY = pathToFileURL(
  resolve(ROOT, BUILT ? 'out/main/standalone.js' : 'electron/standalone/index.ts'),
).href
export const HUB_ENTRY = resolve(ROOT, BUILT ? 'out/main/hub.js' : 'electron/hub/main.ts')
