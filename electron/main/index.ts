// The window around the cockpit: lifecycle, one window, native dialogs. It relays to the core and decides nothing.
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { app, dialog, powerMonitor, protocol } from 'electron'
import type { BrowserWindow, Tray } from 'electron'
import { Refusal } from '../../shared/contract/result.ts'
import { startCoreHost } from '../core/host.ts'
import { openDemo } from '../core/shell/begin.ts'
import { findDefaultDataDir, makePrivateDir } from '../core/shell/data-dir.ts'
import { openLog } from '../core/shell/log.ts'
import { findPlaces } from '../core/shell/places.ts'
import type { CorePort } from '../core/shell/port.ts'
import { EVENT_CHANNEL, serveRequests } from './ipc.ts'
import { lockDown, lockSession } from './locks.ts'
import { setMenu } from './menu.ts'
import { parseWindowOptions } from './options.ts'
import { APP_SCHEME_PRIVILEGES, createAppHandler } from './protocol.ts'
import { answerShell, receiveDropped } from './shell-requests.ts'
import { pickTexts } from './texts.ts'
import type { ShellTexts } from './texts.ts'
import { makeTray } from './tray.ts'
import { startUpdater } from './updater.ts'
import { bringToFront, findWindowFiles, openWindow } from './window.ts'

const options = parseWindowOptions(process.argv.slice(1))
const dataDir = resolve(options.dataDir ?? findDefaultDataDir())
const stateDir = join(dataDir, 'window')
const incomingDir = join(dataDir, 'incoming')
const log = openLog(dataDir, 'window', () => Date.now())

let core: CorePort | null = null
let window: BrowserWindow | null = null
let tray: Tray | null = null

/** Tells what happened without stopping the work: the box waits, the page goes on. */
function tell(text: string): void {
  const box = { type: 'warning' as const, title: 'Chanbo', message: text, buttons: ['OK'] }
  void (window && !window.isDestroyed() ? dialog.showMessageBox(window, box) : dialog.showMessageBox(box))
}

async function start(): Promise<void> {
  const texts = pickTexts(app.getLocale())
  const built = findPlaces(import.meta.url)
  const resourcesDir = app.isPackaged ? join(process.resourcesPath, 'resources') : built.resourcesDir
  rmSync(incomingDir, { recursive: true, force: true })
  makePrivateDir(incomingDir)

  const host = await startCoreHost({
    dataDir,
    log,
    ...built,
    resourcesDir,
    onCrash: (outcome) => tell(outcome === 'restarted' ? texts.coreStopped : texts.coreGone),
  })
  core = host
  if (options.demo) await openDemo(host)

  lockSession(log)
  protocol.handle(
    APP_SCHEME_PRIVILEGES.scheme,
    createAppHandler(built.assetsDir, (request, name) => receiveDropped(request, name, host, incomingDir)),
  )
  setMenu(texts, dataDir)

  const connectionId = host.openConnection({ kind: 'window', remote: false })
  const openedMs = Date.now()
  serveRequests(log, async (name, input) =>
    name.startsWith('shell/') && window
      ? answerShell(name, input, { core: host, window, texts, openedMs })
      : host.request(connectionId, name, input),
  )
  host.onEvent((target, event) => {
    if (target !== null && target !== connectionId) return
    if (window && !window.isDestroyed()) window.webContents.send(EVENT_CHANNEL, event)
  })

  const show = () => {
    if (window && !window.isDestroyed()) return bringToFront(window)
    window = openWindow(findWindowFiles(join(import.meta.dirname, '..'), resourcesDir, stateDir))
    watchPage(window, texts.pageGone)
  }
  show()
  tray = makeTray(join(resourcesDir, 'icons', 'tray.png'), texts, show)
  app.on('second-instance', show)
  app.on('activate', show)
  // After sleep the page's picture of the world is old: a hint to read again, as after any change.
  powerMonitor.on('suspend', () => log.info('the machine goes to sleep'))
  powerMonitor.on('resume', () => {
    log.info('the machine is back')
    window?.webContents.send(EVENT_CHANNEL, { kind: 'changed', topics: ['app', 'sync'] })
  })
  void startUpdater(log, () => tell(texts.updateReady))
}

function watchPage(page: BrowserWindow, text: string): void {
  page.webContents.on('render-process-gone', (_event, details) => {
    log.error('the page stopped', { reason: details.reason })
    if (details.reason === 'clean-exit') return
    page.webContents.reload()
    tell(text)
  })
}

/** Gives the core time to finish what it has promised, then leaves. */
async function stop(): Promise<void> {
  tray?.destroy()
  await core?.close()
  rmSync(incomingDir, { recursive: true, force: true })
  app.exit(0)
}

function explain(error: unknown, texts: ShellTexts): string {
  const code = error instanceof Refusal ? error.error.code : (error as NodeJS.ErrnoException).code
  const reason = {
    'store-locked': texts.dataInUse,
    'store-read-only': texts.dataNotWritable,
    EACCES: texts.dataNotWritable,
    EROFS: texts.dataNotWritable,
    'store-full': texts.diskFull,
    ENOSPC: texts.diskFull,
  }[code ?? '']
  return `${reason ?? String(error)}\n\n${dataDir}`
}

function refuseStart(error: unknown): void {
  log.error('the shell could not start', { error: String(error) })
  const texts = pickTexts(app.getLocale())
  dialog.showErrorBox(texts.cannotStart, explain(error, texts))
  app.exit(1)
}

/** Makes the folder the window keeps its own things in; false after a message when it cannot be made. */
function prepareFolder(): boolean {
  try {
    makePrivateDir(dataDir)
    app.setPath('userData', makePrivateDir(stateDir))
    return true
  } catch (error) {
    refuseStart(error)
    return false
  }
}

app.enableSandbox()
protocol.registerSchemesAsPrivileged([APP_SCHEME_PRIVILEGES])
const isPrepared = prepareFolder()
if (isPrepared && app.requestSingleInstanceLock()) {
  lockDown(log)
  let stopping = false
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app.on('before-quit', (event) => {
    event.preventDefault()
    if (stopping) return
    stopping = true
    // The window goes first, so that it saves its place while it still has one.
    if (window && !window.isDestroyed()) window.close()
    void stop()
  })
  app.whenReady().then(start).catch(refuseStart)
} else if (isPrepared) {
  app.exit(0)
}
