import { app, session, shell } from 'electron'
import type { Log } from '../core/services.ts'
import { isAppUrl, isSafeExternalUrl } from './origin.ts'

/** Permissions the cockpit itself uses; everything else is denied without asking. */
const GRANTED = new Set(['clipboard-sanitized-write'])

/**
 * Keeps every page where it is: no navigation away, no new windows, no embedded pages, no permissions, no downloads
 * behind a person's back. Links to the web open in the system's browser.
 */
export function lockDown(log: Log): void {
  app.on('web-contents-created', (_created, contents) => {
    const stay = (event: { preventDefault(): void }, url: string) => {
      if (isAppUrl(url)) return
      event.preventDefault()
      log.warn('navigation refused', { url })
    }
    contents.on('will-navigate', (event) => stay(event, event.url))
    contents.on('will-frame-navigate', (event) => stay(event, event.url))
    contents.on('will-redirect', (event) => stay(event, event.url))
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      if (isSafeExternalUrl(url)) void shell.openExternal(url)
      else log.warn('window refused', { url })
      return { action: 'deny' }
    })
  })
}

/** Locks of the default session; callable once the app is ready. */
export function lockSession(log: Log): void {
  const own = session.defaultSession
  own.setPermissionRequestHandler((contents, permission, decide) => {
    const granted = GRANTED.has(permission) && isAppUrl(contents.getURL())
    if (!granted) log.warn('permission refused', { permission })
    decide(granted)
  })
  own.setPermissionCheckHandler(
    (_contents, permission, origin) => GRANTED.has(permission) && isAppUrl(origin),
  )
  own.setDevicePermissionHandler(() => false)
  own.on('will-download', (event) => event.preventDefault())
  // Nothing the page needs lies outside the app's own scheme.
  own.webRequest.onBeforeRequest((details, decide) => {
    const { protocol } = new URL(details.url)
    const cancel =
      !isAppUrl(details.url) && !['devtools:', 'data:', 'blob:', 'chrome-extension:'].includes(protocol)
    if (cancel) log.warn('request refused', { url: details.url })
    decide({ cancel })
  })
}
