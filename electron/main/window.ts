import { join } from 'node:path'
import { BrowserWindow, screen } from 'electron'
import { APP_ORIGIN } from './origin.ts'
import { placeWindow, readWindowState, saveWindowState } from './window-state.ts'

const MIN_SIZE = { minWidth: 1024, minHeight: 640 }
/** The page's own canvas colour, so that nothing flashes before it is there. */
const BACKGROUND = '#F3F2EE'

export interface WindowFiles {
  preload: string
  icon: string
  state: string
}

/** Opens the one window, where it was last time. It shows once the page has something to show. */
export function openWindow(files: WindowFiles): BrowserWindow {
  const areas = screen.getAllDisplays().map((display) => display.workArea)
  const { maximized, ...bounds } = placeWindow(readWindowState(files.state), areas)
  const window = new BrowserWindow({
    ...bounds,
    ...MIN_SIZE,
    show: false,
    title: 'Chanbo',
    icon: files.icon,
    backgroundColor: BACKGROUND,
    webPreferences: {
      preload: files.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      safeDialogs: true,
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  })
  if (maximized) window.maximize()
  window.once('ready-to-show', () => window.show())
  window.on('close', () => {
    saveWindowState(files.state, { ...window.getNormalBounds(), maximized: window.isMaximized() })
  })
  void window.loadURL(`${APP_ORIGIN}/`)
  return window
}

export function bringToFront(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

export function findWindowFiles(outDir: string, resourcesDir: string, stateDir: string): WindowFiles {
  return {
    preload: join(outDir, 'preload', 'index.cjs'),
    icon: join(resourcesDir, 'icons', 'icon.png'),
    state: join(stateDir, 'window.json'),
  }
}
