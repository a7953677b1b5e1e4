import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Note } from './cases.ts'
import { startLink, type LinkShape } from './proxy.ts'
import { workload } from './workload.ts'

const FOLDER = path.resolve(import.meta.dirname, '../peers/sync')
const PEERS = ['pouchdb', 'yjs', 'tinybase'] as const
const SKUS = 160

/** Installs the peers on first use; they have their own manifest and stay out of the product. */
function install(): void {
  if (existsSync(path.join(FOLDER, 'node_modules/yjs'))) return
  console.error('installing the peers of tests/bench/peers/sync …')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
  const { status } = spawnSync(npm, options, {
    cwd: FOLDER,
    stdio: ['ignore', 2, 2],
    shell: npm.endsWith('.cmd'),
  })
  if (status !== 0) throw new Error('the peers could not be installed')
}

const node = (script: string, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [path.join(FOLDER, script), ...args], { stdio: ['pipe', 'pipe', 'ignore'] })

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout!.setEncoding('utf8').on('data', (part: string) => {
      text += part
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
    })
    child.once('exit', (code) => reject(new Error(`the peer ended with ${code}`)))
  })
}

/** The same records over the same link by other engines, each with its server in memory; gives up after `limitMs`. */
export async function measurePeers(
  name: string,
  seed: number,
  shape: LinkShape,
  { limitMs, count }: { limitMs: number; count: number },
  note: Note,
): Promise<void> {
  install()
  for (const peer of PEERS) {
    const server = node('server.mjs', peer)
    let client: ChildProcess | null = null
    try {
      const { port, statusPort } = JSON.parse(await firstLine(server)) as { port: number; statusPort: number }
      const link = await startLink(port, shape)
      client = node('client.mjs', peer, String(link.port))
      const load = workload(
        seed,
        Array.from({ length: SKUS }, (_, index) => `0123456a01${index.toString(32)}`),
      )
      const records = Array.from({ length: count }, () => load.record())
      const written = firstLine(client)
      client.stdin!.write(`${JSON.stringify(records)}\n`)
      await written
      const startMs = performance.now()
      client.stdin!.write('go\n')
      let there = 0
      while (there < count && performance.now() - startMs < limitMs) {
        await new Promise((resolve) => setTimeout(resolve, 200))
        there = Number(await (await fetch(`http://127.0.0.1:${statusPort}/`)).text())
      }
      const seconds = (performance.now() - startMs) / 1000
      note(`${name}, ${peer}`, {
        seconds,
        there,
        of: count,
        bytes_per_op: (link.up + link.down) / count,
        cuts: link.cuts,
      })
      await link.close()
    } finally {
      client?.kill('SIGKILL')
      server.kill('SIGKILL')
    }
  }
}
