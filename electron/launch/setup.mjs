// Runs before `npm start` and `npm test`, on any Node: installs the dependencies when the lockfile has changed.
import { ensureInstalled } from './lib/install.mjs'

const OLDEST_MAJOR = 20

if (Number(process.versions.node.split('.')[0]) < OLDEST_MAJOR) {
  console.error(
    `Chanbo: this is Node ${process.versions.node}; installing needs Node ${OLDEST_MAJOR} or newer (https://nodejs.org).`,
  )
  process.exit(1)
}
process.exit(ensureInstalled())
