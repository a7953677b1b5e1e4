import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHROMIUM_FLAGS, CHROMIUM_HINT, findChromium } from '../chromium.ts'

export type Params = Record<string, unknown>

interface Message {
  id?: number
  method?: string
  params?: Params
  result?: Params
  error?: { message: string }
  sessionId?: string
}

/** One conversation with the browser or with one page of it. Emits CDP events under their method name. */
export class CdpSession extends EventEmitter {
  readonly #browser: Browser
  readonly id: string | undefined

  constructor(browser: Browser, id: string | undefined) {
    super()
    this.#browser = browser
    this.id = id
  }

  send(method: string, params: Params = {}): Promise<Params> {
    return this.#browser.call(method, params, this.id)
  }
}

/** Where a Chromium that has just been started listens. The file is there a moment before what it says. */
async function readDebugger(file: string): Promise<{ port: string; path: string }> {
  for (let i = 0; i < 400; i += 1) {
    const [port, path] = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    if (port !== undefined && path !== undefined) return { port, path }
    await sleep(50)
  }
  throw new Error('Chromium did not start')
}

/** Chromium without a window, driven over raw CDP. */
export class Browser {
  readonly port: number
  readonly root: CdpSession
  readonly #process: ChildProcess
  readonly #profile: string
  readonly #socket: WebSocket
  readonly #sessions = new Map<string | undefined, CdpSession>()
  readonly #waiting = new Map<number, { resolve: (value: Params) => void; reject: (error: Error) => void }>()
  #nextId = 1

  static async launch(): Promise<Browser> {
    const executable = findChromium()
    if (!executable) throw new Error(`No Chromium: ${CHROMIUM_HINT}`)
    const profile = mkdtempSync(join(tmpdir(), 'chanbo-stand-in-'))
    const args = [
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      '--no-first-run',
    ]
    const child = spawn(executable, [...args, ...CHROMIUM_FLAGS, '--lang=zh-CN', 'about:blank'], {
      stdio: 'ignore',
    })
    const { port, path } = await readDebugger(join(profile, 'DevToolsActivePort'))
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
    await new Promise((done, reject) => {
      socket.addEventListener('open', done, { once: true })
      socket.addEventListener('error', () => reject(new Error('Chromium refused the debugger')), {
        once: true,
      })
    })
    return new Browser(child, profile, socket, Number(port))
  }

  private constructor(child: ChildProcess, profile: string, socket: WebSocket, port: number) {
    this.#process = child
    this.#profile = profile
    this.#socket = socket
    this.port = port
    this.root = new CdpSession(this, undefined)
    this.#sessions.set(undefined, this.root)
    socket.addEventListener('message', (event) => this.#receive(JSON.parse(String(event.data)) as Message))
  }

  session(id: string): CdpSession {
    const known = this.#sessions.get(id)
    if (known) return known
    const session = new CdpSession(this, id)
    this.#sessions.set(id, session)
    return session
  }

  call(method: string, params: Params, sessionId: string | undefined): Promise<Params> {
    const id = this.#nextId++
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }))
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  async close(): Promise<void> {
    const gone = new Promise((done) => this.#process.once('exit', done))
    this.#socket.close()
    this.#process.kill()
    await Promise.race([gone, sleep(3000)])
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }

  #receive(message: Message): void {
    if (message.id === undefined) {
      this.#sessions.get(message.sessionId)?.emit(message.method ?? '', message.params ?? {})
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.error) waiting?.reject(new Error(message.error.message))
    else waiting?.resolve(message.result ?? {})
  }
}
