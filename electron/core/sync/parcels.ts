import { createHash } from 'node:crypto'
import type { OutBatch } from './outbox.ts'

/** A batch in its bytes, from the first try to its answer. */
export interface Parcel {
  readonly sent: OutBatch
  readonly envelope: Uint8Array
  /** SHA-256 of the envelope, base64url. */
  readonly id: string
  readonly urgent: boolean
  /** Bytes that the hub has of it. */
  from: number
  tries: number
  underWay: boolean
}

/** Larger ones that never get anywhere are cut anew. */
const SMALL_BYTES = 4096
const TRIES = 3

/** Batches without an answer. What a broken connection interrupted stays as it was, so that the rest of it can follow. */
export class Parcels {
  #list: Parcel[] = []

  add(sent: OutBatch, envelope: Uint8Array, urgent: boolean): Parcel {
    const id = createHash('sha256').update(envelope).digest('base64url')
    const parcel = { sent, envelope, id, urgent, from: 0, tries: 0, underWay: false }
    this.#list.push(parcel)
    return parcel
  }

  /** The first that waits to be gone on with. */
  next(urgent: boolean): Parcel | null {
    return this.#list.find((parcel) => parcel.urgent === urgent && !parcel.underWay) ?? null
  }

  remove(parcel: Parcel): void {
    this.#list = this.#list.filter((other) => other !== parcel)
  }

  /** Interrupted ones of other than urgent work, in order. */
  interrupted(): Parcel[] {
    return this.#list.filter(({ urgent, underWay }) => !urgent && !underWay)
  }

  get underWayBytes(): number {
    return this.#list.reduce(
      (sum, { underWay, envelope, from }) => sum + (underWay ? envelope.length - from : 0),
      0,
    )
  }

  /** Told how much the hub has of each interrupted one. @returns false when one of them makes no headway as it is */
  resumeAt(have: ReadonlyMap<string, number>): boolean {
    for (const parcel of this.interrupted())
      parcel.from = Math.min(have.get(parcel.id) ?? 0, parcel.envelope.length - 1)
    return !this.interrupted().some(
      ({ from, tries, envelope }) => from === 0 && tries >= TRIES && envelope.length > SMALL_BYTES,
    )
  }

  /** Forgets what is interrupted. */
  clear(urgent: boolean): void {
    this.#list = this.#list.filter((parcel) => parcel.underWay || parcel.urgent !== urgent)
  }
}
