import type { Params } from './cdp.ts'

/** Chromium knows no app:// scheme: its pages live on http://HOST.localhost, a secure context, answered over CDP. */
const LOCAL = /^http:\/\/([a-z0-9-]+)\.localhost(?=[/?#]|$)/

export function toAppUrl(url: string): string {
  return url.replace(LOCAL, 'app://$1')
}

export function toPageUrl(url: string): string {
  return url.replace(/^app:\/\/([a-z0-9-]+)/, 'http://$1.localhost')
}

type SchemeHandler = (request: Request) => Promise<Response> | Response
type BeforeRequest = (details: { url: string }, decide: (answer: { cancel?: boolean }) => void) => void

const schemes = new Map<string, SchemeHandler>()
let beforeRequest: BeforeRequest | null = null

export const protocol = {
  registered: [] as unknown[],
  registerSchemesAsPrivileged(list: unknown[]): void {
    protocol.registered.push(...list)
  },
  handle(scheme: string, handler: SchemeHandler): void {
    schemes.set(scheme, handler)
  },
}

export const webRequest = {
  onBeforeRequest(listener: BeforeRequest): void {
    beforeRequest = listener
  },
}

interface PausedRequest {
  url: string
  method: string
  headers: Record<string, string>
  postDataEntries?: { bytes?: string }[]
}

/** What becomes of a request of the page: the app's own answer, the network, or nothing. */
export async function answerRequest(params: Params): Promise<'cancel' | 'continue' | Params> {
  const paused = params.request as PausedRequest
  const url = toAppUrl(paused.url)
  let cancelled = false
  beforeRequest?.({ url }, (answer) => (cancelled = answer.cancel === true))
  if (cancelled) return 'cancel'
  const handler = schemes.get(new URL(url).protocol.replace(':', ''))
  if (!handler) return 'continue'
  const body = Buffer.concat(
    (paused.postDataEntries ?? []).map((entry) => Buffer.from(entry.bytes ?? '', 'base64')),
  )
  const hasBody = !['GET', 'HEAD'].includes(paused.method)
  const response = await handler(
    new Request(url, { method: paused.method, headers: paused.headers, ...(hasBody ? { body } : {}) }),
  )
  return {
    responseCode: response.status,
    responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  }
}
