import { SECURITY_HEADERS, buildContentSecurityPolicy } from '../core/shell/headers.ts'
import { readPageFile } from '../core/shell/page.ts'
import { APP_HOST, APP_SCHEME } from './origin.ts'

/** What `protocol.registerSchemesAsPrivileged` is given, before the app is ready. */
export const APP_SCHEME_PRIVILEGES = {
  scheme: APP_SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
}

function answer(
  status: number,
  body: string | Uint8Array<ArrayBuffer> | null = null,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, {
    status,
    headers: {
      ...SECURITY_HEADERS,
      'content-security-policy': buildContentSecurityPolicy(),
      'cache-control': 'no-store',
      ...headers,
    },
  })
}

/**
 * Serves `app://chanbo/…`: the built page, and `POST /files` for dropped files, which `receive` turns into a one-time
 * handle.
 */
export function createAppHandler(
  root: string,
  receive: (request: Request, name: string) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url)
    if (url.host !== APP_HOST) return answer(404)
    if (request.method === 'POST' && url.pathname === '/files') {
      return receive(request, url.searchParams.get('name') ?? 'file')
    }
    if (request.method !== 'GET') return answer(405)
    const file = await readPageFile(root, url.pathname)
    if (file === null) return answer(404)
    return answer(200, file.body, { 'content-type': file.type, etag: file.etag })
  }
}

export function answerJson(status: number, value: unknown): Response {
  return answer(status, JSON.stringify(value), { 'content-type': 'application/json; charset=utf-8' })
}
