import { z } from 'zod'
import { SIGNED_IN, WRITERS, action, query } from './define.ts'
import type { AppError } from './result.ts'

/** What a file for the hub holds. */
export interface StickExport {
  readonly handle: string
  readonly name: string
  readonly ops: number
  readonly sizeBytes: number
  /** This machine goes on under a new identity: its work travels once the answer to this file has been read. */
  readonly asksFirst: boolean
}

/** What a hub's file brought. Numbers count steps; everything that could be taken was taken. */
export interface StickImport {
  readonly madeMs: number
  readonly applied: number
  readonly rejected: number
  readonly quarantined: number
  /** Steps of others that were new here. */
  readonly arrived: number
  /** Parts that were here already. */
  readonly repeated: boolean
  /** The hub's log no longer reaches back to what is here: this device needs the network once. */
  readonly needsNetwork: boolean
  /** Why the rest was not taken; null when all of it was. */
  readonly problem: AppError | null
}

export interface StickState {
  /** There is a hub to exchange files with. */
  readonly ready: boolean
  /** Why not; null when ready. */
  readonly why: AppError | null
  readonly waiting: number
  readonly lastExportMs: number | null
  readonly lastImportMs: number | null
}

export const stickContract = {
  'stick/state': query(z.object({}), SIGNED_IN).returns<StickState>(),
  /** Writes what waits into a file for the hub: signed, and encrypted to it unless told otherwise. */
  'stick/export': action(z.object({ encrypted: z.boolean().default(true) }), WRITERS).returns<StickExport>(),
  /** Reads the hub's answer. Safe to repeat, in any order. */
  'stick/import': action(z.object({ fileHandle: z.string().max(200) }), WRITERS).returns<StickImport>(),
}
