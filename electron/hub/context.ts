import type { Compression } from '../../shared/wire/envelope.ts'
import type { HubDatabase } from './database.ts'
import type { Signer } from './crypto.ts'
import type { Uploads } from './uploads.ts'

export interface HubLog {
  info(message: string, details?: Record<string, unknown>): void
  warn(message: string, details?: Record<string, unknown>): void
  error(message: string, details?: Record<string, unknown>): void
}

/** What every part of the hub shares. */
export interface HubContext {
  readonly database: HubDatabase
  readonly clock: () => number
  readonly compression: Compression
  readonly uploads: Uploads
  readonly signer: Signer
  /** First 16 bytes of the SHA-256 of the TLS certificate, when this process ends TLS itself. */
  readonly tlsFingerprint: Uint8Array | null
  readonly log: HubLog
  /** The name under which the hub writes in a belt and epoch. */
  authorName(belt: string, epoch: number): string
}
