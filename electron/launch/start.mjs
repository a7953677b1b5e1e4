// `npm start`: builds when needed, then opens the cockpit in a window or serves it to the browser.
import { join } from 'node:path'
import { ensureBuilt } from './lib/build.mjs'
import { fetchElectronOnce, findElectron, findWindowObstacle } from './lib/electron.mjs'
import { SERVER_FLAGS, findNode } from './lib/node.mjs'
import { START_HELP, parseStartOptions, toServerArgs } from './lib/options.mjs'
import { OUT, ROOT } from './lib/paths.mjs'
import { runInForeground } from './lib/run.mjs'

function stop(message, code) {
  console.error(message)
  process.exit(code)
}

/** The window program, or null when the cockpit has to be (or was asked to be) served to a browser. */
function chooseWindow(options) {
  if (options.lan || options.browser || options['no-open'] || options.port !== undefined) return null
  if (findWindowObstacle()) return null
  return findElectron() ?? (process.env.CI ? null : fetchElectronOnce())
}

let options
try {
  options = parseStartOptions(process.argv.slice(2))
} catch (error) {
  stop(`Chanbo: ${error.message}\n\n${START_HELP}`, 2)
}
if (options.help) {
  console.log(START_HELP)
  process.exit(0)
}

try {
  ensureBuilt()
  const electron = chooseWindow(options)
  if (electron) runInForeground(electron, [ROOT, ...toServerArgs(options)])
  else
    runInForeground(findNode(), [
      ...SERVER_FLAGS,
      join(OUT, 'main', 'standalone.js'),
      ...toServerArgs(options),
    ])
} catch (error) {
  stop(`Chanbo: ${error.message}`, 1)
}
