import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import zlib from 'node:zlib'
import type { StickExport } from '../../../../shared/contract/stick.ts'
import { dayKeyOf } from '../../../../shared/domain/time.ts'
import { encodeBatch } from '../../../../shared/wire/batch.ts'
import { compressionOf } from '../../../../shared/wire/compression.ts'
import { seal } from '../../../../shared/wire/envelope.ts'
import type { PullRequest, StatusRequest } from '../../../../shared/wire/messages.ts'
import { STICK_EXTENSION, StickWriter } from '../../../../shared/wire/stick.ts'
import type { Services } from '../../services.ts'
import { readableScopes, readCursor } from '../../sync/cursors.ts'
import { hasLeftovers } from '../../sync/incarnation.ts'
import { Outbox } from '../../sync/outbox.ts'
import { renewRequest } from '../../sync/renewal.ts'
import { ownCrypto, requireLink } from './own.ts'

const OPS_PER_FRAME = 5_000
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Writes everything the hub has not acknowledged, and how far this device has read, into a file for the hub. */
export async function writeStick(services: Services, encrypted: boolean): Promise<StickExport> {
  const belt = services.belt()
  const { store, keys } = belt
  const { link, known, isRenewing } = requireLink(belt)
  const compression = compressionOf(zlib)
  const madeMs = services.clock()
  const writer = new StickWriter(
    ownCrypto(known),
    { kind: 'to-hub', belt: link.belt, from: known.publicKey, to: link.hubKey, madeMs },
    encrypted,
  )
  const folder = join(services.dataDir, 'exports')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${randomUUID()}.${STICK_EXTENSION}`)
  const file = openSync(path, 'wx', 0o600)
  // What refers to work under a former name waits until that has its new one, and all of it until the hub knows the new one.
  const asksFirst = isRenewing || hasLeftovers(store)
  let ops = 0
  try {
    writeSync(file, writer.begin())
    const put = (name: string, body: unknown): void =>
      void writeSync(file, writer.frame({ name, body: Buffer.from(JSON.stringify(body)) }))
    if (isRenewing) put('renew', renewRequest(link.belt, known.author, keys))
    // Its own view of the outbox: what is under way over the network goes into the file too, and is known there as a repetition.
    const outbox = new Outbox(store, keys.author)
    while (!asksFirst) {
      const next = outbox.take({ urgentOnly: false, maxOps: OPS_PER_FRAME })
      if (!next) break
      ops += next.batch.ops.length
      // Every reader of files reads gzip.
      writeSync(
        file,
        writer.frame({ name: 'push', body: seal(compression, 'gzip', encodeBatch(next.batch)) }),
      )
      await pause()
    }
    const request: PullRequest = {
      cursors: readableScopes(store, link.certificate).map((scope) => ({
        scope,
        ...readCursor(store, scope),
      })),
      maxBytes: 1_000_000,
      accepts: [...compression.accepts],
      // What was handed in under the name that it is asked by was never sent to this store.
      own: isRenewing,
    }
    const streams = outbox.held()
    if (streams.length > 0) put('status', { streams } satisfies StatusRequest)
    put('pull', request)
    writeSync(file, writer.finish())
    fsyncSync(file)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  store.transact(() => store.setMeta('stickExportMs', String(madeMs)))
  services.emit({ kind: 'changed', topics: ['sync'] })
  const name = `${belt.known.name || 'chanbo'}-${services.files.deviceName}-${dayKeyOf(madeMs, belt.info.timeZone)}.${STICK_EXTENSION}`
  return { handle: services.offerFile(path, name), name, ops, sizeBytes: statSync(path).size, asksFirst }
}
