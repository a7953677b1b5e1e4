import type { AppEvent } from '../../shared/contract/event.ts'
import type { AppError, Result } from '../../shared/contract/result.ts'
import type { Actor } from '../core/context.ts'
import type { ConnectionInfo, ReaderState } from '../core/index.ts'
import type { HandedFile } from '../core/services.ts'

/** What the shell's thread tells the core's. */
export type ToCore =
  | { readonly kind: 'connect'; readonly id: string; readonly info: ConnectionInfo }
  | { readonly kind: 'disconnect'; readonly id: string }
  | {
      readonly kind: 'request'
      readonly n: number
      readonly connectionId: string
      readonly name: string
      readonly input: unknown
    }
  | { readonly kind: 'file'; readonly handle: string; readonly file: HandedFile }
  | { readonly kind: 'close' }

export type FromCore =
  | { readonly kind: 'ready' }
  | { readonly kind: 'fatal'; readonly error: AppError | null; readonly message: string }
  | { readonly kind: 'answer'; readonly n: number; readonly result: Result<unknown> }
  | { readonly kind: 'event'; readonly connectionId: string | null; readonly event: AppEvent }
  | { readonly kind: 'offer'; readonly handle: string; readonly file: { path: string; name: string } }
  | { readonly kind: 'actor'; readonly actor: Actor }
  | { readonly kind: 'store'; readonly state: ReaderState | null }
  | {
      readonly kind: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly message: string
      readonly details?: Record<string, unknown>
    }
  | { readonly kind: 'closed' }

export interface CoreStart {
  readonly dataDir: string
  readonly resourcesDir: string
  readonly deviceName: string
  readonly version: string
  readonly schedulerUrl: string
  readonly importUrl: string
}

export type ToReader =
  | { readonly kind: 'store'; readonly n: number; readonly state: ReaderState | null }
  | {
      readonly kind: 'query'
      readonly n: number
      readonly name: string
      readonly input: unknown
      readonly actor: Actor
    }

export type FromReader =
  | { readonly kind: 'answer'; readonly n: number; readonly result: Result<unknown> }
  | {
      readonly kind: 'log'
      readonly level: 'error'
      readonly message: string
      readonly details?: Record<string, unknown>
    }
