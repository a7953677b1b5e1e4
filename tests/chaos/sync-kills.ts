import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { NEW_BELT } from '../helpers/core.ts'
import { CoreProcess, Killed } from './driver.ts'
import { HUB_ENTRY as HUB } from './entries.ts'
import { randomOf, type KillReport } from './kills.ts'

const SETTLE_MS = 60_000

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address ? address.port : 0
}

/** A real hub process on one port and folder, started again after each kill. */
class HubProcess {
  readonly #dataDir: string
  readonly #port: number
  #child: ChildProcess | null = null

  constructor(dataDir: string, port: number) {
    this.#dataDir = dataDir
    this.#port = port
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    if (this.#child) return
    const child = spawn(process.execPath, [HUB, '--data-dir', this.#dataDir, '--port', String(this.#port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    await new Promise<void>((done, failed) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => text.includes('Hub ready') && done())
      child.once('exit', (code) => failed(new Error(`the hub ended with ${code}`)))
    })
  }

  enrolCode(): string {
    return execFileSync(process.execPath, [HUB, 'enroll', '--data-dir', this.#dataDir], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (!child) return
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGKILL')
    await ended
  }

  /** Ids of the rows that the hub holds ops for. */
  ops(): Set<string> {
    const file = readdirSync(this.#dataDir).find((name) => name.endsWith('.db'))
    const db = new Database(join(this.#dataDir, file!), { readonly: true })
    try {
      const integrity = db.pragma('integrity_check', { simple: true })
      if (integrity !== 'ok') throw new Error(`hub integrity: ${String(integrity)}`)
      const rows = db.prepare('SELECT author, stream, seq FROM op WHERE state = 0').all() as {
        author: string
        stream: number
        seq: number
      }[]
      return new Set(rows.map(({ author, stream, seq }) => `${author} ${stream} ${seq}`))
    } finally {
      db.close()
    }
  }
}

interface LoggedOp {
  author: string
  stream: number
  seq: number
  state: string
  row: string
}

const keyOf = ({ author, stream, seq }: LoggedOp) => `${author} ${stream} ${seq}`

/** Kills the device, the hub, or both, while a device writes and sends; then lets them settle and compares the two logs. */
export async function killSyncRepeatedly(kills: number, seed: number): Promise<KillReport> {
  const root = mkdtempSync(join(tmpdir(), 'chanbo-kill-sync-'))
  const random = randomOf(seed)
  const hub = new HubProcess(join(root, 'hub'), await freePort())
  const deviceDir = join(root, 'device')
  const promised: string[] = []
  const missing: string[] = []
  const damage: string[] = []
  let device: CoreProcess | null = null
  let personId = ''

  const startDevice = async (): Promise<CoreProcess> => {
    const core = await CoreProcess.start(deviceDir)
    if (personId !== '') await core.call('session/open', { personId, pin: NEW_BELT.administrator.pin })
    return core
  }
  const deviceOps = (): LoggedOp[] => {
    const file = readdirSync(join(deviceDir, 'belts')).find((name) => name.endsWith('.db'))!
    const db = new Database(join(deviceDir, 'belts', file), { readonly: true })
    try {
      return db
        .prepare(`SELECT author, stream, seq, state, row FROM op WHERE scope <> 'device'`)
        .all() as LoggedOp[]
    } finally {
      db.close()
    }
  }

  try {
    await hub.start()
    device = await CoreProcess.start(deviceDir)
    await device.call('app/createBelt', NEW_BELT)
    personId = (await device.call('app/state', {})).person!.id
    await device.call('sync/handOver', { url: hub.url, code: hub.enrolCode() })
    for (let kill = 0; kill < kills; kill++) {
      await hub.start()
      device ??= await startDevice()
      const core = device
      const work = (async () => {
        for (let n = 0; ; n++)
          promised.push(
            (
              await core.call('person/save', {
                id: null,
                name: `k${kill} ${n}`,
                role: 'planner',
                baseId: null,
              })
            ).id,
          )
      })().catch((error: unknown) => {
        if (!(error instanceof Killed)) damage.push(`kill ${kill}: ${String(error)}`)
      })
      await new Promise((done) => setTimeout(done, 20 + random() * 700))
      const victim = random()
      if (victim < 0.7) {
        if (victim < 0.2) await hub.kill()
        await core.kill()
        await work
        damage.push(...core.errors)
        device = null
      } else {
        await hub.kill()
        await new Promise((done) => setTimeout(done, random() * 200))
        await hub.start()
        await core.kill()
        await work
        device = null
      }
      // Acknowledged by the hub means durable there, even if it was killed in the same breath.
      const held = hub.ops()
      for (const op of deviceOps())
        if (op.state === 'canonical' && !held.has(keyOf(op)))
          missing.push(`hub lost ${keyOf(op)} after kill ${kill}`)
    }
    await hub.start()
    device ??= await startDevice()
    const settled = device
    const deadline = performance.now() + SETTLE_MS
    while ((await settled.call('sync/link', {})).waiting > 0 && performance.now() < deadline) {
      await settled.call('sync/tryNow', {})
      await new Promise((done) => setTimeout(done, 100))
    }
    await settled.kill()
    device = null
    await hub.kill()
    const held = hub.ops()
    const own = deviceOps()
    const rows = new Set(own.map((op) => op.row))
    for (const id of promised) if (!rows.has(id)) missing.push(`device lost ${id}`)
    for (const op of own)
      if (!held.has(keyOf(op))) missing.push(`never reached the hub: ${keyOf(op)} ${op.state}`)
    return { kind: 'sync', kills, acknowledged: promised.length, missing, damage }
  } finally {
    await device?.kill()
    await hub.kill()
    rmSync(root, { recursive: true, force: true })
  }
}
