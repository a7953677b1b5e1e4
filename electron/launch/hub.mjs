// `npm run hub`: builds when needed and runs the sync hub; its options are the hub's own (--help lists them).
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt } from './lib/build.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { findNode } from './lib/node.mjs'
import { OUT } from './lib/paths.mjs'
import { runInForeground } from './lib/run.mjs'

const code = ensureInstalled()
if (code !== 0) process.exit(code)
try {
  ensureBuilt({ quiet: true })
  const entry = join(OUT, 'main', 'hub.js')
  if (!existsSync(entry)) throw new Error('this build has no hub')
  runInForeground(findNode(), [entry, ...process.argv.slice(2)])
} catch (error) {
  console.error(`Chanbo: ${error.message}`)
  process.exit(1)
}
