import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ENTRY = resolve(import.meta.dirname, '../../out/main/standalone.js')
const START_LIMIT_MS = 60_000

export interface RunningProduct {
  /** The address printed at the start; it works once. */
  readonly link: string
  readonly dataDir: string
  stop(): Promise<void>
  /** Ends the process at once, as a power cut would. */
  kill(): Promise<void>
}

/** Why the built product cannot be started, or null. */
export function findBuildObstacle(entry = process.env.CHANBO_ENTRY ?? ENTRY): string | null {
  return existsSync(entry) ? null : `${entry} does not exist; npm run build makes it`
}

/** Starts the built product without a window, on a free port. Data stays in `dataDir` when one is given. */
export async function startProduct(
  options: { dataDir?: string; args?: readonly string[] } = {},
): Promise<RunningProduct> {
  const ownDir = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), 'chanbo-e2e-')) : null
  const dataDir = options.dataDir ?? join(ownDir as string, 'data')
  const entry = process.env.CHANBO_ENTRY ?? ENTRY
  const child = spawn(
    process.execPath,
    [entry, '--no-open', '--port', '0', '--data-dir', dataDir, ...(options.args ?? [])],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { CHANBO_KEY_STORE: 'file', ...process.env } },
  )
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const link = await waitForLink(child)
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
    if (ownDir && signal === 'SIGTERM') rmSync(ownDir, { recursive: true, force: true })
  }
  return { link, dataDir, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

function waitForLink(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = ''
    const timer = setTimeout(
      () => fail(new Error(`no address within ${START_LIMIT_MS} ms:\n${text}`)),
      START_LIMIT_MS,
    )
    const read = (chunk: Buffer) => {
      text += chunk.toString()
      const link = /https?:\/\/\S+#token=\S+/.exec(text)?.[0]
      if (!link) return
      clearTimeout(timer)
      done(link)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (code) => {
      clearTimeout(timer)
      fail(new Error(`the product ended with ${String(code)}:\n${text}`))
    })
  })
}
