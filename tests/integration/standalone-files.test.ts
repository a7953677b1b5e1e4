import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HandedFile } from '../../electron/core/services.ts'
import type { CorePort } from '../../electron/core/shell/port.ts'
import { send, startTestServer } from '../helpers/standalone.ts'
import type { TestServer } from '../helpers/standalone.ts'

const MAX_BYTES = 256 * 1024
const BYTES = { 'content-type': 'application/octet-stream' }

let box: TestServer
let cookie: string
/** What the server handed to the core, observed on the way through. */
const handed: HandedFile[] = []
beforeAll(async () => {
  box = await startTestServer({ maxUploadBytes: MAX_BYTES, wrapCore: watchHandles })
  cookie = await box.signIn()
})
afterAll(() => box.stop())

const offers = new Map<string, { path: string; name: string }>()

/** The real core, with the files that pass to it noted and a few files of our own offered for download. */
function watchHandles(core: CorePort): CorePort {
  return {
    ...core,
    registerFile(file) {
      handed.push(file)
      return core.registerFile(file)
    },
    takeFile(handle) {
      const own = offers.get(handle) ?? null
      offers.delete(handle)
      return own ?? core.takeFile(handle)
    },
  }
}

const upload = (name: string, body: Buffer[], headers: Record<string, string> = {}) =>
  send(`${box.origin}/files?name=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: { ...BYTES, cookie, origin: box.origin, ...headers },
    body,
  })
const incoming = () => readdirSync(join(box.dataDir, 'incoming'))

describe('an upload', () => {
  it('is streamed to an owner-only file and answered with a handle, never a path', async () => {
    const answer = await upload('订单 9月.csv', [Buffer.from('a,b\n'), Buffer.from('1,2\n')])
    expect(answer.status).toBe(200)
    const value = JSON.parse(answer.text) as Record<string, unknown>
    expect(value).toMatchObject({ name: '订单 9月.csv', sizeBytes: 8 })
    expect(Object.keys(value).sort()).toEqual(['handle', 'name', 'sizeBytes'])
    const file = handed.at(-1)
    expect(file).toMatchObject({ name: '订单 9月.csv', sizeBytes: 8, ephemeral: true })
    expect(readFileSync(file?.path ?? '', 'utf8')).toBe('a,b\n1,2\n')
    expect(statSync(file?.path ?? '').mode & 0o777).toBe(0o600)
  })

  it.each([
    '../../evil.sh',
    '..\\..\\evil.sh',
    '/etc/passwd',
    'C:\\Windows\\evil.sh',
    'a\u0000b',
    '\u202egpj.exe',
    '..',
  ])('never lets the name %j choose a place', async (name) => {
    const before = new Set(incoming())
    const answer = await upload(name, [Buffer.from('x')])
    expect(answer.status).toBe(200)
    const file = handed.at(-1)
    for (const char of ['/', '\\', '\u0000', '\u202e']) expect(file?.name).not.toContain(char)
    const added = incoming().filter((entry) => !before.has(entry))
    expect(added).toHaveLength(1)
    expect(added[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(file?.path).toBe(join(box.dataDir, 'incoming', added[0] ?? ''))
  })

  it('is refused at once when it announces too many bytes', async () => {
    const answer = await upload('big.csv', [], {
      'content-length': String(MAX_BYTES + 1),
      expect: '100-continue',
    })
    expect(answer.status).toBe(413)
    expect(answer.text).toContain('file-too-large')
  })

  it('is cut off and removed when it grows past the cap unannounced', async () => {
    const before = incoming().length
    const chunk = Buffer.alloc(64 * 1024, 97)
    const answer = await upload('big.csv', Array<Buffer>(8).fill(chunk), {
      'transfer-encoding': 'chunked',
    }).catch(() => null)
    expect(answer === null || answer.status === 413).toBe(true)
    await expect.poll(() => incoming().length).toBe(before)
  })

  it('accepts exactly the cap', async () => {
    expect((await upload('full.csv', [Buffer.alloc(MAX_BYTES, 97)])).status).toBe(200)
  })

  it.each([
    ['without a cookie', { cookie: '' }, 401],
    ['from another site', { origin: 'http://evil.example' }, 403],
    ['as a form, which other sites can send without asking', { 'content-type': 'text/plain' }, 400],
    ['as a web form', { 'content-type': 'multipart/form-data; boundary=x' }, 400],
  ])('is refused %s', async (_case, headers, status) => {
    const count = handed.length
    const answer = await upload('a.csv', [Buffer.from('x')], headers)
    expect(answer.status === status || (status === 400 && answer.status === 415)).toBe(true)
    expect(handed.length).toBe(count)
  })
})

describe('a download', () => {
  const offer = (handle: string, name: string, text: string) => {
    const path = join(box.dataDir, `export-${handle}`)
    writeFileSync(path, text)
    offers.set(handle, { path, name })
    return path
  }
  const fetchFile = (handle: string, headers: Record<string, string> = { cookie }) =>
    send(`${box.origin}/files/${handle}`, { headers })

  it('works once, is always an attachment and leaves no copy', async () => {
    const path = offer('once', '排期 "最终".csv', 'a,b')
    const answer = await fetchFile('once')
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('a,b')
    expect(answer.headers['content-type']).toBe('application/octet-stream')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['content-disposition']).toBe(
      `attachment; filename="__ ____.csv"; filename*=UTF-8''${encodeURIComponent('排期 "最终".csv')}`,
    )
    await expect.poll(() => existsSync(path)).toBe(false)
    expect((await fetchFile('once')).status).toBe(404)
  })

  it('keeps a header in a header', async () => {
    offer('header', 'a\r\nset-cookie: x=1\r\n.csv', 'x')
    const answer = await fetchFile('header')
    expect(answer.status).toBe(200)
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  it('needs the cookie, and a handle that exists', async () => {
    offer('private', 'a.csv', 'private')
    expect((await fetchFile('private', {})).status).toBe(401)
    expect((await fetchFile('private', { cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await fetchFile('unknown')).status).toBe(404)
    expect((await fetchFile('..%2f..%2fstandalone.json')).status).toBe(404)
    expect((await fetchFile('private')).text).toBe('private')
  })
})

it('removes what was never used when the server stops', async () => {
  const other = await startTestServer()
  const own = await other.signIn()
  await send(`${other.origin}/files?name=a.csv`, {
    method: 'POST',
    headers: { ...BYTES, cookie: own, origin: other.origin },
    body: [Buffer.from('left over')],
  })
  const folder = join(other.dataDir, 'incoming')
  expect(readdirSync(folder)).toHaveLength(1)
  await other.server.close()
  expect(existsSync(folder)).toBe(false)
  await other.stop()
})
