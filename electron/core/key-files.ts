import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Refusal } from '../../shared/contract/result.ts'
import { DEMO_STORE } from './belts.ts'
import { readJson, replaceText, writeJson } from './files.ts'
import { StoreClosed } from './key-store/closed.ts'
import type { KeyStore } from './key-store/system.ts'
import type { DeviceKeys } from './keys.ts'
import type { Log } from './services.ts'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** How long a start, or a person who founds or joins a belt, waits for the store. */
const STORE_LIMIT_MS = 1000
/** How long a person who asked for it is waited for; what they do later is taken up all the same. */
const PERSON_LIMIT_MS = 20_000

const keysSchema = z.object({
  author: z.string(),
  publicKey: z.string(),
  privateSeed: z.string(),
  incarnation: z.number(),
  rootSeed: z.string().nullable(),
  beltSecret: z.string(),
  renewing: z.object({ author: z.string(), privateSeed: z.string() }).optional(),
})

/** A key file whose content only the wrapping key named `id` opens. `box` is ciphertext and tag, base64url like `nonce`. */
const wrappedSchema = z.object({
  wrapped: z.literal(1),
  id: z.string(),
  nonce: z.string(),
  box: z.string(),
})
export type WrappedKeys = z.output<typeof wrappedSchema>

/** Seals keys with AES-256-GCM, bound to the store they belong to. */
export function wrapKeys(keys: DeviceKeys, by: { id: string; key: Buffer }, store: string): WrappedKeys {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, by.key, nonce, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(store),
  )
  const box = Buffer.concat([
    cipher.update(JSON.stringify(keys), 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ])
  return { wrapped: 1, id: by.id, nonce: nonce.toString('base64url'), box: box.toString('base64url') }
}

/** @returns null when the key is another one, the store is, or a byte was changed */
export function unwrapKeys(wrapped: WrappedKeys, key: Buffer, store: string): DeviceKeys | null {
  const box = Buffer.from(wrapped.box, 'base64url')
  try {
    const nonce = Buffer.from(wrapped.nonce, 'base64url')
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(store))
      .setAuthTag(box.subarray(-TAG_BYTES))
    const text = Buffer.concat([decipher.update(box.subarray(0, -TAG_BYTES)), decipher.final()])
    return keysSchema.parse(JSON.parse(text.toString('utf8')))
  } catch {
    return null
  }
}

export interface KeyFilesOptions {
  readonly dataDir: string
  /** Null where the operating system's store is never to be asked. */
  readonly store: KeyStore | null
  /** False keeps new keys in owner-only files and turns wrapped files back into such, where they can be opened. */
  readonly wraps: boolean
  readonly log: Pick<Log, 'info' | 'warn'>
}

/**
 * The keys of this device for its belts, one owner-only file each, wrapped by a key that the operating system's store keeps
 * for this data directory. Where there is no such store, or it is locked, a new file stays in the clear until a later start.
 */
export class KeyFiles {
  readonly #folder: string
  readonly #store: KeyStore | null
  readonly #wraps: boolean
  readonly #log: KeyFilesOptions['log']
  /** Wrapping keys at hand, by id; null for one that the open store does not have. */
  readonly #found = new Map<string, Buffer | null>()
  readonly #reading = new Map<string, Promise<void>>()
  #closed: StoreClosed | null = null
  #wrapBy: { id: string; key: Buffer } | null = null
  #preparing: Promise<void> | null = null
  #isClosed = false
  /** Told when a wrapping key came after whoever wanted it had stopped waiting. */
  onLateKey: () => void = () => undefined

  constructor(options: KeyFilesOptions) {
    this.#folder = join(options.dataDir, 'keys')
    this.#store = options.store
    this.#wraps = options.wraps
    this.#log = options.log
  }

