import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium, type BrowserContext } from '@playwright/test'
import { SERVER_FLAGS } from '../../../electron/launch/lib/node.mjs'
import { CHROMIUM_FLAGS, CHROMIUM_HINT, findChromium } from '../../helpers/chromium.ts'
import { median } from '../figures.ts'

const SERVER = resolve(import.meta.dirname, '../../../out/main/standalone.js')

interface Start {
  /** From starting the process until it prints its address. */
  readonly serverMs: number
  /** From then until the Today screen shows its sessions in a browser that is already open. */
  readonly screenMs: number
  /** Resident memory of the server process afterwards, MB. */
  readonly residentMb: number
}

function startServer(dataDir: string): { child: ChildProcess; link: Promise<string> } {
  const child = spawn(
    process.execPath,
    [...SERVER_FLAGS, SERVER, '--no-open', '--demo', '--data-dir', dataDir, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const link = new Promise<string>((done, failed) => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const found = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(text)
      if (found) done(found[0])
    })
    child.on('exit', (code) => failed(new Error(`the server ended with ${code}: ${text}`)))
  })
  return { child, link }
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kb) / 1024
}

/** From opening a tab until a page of one line is on it: what no page can do without. */
async function measureEmptyTab(window: BrowserContext): Promise<number> {
  const startMs = performance.now()
  const page = await window.newPage()
  await page.goto('data:text/html,<p>here')
  await page.getByText('here').waitFor()
  const tabMs = performance.now() - startMs
  await page.close()
  return tabMs
}

async function measure(window: BrowserContext, dataDir: string): Promise<Start> {
  const startMs = performance.now()
  const { child, link } = startServer(dataDir)
  try {
    const address = await link
    const serverMs = performance.now() - startMs
    const page = await window.newPage()
    await page.goto(address)
    // A merchant of the demo's next session: its row is there once Today has its data.
    await page.getByText('乳山拟饵社').first().waitFor({ timeout: 30_000 })
    const screenMs = performance.now() - startMs - serverMs
    const mb = residentMb(child.pid!)
    await page.close()
    return { serverMs, screenMs, residentMb: mb }
  } finally {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGTERM')
    await ended
  }
}

/** The built product on a demo belt that exists already: what a person waits for each morning. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean' }, runs: { type: 'string', default: '5' } },
  })
  const executablePath = findChromium()
  if (!executablePath || !existsSync(SERVER)) {
    console.error(executablePath ? 'build first: npm run build' : `no Chromium found: ${CHROMIUM_HINT}`)
    return 2
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'chanbo-startup-'))
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS })
  try {
    // The browser is open, with a window and a tab. A window of its own for each start would have Chromium load the
    // pages of that window's address bar meanwhile, which takes it longer than the product's.
    const window = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' })
    await window.newPage()
    const first = await measure(window, dataDir)
    const starts: Start[] = []
    const emptyTabsMs: number[] = []
    for (let run_ = 0; run_ < Number(values.runs); run_++) {
      emptyTabsMs.push(await measureEmptyTab(window))
      starts.push(await measure(window, dataDir))
    }
    const rows = [
      {
        case: 'first start, makes the demo',
        metric: 'to_usable_ms',
        value: Math.round(first.serverMs + first.screenMs),
        unit: 'ms',
      },
      {
        case: 'later starts',
        metric: 'to_address_ms',
        value: Math.round(median(starts.map((start) => start.serverMs))),
        unit: 'ms',
      },
      {
        case: 'later starts',
        metric: 'to_usable_ms',
        value: Math.round(median(starts.map((start) => start.serverMs + start.screenMs))),
        unit: 'ms',
      },
      {
        case: 'an empty tab',
        metric: 'to_shown_ms',
        value: Math.round(median(emptyTabsMs)),
        unit: 'ms',
      },
      {
        case: 'later starts',
        metric: 'resident_mb',
        value: Math.round(median(starts.map((start) => start.residentMb))),
        unit: 'MB',
      },
    ]
    for (const row of rows)
      console.log(
        values.json
          ? JSON.stringify({ bench: 'startup', ...row })
          : `${row.case.padEnd(30)} ${row.metric.padEnd(16)} ${row.value} ${row.unit}`,
      )
    return 0
  } finally {
    await browser.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
