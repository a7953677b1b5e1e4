import type { Readable } from 'node:stream'
import { DAY_MS } from '../../shared/domain/time.ts'
import { sha256 } from './crypto.ts'
import type { HubDatabase } from './database.ts'
import type { HubLog } from './context.ts'
import { HubRefusal } from './errors.ts'

export interface UploadName {
  readonly belt: string
  readonly author: string
  /** SHA-256 of the whole body, base64url. */
  readonly id: string
}

/** A body that begins at `from` of `size` bytes. */
export interface UploadPart {
  readonly id: string
  readonly size: number
  readonly from: number
}

interface Arriving {
  readonly chunks: Uint8Array[]
  size: number
  /** Another connection goes on where this one stopped making progress. */
  taken: boolean
  stop(): void
}

/** Less than this is sooner sent again than asked for. */
const LEAST_KEPT = 512
const KEPT_PER_DEVICE = 4
const KEPT_BYTES = 256 * 1024 * 1024
const KEPT_FOR_MS = DAY_MS

/** Bodies that arrive in several goes: what came before a connection broke is kept for a day. */
export class Uploads {
  readonly #database: HubDatabase
  readonly #clock: () => number
  readonly #log: HubLog
  /** On connections of this process that may be dead without anybody having noticed. */
  readonly #arriving = new Map<string, Arriving>()

  constructor(database: HubDatabase, clock: () => number, log: HubLog) {
    this.#database = database
    this.#clock = clock
    this.#log = log
  }

  /** How much of a body is here. */
  async have(name: UploadName): Promise<number> {
    const arriving = this.#arriving.get(keyOf(name))
    if (arriving) return arriving.size
    const row = await this.#rowOf(name, ['size'])
    return row?.size ?? 0
  }

  /**
   * Reads the rest of a body and puts it together with what was here.
   * @throws HubRefusal `offset` when less is here than the sender thinks, `damaged` when the whole is not what its name
   *   says, `bad-request` when the connection breaks or more arrives than announced
   */
  async receive(name: UploadName, part: UploadPart, payload: Readable): Promise<Uint8Array> {
    const start = part.from === 0 ? null : await this.#take(name, part.from)
    const arriving: Arriving = {
      chunks: start ? [start] : [],
      size: part.from,
      taken: false,
      stop: () => payload.destroy(),
    }
    const key = keyOf(name)
    this.#arriving.set(key, arriving)
    try {
      for await (const chunk of payload) {
        if (arriving.taken) throw new HubRefusal('bad-request')
        arriving.chunks.push(chunk as Uint8Array)
        arriving.size += (chunk as Uint8Array).length
        if (arriving.size > part.size) break
      }
    } catch {
      // Broken off: looked at below.
    } finally {
      if (this.#arriving.get(key) === arriving) this.#arriving.delete(key)
    }
    if (arriving.size !== part.size) {
      if (arriving.size < part.size && !arriving.taken) await this.#keep(name, arriving)
      throw new HubRefusal('bad-request')
    }
    const body = Buffer.concat(arriving.chunks)
    if (part.from > 0) await this.#drop(name)
    if (Buffer.from(sha256(body)).toString('base64url') !== name.id) throw new HubRefusal('damaged')
    return body
  }

  async #take(name: UploadName, length: number): Promise<Uint8Array> {
    const arriving = this.#arriving.get(keyOf(name))
    if (arriving) {
      arriving.taken = true
      this.#arriving.delete(keyOf(name))
      const bytes = Buffer.concat(arriving.chunks)
      arriving.stop()
      if (bytes.length < length) throw new HubRefusal('offset', bytes.length)
      return bytes.subarray(0, length)
    }
    const row = await this.#rowOf(name, ['body'])
    if (!row || row.body.length < length) throw new HubRefusal('offset', row?.body.length ?? 0)
    return row.body.subarray(0, length)
  }

  async #keep(name: UploadName, { chunks, size }: Arriving): Promise<void> {
    if (size < LEAST_KEPT) return
    const values = { size, body: Buffer.concat(chunks), atMs: this.#clock() }
    try {
      await this.#database.db
        .insertInto('upload')
        .values({ ...name, ...values })
        .onConflict((conflict) => conflict.columns(['belt', 'author', 'id']).doUpdateSet(values))
        .execute()
      await this.#prune(name)
    } catch (error) {
      // The device sends it again from the start.
      this.#log.warn('a broken upload was not kept', { error: String(error) })
    }
  }

  async #prune({ belt, author }: UploadName): Promise<void> {
    const { db } = this.#database
    await db
      .deleteFrom('upload')
      .where('atMs', '<', this.#clock() - KEPT_FOR_MS)
      .execute()
    const own = await db
      .selectFrom('upload')
      .select('id')
      .where('belt', '=', belt)
      .where('author', '=', author)
      .orderBy('atMs', 'desc')
      .execute()
    for (const { id } of own.slice(KEPT_PER_DEVICE)) await this.#drop({ belt, author, id })
    const total = await db
      .selectFrom('upload')
      .select((eb) => eb.fn.sum('size').as('bytes'))
      .executeTakeFirst()
    if (Number(total?.bytes ?? 0) <= KEPT_BYTES) return
    const oldest = await db
      .selectFrom('upload')
      .select(['belt', 'author', 'id'])
      .orderBy('atMs')
      .limit(64)
      .execute()
    for (const name of oldest) await this.#drop(name)
  }

  async #drop({ belt, author, id }: UploadName): Promise<void> {
    await this.#database.db
      .deleteFrom('upload')
      .where('belt', '=', belt)
      .where('author', '=', author)
      .where('id', '=', id)
      .execute()
  }

  #rowOf<C extends 'size' | 'body'>({ belt, author, id }: UploadName, columns: C[]) {
    return this.#database.db
      .selectFrom('upload')
      .select(columns)
      .where('belt', '=', belt)
      .where('author', '=', author)
      .where('id', '=', id)
      .where('atMs', '>=', this.#clock() - KEPT_FOR_MS)
      .executeTakeFirst()
  }
}

const keyOf = ({ belt, author, id }: UploadName): string => `${belt} ${author} ${id}`
