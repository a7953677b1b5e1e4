import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { AppEvent } from '../../shared/contract/event.ts'
import type { Call, Output, RequestName } from '../../shared/contract/index.ts'
import type { Result } from '../../shared/contract/result.ts'
import { SHELL_ENTRY } from './entries.ts'

type Said =
  | { readonly ready: true }
  | { readonly id: number; readonly result: Result<unknown> }
  | { readonly event: AppEvent }
  | { readonly log: string; readonly details: unknown }

const COMPILED_CODE = join(tmpdir(), 'chanbo-test-compiled')

/** The process was killed before it answered: whether the work was done is open, and nothing was promised. */
export class Killed extends Error {
  override readonly name = 'Killed'
}

/** A core process that a test can talk to and kill. */
export class CoreProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #waiting = new Map<
    number,
    { resolve: (result: Result<unknown>) => void; reject: (error: Error) => void }
  >()
  readonly #finished = new Set<string>()
  readonly #wakers = new Set<() => void>()
  readonly errors: string[] = []
  readonly exited: Promise<void>
  #n = 0
  #dead = false

  private constructor(dataDir: string, env: NodeJS.ProcessEnv, onReady: () => void) {
    const script = fileURLToPath(new URL('./core-child.ts', import.meta.url))
    this.#child = spawn(process.execPath, [script, dataDir, SHELL_ENTRY], {
      stdio: ['pipe', 'pipe', 'inherit'],
      // Compiled code is kept between starts, as the product keeps its own: a start costs half.
      env: { NODE_COMPILE_CACHE: COMPILED_CODE, CHANBO_KEY_STORE: 'file', ...process.env, ...env },
    })
    this.#child.stdin.on('error', () => undefined)
    this.exited = new Promise((resolve) => {
      this.#child.on('exit', () => {
        this.#dead = true
        for (const { reject } of this.#waiting.values()) reject(new Killed())
        this.#waiting.clear()
        for (const wake of this.#wakers) wake()
        resolve()
      })
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#hear(line, onReady))
  }

  static async start(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<CoreProcess> {
    let started: CoreProcess | null = null
    await new Promise<void>((resolve, reject) => {
      started = new CoreProcess(dataDir, env, resolve)
      void started.exited.then(() => reject(new Killed()))
    })
    return started!
  }

  #hear(line: string, onReady: () => void): void {
    let said: Said
    try {
      said = JSON.parse(line) as Said
    } catch {
      return // the last line of a killed process may be torn; torn is not an answer
    }
    if ('ready' in said) onReady()
    else if ('event' in said) {
      if (said.event.kind === 'finished') this.#finished.add(said.event.jobId)
      for (const wake of this.#wakers) wake()
    } else if ('log' in said) this.errors.push(`${said.log} ${JSON.stringify(said.details)}`)
    else {
      this.#waiting.get(said.id)?.resolve(said.result)
      this.#waiting.delete(said.id)
    }
  }

  /** @throws Killed when the process dies first, or an error that carries the refusal's code */
  async call<N extends RequestName>(
    name: N,
    input: Call<N>,
    file?: { path: string; name: string; sizeBytes: number },
  ): Promise<Output<N>> {
    if (this.#dead) throw new Killed()
    const id = ++this.#n
    const result = await new Promise<Result<unknown>>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.stdin.write(`${JSON.stringify({ id, name, input, file })}\n`)
    })
    if (!result.ok)
      throw Object.assign(new Error(`${name}: ${result.error.code}`), { code: result.error.code })
    return result.value as Output<N>
  }

  /** Waits for a job's end. @throws Killed */
  async finished(jobId: string): Promise<void> {
    while (!this.#finished.has(jobId)) {
      if (this.#dead) throw new Killed()
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#wakers.delete(wake)
          resolve()
        }
        this.#wakers.add(wake)
      })
    }
  }

  /** Ends it in good order, which also keeps its compiled code for the next. */
  async end(): Promise<void> {
    this.#child.stdin.end()
    await this.exited
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }
}
