import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from '@playwright/test'
import type { Browser, Page } from '@playwright/test'

const ROOT = resolve(import.meta.dirname, '../..')
const ENTRY = join(ROOT, 'out/main/index.js')
const REGISTER = join(ROOT, 'tests/helpers/electron-stand-in/register.ts')

export interface ShellProcess {
  /** Sends a command to the stand-in (electron-stand-in/electron.ts lists them) and returns its answer. */
  control<T = unknown>(name: string, parameters?: Record<string, unknown>): Promise<T>
  /** What the shell did of one kind: opened dialogs, notifications, links. */
  records<T = Record<string, unknown>>(kind: string): Promise<T[]>
  /** Playwright on the shell's page, once the page is there. */
  page(): Promise<Page>
  output(): string
  exitCode: Promise<number | null>
  /** Quits as a person would and waits for the end. */
  quit(): Promise<number | null>
  kill(): void
}

interface Reply {
  n: number
  value?: unknown
  error?: string
}

/** Runs the built Electron entry on Node, with the stand-in for Electron and a headless Chromium for its window. */
export function startShell(args: readonly string[], env: Record<string, string> = {}): ShellProcess {
  const child: ChildProcess = spawn(process.execPath, ['--import', REGISTER, ENTRY, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
  })
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let text = ''
  let next = 1
  let browser: Browser | null = null
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.on('message', (reply: Reply) => {
    const entry = waiting.get(reply.n)
    waiting.delete(reply.n)
    if (reply.error === undefined) entry?.resolve(reply.value)
    else entry?.reject(new Error(reply.error))
  })
  const exitCode = new Promise<number | null>((done) => {
    child.on('exit', (code) => {
      for (const { reject } of waiting.values()) reject(new Error(`the shell ended with ${code}:\n${text}`))
      done(code)
    })
  })
  const control = <T>(name: string, parameters: Record<string, unknown> = {}): Promise<T> => {
    const n = next++
    return new Promise((resolve, reject) => {
      waiting.set(n, { resolve: resolve as (value: unknown) => void, reject })
      child.send({ n, name, ...parameters }, (error) => {
        if (error) reject(new Error(`the shell is gone:\n${text}`))
      })
    })
  }
  return {
    control,
    records: (kind) => control('records', { kind }),
    async page() {
      let port = await control<number | null>('cdp-port')
      while (port === null) {
        await sleep(50)
        port = await control<number | null>('cdp-port')
      }
      browser ??= await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { timeout: 60_000 })
      return waitForPage(browser)
    },
    output: () => text,
    exitCode,
    async quit() {
      await browser?.close()
      browser = null
      void control('quit').catch(() => undefined)
      return exitCode
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

async function waitForPage(browser: Browser): Promise<Page> {
  for (let i = 0; i < 200; i += 1) {
    const pages = browser.contexts().flatMap((context) => context.pages())
    const page = pages.find((candidate) => candidate.url().startsWith('http://chanbo.localhost'))
    if (page) return page
    await sleep(50)
  }
  throw new Error('the shell opened no page')
}
