import type { Db } from '../../../electron/sqlite/open.ts'
import { prepared } from '../../../electron/sqlite/prepared.ts'
import { Store, type StoreOptions } from '../../../electron/core/store/store.ts'

/** The process ended at this point: nothing after it happened. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/** Counts down to a crash; once it has happened, everything that is still running fails at its next step. */
export class Fuse {
  #left = Number.POSITIVE_INFINITY
  #burnt = false

  get burnt(): boolean {
    return this.#burnt
  }

  set(steps: number): void {
    this.#left = steps
  }

  burn(): void {
    this.#burnt = true
  }

  step(): void {
    if (this.#burnt || this.#left-- <= 0) {
      this.#burnt = true
      throw new Crash()
    }
  }
}

/** The real store of a process that may end at the start of any transaction, also of one inside another. */
export class CrashingStore extends Store {
  readonly #fuse: Fuse

  constructor(options: StoreOptions, fuse: Fuse) {
    super(options)
    this.#fuse = fuse
  }

  override transact<T>(work: () => T): T {
    if (#fuse in this) this.#fuse.step()
    return super.transact(work)
  }
}

/** The real database of a process that may end before any statement. */
export function crashing(file: Db, fuse: Fuse): Db {
  return new Proxy(file, {
    get(target, name) {
      if (name === 'prepare')
        return (sql: string) => {
          fuse.step()
          return prepared(target, sql)
        }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** Lets everything go on that waits for nothing outside. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
