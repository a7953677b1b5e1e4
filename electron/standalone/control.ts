import { timingSafeEqual } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const CONTROL_FILE = 'standalone.json'
const ANSWER_LIMIT_MS = 2000
const controlSchema = z.object({ port: z.number().int(), secret: z.string(), pid: z.number().int() })
const answerSchema = z.object({ link: z.string() })
export type Control = z.infer<typeof controlSchema>

/** Tells later starts on the same data where this server is; only the owner can read it. */
export function writeControl(dataDir: string, control: Control): void {
  writeFileSync(join(dataDir, CONTROL_FILE), JSON.stringify(control), { mode: 0o600 })
}

export function removeControl(dataDir: string): void {
  rmSync(join(dataDir, CONTROL_FILE), { force: true })
}

export function isControlSecret(given: string, own: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(own)
  return a.length === b.length && timingSafeEqual(a, b)
}

/** A fresh link of the server that already runs on this data, or null when none answers. */
export async function askRunningServer(dataDir: string): Promise<string | null> {
  const control = readControl(dataDir)
  if (!control) return null
  const text = await post(control.port, '/launch-link', JSON.stringify({ secret: control.secret }))
  return text === null ? null : (answerSchema.safeParse(parseJson(text)).data?.link ?? null)
}

function readControl(dataDir: string): Control | null {
  try {
    return controlSchema.parse(JSON.parse(readFileSync(join(dataDir, CONTROL_FILE), 'utf8')))
  } catch {
    return null
  }
}

function post(port: number, path: string, body: string): Promise<string | null> {
  // An import statement would read all getters of the module, and that of WebSocket loads a client for 80 ms.
  const { request } = process.getBuiltinModule('node:http')
  return new Promise((done) => {
    const headers = { 'content-type': 'application/json', origin: `http://127.0.0.1:${port}` }
    const call = request({ host: '127.0.0.1', port, path, method: 'POST', headers, timeout: ANSWER_LIMIT_MS })
    call.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => done(response.statusCode === 200 ? text : null))
    })
    call.on('timeout', () => call.destroy())
    call.on('error', () => done(null))
    call.end(body)
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
