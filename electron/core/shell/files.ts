import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CorePort } from './port.ts'
import { Refusal } from '../../../shared/contract/result.ts'

const LONGEST_NAME = 200

/** A file name for people: no folders, no control characters, never empty. */
export function cleanFileName(name: string): string {
  const last = basename(name.replaceAll('\\', '/'))
  // eslint-disable-next-line no-control-regex -- control characters are what is being removed
  const visible = last.replace(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, '').trim()
  return visible.slice(0, LONGEST_NAME) || 'file'
}

function limitBytes(maxBytes: number): Transform {
  let seen = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen > maxBytes) done(new Refusal('file-too-large', { maxBytes }))
      else done(null, chunk)
    },
  })
}

/**
 * Streams an upload into a file of the shell's own choosing and returns the handle the page may use once. Throws a
 * Refusal for a file over `maxBytes` or a full disk; a partial file never stays behind.
 */
export async function receiveFile(
  source: Readable,
  name: string,
  o: { core: CorePort; incomingDir: string; maxBytes: number },
): Promise<{ handle: string; name: string; sizeBytes: number }> {
  const path = join(o.incomingDir, randomBytes(16).toString('hex'))
  const clean = cleanFileName(name)
  try {
    await pipeline(source, limitBytes(o.maxBytes), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
    const { size: sizeBytes } = await stat(path)
    const handle = o.core.registerFile({ path, name: clean, sizeBytes, ephemeral: true })
    return { handle, name: clean, sizeBytes }
  } catch (error) {
    await rm(path, { force: true })
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw new Refusal('store-full', {})
    throw error
  }
}

export interface OutgoingFile {
  name: string
  sizeBytes: number
  stream: Readable
}

/** Opens a file the core has made for downloading; a handle works once. Throws a Refusal when it is gone. */
export async function openOutgoing(handle: string, core: CorePort, dataDir: string): Promise<OutgoingFile> {
  const file = core.takeFile(handle)
  const info = file ? await stat(file.path).catch(() => null) : null
  if (!file || !info?.isFile()) throw new Refusal('file-gone', {})
  const stream = createReadStream(file.path)
  if (isInside(dataDir, file.path)) stream.on('close', () => void rm(file.path, { force: true }))
  return { name: cleanFileName(file.name), sizeBytes: info.size, stream }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path))
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`)
}

/** `Content-Disposition` for a name in any script (RFC 6266): always an attachment, never shown in place. */
export function describeAttachment(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\]/g, '_')
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, escapeByte)}`
}

const escapeByte = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