  /**
   * Fetches the wrapping keys that some stores' files need. Never rejects; `load` tells what is missing.
   * @param ask whether the person may be asked to unlock the store; this ends after 20 s then, otherwise after 1 s
   */
  async unlock(stores: readonly string[], ask: boolean): Promise<void> {
    const ids = new Set(stores.flatMap((store) => this.#wrappedFile(store)?.id ?? []))
    const waiting = [...ids].filter((id) => !this.#found.get(id)).map((id) => this.#fetch(id, ask))
    if (waiting.length === 0) return
    const all = Promise.all(waiting)
    if (!(await isDone(all, ask ? PERSON_LIMIT_MS : STORE_LIMIT_MS)))
      void all.then(() => this.#isClosed || this.onLateKey())
  }

  /**
   * The keys of a store; null when it has none.
   * @param isCopy whether the data directory was last used at another place
   * @throws Refusal `keys-locked` while a later try may open them, `keys-elsewhere` or `keys-damaged` when none here will
   */
  load(store: string, isCopy: boolean): DeviceKeys | null {
    const path = this.#path(store)
    if (!existsSync(path)) return null
    const content = tryReadJson(path)
    const wrapped = wrappedSchema.safeParse(content)
    if (!wrapped.success) {
      const keys = keysSchema.safeParse(content)
      if (!keys.success) throw new Refusal('keys-damaged')
      return keys.data
    }
    const key = this.#found.get(wrapped.data.id)
    if (key) {
      const keys = unwrapKeys(wrapped.data, key, store)
      if (!keys) throw new Refusal('keys-elsewhere', { reason: 'the stored key does not fit' })
      if (!this.#wraps) this.save(store, keys)
      return keys
    }
    const reason = this.#closed?.message ?? ''
    if (key === null) throw new Refusal('keys-elsewhere', { reason: 'the store has no key for this folder' })
    const isForeign = isCopy && (this.#store === null || this.#closed?.reason === 'missing')
    throw new Refusal(isForeign ? 'keys-elsewhere' : 'keys-locked', { reason })
  }

  /**
   * Replaces a store's keys: wrapped, or in the clear until a wrapping key is at hand.
   * @throws Refusal `keys-locked` rather than replace keys that were never opened
   */
  save(store: string, keys: DeviceKeys): void {
    const present = this.#wrappedFile(store)
    if (present && !this.#found.get(present.id)) throw new Refusal('keys-locked')
    const by = this.#wraps && store !== DEMO_STORE ? this.#wrapBy : null
    writeJson(this.#path(store), by ? wrapKeys(keys, by, store) : keys)
    if (!by && this.#wraps && this.#store) queueMicrotask(() => void this.protect())
  }

  /** Keeps unreadable keys under another name, so that the store can go on with new ones. */
  setAside(store: string, nowMs: number): void {
    renameSync(this.#path(store), `${this.#path(store)}.unreadable-${nowMs}`)
  }

  /** How a store's keys are kept now. */
  guardOf(store: string): 'system' | 'file' {
    return this.#wrappedFile(store) ? 'system' : 'file'
  }

  /** Gets a wrapping key ready for files to come, where that asks nobody. Never rejects and ends within 1 s. */
  async prepare(): Promise<void> {
    await isDone(this.#prepared(), STORE_LIMIT_MS)
  }

  /** Wraps the files that are still in the clear. Never rejects. @returns how many were */
  async protect(): Promise<number> {
    const inTheClear = () =>
      this.#stores().filter((store) => store !== DEMO_STORE && !this.#wrappedFile(store))
    const before = inTheClear().length
    if (before === 0) return 0
    await this.#prepared()
    if (!this.#wrapBy || this.#isClosed) return 0
    for (const store of inTheClear()) {
      const keys = keysSchema.safeParse(tryReadJson(this.#path(store)))
      if (!keys.success) continue
      try {
        this.save(store, keys.data)
      } catch (error) {
        this.#log.warn('keys could not be wrapped', { store, error: String(error) })
      }
    }
    return before - inTheClear().length
  }

  /** Nothing is written from now on: the data directory may be another process's next. */
  close(): void {
    this.#isClosed = true
  }

  #prepared(): Promise<void> {
    if (!this.#wraps || !this.#store || this.#wrapBy || this.#isClosed) return Promise.resolve()
    this.#preparing ??= this.#makeReady(this.#store)
      .catch((error: unknown) => this.#log.info('keys stay in owner-only files', { reason: String(error) }))
      .finally(() => (this.#preparing = null))
    return this.#preparing
  }

  #fetch(id: string, ask: boolean): Promise<void> {
    const store = this.#store
    if (!store) return Promise.resolve()
    const begin = async () => {
      try {
        const key = await store.read(id, ask)
        this.#use(id, key)
      } catch (error) {
        this.#closed = error instanceof StoreClosed ? error : new StoreClosed('locked', String(error))
        this.#log.warn('the wrapping key cannot be read now', { reason: this.#closed.message })
      } finally {
        this.#reading.delete(id)
      }
    }
    // A question that is still open is not put twice.
    const reading = this.#reading.get(id) ?? begin()
    this.#reading.set(id, reading)
    return reading
  }

  /** Only a key that was read back from the store is ever used. */
  async #makeReady(store: KeyStore): Promise<void> {
    let id = this.#directoryId()
    let key = await store.read(id, false)
    if (!key) {
      // The store lost the key of files that are still here: theirs stays unmistakable.
      if (this.#stores().some((name) => this.#wrappedFile(name)?.id === id)) id = this.#newDirectoryId()
      await store.write(id, randomBytes(KEY_BYTES))
      key = await store.read(id, false)
    }
    if (!this.#use(id, key)) throw new Error('the store did not give back what it was given')
  }

  #use(id: string, key: Buffer | null): boolean {
    const isKey = key?.length === KEY_BYTES
    this.#found.set(id, isKey ? key : null)
    if (isKey) this.#wrapBy ??= { id, key }
    return isKey
  }

  #directoryId(): string {
    const path = join(this.#folder, 'id')
    return (existsSync(path) && readFileSync(path, 'utf8').trim()) || this.#newDirectoryId()
  }

  #newDirectoryId(): string {
    const path = join(this.#folder, 'id')
    const id = `data-${randomBytes(12).toString('hex')}`
    replaceText(path, `${id}\n`)
    return id
  }

  #path(store: string): string {
    return join(this.#folder, `${store}.json`)
  }

  #stores(): string[] {
    if (!existsSync(this.#folder)) return []
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith('.json') && !name.endsWith('.lease.json'))
      .map((name) => name.slice(0, -'.json'.length))
  }

  #wrappedFile(store: string): WrappedKeys | null {
    const wrapped = wrappedSchema.safeParse(tryReadJson(this.#path(store)))
    return wrapped.success ? wrapped.data : null
  }
}

/** Whether something settles within a time, ms. */
async function isDone(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs)
  })
  try {
    return await Promise.race([work.then(() => true), limit])
  } finally {
    clearTimeout(timer)
  }
}

/** A file's JSON; null when it is absent or cannot be read. */
function tryReadJson(path: string): unknown {
  try {
    return readJson(path)
  } catch {
    return null
  }
}
