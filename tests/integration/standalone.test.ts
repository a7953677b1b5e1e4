import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../../electron/launch/lib/build.mjs'
import { send, tokenOf } from '../helpers/standalone.ts'

const ENTRY = resolve(import.meta.dirname, '../../out/main/standalone.js')
const LINK = /http:\/\/127\.0\.0\.1:(\d+)\/#token=[\w-]+/

interface Running {
  child: ChildProcess
  output(): string
  /** The printed address. */
  link: Promise<string>
  exitCode: Promise<number | null>
}

const folder = mkdtempSync(join(tmpdir(), 'chanbo-standalone-'))
const children: ChildProcess[] = []
beforeAll(() => void ensureBuilt({ quiet: true }), 120_000)
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The built product as `npm start` runs it. */
function start(
  args: readonly string[],
  options: { uid?: number; env?: Record<string, string> } = {},
): Running {
  const child = spawn(process.execPath, [ENTRY, '--no-open', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    uid: options.uid,
    env: { ...process.env, ...options.env },
  })
  children.push(child)
  let text = ''
  const exitCode = new Promise<number | null>((done) => child.on('exit', done))
  const link = new Promise<string>((done, reject) => {
    const read = (chunk: Buffer) => {
      text += chunk.toString()
      const found = LINK.exec(text)
      if (found) done(found[0])
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    void exitCode.then((code) => reject(new Error(`ended with ${code}:\n${text}`)))
  })
  link.catch(() => undefined)
  return { child, output: () => text, link, exitCode }
}

describe('the product without a window', () => {
  it('prints an address that works, answers GET / to anybody, and ends on SIGTERM leaving nothing open', async () => {
    const dataDir = join(folder, 'plain')
    const product = start(['--port', '0', '--data-dir', dataDir])
    const link = await product.link
    const { origin } = new URL(link)
    const page = await send(`${origin}/`)
    expect(page.status).toBe(200)
    expect(page.text).toContain('<div id="app">')
    const session = await send(`${origin}/session`, {
      method: 'POST',
      headers: { origin },
      json: { token: tokenOf(link) },
    })
    expect(session.status).toBe(204)

    product.child.kill('SIGTERM')
    expect(await product.exitCode).toBe(0)
    expect(existsSync(join(dataDir, 'standalone.json'))).toBe(false)
    expect(existsSync(join(dataDir, 'incoming'))).toBe(false)
    await expect(send(`${origin}/`)).rejects.toThrow()
  })

  it('takes a free port when the wanted one is busy', async () => {
    const other = createServer((_request, response) => response.end('somebody else'))
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
    const busy = (other.address() as AddressInfo).port
    const product = start(['--port', String(busy), '--data-dir', join(folder, 'busy')])
    const port = Number(LINK.exec(await product.link)?.[1])
    expect(port).not.toBe(busy)
    expect((await send(`http://127.0.0.1:${port}/`)).text).not.toContain('somebody else')
    other.close()
  })

  it('gives a second start on the same data a fresh address of the first', async () => {
    const dataDir = join(folder, 'twice')
    const first = start(['--port', '0', '--data-dir', dataDir])
    const firstLink = await first.link
    const second = start(['--port', '0', '--data-dir', dataDir])
    const secondLink = await second.link
    expect(await second.exitCode).toBe(0)
    expect(new URL(secondLink).origin).toBe(new URL(firstLink).origin)
    expect(tokenOf(secondLink)).not.toBe(tokenOf(firstLink))
    const { origin } = new URL(firstLink)
    for (const link of [firstLink, secondLink]) {
      const answer = await send(`${origin}/session`, {
        method: 'POST',
        headers: { origin },
        json: { token: tokenOf(link) },
      })
      expect(answer.status).toBe(204)
    }
  })

  it('starts again over what a killed one has left', async () => {
    const dataDir = join(folder, 'killed')
    const first = start(['--port', '0', '--data-dir', dataDir])
    await first.link
    first.child.kill('SIGKILL')
    await first.exitCode
    expect(existsSync(join(dataDir, 'standalone.json'))).toBe(true)
    const second = start(['--port', '0', '--data-dir', dataDir])
    expect((await send(`${new URL(await second.link).origin}/`)).status).toBe(200)
  })

  it('says which option it does not know', async () => {
    const product = start(['--lann'])
    expect(await product.exitCode).toBe(2)
    expect(product.output()).toContain('--lann')
  })

  it('says what to do about a data folder it cannot use', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, 'x')
    const onFile = start(['--data-dir', file])
    expect(await onFile.exitCode).toBe(1)
    expect(onFile.output()).toContain('--data-dir')
    expect(onFile.output()).not.toMatch(/\n\s+at /)
  })

  it.runIf(process.getuid?.() === 0)('says so when the data folder cannot be written', async () => {
    // Nobody may write here but root, and nobody is who runs it.
    const product = start(['--data-dir', '/chanbo-of-root/data'], {
      uid: 65_534,
      env: { HOME: '/nonexistent' },
    })
    expect(await product.exitCode).toBe(1)
    expect(product.output()).toContain('cannot be written')
  })

  it('serves no network before there are people with PINs', async () => {
    const dataDir = join(folder, 'lan')
    const product = start(['--port', '0', '--lan', '--data-dir', dataDir])
    expect(await product.exitCode).toBe(1)
    expect(product.output()).toContain('--lan needs a belt with people in it')
    expect(readdirSync(dataDir)).not.toContain('lan')
  })
})
