import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import type { CdpSession, Params } from './cdp.ts'
import { ipcMain } from './ipc.ts'
import { CALL_BINDING, PAGE_BRIDGE, PRELOAD_WORLD, wrapPreload } from './page-scripts.ts'
import { answerRequest, toAppUrl, toPageUrl } from './requests.ts'

interface Frame {
  url: string
  parent: Frame | null
}

/** An event whose default a listener may prevent, as Electron's are. */
export class PreventableEvent {
  readonly url: string
  defaultPrevented = false

  constructor(url = '') {
    this.url = url
  }

  preventDefault(): void {
    this.defaultPrevented = true
  }
}

/** The subset of webContents that the shell uses, on one Chromium page. */
export class WebContents extends EventEmitter {
  #cdp: CdpSession | null = null
  readonly #frames = new Map<string, Frame>()
  #topFrameId = ''
  /** A debugger that joins while the first page is on its way gets stuck. */
  hasLoaded = false
  #preloadContext: number | null = null
  #expectedUrl: string | null = null
  #openHandler: ((details: { url: string }) => { action: 'allow' | 'deny' }) | null = null

  /** Takes over a Chromium page; until then the object exists but shows nothing, like Electron's. */
  async attach(cdp: CdpSession, preload: string | undefined): Promise<void> {
    this.#cdp = cdp
    cdp.on('Page.frameNavigated', (params: { frame: { id: string; url: string; parentId?: string } }) => {
      const { id, url, parentId } = params.frame
      if (parentId === undefined) this.#topFrameId = id
      this.#frames.set(id, {
        url,
        parent: parentId === undefined ? null : (this.#frames.get(parentId) ?? null),
      })
    })
    cdp.on('Page.loadEventFired', () => {
      this.hasLoaded = true
      this.emit('did-finish-load')
    })
    cdp.on('Page.windowOpen', (params: { url: string }) => this.#openHandler?.({ url: toAppUrl(params.url) }))
    cdp.on('Inspector.targetCrashed', () => this.emit('render-process-gone', {}, { reason: 'crashed' }))
    cdp.on(
      'Runtime.executionContextCreated',
      (params: { context: { id: number; name: string; auxData: Params } }) => {
        const { id, name, auxData } = params.context
        if (name === PRELOAD_WORLD && auxData.frameId === this.#topFrameId) this.#preloadContext = id
      },
    )
    cdp.on('Runtime.bindingCalled', (params: { payload: string }) => void this.#onCall(params.payload))
    cdp.on('Fetch.requestPaused', (params: Params) => void this.#onRequest(params))
    await cdp.send('Page.enable')
    await cdp.send('Runtime.enable')
    await cdp.send('Inspector.enable')
    await cdp.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] })
    if (preload === undefined) return
    await cdp.send('Runtime.addBinding', { name: CALL_BINDING, executionContextName: PRELOAD_WORLD })
    const source = wrapPreload(readFileSync(preload, 'utf8'))
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source, worldName: PRELOAD_WORLD })
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: PAGE_BRIDGE })
  }

  async loadURL(url: string): Promise<void> {
    this.#expectedUrl = toPageUrl(url)
    await this.#cdp?.send('Page.navigate', { url: this.#expectedUrl })
  }

  reload(): void {
    this.#expectedUrl = toPageUrl(this.getURL())
    void this.#cdp?.send('Page.navigate', { url: this.#expectedUrl })
  }

  getURL(): string {
    return toAppUrl(this.#frames.get(this.#topFrameId)?.url ?? '')
  }

  send(channel: string, ...args: unknown[]): void {
    this.#inPreload(`__standInEvent(${JSON.stringify(channel)}, ${JSON.stringify(args)})`)
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'allow' | 'deny' }): void {
    this.#openHandler = handler
  }

  /** Has the page's process killed, as a crash would. */
  crash(): void {
    void this.#cdp?.send('Page.crash').catch(() => undefined)
  }

  /** Calls a handler as a frame at `url` would, which is how a test plays an intruder. */
  invokeAs(frame: { url: string; isTop: boolean }, channel: string, args: unknown[]): Promise<unknown> {
    const parent = frame.isTop ? null : { url: this.getURL(), parent: null }
    return ipcMain.invoke({ sender: this, senderFrame: { url: frame.url, parent } }, channel, args)
  }

  #inPreload(expression: string): void {
    if (this.#preloadContext === null) return
    void this.#cdp
      ?.send('Runtime.evaluate', { expression, contextId: this.#preloadContext })
      .catch(() => undefined)
  }

  async #onCall(payload: string): Promise<void> {
    const { id, channel, args } = JSON.parse(payload) as { id: number; channel: string; args: unknown[] }
    const frame = this.#frames.get(this.#topFrameId)
    const senderFrame = { url: toAppUrl(frame?.url ?? ''), parent: frame?.parent ?? null }
    const settle = (ok: boolean, value: unknown) =>
      this.#inPreload(`__standInSettle(${id}, ${ok}, ${JSON.stringify(value ?? null)})`)
    try {
      settle(true, await ipcMain.invoke({ sender: this, senderFrame }, channel, args))
    } catch (error) {
      settle(false, String(error))
    }
  }

  async #onRequest(params: Params): Promise<void> {
    const cdp = this.#cdp
    if (!cdp) return
    const { requestId, resourceType, frameId } = params
    const request = params.request as { url: string }
    const isTopDocument =
      resourceType === 'Document' && (frameId === this.#topFrameId || this.#topFrameId === '')
    const refuse = (reason: string) =>
      cdp.send('Fetch.failRequest', { requestId, errorReason: reason }).catch(() => undefined)
    if (resourceType === 'Document' && request.url !== this.#expectedUrl) {
      const event = new PreventableEvent(toAppUrl(request.url))
      if (isTopDocument) this.emit('will-navigate', event)
      this.emit('will-frame-navigate', event)
      if (event.defaultPrevented) return void (await refuse('Aborted'))
    }
    const answer = await answerRequest(params)
    if (answer === 'cancel') return void (await refuse('BlockedByClient'))
    const method = answer === 'continue' ? 'Fetch.continueRequest' : 'Fetch.fulfillRequest'
    await cdp.send(method, { requestId, ...(answer === 'continue' ? {} : answer) }).catch(() => undefined)
  }
}
