// Builds the product and records from which sources. `--if-stale` does nothing when out/ is up to date.
import { ensureBuilt } from './lib/build.mjs'

try {
  const built = ensureBuilt({ force: !process.argv.includes('--if-stale') })
  if (!built) console.log('Chanbo: the build is up to date.')
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
