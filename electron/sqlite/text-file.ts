import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes beside `path`, under a name that no other process uses, and hands it to `place`; nothing of it stays. */
function aside(path: string, text: string, place: (partial: string) => void): void {
  mkdirSync(dirname(path), { recursive: true })
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`
  try {
    writeFileSync(partial, text, { mode: 0o600, flush: true })
    place(partial)
  } finally {
    rmSync(partial, { force: true })
  }
}

/** Replaces a small owner-only file so that a power cut leaves either the old or the new one, whoever else writes it. */
export function replaceText(path: string, text: string): void {
  aside(path, text, (partial) => renameSync(partial, path))
}

/**
 * Makes a small owner-only file once, whole or not at all, also when several processes begin at the same time.
 * @returns what it holds: the text of whoever was first
 */
export function createText(path: string, text: string): string {
  aside(path, text, (partial) => {
    try {
      linkSync(partial, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
      // A file system without links, as on a stick.
      renameSync(partial, path)
    }
  })
  return readFileSync(path, 'utf8')
}
