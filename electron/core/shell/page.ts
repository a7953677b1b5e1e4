import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname, relative, resolve, sep } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

export interface PageFile {
  readonly body: Buffer<ArrayBuffer>
  readonly type: string
  /** Quoted hash of the content. */
  readonly etag: string
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

/** A file of the built page; null for a path that names none, or one of a kind the page has no use for. */
export async function readPageFile(root: string, pathname: string): Promise<PageFile | null> {
  const path = resolveAsset(root, pathname)
  const type = path === null ? undefined : TYPES[extname(path)]
  if (path === null || type === undefined) return null
  const body = await readFile(path).catch(() => null)
  if (body === null) return null
  return { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
}
