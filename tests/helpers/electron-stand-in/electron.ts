// The part of Electron's API that the shell uses, on Node and a headless Chromium. Not Electron: it shows that the shell's
// own code runs and what it decides, never how Electron itself behaves.
import { EventEmitter } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Browser } from './cdp.ts'
import { onControl, record } from './control.ts'
import { webRequest } from './requests.ts'
import { PreventableEvent, WebContents } from './web-contents.ts'

export { ipcMain } from './ipc.ts'
export { protocol } from './requests.ts'

const browser = Browser.launch()
const windows = new Set<BrowserWindow>()

class App extends EventEmitter {
  readonly isPackaged = false
  readonly #paths = new Map<string, string>([['downloads', join(tmpdir(), 'downloads')]])
  #lock: string | null = null
  sandboxed = false

  whenReady(): Promise<void> {
    return browser.then(() => undefined)
  }
  getLocale(): string {
    return process.env.STAND_IN_LOCALE ?? 'zh-CN'
  }
  setPath(name: string, path: string): void {
    this.#paths.set(name, path)
  }
  getPath(name: string): string {
    return this.#paths.get(name) ?? ''
  }
  enableSandbox(): void {
    this.sandboxed = true
  }
  requestSingleInstanceLock(): boolean {
    const folder = join(this.getPath('userData'), 'stand-in-lock')
    const note = join(folder, 'second')
    try {
      mkdirSync(folder)
    } catch {
      writeFileSync(`${note}.new`, JSON.stringify(process.argv))
      renameSync(`${note}.new`, note)
      return false
    }
    this.#lock = folder
    watch(folder, () => {
      if (!existsSync(note)) return
      const argv = JSON.parse(readFileSync(note, 'utf8')) as string[]
      unlinkSync(note)
      this.emit('second-instance', {}, argv)
    })
    return true
  }
  quit(): void {
    const event = new PreventableEvent()
    this.emit('before-quit', event)
    if (!event.defaultPrevented) this.exit(0)
  }
  exit(code: number): void {
    if (this.#lock) rmSync(this.#lock, { recursive: true, force: true })
    void browser.then((running) => running.close()).finally(() => process.exit(code))
  }
}
export const app = new App()

interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

interface WindowOptions {
  x?: number
  y?: number
  width?: number
  height?: number
  show?: boolean
  webPreferences?: { preload?: string }
}

export class BrowserWindow extends EventEmitter {
  readonly options: WindowOptions
  readonly webContents = new WebContents()
  readonly #ready: Promise<string>
  #bounds: Bounds
  #visible = false
  #focused = false
  #maximized = false
  #destroyed = false

  constructor(options: WindowOptions) {
    super()
    this.options = options
    this.#bounds = {
      x: options.x ?? 40,
      y: options.y ?? 30,
      width: options.width ?? 800,
      height: options.height ?? 600,
    }
    windows.add(this)
    record('window', options)
    app.emit('web-contents-created', {}, this.webContents)
    this.#ready = this.#open()
  }

  async #open(): Promise<string> {
    const running = await browser
    const { targetId } = await running.root.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await running.root.send('Target.attachToTarget', { targetId, flatten: true })
    await this.webContents.attach(running.session(String(sessionId)), this.options.webPreferences?.preload)
    this.webContents.once('did-finish-load', () => this.emit('ready-to-show'))
    return String(targetId)
  }
  async loadURL(url: string): Promise<void> {
    await this.#ready
    await this.webContents.loadURL(url)
  }
  show(): void {
    this.#visible = true
    this.#focused = true
  }
  focus(): void {
    this.#focused = true
    record('focus', true)
  }
  blur(): void {
    this.#focused = false
  }
  isVisible = () => this.#visible
  isFocused = () => this.#focused
  isMinimized = () => false
  isDestroyed = () => this.#destroyed
  isMaximized = () => this.#maximized
  getNormalBounds = () => this.#bounds
  restore(): void {
    this.#visible = true
  }
  maximize(): void {
    this.#maximized = true
  }
  setBounds(bounds: Partial<Bounds>): void {
    this.#bounds = { ...this.#bounds, ...bounds }
  }
  close(): void {
    const event = new PreventableEvent()
    this.emit('close', event)
    if (event.defaultPrevented || this.#destroyed) return
    this.#destroyed = true
    windows.delete(this)
    void Promise.all([browser, this.#ready]).then(([running, targetId]) =>
      running.root.send('Target.closeTarget', { targetId }).catch(() => undefined),
    )
    this.emit('closed')
    if (windows.size === 0) app.emit('window-all-closed')
  }
}

type Decide = (granted: boolean) => void
const permission = {
  request: null as ((contents: unknown, name: string, decide: Decide) => void) | null,
  check: null as ((contents: unknown, name: string, origin: string) => boolean) | null,
}
class Session extends EventEmitter {
  readonly webRequest = webRequest
  setPermissionRequestHandler(handler: typeof permission.request): void {
    permission.request = handler
  }
  setPermissionCheckHandler(handler: typeof permission.check): void {
    permission.check = handler
  }
  setDevicePermissionHandler(handler: () => boolean): void {
    record('device-permission', handler())
  }
}
export const session = { defaultSession: new Session() }

export const powerMonitor = new EventEmitter()
export const screen = {
  getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }],
}
export const shell = {
  openExternal: async (url: string) => record('open-external', url),
  openPath: async (path: string) => record('open-path', path),
}

export * from './widgets.ts'

// A test that was cut off must not leave a shell and a browser behind.
process.on('disconnect', () => app.exit(1))

onControl({
  'cdp-port': async () => {
    const { port } = await browser
    return [...windows].some((window) => window.webContents.hasLoaded) ? port : null
  },
  emit: async ({ target, event }) => (target === 'power' ? powerMonitor : app).emit(String(event)),
  permission: async ({ permission: name }) => {
    const contents = [...windows][0]?.webContents
    const granted = await new Promise<boolean>((done) => permission.request?.(contents, String(name), done))
    return { granted, checked: permission.check?.(contents, String(name), contents?.getURL() ?? '') }
  },
  download: async () => {
    const event = new PreventableEvent()
    session.defaultSession.emit('will-download', event)
    return { prevented: event.defaultPrevented }
  },
  'invoke-as': async ({ url, isTop, channel, args }) =>
    [...windows][0]?.webContents.invokeAs(
      { url: String(url), isTop: isTop === true },
      String(channel),
      args as unknown[],
    ),
  window: async ({ act, bounds }) => {
    const window = [...windows][0]
    if (act === 'close') window?.close()
    if (act === 'blur') window?.blur()
    if (act === 'crash') window?.webContents.crash()
    if (act === 'bounds') window?.setBounds(bounds as Partial<Bounds>)
    return {
      count: windows.size,
      visible: window?.isVisible() ?? false,
      focused: window?.isFocused() ?? false,
    }
  },
  app: async () => ({ sandboxed: app.sandboxed, userData: app.getPath('userData') }),
  quit: async () => app.quit(),
})
