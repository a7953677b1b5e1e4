import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Synced 4 KiB writes a second on the disk that the stores are on. */
export function fsyncRate(): number {
  const path = join(tmpdir(), `chanbo-fsync-${process.pid}`)
  const file = openSync(path, 'w')
  const page = Buffer.alloc(4096)
  const startMs = performance.now()
  for (let i = 0; i < 200; i++) {
    writeSync(file, page, 0, page.length, i * page.length)
    fsyncSync(file)
  }
  const seconds = (performance.now() - startMs) / 1000
  closeSync(file)
  rmSync(path)
  return 200 / seconds
}
