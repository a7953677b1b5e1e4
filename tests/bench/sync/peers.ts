import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Note } from './cases.ts'
import { OPEN_LINK, startLink, type LinkShape } from './proxy.ts'
import { workload, type Edit } from './workload.ts'
import type { Fields } from '../../../shared/ops/types.ts'

const FOLDER = path.resolve(import.meta.dirname, '../peers/sync')
const PEERS = ['pouchdb', 'yjs', 'tinybase', 'actual'] as const
const SKUS = 160

interface PeerOptions {
  readonly limitMs: number
  /** Records; with `edits` they are orders, edited afterwards. */
  readonly count: number
  readonly edits?: number
  /** Another device takes everything in, over an open link. */
  readonly pull?: boolean
}

/** Installs the peers on first use; they have their own manifest and stay out of the product. */
function install(): void {
  const { dependencies } = JSON.parse(readFileSync(path.join(FOLDER, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const isThere = (name: string) => existsSync(path.join(FOLDER, 'node_modules', name, 'package.json'))
  if (Object.keys(dependencies).every(isThere)) return
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

interface Peer {
  readonly child: ChildProcess
  next(): Promise<string>
}

/** A peer's process and what it says, line by line. */
function start(script: string, ...args: string[]): Peer {
  const child = spawn(process.execPath, [path.join(FOLDER, script), ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    async next() {
      const { done, value } = await lines.next()
      if (done) throw new Error(`the peer ended with ${child.exitCode}`)
      return value
    },
  }
}

/** The same for every peer: the records of W1, or the orders of W2 and their edits. */
function written(seed: number, count: number, edits: number): { records: Fields[]; edits: Edit[] } {
  const load = workload(
    seed,
    Array.from({ length: SKUS }, (_, index) => `0123456a01${index.toString(32)}`),
  )
  let ms = Date.now() - 120 * 86_400_000
  const later = () => (ms += load.nextGapMs())
  return {
    records: Array.from({ length: count }, () => (edits > 0 ? load.order(later()) : load.record())),
    edits: Array.from({ length: edits }, (_, nth) => load.edit(count, nth)),
  }
}

/** The same records over the same link by other engines, each with its server in memory or a folder of its own; gives up after `limitMs`. */
export async function measurePeers(
  name: string,
  seed: number,
  shape: LinkShape,
  options: PeerOptions,
  note: Note,
): Promise<void> {
  install()
  for (const peer of PEERS) {
    const folder = mkdtempSync(path.join(tmpdir(), 'chanbo-peer-'))
    const server = start('server.mjs', peer, folder)
    try {
      const ports = JSON.parse(await server.next()) as { port: number; statusPort: number }
      await measurePush(`${name}, ${peer}`, peer, ports, written(seed, options.count, options.edits ?? 0), {
        shape,
        limitMs: options.limitMs,
        note,
      })
      if (options.pull) await measurePull(`${name}, ${peer} pull`, peer, ports.port, options, note)
    } finally {
      server.child.kill('SIGKILL')
      await new Promise((ended) =>
        (server.child.exitCode ?? server.child.signalCode) !== null
          ? ended(null)
          : server.child.once('exit', ended),
      )
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

async function measurePush(
  name: string,
  peer: string,
  { port, statusPort }: { port: number; statusPort: number },
  load: { records: Fields[]; edits: Edit[] },
  { shape, limitMs, note }: { shape: LinkShape; limitMs: number; note: Note },
): Promise<void> {
  const link = await startLink(port, shape)
  const { child, next } = start('client.mjs', peer, String(link.port))
  try {
    child.stdin!.write(`${JSON.stringify(load)}\n`)
    const wanted = Number(await next())
    const startMs = performance.now()
    child.stdin!.write('go\n')
    let there = 0
    while (there < wanted && performance.now() - startMs < limitMs) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      there = Number(await (await fetch(`http://127.0.0.1:${statusPort}/`)).text())
    }
    const seconds = (performance.now() - startMs) / 1000
    const of = load.records.length + load.edits.length
    // What is on its way back belongs to it: an answer, an acknowledgement.
    if (there >= wanted) await new Promise((resolve) => setTimeout(resolve, 500))
    note(name, {
      seconds,
      there: Math.floor((there / wanted) * of),
      of,
      bytes_per_op: (link.up + link.down) / of,
      up_per_op: link.up / of,
      ops_per_second: ((there / wanted) * of) / seconds,
      cuts: link.cuts,
    })
  } finally {
    child.kill('SIGKILL')
    await link.close()
  }
}

/** A second device, empty, takes in what the server has. */
async function measurePull(
  name: string,
  peer: string,
  port: number,
  { count, edits = 0, limitMs }: PeerOptions,
  note: Note,
): Promise<void> {
  const link = await startLink(port, OPEN_LINK)
  const { child, next } = start('client.mjs', peer, String(link.port))
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs)
  try {
    child.stdin!.write(`${JSON.stringify({ records: [], edits: [] })}\n`)
    await next()
    const startMs = performance.now()
    child.stdin!.write('go\n')
    let there = 0
    while (there < count) {
      const line = await next().catch(() => null)
      if (line === null) break
      there = Number(line)
    }
    const seconds = (performance.now() - startMs) / 1000
    const of = count + edits
    note(name, {
      seconds,
      there: Math.floor((there / count) * of),
      of,
      bytes_per_op: (link.up + link.down) / of,
      ops_per_second: ((there / count) * of) / seconds,
    })
  } finally {
    clearTimeout(limit)
    child.kill('SIGKILL')
    await link.close()
  }
}
