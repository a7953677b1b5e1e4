import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import zlib from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { FINGERPRINT_BYTES } from '../../shared/wire/enrol-code.ts'
import { compressionOf } from '../../shared/wire/compression.ts'
import type { HubContext, HubLog } from './context.ts'
import { authorOfKey, derivedSeed, sha256, signerOf } from './crypto.ts'
import { openPostgres, openSqlite, type HubDatabase } from './database.ts'
import { loadHubSeed } from './keys.ts'
import { createServer } from './server.ts'
import { startAttending } from './expiry.ts'
import { restoreWatch, startRestoreWatch, type RestoreWatch } from './restored.ts'
import { startUpkeep } from './truncate.ts'
import { Uploads } from './uploads.ts'

/** So much of what was committed may be missing from a restored database without anybody noticing, if all else is equal. */
const WATCH_MS = 5000

export interface HubOptions {
  readonly dataDir: string
  /** Folder that holds migrations/hub-sqlite and migrations/hub-postgres. */
  readonly resourcesDir: string
  readonly clock: () => number
  readonly log: HubLog
  /** PostgreSQL instead of the embedded database. */
  readonly databaseUrl?: string | null
  readonly tls?: { readonly cert: string; readonly key: string } | null
  /** Lets its holder read the metrics from another machine. */
  readonly metricsToken?: string | null
  /** How often it looks whether the database was put back under it. */
  readonly watchEveryMs?: number
}

/** Opens the hub's database and keys without listening: for the command line, and as the first half of `startHub`. */
export async function openHub(
  options: HubOptions,
): Promise<HubContext & { watch: RestoreWatch; close(): Promise<void> }> {
  mkdirSync(options.dataDir, { recursive: true })
  const seed = loadHubSeed(options.dataDir)
  const folder = (name: string) => join(options.resourcesDir, 'migrations', name)
  const database = options.databaseUrl
    ? await openPostgres(options.databaseUrl, folder('hub-postgres'), options.clock())
    : openSqlite(options.dataDir, folder('hub-sqlite'), options.clock())
  const context = contextOf({ ...options, database, seed })
  const watch = restoreWatch(context, options.dataDir)
  try {
    await watch.look()
  } catch (error) {
    await database.close()
    throw error
  }
  return { ...context, watch, close: () => database.close() }
}

/** The hub's parts around a database and a key. */
export function contextOf(
  options: Pick<HubOptions, 'clock' | 'log' | 'tls'> & { database: HubDatabase; seed: string },
): HubContext {
  const { database, clock, log, tls, seed } = options
  const names = new Map<string, string>()
  return {
    database,
    clock,
    compression: compressionOf(zlib),
    uploads: new Uploads(database, clock, log),
    signer: signerOf(seed),
    tlsFingerprint: tls ? tlsFingerprint(tls.cert) : null,
    log,
    authorName(belt, epoch) {
      const key = `${belt} ${epoch}`
      let name = names.get(key)
      if (name === undefined) {
        name = authorOfKey(signerOf(derivedSeed(seed, belt, epoch)).publicKey)
        names.set(key, name)
      }
      return name
    },
  }
}

const tlsFingerprint = (cert: string): Uint8Array =>
  sha256(new X509Certificate(cert).raw).subarray(0, FINGERPRINT_BYTES)

export interface RunningHub {
  readonly hub: HubContext
  readonly app: FastifyInstance
  readonly port: number
  close(): Promise<void>
}

/** Starts serving. Port 0 takes a free one. */
export async function startHub(options: HubOptions & { host: string; port: number }): Promise<RunningHub> {
  const hub = await openHub(options)
  const app = createServer(hub, { tls: options.tls ?? null, metricsToken: options.metricsToken ?? null })
  try {
    await app.listen({ host: options.host, port: options.port })
  } catch (error) {
    await hub.close()
    throw error
  }
  const endUpkeep = startUpkeep(hub, options.dataDir)
  const endWatch = startRestoreWatch(hub, hub.watch, options.watchEveryMs ?? WATCH_MS)
  const endAttending = startAttending(hub)
  const address = app.server.address()
  return {
    hub,
    app,
    port: typeof address === 'object' && address ? address.port : options.port,
    async close() {
      await endUpkeep()
      await endAttending()
      await app.close()
      await endWatch()
      await hub.close()
    },
  }
}

export const readTls = (cert: string, key: string): { cert: string; key: string } => ({
  cert: readFileSync(cert, 'utf8'),
  key: readFileSync(key, 'utf8'),
})
