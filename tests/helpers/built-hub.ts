import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'

const OUT = resolve(import.meta.dirname, '../../out/main')
const START_LIMIT_MS = 60_000

export interface CodeFor {
  readonly beltId: string
  readonly role: 'administrator' | 'planner' | 'cluster-manager' | 'official'
  readonly baseId: string
}

async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (typeof address !== 'object' || !address) throw new Error('no free port')
  return address.port
}

/** A hub process from the build, always on the same loopback port and folder, so that it can be cut off and come back. */
export class BuiltHub {
  readonly url: string
  readonly #entry: string
  readonly #dataDir: string
  readonly #port: number
  #child: ChildProcess | null = null

  private constructor(dataDir: string, port: number) {
    const main = process.env.CHANBO_ENTRY ? dirname(resolve(process.env.CHANBO_ENTRY)) : OUT
    this.#entry = join(main, 'hub.js')
    this.#dataDir = dataDir
    this.#port = port
    this.url = `http://127.0.0.1:${port}`
  }

  static async start(dataDir: string): Promise<BuiltHub> {
    const hub = new BuiltHub(dataDir, await findFreePort())
    await hub.restore()
    return hub
  }

  /** Starts the process (again). @throws when it ends or is not ready in time */
  async restore(): Promise<void> {
    const child = spawn(
      process.execPath,
      [this.#entry, '--data-dir', this.#dataDir, '--port', String(this.#port)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    this.#child = child
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(() => fail(new Error('the hub is not ready in time')), START_LIMIT_MS)
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (!text.includes('Hub ready')) return
        clearTimeout(timer)
        done()
      })
      child.once('exit', (code) => {
        clearTimeout(timer)
        fail(new Error(`the hub ended with ${String(code)}`))
      })
    })
  }

  /** Cuts the link: the process ends at once and nobody listens on its port. */
  async cut(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (!child) return
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGKILL')
    await ended
  }

  /** A one-time code as its administrator would print it; null is for a belt that moves to this hub. */
  makeCode(who: CodeFor | null): string {
    const about = who ? ['--belt', who.beltId, '--role', who.role, '--base', who.baseId] : []
    return execFileSync(process.execPath, [this.#entry, 'enroll', '--data-dir', this.#dataDir, ...about], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  }
}
