// The cockpit without a window: a server on loopback (and on the local network with --lan) for a browser.
import { createInterface } from 'node:readline'
import { openCoreHost } from '../core/host.ts'
import { hasDemo, openDemo, readState } from '../core/shell/begin.ts'
import { findDefaultDataDir, makePrivateDir } from '../core/shell/data-dir.ts'
import { openLog } from '../core/shell/log.ts'
import { findPlaces } from '../core/shell/places.ts'
import type { CorePort } from '../core/shell/port.ts'
import { openBrowser } from './browser.ts'
import { askRunningServer } from './control.ts'
import { explainFailure } from './messages.ts'
import { parseStandaloneOptions } from './options.ts'
import type { StandaloneOptions } from './options.ts'
import type { RunningServer } from './server.ts'

const CLOSE_LIMIT_MS = 8000

/** Over the network a name without a PIN would be everybody's name. */
async function findLanObstacle(core: CorePort): Promise<string | null> {
  const state = await readState(core)
  if (state.phase === 'first-run') {
    return '--lan needs a belt with people in it. Start without --lan first and set it up.'
  }
  const open = state.people.filter((person) => !person.hasPin).map((person) => person.name)
  if (open.length === 0) return null
  return `--lan needs a PIN for everyone; missing for ${open.join(', ')}. Start without --lan and set them under Settings.`
}

/** The core, whose answers wait until it has opened what it was asked to open. */
function answerWhen(ready: Promise<void>, core: CorePort): CorePort {
  return {
    ...core,
    request: async (connectionId, name, input) => {
      await ready
      return core.request(connectionId, name, input)
    },
  }
}

function announce(server: RunningServer, options: StandaloneOptions): void {
  const link = server.makeLink()
  console.log(`\nChanbo is open at\n\n  ${link}\n`)
  if (server.lan) {
    const invite = server.makeInvite()
    console.log(`For one other machine of this network, within 15 minutes:\n\n  ${invite.url}\n`)
    console.log(
      `Its browser warns once; compare the certificate's SHA-256 before you go on:\n  ${server.lan.fingerprint}\n`,
    )
  }
  console.log('Each address works once. Enter prints a new one, Ctrl+C ends.')
  if (options.open) openBrowser(link)
}

/** Prints a new address at each Enter, for a person who closed the browser. */
function offerNewLinks(server: RunningServer): void {
  if (!process.stdin.isTTY) return
  createInterface({ input: process.stdin }).on('line', () => {
    console.log(`  ${server.makeLink()}`)
    if (server.lan) console.log(`  ${server.makeInvite().url}`)
  })
}

function reportCrash(outcome: 'restarted' | 'stopped'): void {
  console.error(
    outcome === 'restarted'
      ? 'Chanbo: the background part stopped and was started again. Everything confirmed is there.'
      : 'Chanbo: the background part keeps stopping and was left stopped. All confirmed data is on disk; the logs folder tells why.',
  )
}

function stopOnSignals(close: () => Promise<void>): void {
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      setTimeout(() => process.exit(1), CLOSE_LIMIT_MS).unref()
      close().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    })
  }
}

/** Starts the server and returns once it listens; `entryUrl` tells where the rest of the build lies. */
export async function run(entryUrl: string, argv: readonly string[]): Promise<void> {
  let options: StandaloneOptions
  try {
    options = parseStandaloneOptions(argv)
  } catch (error) {
    console.error(`Chanbo: ${(error as Error).message}`)
    process.exit(2)
  }
  const wantedDir = options.dataDir ?? findDefaultDataDir()
  try {
    const dataDir = makePrivateDir(wantedDir)
    const running = await askRunningServer(dataDir)
    if (running !== null) {
      console.log(`Chanbo already runs on this data:\n\n  ${running}\n`)
      if (options.open) openBrowser(running)
      return
    }
    const clock = () => Date.now()
    const log = openLog(dataDir, 'standalone', clock)
    const places = findPlaces(entryUrl)
    // The core's thread starts while this one loads the server's code and answers with the page.
    const host = openCoreHost({ dataDir, log, ...places, onCrash: reportCrash })
    const hadDemo = hasDemo(dataDir)
    const ready = host.ready.then(() => (options.demo ? openDemo(host.core) : undefined))
    ready.catch(() => undefined)
    const core = answerWhen(ready, host.core)
    const { startServer } = await import('./server.ts')
    let server: RunningServer | null = null
    stopOnSignals(async () => {
      await server?.close()
      await core.close()
    })
    const obstacle = options.lan ? await findLanObstacle(core) : null
    if (obstacle !== null) {
      console.error(`Chanbo: ${obstacle}`)
      await core.close()
      process.exit(1)
    }
    const { assetsDir } = places
    server = await startServer({ core, log, clock, assetsDir, dataDir, port: options.port, lan: options.lan })
    // A page would stay empty for the seconds that making the demo takes.
    if (options.demo && !hadDemo) await ready
    announce(server, options)
    offerNewLinks(server)
    await ready
  } catch (error) {
    console.error(`Chanbo: ${explainFailure(error, wantedDir)}`)
    process.exit(1)
  }
}
