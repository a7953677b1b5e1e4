import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeJson } from './files.ts'

/** The store of the demo belt. */
export const DEMO_STORE = 'demo'

/** A belt whose data is on this machine. `store` names its files: belts/<store>.db, keys/<store>.json. */
export interface KnownBelt {
  readonly store: string
  readonly id: string
  readonly name: string
  readonly isDemo: boolean
  readonly openedMs: number
}

interface StateFile {
  readonly deviceName: string
  readonly current: string | null
  readonly belts: readonly KnownBelt[]
}

const statePath = (dataDir: string): string => join(dataDir, 'state.json')

/** The store that a core on this data directory opens first; null when it opens none. */
export const storeToOpen = (dataDir: string): string | null =>
  readJson<StateFile>(statePath(dataDir))?.current ?? null

/** Which belts this data directory holds and which one is open. Kept in `state.json`, replaced atomically. */
export class BeltFiles {
  readonly dataDir: string
  readonly #path: string
  #state: StateFile

  /** @throws the file system's error when the directory cannot be made or written */
  constructor(dataDir: string, defaultDeviceName: string) {
    this.dataDir = dataDir
    this.#path = statePath(dataDir)
    mkdirSync(join(dataDir, 'belts'), { recursive: true })
    this.#state = readJson<StateFile>(this.#path) ?? {
      deviceName: defaultDeviceName,
      current: null,
      belts: [],
    }
  }

  get deviceName(): string {
    return this.#state.deviceName
  }

  get current(): KnownBelt | null {
    return this.#state.belts.find((belt) => belt.store === this.#state.current) ?? null
  }

  list(): readonly KnownBelt[] {
    return this.#state.belts
  }

  storePath(store: string): string {
    return join(this.dataDir, 'belts', `${store}.db`)
  }

  exists(store: string): boolean {
    return existsSync(this.storePath(store))
  }

  /** Adds or updates a belt and makes it the open one. */
  open(belt: KnownBelt): void {
    this.#save({
      ...this.#state,
      current: belt.store,
      belts: [...this.#state.belts.filter((known) => known.store !== belt.store), belt],
    })
  }

  close(): void {
    this.#save({ ...this.#state, current: null })
  }

  renameDevice(deviceName: string): void {
    this.#save({ ...this.#state, deviceName })
  }

  /** Forgets a belt and deletes its files; only ever called for the demo. */
  remove(store: string): void {
    this.#save({
      ...this.#state,
      current: this.#state.current === store ? null : this.#state.current,
      belts: this.#state.belts.filter((belt) => belt.store !== store),
    })
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.storePath(store) + suffix, { force: true })
    for (const name of [`${store}.json`, `${store}.lease.json`])
      rmSync(join(this.dataDir, 'keys', name), { force: true })
  }

  #save(state: StateFile): void {
    writeJson(this.#path, state)
    this.#state = state
  }
}
