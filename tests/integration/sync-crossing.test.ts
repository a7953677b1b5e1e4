import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readLink, writeLink } from '../../electron/core/sync/link.ts'
import { BOOKING } from '../fixtures/rows.ts'
import { makeRig, settled, until, type Rig } from '../helpers/sync-rig.ts'

const HOUR = 3_600_000

/** Stands between a device and its hub: passes everything on, breaks what it is told to, and keeps answers back. */
class Between {
  /** Requests that break before they reach the hub, by how their path ends. */
  breaks: string | null = null
  /** Requests whose answers stay here, by how their path ends. */
  holds: string | null = null
  held = 0
  asked: string[] = []
  #letGo: (() => void)[] = []
  readonly #server: Server
  readonly #hubPort: number

  constructor(hubPort: number) {
    this.#hubPort = hubPort
    this.#server = createServer((incoming, outgoing) => {
      const url = incoming.url ?? ''
      this.asked.push(url.slice(url.lastIndexOf('/') + 1))
      if (this.breaks !== null && url.endsWith(this.breaks)) return void incoming.socket.destroy()
      const { method, headers } = incoming
      const passedOn = request({ port: this.#hubPort, path: url, method, headers }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          const pass = (): void => {
            outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
            outgoing.end(Buffer.concat(parts))
          }
          if (this.holds === null || !url.endsWith(this.holds)) return pass()
          this.held++
          this.#letGo.push(pass)
        })
      })
      passedOn.on('error', () => outgoing.destroy())
      incoming.pipe(passedOn)
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  letGo(): void {
    this.holds = null
    for (const pass of this.#letGo.splice(0)) pass()
  }

  async close(): Promise<void> {
    this.letGo()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

let rig: Rig
let between: Between
beforeEach(async () => {
  rig = await makeRig()
  between = new Between(rig.hub.port)
})
afterEach(async () => {
  await rig.founder.stop()
  await between.close()
  await rig.close()
})

it('what the hub said before it took a claim in is not believed of the time after', async () => {
  const { founder } = rig
  const url = await between.listen()
  founder.store.transact(() => writeLink(founder.store, { ...readLink(founder.store)!, url }))
  founder.go()
  await until(() => settled(founder), 'in step')
  // A batch breaks: the device asks how far the hub is, and what is urgent goes along.
  between.breaks = '/push'
  between.holds = '/status'
  founder.write((write) =>
    write.withScope(`base:${rig.baseA}`).create('sellingPointCard', {
      skuId: rig.studioId,
      claims: [],
      priceFen: 1,
      script: 'a line',
      promiseHours: null,
    }),
  )
  await until(() => between.held === 1, 'the hub has said how far it is')
  between.breaks = null
  founder.write((write) =>
    write.claim('booking', {
      ...BOOKING,
      baseId: rig.baseA,
      studioId: rig.studioId,
      startMs: Math.ceil(Date.now() / HOUR) * HOUR,
      endMs: Math.ceil(Date.now() / HOUR) * HOUR + HOUR,
    }),
  )
  const unanswered = (): unknown[] =>
    founder.store.db
      .prepare(`SELECT * FROM stream WHERE author = ? AND scope <> 'device' AND ackedSeq < nextSeq - 1`)
      .all(founder.keys.author)
  const ofClaims = (): unknown[] =>
    founder.store.db
      .prepare(`SELECT 1 FROM stream WHERE author = ? AND lane = 'urgent' AND ackedSeq = nextSeq - 1`)
      .all(founder.keys.author)
  await until(() => ofClaims().length === 1, 'the claim is taken in')
  between.asked = []
  between.letGo()
  await until(() => settled(founder) && unanswered().length === 0, 'all is known to be at the hub')
  // Once more, alone: only that answer tells.
  expect(between.asked.filter((name) => name === 'status')).toHaveLength(1)
  expect(between.asked.filter((name) => name === 'push')).toHaveLength(1)
}, 30_000)
