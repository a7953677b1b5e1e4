/** The one origin the window ever shows. */
export const APP_SCHEME = 'app'
export const APP_HOST = 'chanbo'
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`

/** True for the cockpit's own page; `URL.origin` is 'null' for custom schemes in Node, so the parts are compared. */
export function isAppUrl(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : null
  return parsed?.protocol === `${APP_SCHEME}:` && parsed.host === APP_HOST
}

/** Web pages a person may be sent to in the system's browser. */
export function isSafeExternalUrl(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'https:'
}
