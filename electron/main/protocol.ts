import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname, relative, resolve, sep } from 'node:path'
import { SECURITY_HEADERS, buildContentSecurityPolicy } from '../core/shell/headers.ts'
import { APP_HOST, APP_SCHEME } from './origin.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

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

/** The file inside `root` that a URL's path names, or null when it leads out of it. */
export function resolveAsset(root: string, pathname: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(pathname)
  } catch {
    return null
  }
  if (decoded.includes('\0')) return null
  const path = resolve(root, `.${decoded === '/' ? '/index.html' : decoded}`)
  const way = relative(root, path)
  return way === '' || way === '..' || way.startsWith(`..${sep}`) ? null : path
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
    const path = resolveAsset(root, url.pathname)
    const type = path === null ? undefined : TYPES[extname(path)]
    if (path === null || type === undefined) return answer(404)
    const body = await readFile(path).catch(() => null)
    if (body === null) return answer(404)
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    return answer(200, new Uint8Array(body), { 'content-type': type, etag })
  }
}

export function answerJson(status: number, value: unknown): Response {
  return answer(status, JSON.stringify(value), { 'content-type': 'application/json; charset=utf-8' })
}
