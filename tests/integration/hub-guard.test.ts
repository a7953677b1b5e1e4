import { request as httpRequest } from 'node:http'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mayReadMetrics } from '../../electron/hub/metrics.ts'
import { revoke } from '../../electron/hub/enrol.ts'
import { startEpochsIn } from '../../electron/hub/restored.ts'
import { certificateText, type Certificate } from '../../shared/wire/messages.ts'
import { startHubBench, type HubBench } from '../helpers/hub-client.ts'
import { MERCHANT } from '../fixtures/rows.ts'

let bench: HubBench
beforeEach(async () => {
  bench = await startHubBench()
})
afterEach(() => bench.close())

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${bench.url}${path}`, { headers })
  return { status: response.status, text: await response.text() }
}

const merchant = (name: string) => ({
  table: 'merchant',
  kind: 'create' as const,
  fields: {
    ...MERCHANT,
    name,
    shortName: 'm',
    baseId: bench.belt,
  },
})

describe('a restored hub', () => {
  it('does not do again what an administrator once asked, although it has forgotten the counters', async () => {
    const { founder, running } = bench
    const { db } = running.hub.database
    const ask = (counter: number) =>
      founder.send('admin', Buffer.from(JSON.stringify({ ask: 'code', role: 'planner', baseId: null })), {
        counter,
      })
    const counter = ++founder.counter
    expect((await ask(counter)).status).toBe(200)
    expect((await ask(counter)).body).toMatchObject({ code: 'stale-counter' })
    await db.transaction().execute((tx) => startEpochsIn(tx, Date.now(), 'end', {}))
    await db.updateTable('device').set({ lastCounter: 0, recentCounters: '[]' }).execute()
    expect(await ask(counter)).toMatchObject({ status: 409, body: { code: 'epoch' } })
    founder.epoch = (await db.selectFrom('belt').select('epoch').executeTakeFirstOrThrow()).epoch
    expect((await ask(counter + 1)).status).toBe(200)
  })
})

describe('health', () => {
  it('is well while its database answers, and says so when it does not', async () => {
    expect(await get('/health')).toMatchObject({ status: 200 })
    await bench.running.hub.database.db.schema.alterTable('belt').renameTo('belt_gone').execute()
    const ill = await get('/health')
    expect(ill.status).toBe(503)
    expect(ill.text).not.toMatch(/belt|SELECT|SQLITE|at /)
    await bench.running.hub.database.db.schema.alterTable('belt_gone').renameTo('belt').execute()
  })
})

describe('metrics', () => {
  it('tell ops, verdicts, devices, lag and requests', async () => {
    const planner = await bench.enrol('planner', null)
    await planner.push([planner.op(merchant('one')), planner.op(merchant('two'))])
    await revoke(bench.running.hub, bench.belt, planner.keys.author)
    await planner.push([planner.op(merchant('three'))])
    await bench.founder.pull([{ scope: 'belt', epoch: 1, seq: 0 }])
    const { status, text } = await get('/metrics')
    expect(status).toBe(200)
    const belt = `belt="${bench.belt}"`
    for (const line of [
      `chanbo_hub_ops_total{${belt}} 3`,
      `chanbo_hub_verdicts{${belt},verdict="applied"} 2`,
      `chanbo_hub_verdicts{${belt},verdict="quarantined"} 1`,
      `chanbo_hub_devices{${belt},status="active"} 1`,
      `chanbo_hub_devices{${belt},status="revoked"} 1`,
      `chanbo_hub_lag_ops{${belt}} 0`,
      `chanbo_hub_requests_total{route="/v1/belts/:belt/push",status="200"} 2`,
    ])
      expect(text.split('\n')).toContain(line)
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+\{[^}]*\} -?[\d.e+-]+)$/)
  })

  it('are not for strangers: neither from elsewhere nor through a proxy, nor with a wrong token', async () => {
    const from = (ip: string, headers: Record<string, string> = {}) => ({ ip, headers })
    expect(mayReadMetrics(from('127.0.0.1'), null)).toBe(true)
    expect(mayReadMetrics(from('192.168.1.7'), null)).toBe(false)
    expect(mayReadMetrics(from('127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }), null)).toBe(false)
    expect(mayReadMetrics(from('127.0.0.1'), 'secret')).toBe(false)
    expect(mayReadMetrics(from('10.0.0.9', { authorization: 'Bearer secret' }), 'secret')).toBe(true)
    expect(mayReadMetrics(from('10.0.0.9', { authorization: 'Bearer secre' }), 'secret')).toBe(false)
    expect(await get('/metrics', { 'x-forwarded-for': '203.0.113.9' })).toStrictEqual({
      status: 404,
      text: '{"code":"not-found"}',
    })
  })
})

describe('limits', () => {
  const raw = async (path: string, body: Buffer, headers: Record<string, string> = {}) => {
    const response = await fetch(`${bench.url}${path}`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers,
    })
    return { status: response.status, text: await response.text() }
  }

  it('a stranger who keeps guessing codes is told to wait', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 40; n++) statuses.push((await raw('/v1/enrol', Buffer.from('{}'))).status)
    expect(statuses.slice(0, 20).every((status) => status === 400)).toBe(true)
    expect(statuses.at(-1)).toBe(429)
  })

  it('a stranger who keeps trying signatures is told to wait, and an enrolled device beside it is not', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 40; n++)
      statuses.push((await raw(`/v1/belts/${bench.belt}/status`, Buffer.alloc(0))).status)
    expect(statuses[0]).toBe(401)
    expect(statuses.at(-1)).toBe(429)
    expect((await bench.founder.push([bench.founder.op(merchant('still here'))])).status).toBe(200)
  })

  it('small bodies that grow without end are refused before they have grown', async () => {
    const before = process.memoryUsage().rss
    for (const [byte, pack] of [
      [1, (bytes: Buffer) => gzipSync(bytes)],
      [2, (bytes: Buffer) => zstdCompressSync(bytes)],
    ] as const) {
      const bomb = Buffer.concat([Buffer.from([byte]), pack(Buffer.alloc(200 * 1024 * 1024))])
      expect(bomb.length).toBeLessThan(400_000)
      const answer = await bench.founder.send('push', bomb)
      expect(answer).toMatchObject({ status: 400, body: { code: 'bad-batch' } })
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(600 * 1024 * 1024)
  }, 60_000)

  it('a body larger than allowed is refused while it is still coming', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const outgoing = httpRequest(
        `${bench.url}/v1/enrol`,
        { method: 'POST', headers: { 'content-type': 'application/octet-stream' } },
        (incoming) => {
          incoming.resume()
          resolve(incoming.statusCode ?? 0)
        },
      )
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(413) : reject(error),
      )
      const chunk = Buffer.alloc(256 * 1024, 1)
      for (let sent = 0; sent < 8 * 1024 * 1024; sent += chunk.length) outgoing.write(chunk)
      outgoing.end()
    })
    expect(status).toBe(413)
  })
})

it('a belt that does not exist, a device that does not, and a wrong signature look alike from outside', async () => {
  const { author } = bench.founder.keys
  const forged = `Chanbo ${author}.1.1.${'A'.repeat(86)}`
  const unknown = `Chanbo 00000000.1.1.${'A'.repeat(86)}`
  const ask = async (belt: string, authorization: string) => {
    const response = await fetch(`${bench.url}/v1/belts/${belt}/status`, {
      method: 'POST',
      headers: { authorization },
    })
    return response.status
  }
  expect([
    await ask('nowhere', forged),
    await ask(bench.belt, unknown),
    await ask(bench.belt, forged),
  ]).toStrictEqual([401, 401, 401])
})

it('only a certificate that this hub signed lets a forgotten device back in, and never a revoked one', async () => {
  const device = await bench.enrol('planner', null)
  const { hub } = bench.running
  const { certificate } = (await device.send('status', new Uint8Array())).body as { certificate: Certificate }
  const sign = (text: string) => hub.signer.sign(text)
  const ask = async (about: Certificate, certificateSignature: string) => {
    const response = await fetch(`${bench.url}/v1/readmit`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: JSON.stringify({ certificate: about, certificateSignature }),
    })
    return response.status
  }
  const better: Certificate = { ...certificate, role: 'administrator' }
  expect(await ask(better, sign(certificateText(certificate)))).toBe(401)
  expect(await ask(better, 'A'.repeat(86))).toBe(401)

  await revoke(hub, bench.belt, certificate.author)
  expect(await ask(certificate, sign(certificateText(certificate)))).toBe(200)
  const row = () =>
    hub.database.db
      .selectFrom('device')
      .select(['status', 'role'])
      .where('author', '=', certificate.author)
      .executeTakeFirst()
  expect(await row()).toStrictEqual({ status: 'revoked', role: 'planner' })

  await hub.database.db.deleteFrom('device').where('author', '=', certificate.author).execute()
  expect(await ask(certificate, sign(certificateText(certificate)))).toBe(200)
  expect(await row()).toStrictEqual({ status: 'active', role: 'planner' })
})
