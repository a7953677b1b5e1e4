import type { Fields } from '../ops/types.ts'

/**
 * One row to be written. A string `@key` anywhere in `fields` stands for the id of the draft with that key, which comes
 * earlier in the list.
 */
export interface DemoDraft {
  readonly table: string
  /** Absent for rows nothing refers to. */
  readonly key?: string
  readonly fields: Fields
}

/** Collects drafts in the order in which they can be written. */
export class DraftList {
  readonly #rows: DemoDraft[] = []
  readonly #keys = new Set<string>()

  get rows(): readonly DemoDraft[] {
    return this.#rows
  }

  /** @returns the reference `@key` */
  add(table: string, key: string, fields: Fields): string {
    if (this.#keys.has(key)) throw new RangeError(`demo key used twice: ${key}`)
    this.#keys.add(key)
    this.#rows.push({ table, key, fields })
    return `@${key}`
  }

  /** A row that nothing refers to. */
  put(table: string, fields: Fields): void {
    this.#rows.push({ table, fields })
  }
}
